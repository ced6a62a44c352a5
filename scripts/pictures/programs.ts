import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Throws with the names of those programs that are not there: rather at once than after minutes of scraping. */
export function demand(programs: readonly string[]): void {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).status !== 0);
  if (missing.length > 0) throw new Error(`${missing.join(' and ')} cannot be started; expected Debian's packages`);
}

/** A program that listens on loopback. */
export interface Running {
  /** Without a slash at its end. */
  readonly url: string;
  end(): Promise<void>;
}

interface Starting {
  readonly program: string;
  readonly words: readonly string[];
  readonly folder: string;
  /** Finds the address in what the program says; its first group. */
  readonly address: RegExp;
}

/** Far longer than anything here takes to start. */
const PATIENCE_MS = 30_000;

function start({ program, words, folder, address }: Starting): Promise<Running> {
  const env = { PATH: process.env['PATH'] ?? '', AWS_ACCESS_KEY_ID: 'invented', AWS_SECRET_ACCESS_KEY: 'invented' };
  const child = spawn(program, words, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const { promise, resolve, reject } = Promise.withResolvers<Running>();
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const patience = setTimeout(() => reject(new Error(`${program} did not listen`)), PATIENCE_MS);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const found = address.exec(said)?.[1];
    if (found !== undefined) resolve({ url: `http://${found}`, end: () => end(child, ended) });
  });
  child.once('error', reject);
  void ended.then(() => reject(new Error(`${program} ended: ${said}`)));
  return promise.finally(() => clearTimeout(patience));
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  await ended;
}

/** The exporter with its demo, on a free port. */
export function startDemo(folder: string): Promise<Running> {
  return start({
    program: process.execPath,
    words: [join(ROOT, 'src/cli/main.ts'), 'demo', '--web.listen-address=127.0.0.1:0', '--log.format=json'],
    folder,
    address: /"url":"http:\/\/([^"/]+)/,
  });
}
