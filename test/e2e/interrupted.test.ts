import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { runToEnd, start, startExporter, temporaryFolder, until, writeIn } from './process.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const START = fileURLToPath(new URL('../../scripts/start.ts', import.meta.url));

/** Takes connections and never answers; `asked` resolves with the first one. */
async function startSilentPlatform() {
  const asked = Promise.withResolvers<void>();
  const server = createServer(() => asked.resolve());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the platform has no port');
  return { url: `http://127.0.0.1:${address.port}`, asked: asked.promise };
}

it.each([
  { command: 'report', signal: 'SIGINT', code: 130 },
  { command: 'explain', signal: 'SIGTERM', code: 143 },
  { command: 'postmortem Q1', signal: 'SIGHUP', code: 129 },
  { command: 'backfill --output-directory out', signal: 'SIGINT', code: 130 },
] as const)('$signal ends $command while it reads platforms, and nothing stays behind', async (given) => {
  const folder = temporaryFolder();
  const scratch = temporaryFolder();
  const { url, asked } = await startSilentPlatform();
  const provider = `{ type: pagerduty, api_key: k, base_url: "${url}" }`;
  const file = writeIn(folder, 'c.yml', `providers: [${provider}]\nstore: { path: ${folder}/none.db }\n`);
  const words = [...given.command.split(' '), `--config.file=${file}`];
  const program = start({ words, folder, env: { TMPDIR: scratch } });
  await asked;
  const before = readdirSync(scratch);

  program.kill(given.signal);
  program.kill(given.signal);
  const { code } = await program.ended;

  expect(before).toHaveLength(1);
  expect(code).toBe(given.code);
  expect(readdirSync(scratch)).toEqual([]);
  expect(readdirSync(folder)).toEqual(['c.yml']);
});

it('Ctrl-C ends an import in the middle of a file, and no half of its rejected rows stays behind', async () => {
  const folder = temporaryFolder();
  const file = writeIn(folder, 'c.yml', `providers: [{ name: f, type: import }]\nstore: { path: ${folder}/s.db }\n`);
  const words = ['import', `--config.file=${file}`, '--format=ndjson', '--rejected-file=bad.ndjson', '-'];
  const child = spawn(process.execPath, [MAIN, ...words], { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stdin.write('{"no":"id"}\n');
  await until('a row is rejected', () => readdirSync(folder).some((name) => name.includes('bad.ndjson')));

  child.kill('SIGINT');

  expect(await ended).toBe(130);
  expect(readdirSync(folder).filter((name) => name.includes('bad.ndjson'))).toEqual([]);
});

it('Ctrl-C ends a backfill between two files: those that are there are complete', async () => {
  const folder = temporaryFolder();
  const provider = `{ name: f, type: import }`;
  const file = writeIn(folder, 'c.yml', `providers: [${provider}]\nstore: { path: ${folder}/s.db }\n`);
  const incident = { id: 'A', triggeredAt: '2010-01-01T00:00:00Z', resolvedAt: '2010-01-01T01:00:00Z' };
  const rows = writeIn(folder, 'a.ndjson', JSON.stringify(incident));
  await runToEnd({ words: ['import', `--config.file=${file}`, '--to=2026-01-01', rows], folder });
  const words = ['backfill', `--config.file=${file}`, '--from=2010-01-02', '--to=2025-12-31'];
  const program = start({ words: [...words, `--output-directory=${join(folder, 'out')}`], folder });
  const written = () => (readdirSync(folder).includes('out') ? readdirSync(join(folder, 'out')) : []);
  await until('a file is written', () => written().length > 0);

  program.kill('SIGINT');
  const { code, stderr } = await program.ended;

  expect(code, stderr).toBe(130);
  const texts = written().map((name) => [name, readFileSync(join(folder, 'out', name), 'utf8')] as const);
  expect(texts.filter(([name, text]) => !name.endsWith('.om') || !text.endsWith('# EOF\n'))).toEqual([]);
});

it.each([
  { says: 'twice, as npm passes on what the terminal has sent', signals: ['SIGINT', 'SIGINT'] },
  { says: 'and SIGTERM', signals: ['SIGINT', 'SIGTERM'] },
] as const)('Ctrl-C $says ends the demo in order, and its folder is gone', async ({ signals }) => {
  const scratch = temporaryFolder();
  const demo = await startExporter({ words: ['demo'], env: { TMPDIR: scratch } });
  const before = readdirSync(scratch);

  const [first, second] = signals;
  demo.kill(first);
  await until('it stops', () => demo.logged().some(({ msg }) => msg === 'stopping'));
  demo.kill(second);
  const { code, stderr } = await demo.ended;

  expect(before).toHaveLength(1);
  expect(code, stderr).toBe(0);
  expect(readdirSync(scratch)).toEqual([]);
});

it('signals reach the demo of npm start, which is the program itself', async () => {
  const scratch = temporaryFolder();
  const env = { PATH: process.env['PATH'], TMPDIR: scratch };
  const words = ['demo', '--web.listen-address=127.0.0.1:0'];
  const child = spawn(process.execPath, [START, ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  await until('it listens', () => log.includes('listening'));

  child.kill('SIGINT');
  await until('it stops', () => log.includes('stopping'));
  child.kill('SIGINT');

  expect(await ended, log).toBe(0);
  expect(readdirSync(scratch)).toEqual([]);
});
