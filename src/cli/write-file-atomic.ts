import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { messageOf } from '../model/error-message.ts';
import type { Surroundings } from './command.ts';
import { onProcessExit } from './process-lifecycle.ts';

/** A file that is being written and that nobody sees before it is complete. */
export interface AtomicFile {
  write(piece: string | Uint8Array): void;
  /** Puts it in its place. */
  commit(): void;
  /** Leaves nothing behind; after a commit it changes nothing. */
  discard(): void;
}

/**
 * Opens a file that is written beside its name and renamed by `commit`; the end of the process discards it. What is no
 * regular file, such as a pipe or `/dev/null`, is written to, as a renamed file would take its place.
 */
export function openAtomicFile(path: string, { mode = 0o666 }: { readonly mode?: number } = {}): AtomicFile {
  const target = findTarget(path);
  const partial = target.isReplaced ? `${target.path}.${process.pid}.partial` : undefined;
  let file: number | undefined = openSync(partial ?? target.path, 'w', mode);
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const remove = () => {
    if (partial !== undefined) rmSync(partial, { force: true });
  };
  const forget = onProcessExit(remove);
  return {
    write: (piece) => {
      if (file === undefined) throw new Error(`${path} is closed`);
      writeAll(file, typeof piece === 'string' ? Buffer.from(piece) : piece);
    },
    commit: () => {
      close();
      if (partial !== undefined) renameSync(partial, target.path);
      forget();
    },
    discard: () => {
      close();
      remove();
      forget();
    },
  };
}

/** Writes to the file where one is named (see `writeFileAtomic`), else to standard output. */
export function writeOut(text: string, file: string | undefined, { output }: Pick<Surroundings, 'output'>): void {
  if (file === undefined) output.write(text);
  else writeFileAtomic(file, text);
}

/** Writes a file as a whole (see `openAtomicFile`). Throws one line that names it. */
export function writeFileAtomic(path: string, text: string): void {
  let file: AtomicFile | undefined;
  try {
    file = openAtomicFile(path);
    file.write(text);
    file.commit();
  } catch (error) {
    file?.discard();
    throw new Error(`cannot write ${path === '' ? 'to a file without a name' : path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

interface FileTarget {
  /** The name behind links: a file that is renamed onto a link would take the link's place. */
  readonly path: string;
  /** False for what is no regular file. */
  readonly isReplaced: boolean;
}

function findTarget(path: string): FileTarget {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { path, isReplaced: true };
  return found.isFile() ? { path: realpathSync(path), isReplaced: true } : { path, isReplaced: false };
}

/** A system may take less than it is given (a full pipe, a nearly full disk); the next call says why. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += writeSync(file, bytes, at));
}
