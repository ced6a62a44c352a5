import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { onTestFinished } from 'vitest';
import { tool } from '../deploy/tools.ts';
import { until } from './process.ts';

export const PROMETHEUS = tool('prometheus');
export const ALERTMANAGER = tool('prometheus-alertmanager', 'alertmanager');

/** A Prometheus or an Alertmanager on a free port of 127.0.0.1. */
export interface Server {
  /** `host:port`. */
  readonly address: string;
  log(): string;
  /** Ends it at once, and waits until it is gone. */
  kill(): Promise<void>;
  /** What it answers as JSON; throws with the answer when that is no success. */
  ask<Answer>(path: string): Promise<Answer>;
}

interface Starting {
  readonly program: string;
  readonly words: readonly string[];
}

/** Starts the program and waits until it is ready; it is gone after the test. */
export async function startServer({ program, words }: Starting): Promise<Server> {
  const child = spawn(program, [...words, '--web.listen-address=127.0.0.1:0'], {
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output = { log: '', isOver: false };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.log += text));
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      output.log += String(error);
      output.isOver = true;
      resolve();
    });
    child.on('close', () => {
      output.isOver = true;
      resolve();
    });
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    return ended;
  });
  const addressOf = () => /msg="Listening on" address=(\S+)/.exec(output.log)?.[1];
  await until(`${program} is ready`, async () => {
    if (output.isOver) throw new Error(`${program} ended: ${output.log}`);
    const address = addressOf();
    if (address === undefined) return false;
    const answer = await fetch(`http://${address}/-/ready`);
    await answer.arrayBuffer();
    return answer.ok;
  });
  const address = String(addressOf());
  return {
    address,
    log: () => output.log,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
    ask: async <Answer>(path: string) => {
      const answer = await fetch(`http://${address}${path}`);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
      return JSON.parse(text) as Answer;
    },
  };
}

/** The text with each of the passages replaced wherever it stands; throws when one is not there. */
export function edited(text: string, replaced: readonly (readonly [from: string | RegExp, to: string])[]): string {
  return replaced.reduce((sofar, [from, to]) => {
    const after = sofar.replaceAll(from, to);
    if (after === sofar) throw new Error(`there is no ${String(from)} in the shipped file`);
    return after;
  }, text);
}
