import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillStore, NOW, type TestProvider } from '../report/stored-history.ts';
import { temporaryFolder } from '../store/sqlite-location.ts';
import { toArgs } from './command-args.ts';
import { runLine } from './run-line.ts';

/** What a command said, and its exit code as the program would give it. */
export interface CommandResult {
  readonly code: number | undefined;
  readonly text: string;
  readonly errors: string;
}

export interface CommandOnStore {
  readonly folder: string;
  readonly run: (values?: Record<string, unknown>, ...operands: string[]) => Promise<CommandResult>;
}

/** A store that an exporter has filled, a configuration that names it, and a command to run on both. */
export function openCommand(command: string, told: readonly TestProvider[], more = ''): CommandOnStore {
  const folder = temporaryFolder();
  const path = join(folder, 'store.db');
  fillStore(path, told);
  const names = told.map(({ config }) => config?.name ?? 'pagerduty');
  const providers = names.map((name) => `  - { name: ${name}, type: pagerduty, api_key: x }\n`).join('');
  const file = join(folder, 'c.yml');
  writeFileSync(file, `providers:\n${providers}store: { path: "${path}" }\n${more}`);
  return {
    folder,
    run: async (values = {}, ...operands) => {
      const args = [command, ...toArgs({ 'config.file': file, ...values }), ...operands];
      const { code, printed, said } = await runLine({ words: args, nowMs: NOW });
      return { code, text: printed, errors: said.replace(/^mttr-exporter: /, '').trimEnd() };
    },
  };
}
