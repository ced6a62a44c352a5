import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type OneShot, type Surroundings, WrongUse } from '../../src/cli/command.ts';
import { ConfigError } from '../../src/config/diagnostics.ts';
import { fillStore, NOW, type TestProvider } from '../report/explaining.ts';
import { temporaryFolder } from '../store/sqlite-place.ts';

/** What a command said, and its exit code as the program would give it. */
export interface Said {
  readonly code: number;
  readonly text: string;
  readonly errors: string;
}

export interface Desk {
  readonly folder: string;
  readonly run: (values?: Record<string, unknown>, ...words: string[]) => Promise<Said>;
}

/** A store that an exporter has filled, a configuration that names it, and a command to run on both. */
export function deskOf(command: OneShot, told: readonly TestProvider[], more = ''): Desk {
  const folder = temporaryFolder();
  const path = join(folder, 'store.db');
  fillStore(path, told);
  const names = told.map(({ config }) => config?.name ?? 'pagerduty');
  const providers = names.map((name) => `  - { name: ${name}, type: pagerduty, api_key: x }\n`).join('');
  const file = join(folder, 'c.yml');
  writeFileSync(file, `providers:\n${providers}store: { path: "${path}" }\n${more}`);
  return {
    folder,
    run: async (values = {}, ...words) => {
      let [text, errors] = ['', ''];
      const surroundings: Surroundings = {
        version: 'test',
        env: {},
        clock: { nowMs: () => NOW, sleep: async () => undefined },
        input: Readable.from([]),
        output: { write: (part) => (text += part) },
        errors: { write: (part) => (errors += part) },
      };
      try {
        const code = await command.run({ values: { 'config.file': file, ...values }, words }, surroundings);
        return { code, text, errors };
      } catch (error) {
        const isWrong = [WrongUse, ConfigError].some((kind) => error instanceof kind);
        return { code: isWrong ? 2 : 1, text, errors: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
