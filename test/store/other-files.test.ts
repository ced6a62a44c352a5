import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { SINCE } from './fixtures.ts';
import { silent, temporaryFolder } from './sqlite-location.ts';

const open = (path: string) => createSqliteStore({ path, log: silent, nowMs: SINCE });

describe("somebody's file that a mistyped path leads to", () => {
  it('is refused and left as it is', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'hosts');
    writeFileSync(path, '127.0.0.1 localhost\n'.repeat(50));

    const again = () => open(path);

    for (const attempt of [again, again]) {
      expect(attempt).toThrow(
        `${path} is not a store of mttr-exporter and is left as it is; expected another store.path`,
      );
    }
    expect(readdirSync(folder)).toEqual(['hosts']);
    expect(readFileSync(path, 'utf8')).toMatch(/^127[.]0[.]0[.]1 localhost\n/);
  });

  it('is refused when it is the database of another program, which is left as it is', () => {
    const path = join(temporaryFolder(), 'grafana.db');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE dashboards (id INTEGER) STRICT');
    other.close();
    const before = readFileSync(path);

    expect(() => open(path)).toThrow(
      `${path} is the database of another program and is left as it is; expected another store.path`,
    );
    expect(readFileSync(path)).toEqual(before);
  });
});
