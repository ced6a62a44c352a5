import { type SpawnSyncReturns, spawnSync } from 'node:child_process';

const isCi = process.env['CI'] === 'true';

/** A program of the machine that judges what is shipped. */
export interface Tool {
  /** The name by which it is called here. */
  readonly name: string;
  /** Its tests are left out; never in CI, where they fail instead. */
  readonly isSkipped: boolean;
  /** What to put behind the title of its tests. */
  readonly says: string;
  run(words: readonly string[]): SpawnSyncReturns<string>;
}

/** The first of the names that answers `--version`. */
export function tool(...names: readonly [string, ...string[]]): Tool {
  const found = names.find((name) => spawnSync(name, ['--version']).status === 0);
  const [first] = names;
  const name = found ?? first;
  const isSkipped = found === undefined && !isCi;
  return {
    name,
    isSkipped,
    says: isSkipped ? ` (skipped: ${first} is not installed)` : '',
    run: (words) => spawnSync(name, words, { encoding: 'utf8' }),
  };
}
