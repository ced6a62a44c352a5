import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Parsed, parsePage } from './page.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Nothing of the machine's environment but where programs are; the fakes take any AWS credentials. */
const CLEAN = {
  PATH: process.env['PATH'] ?? '',
  AWS_ACCESS_KEY_ID: 'invented',
  AWS_SECRET_ACCESS_KEY: 'invented',
  NO_PROXY: '127.0.0.1',
};

export interface Starting {
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running exporter. */
export interface Exporter {
  readonly url: string;
  /** All that it wrote to standard error so far. */
  stderr(): string;
  /** The log, line by line. */
  logged(): Record<string, unknown>[];
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
  get(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly text: string }>;
  page(): Promise<Parsed>;
  /** Reads the page again and again until the condition holds. */
  untilPage(says: string, condition: (page: Parsed) => boolean): Promise<Parsed>;
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-daemon-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeIn(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function launch({ words, env = {}, folder }: Starting): { child: ChildProcess; output: Output; ended: Promise<Ended> } {
  // Killed, it cannot remove what it made for the time of its life.
  const scratch = mkdtempSync(join(tmpdir(), 'mttr-scratch-'));
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { ...CLEAN, TMPDIR: scratch, ...env },
    cwd: folder ?? tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...output })));
  onTestFinished(() => {
    child.kill('SIGKILL');
    return ended.then(() => rmSync(scratch, { recursive: true, force: true }));
  });
  return { child, output, ended };
}

interface Output {
  stdout: string;
  stderr: string;
}

/** Starts the program, whatever it does. */
export function start(starting: Starting): { kill(signal: NodeJS.Signals): void; readonly ended: Promise<Ended> } {
  const { child, ended } = launch(starting);
  return { kill: (signal) => void child.kill(signal), ended };
}

/** Runs the program until it ends by itself. */
export function runToEnd(starting: Starting): Promise<Ended> {
  return launch(starting).ended;
}

/** Starts the daemon on a free port and waits until it listens; throws with its output when it ends before. */
export async function startExporter(starting: Starting): Promise<Exporter> {
  const words = [...starting.words, '--web.listen-address=127.0.0.1:0', '--log.format=json'];
  const { child, output, ended } = launch({ ...starting, words });
  const logged = () =>
    output.stderr
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const urlOf = () => logged().find(({ msg }) => msg === 'listening')?.['url'];
  const isOver = { value: false };
  void ended.then(() => {
    isOver.value = true;
  });
  await until('the exporter listens', () => {
    if (isOver.value) throw new Error(`the exporter ended: ${output.stderr}`);
    return typeof urlOf() === 'string';
  });
  const url = String(urlOf());
  const get = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(new URL(path, url), init);
    return { status: answer.status, text: await answer.text() };
  };
  const page = async () => {
    const { status, text } = await get('metrics');
    return parsePage(status === 200 ? text : '');
  };
  return {
    url,
    stderr: () => output.stderr,
    logged,
    kill: (signal) => void child.kill(signal),
    ended,
    get,
    page,
    untilPage: async (says, condition) => {
      let last = parsePage('');
      try {
        await until(says, async () => {
          last = await page();
          return condition(last);
        });
      } catch (error) {
        const own = last.text.split('\n').filter((line) => /^(mttr_exporter|incident_open)/.test(line));
        throw new Error(`${String(error)}\n${own.slice(0, 60).join('\n')}\n${output.stderr}`, { cause: error });
      }
      return last;
    },
  };
}

/** Far more than anything here takes: whoever waits longer waits for what will not come. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 25;

/** Asks again and again until it is so. */
export async function until(says: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const latestMs = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > latestMs) throw new Error(`waited in vain until ${says}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
