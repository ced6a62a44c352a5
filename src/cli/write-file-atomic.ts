import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../model/error-message.ts';
import type { CommandContext } from './command.ts';
import { onProcessExit } from './process-lifecycle.ts';

/** A file that is being written and that nobody sees before it is complete. */
export interface AtomicFile {
  write(chunk: string | Uint8Array): void;
  /** Syncs it to the disk and renames it to its name. */
  commit(): void;
  /** Leaves nothing behind; does nothing after a commit. */
  discard(): void;
}

/**
 * Opens a temporary file next to the target, which `commit` renames; the end of the process discards it. What is no
 * regular file, such as a pipe or `/dev/null`, is written to directly, as a renamed file would replace it. Our own and no
 * package: contents are streamed, pipes stay pipes, and a signal leaves nothing behind.
 */
export function openAtomicFile(path: string, { mode = 0o666 }: { readonly mode?: number } = {}): AtomicFile {
  const existing = statSync(path, { throwIfNoEntry: false });
  const isReplaced = existing === undefined || existing.isFile();
  // A file that is renamed onto a link would replace the link.
  const target = existing?.isFile() === true ? realpathSync(path) : path;
  const temporary = isReplaced ? `${target}.${process.pid}.partial` : target;
  let file: number | undefined = openSync(temporary, 'w', mode);
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const remove = () => {
    if (isReplaced) rmSync(temporary, { force: true });
  };
  const unregister = onProcessExit(remove);
  return {
    write: (chunk) => {
      if (file === undefined) throw new Error(`${path} is closed`);
      writeAll(file, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    },
    commit: () => {
      if (file !== undefined && isReplaced) fsyncSync(file);
      close();
      if (isReplaced) {
        renameSync(temporary, target);
        syncFolder(dirname(target));
      }
      unregister();
    },
    discard: () => {
      close();
      remove();
      unregister();
    },
  };
}

/** Writes a whole file (see `openAtomicFile`). Throws one line that names it. */
export function writeFileAtomic(path: string, text: string): void {
  let file: AtomicFile | undefined;
  try {
    file = openAtomicFile(path);
    file.write(text);
    file.commit();
  } catch (error) {
    file?.discard();
    throw new Error(`cannot write ${path === '' ? 'a file without a name' : path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Writes to the file of `--output-file`, else to standard output. */
export function writeOutput(text: string, file: string | undefined, { stdout }: Pick<CommandContext, 'stdout'>): void {
  if (file === undefined) stdout.write(text);
  else writeFileAtomic(file, text);
}

/** A system may take less than it is given (a full pipe, a nearly full disk); the next call says why. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

/** A rename survives a power failure only once its folder is synced. Windows opens no folders and needs none of it. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
