import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { UsageError } from '../../src/cli/flags.ts';
import type { Clock } from '../../src/model/time.ts';
import type { SimulatedAlarm, SimulatedIncident, World } from '../../src/simulator/world.ts';
import { toArgs } from './command-args.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 1440 * MINUTE_MS;

export interface Check {
  readonly check: string;
  readonly result: string;
  readonly found: string;
  readonly numbers?: Readonly<Record<string, number>>;
}

/** One run of the command. */
export interface Run {
  readonly code: number | undefined;
  readonly text: string;
  readonly errors: string;
}

/** Closes it when the test is over. */
export function closing<Opened extends { close(): Promise<void> }>(opened: Opened): Opened {
  onTestFinished(() => opened.close());
  return opened;
}

/** Waits for nothing; `aheadMs` before the clock of the platforms. */
function impatient(aheadMs: number): Clock {
  return {
    nowMs: () => Date.now() + aheadMs,
    sleep: async (_ms, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

/** Runs the doctor on this configuration; `aheadMs` is how far our clock is ahead. */
export async function consult(yaml: string, values: Record<string, unknown> = {}, aheadMs = 0): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'c.yml');
  writeFileSync(file, yaml);
  let text = '';
  let errors = '';
  const command = parseCommandLine(['doctor', ...toArgs({ 'config.file': file, ...values })], 'test');
  if (command.kind !== 'command')
    throw new UsageError(undefined, command.kind === 'print' ? command.text : command.kind);
  const code = await command.run({
    version: 'test',
    env: {},
    clock: impatient(aheadMs),
    stdin: Readable.from([]),
    stdout: { write: (part) => (text += part) },
    stderr: { write: (part) => (errors += part) },
  });
  return { code, text, errors };
}

interface Json {
  readonly verdict: string;
  readonly series: { readonly seen: number; readonly at_most: number; readonly without: readonly string[] };
  readonly providers: readonly { name: string; type: string; verdict: string; checks: readonly Check[] }[];
}

/** The same with `--output=json`, its first provider's checks by name. */
export async function consulted(yaml: string, values: Record<string, unknown> = {}, aheadMs = 0) {
  const run = await consult(yaml, { output: 'json', ...values }, aheadMs);
  const json: Json = JSON.parse(run.text);
  const checks = new Map(json.providers[0]?.checks.map((one) => [one.check, one]));
  const of = (result: string) => [...checks.values()].filter((one) => one.result === result).map(({ check }) => check);
  return {
    ...run,
    json,
    check: (name: string) => checks.get(name),
    failed: of('failed'),
    warned: of('warning'),
    untried: of('untried'),
  };
}

/** Incidents that were triggered an hour apart, each resolved after ten minutes but the newest. */
export function incidents(count: number, change: Partial<SimulatedIncident> = {}): SimulatedIncident[] {
  const nowMs = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const triggeredAtMs = nowMs - (count - index) * 60 * MINUTE_MS;
    return {
      id: `Q${index}`,
      title: 'It is slow',
      service: { id: 'S1', name: 'checkout' },
      team: { id: 'T1', name: 'payments' },
      priority: 'P2',
      urgency: 'high',
      triggeredAtMs,
      events: index === count - 1 ? [] : [{ kind: 'resolve', atMs: triggeredAtMs + 10 * MINUTE_MS, by: 'person' }],
      ...change,
    };
  });
}

/** An alarm of eu-west-1 that fired for ten minutes a day ago. */
export function alarm(name: string, tags: Readonly<Record<string, string>>): SimulatedAlarm {
  const atMs = Date.now() - DAY_MS;
  return {
    region: 'eu-west-1',
    name,
    kind: 'MetricAlarm',
    tags,
    changes: [
      { atMs: atMs - DAY_MS, state: 'OK' },
      { atMs, state: 'ALARM' },
      { atMs: atMs + 10 * MINUTE_MS, state: 'OK' },
    ],
  };
}

export function world(content: Partial<World> = {}): World {
  return { incidents: [], alarms: [], ...content };
}
