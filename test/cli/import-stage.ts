import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { CommandContext, Output } from '../../src/cli/command.ts';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { importFiles } from '../../src/cli/commands/import.ts';
import { UsageError } from '../../src/cli/flags.ts';
import type { Clock } from '../../src/model/time.ts';

export const NOW_MS = Date.parse('2026-11-01T00:00:00Z');

/** A folder of its own with a configuration, and the command as somebody would run it there. */
export function stageImport(configuration: string, { nowMs = NOW_MS } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-import-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => {
    writeFileSync(path(name), text);
    return path(name);
  };
  const config = write('c.yml', `${configuration}\nstore: { path: "${path('store.db')}" }\n`);
  const clock: Clock = { nowMs: () => nowMs, sleep: async () => undefined };
  const run = async (words: readonly string[], input: string | Readable = '', output?: Output) => {
    const told: string[] = [];
    const warned: string[] = [];
    const context: CommandContext = {
      version: 'test',
      env: {},
      clock,
      stdin: typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input,
      stdout: output ?? { write: (text) => told.push(text) },
      stderr: { write: (text) => warned.push(text) },
    };
    const command = parseCommandLine([importFiles.name, '--config.file', config, ...words], 'test');
    if (command.kind !== 'command') {
      throw new UsageError(undefined, command.kind === 'print' ? command.text : command.kind);
    }
    const code = await command.run(context);
    return { code, text: told.join(''), warnings: warned.join('') };
  };
  return { folder, path, write, config, clock, run };
}
