import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { start, temporaryFolder, writeIn } from './process.ts';

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

it.each(['report', 'explain', 'postmortem Q1', 'backfill --output-directory out'])(
  'Ctrl-C ends %s while it reads platforms, and nothing stays behind',
  async (command) => {
    const folder = temporaryFolder();
    const scratch = temporaryFolder();
    const { url, asked } = await startSilentPlatform();
    const provider = `{ type: pagerduty, api_key: k, base_url: "${url}" }`;
    const file = writeIn(folder, 'c.yml', `providers: [${provider}]\nstore: { path: ${folder}/none.db }\n`);
    const words = [...command.split(' '), `--config.file=${file}`];
    const program = start({ words, folder, env: { TMPDIR: scratch } });
    await asked;
    const before = readdirSync(scratch);

    program.kill('SIGINT');
    const { code } = await program.ended;

    expect(before).toHaveLength(1);
    expect(code).toBe(130);
    expect(readdirSync(scratch)).toEqual([]);
  },
);
