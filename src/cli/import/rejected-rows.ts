import type { RejectedRow } from '../../imports/importing.ts';
import { REJECTED } from '../../imports/rows.ts';
import { messageOf } from '../../model/error-message.ts';
import { type AtomicFile, openAtomicFile } from '../write-file-atomic.ts';
import { type ImportFile, type ImportOrder, rejectedFileOf, shownName } from './options.ts';

/** Rejections that are told in full. */
const EXAMPLES_MAX = 5;

/** Where the rejected rows of all files of an import go. */
export interface Sinks {
  reject(file: ImportFile, row: RejectedRow): void;
  /** The first rejections, a line each. */
  readonly examples: readonly string[];
  /** Puts the files in their places; returns their paths. */
  commit(): string[];
  /** Leaves nothing behind. */
  discard(): void;
}

/** Of a dry run nothing is written, but examples are told. */
export function createSinks(order: ImportOrder): Sinks {
  const sinks = new Map<string, RejectedFile>();
  const examples: string[] = [];
  const sinkAt = (path: string) => {
    const sink = sinks.get(path) ?? createRejectedFile(path);
    sinks.set(path, sink);
    return sink;
  };
  return {
    examples,
    reject: (file, row) => {
      if (examples.length < EXAMPLES_MAX) examples.push(`${shownName(file)}:${row.line}: ${row.reason}: ${row.detail}`);
      const path = order.isDryRun ? undefined : rejectedFileOf(file, order);
      if (path !== undefined) tried(path, () => sinkAt(path).write(row));
    },
    commit: () => [...sinks].flatMap(([path, sink]) => tried(path, () => sink.commit()) ?? []),
    discard: () => {
      for (const sink of sinks.values()) sink.discard();
    },
  };
}

function tried<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new Error(`rejected rows cannot be written to ${path} (${messageOf(error)}); name another --rejected-file`, {
      cause: error,
    });
  }
}

/** It holds what others may not read: nobody but its owner may. */
const OWNER_ONLY = 0o600;

/** Where rejected rows go: a line of JSON each, in a form that can be mended and imported again. */
export interface RejectedFile {
  write(row: RejectedRow): void;
  /** Puts the file in its place, if there was a row; returns its path. */
  commit(): string | undefined;
  /** Leaves nothing behind. */
  discard(): void;
}

/** A file that appears when it is complete; without a row there is none. */
export function createRejectedFile(path: string): RejectedFile {
  let file: AtomicFile | undefined;
  return {
    write: ({ record, ...rejected }) => {
      file ??= openAtomicFile(path, { mode: OWNER_ONLY });
      file.write(`${JSON.stringify({ [REJECTED]: rejected, ...record })}\n`);
    },
    commit: () => {
      file?.commit();
      return file === undefined ? undefined : path;
    },
    discard: () => file?.discard(),
  };
}
