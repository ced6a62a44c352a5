import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../model/error-message.ts';
import type { Log } from '../../model/log.ts';
import { createStore } from '../create-store.ts';
import type { Store } from '../store.ts';
import { createSqliteEngine } from './engine.ts';
import { migrate, refuseOthers } from './schema.ts';

/** SQLite's result codes (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** Every SQLite file begins with this (sqlite.org/fileformat.html). */
const SQLITE_HEADER = 'SQLite format 3\0';
/** Bytes of pages that SQLite keeps in memory, in KiB as the pragma wants it (negative). */
const CACHE_KIB = -16_384;

/** Another exporter has the store. */
export class StoreInUse extends Error {
  override readonly name = 'StoreInUse';
}

/** The file of the store and the lock that keeps a second exporter out. */
export interface OpenStore {
  readonly database: DatabaseSync;
  close(): void;
}

/** True for the errors that say the file itself is damaged. */
export function isCorruption(error: unknown): boolean {
  const code = errorCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** What `openStore` opens, and how. */
interface OpenInput {
  readonly path: string;
  readonly log: Log;
  readonly nowMs: number;
  /** Refuse a damaged file instead of beginning a new one. */
  readonly isDamageRefused?: boolean | undefined;
}

/**
 * Opens the store, bringing it forward; a damaged file is set aside under a new name and a new one begun. Throws when
 * the folder cannot be written, another exporter holds the store, a newer version wrote it, or it never was a store.
 */
export function openStore(input: OpenInput): OpenStore {
  const { path } = input;
  makeFolder(path);
  refuseForeign(path);
  const lock = takeLock(path);
  try {
    const database = openChecked(input);
    return {
      database,
      close: () => {
        database.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

function makeFolder(path: string): void {
  try {
    makeFolders(dirname(path));
  } catch (error) {
    throw new Error(`cannot make the folder of the store ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** One by one: where nobody can make a folder, as in /proc, Node's recursive mkdir tries without an end (Node 24.21). */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  }
}

/** A path that was mistyped may lead to somebody's file, which must stay where it is. A store, however damaged, has its lock beside it. */
function refuseForeign(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory() || existsSync(lockPathOf(path))) return;
  if (found.isFile() && (found.size === 0 || headerOf(path) === SQLITE_HEADER)) return;
  throw new Error(`${path} is not a store of mttr-exporter and is left as it is; expected another store.path`);
}

function headerOf(path: string): string {
  const header = Buffer.alloc(SQLITE_HEADER.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return header.toString('latin1');
}

function lockPathOf(path: string): string {
  return `${path}.lock`;
}

/** An exclusive transaction on a file of its own: the system frees it when the process ends, however it ends. */
function takeLock(path: string): DatabaseSync {
  const lockPath = lockPathOf(path);
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(lockPath);
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (errorCode(error) === SQLITE_BUSY) {
      throw new StoreInUse(`the store ${path} is in use by another mttr-exporter`, { cause: error });
    }
    throw new Error(`cannot write next to the store ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function openChecked({ path, log, nowMs, isDamageRefused = false }: OpenInput): DatabaseSync {
  try {
    return openFile(path);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    if (isDamageRefused) {
      throw new Error(
        `the store ${path} is damaged (${messageOf(error)}); start the exporter, which sets it aside and starts an empty one, or restore a copy`,
        { cause: error },
      );
    }
    const aside = quarantine(path, nowMs);
    log.error('the store is damaged: it was set aside, history is fetched again and all counters restart at zero', {
      store: path,
      set_aside: aside,
      error: messageOf(error),
    });
    return openFile(path);
  }
}

function openFile(path: string): DatabaseSync {
  const database = connect(path);
  try {
    refuseOthers(database, path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY');
    database.exec(`PRAGMA cache_size = ${CACHE_KIB}`);
    const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (verdict !== 'ok') throw Object.assign(new Error(String(verdict)), { errcode: SQLITE_CORRUPT });
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function connect(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw new Error(`cannot open the store ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Moves the file and its write-ahead log away; returns the new name. */
function quarantine(path: string, nowMs: number): string {
  const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/** SQLite's primary result code; undefined for the errors of others. */
export function errorCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  // The low byte is the primary code of an extended one.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** The path names another file than the one that is open: writes would be lost with the process. */
class StoreReplaced extends Error {
  override readonly name = 'StoreReplaced';
}

/** The embedded store: one SQLite file, used by one exporter. Throws when the file cannot be used (see `openStore`). */
export function createSqliteStore(input: OpenInput): Store {
  const { log, nowMs, path } = input;
  const opened = openStore(input);
  const engine = createSqliteEngine(opened.database, path);
  const isBroken = (error: unknown) => isCorruption(error) || error instanceof StoreReplaced;
  const verify = createFileCheck(path);
  return createStore({ engine, log, nowMs, isBroken, verify, close: () => opened.close() });
}

/** Throws StoreReplaced when the file was removed or replaced. */
function createFileCheck(path: string): () => void {
  const opened = statSync(path);
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino === opened.ino && found.dev === opened.dev) return;
    throw new StoreReplaced(`${path} was ${found === undefined ? 'removed' : 'replaced'} while it was open; restart`);
  };
}
