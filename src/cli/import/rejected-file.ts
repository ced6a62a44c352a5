import { REJECTED } from '../../imports/file-format.ts';
import type { RejectedRow } from '../../imports/importing.ts';
import { type AtomicFile, openAtomicFile } from '../atomic-file.ts';

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
