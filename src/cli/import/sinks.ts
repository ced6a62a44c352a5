import type { RejectedRow } from '../../imports/importing.ts';
import { messageOf } from '../../model/error-message.ts';
import { type ImportFile, type ImportOrder, rejectedFileOf, shownName } from './order.ts';
import { createRejectedFile, type RejectedFile } from './rejected-file.ts';

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
