import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Log, LogFields } from '../../src/model/log.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { SCHEMA_VERSION } from '../../src/store/sqlite/schema.ts';
import type { Store } from '../../src/store/store.ts';
import { at, poll, recovered, SINCE, start, sync, total } from './fixtures.ts';
import { setPagesMax, silent, temporaryFolder, withConnections } from './sqlite-location.ts';

const INCIDENTS = 400;

function open(path: string, log: Log = silent): Store {
  return createSqliteStore({ path, log, nowMs: SINCE });
}

/** A store with some hundred counted incidents, closed. */
async function filled(): Promise<string> {
  const path = join(temporaryFolder(), 'store.db');
  const store = await start(open(path));
  await sync(store);
  store.commit(
    poll(at(60), { incidents: Array.from({ length: INCIDENTS }, (_, index) => recovered(`Q${index}`, 20)) }),
  );
  store.close();
  return path;
}

function loudLog() {
  const errors: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
  return {
    errors,
    log: { ...silent, error: (message: string, fields?: LogFields) => errors.push({ message, fields }) },
  };
}

function overwrite(path: string, position: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0xa5), 0, bytes, position);
  closeSync(file);
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a damaged store', () => {
  it.each([
    { where: 'in its header', damage: (path: string) => overwrite(path, 0, 100) },
    { where: 'in the middle', damage: (path: string) => overwrite(path, statSync(path).size / 2, 20_000) },
    {
      where: 'at its end, which is cut off',
      damage: (path: string) => truncateSync(path, statSync(path).size - 30_000),
    },
    {
      where: 'as a whole',
      damage: (path: string) => writeFileSync(path, 'this is no database, but long enough to look at\n'.repeat(50)),
    },
  ])('$where is set aside under a new name with an error in the log, and a new one is created', async ({ damage }) => {
    const path = await filled();
    damage(path);
    const damaged = readFileSync(path);
    const { errors, log } = loudLog();

    const store = await start(open(path, log));
    await sync(store);
    store.commit(poll(at(90), { incidents: [recovered('Q1', 5)] }));

    const aside = `${path}.damaged-2026-01-10T000000.000Z`;
    expect(errors).toEqual([
      {
        message: 'the store is damaged: it was set aside, history is fetched again and all counters restart at zero',
        fields: { store: path, set_aside: aside, error: expect.stringMatching(/./) },
      },
    ]);
    expect(readFileSync(aside)).toEqual(damaged);
    expect(total(store, 'recovery')).toBe(1);
    store.close();
  });

  it('that turns out to be damaged while it runs is reported as such', async () => {
    const path = await filled();
    const store = await start(open(path));
    onTestFinished(() => store.close());
    const other = new DatabaseSync(path);
    const root = Number(
      other.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'incidents'").get()?.['rootpage'],
    );
    const pageBytes = Number(other.prepare('PRAGMA page_size').get()?.['page_size']);
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    other.close();
    overwrite(path, (root - 1) * pageBytes, pageBytes);

    const error = thrownBy(() => store.commit(poll(at(90), { incidents: [recovered('new', 5)] })));

    expect(error).toBeInstanceOf(Error);
    expect(store.isBroken(error)).toBe(true);
    expect(store.isBroken(new Error('another one'))).toBe(false);
  });

  it('whose write-ahead log is garbage goes on from what the file itself holds', async () => {
    const path = await filled();
    writeFileSync(`${path}-wal`, Buffer.alloc(50_000, 0xa5));
    const { errors, log } = loudLog();

    const store = await start(open(path, log));

    expect(errors).toEqual([]);
    expect(total(store, 'recovery')).toBe(INCIDENTS);
    store.close();
  });
});

describe('a full disk', () => {
  it('fails the commit, keeps what was, and goes on when there is space again', async () => {
    const path = join(temporaryFolder(), 'store.db');
    const { result: store, connections } = withConnections(() => open(path));
    onTestFinished(() => store.close());
    const database = connections.find((one) => one.location() === path);
    await start(store);
    await sync(store);
    const reported = poll(at(60), {
      incidents: Array.from({ length: INCIDENTS }, (_, index) => recovered(`Q${index}`, 20)),
    });
    if (database !== undefined) setPagesMax(database, 1);

    const error = thrownBy(() => store.commit(reported));

    expect(error).toMatchObject({ message: 'database or disk is full' });
    expect(total(store, 'opened')).toBe(0);
    expect(store.isBroken(error)).toBe(false);
    if (database !== undefined) setPagesMax(database, 100_000);
    store.commit(reported);
    expect(total(store, 'recovery')).toBe(INCIDENTS);
  });
});

/** Runs as somebody who may not write everywhere: the superuser may. */
function unprivileged<Result>(run: () => Result): Result {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.(65_534);
  try {
    return run();
  } finally {
    process.seteuid?.(0);
  }
}

describe('a store that cannot be opened', () => {
  it('in a folder that cannot be written is refused with its path', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'store.db');
    chmodSync(folder, 0o555);

    expect(() => unprivileged(() => open(path))).toThrow(
      `cannot write next to the store ${path}: unable to open database file`,
    );
  });

  it('in a folder that cannot be made is refused with its path', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file', 'data', 'store.db');

    expect(() => open(path)).toThrow(`cannot make the folder of the store ${path}: ENOTDIR`);
  });

  // Where there is /proc, nobody can make a folder in it, root included.
  it.runIf(existsSync('/proc/self'))('says at once when not even root may make the folder of the store', () => {
    const child = join(import.meta.dirname, 'committing-child.ts');

    const { status, stderr } = spawnSync(process.execPath, [child, '/proc/mttr-exporter/data/store.db'], {
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });

    expect(status).toBe(1);
    expect(stderr).toContain('cannot make the folder of the store /proc/mttr-exporter/data/store.db: ENOENT');
  });

  it('because a folder has its name is refused with its path', () => {
    const path = join(temporaryFolder(), 'store.db');
    mkdirSync(path);

    expect(() => open(path)).toThrow(`cannot open the store ${path}: unable to open database file`);
  });

  it('because another exporter uses it is refused, and opens when that one ends', async () => {
    const path = await filled();
    const first = open(path);

    expect(() => open(path)).toThrow(`the store ${path} is in use by another mttr-exporter`);
    first.close();
    const second = await start(open(path));
    expect(total(second, 'recovery')).toBe(INCIDENTS);
    second.close();
  });

  it('because a newer version wrote it is refused and left as it is', async () => {
    const path = await filled();
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    const before = readFileSync(path);

    expect(() => open(path)).toThrow(
      `the store ${path} was written by a newer mttr-exporter (store version 99; this program knows up to ${SCHEMA_VERSION})`,
    );
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(join(path, '..')).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});

describe('an empty or missing file', () => {
  it.each([true, false])('becomes a store of this version (empty file: %s)', (isThere) => {
    const path = join(temporaryFolder(), 'data', 'store.db');
    if (isThere) {
      mkdirSync(join(path, '..'));
      writeFileSync(path, '');
    }

    open(path).close();

    const database = new DatabaseSync(path);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
    database.close();
  });

  it('is not left half made when making the tables fails', () => {
    const path = join(temporaryFolder(), 'store.db');
    const other = new DatabaseSync(path);
    other.exec('CREATE VIEW ledger AS SELECT 1');
    other.close();

    expect(() => open(path)).toThrow('view ledger already exists');
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT name FROM sqlite_master').all()).toEqual([{ name: 'ledger' }]);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 0 });
    database.close();
    expect(existsSync(path)).toBe(true);
  });
});
