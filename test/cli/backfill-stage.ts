import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { type Parsed, parsePage } from '../e2e/page.ts';

/** One run of the command; `failure` is what it threw. */
export interface Run {
  readonly code: number | undefined;
  readonly text: string;
  readonly errors: string;
  readonly failure: unknown;
}

export interface Asked {
  /** YAML. */
  readonly configuration: string;
  readonly nowMs: number;
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder that is gone after the test. */
export function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-backfill-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `backfill` as a shell would, at an instant of ours. */
export async function backfill({ configuration, nowMs, words, env = {} }: Asked): Promise<Run> {
  const file = join(folderForTest(), 'c.yml');
  writeFileSync(file, configuration);
  const command = parseCommandLine(['backfill', `--config=${file}`, ...words], 'test');
  if (command.kind !== 'command') throw new Error(command.kind === 'print' ? command.text : command.kind);
  let text = '';
  let errors = '';
  let failure: unknown;
  const code = await command
    .run({
      version: 'test',
      env,
      clock: { nowMs: () => nowMs, sleep: async () => undefined },
      stdin: Readable.from([]),
      stdout: { write: (part) => (text += part) },
      stderr: { write: (part) => (errors += part) },
    })
    .catch((error: unknown) => {
      failure = error;
      return undefined;
    });
  return { code, text, errors, failure };
}

/** The samples of all files in a folder: a page for each instant (seconds), without the labels that were added. */
export function pagesIn(folder: string): Map<number, Parsed> {
  const texts = new Map<number, string[]>();
  for (const name of readdirSync(folder).toSorted()) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const line of text.split('\n')) {
      const [, sample = '', at] = /^([^#].*) (\S+)$/.exec(line) ?? [];
      if (at === undefined) continue;
      const own = sample.replace(',job="mttr-exporter",instance="mttr-exporter"', '');
      texts.set(Number(at), [...(texts.get(Number(at)) ?? []), own]);
    }
  }
  return new Map([...texts].map(([at, lines]) => [at, parsePage(lines.join('\n'))]));
}
