import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RejectedRow } from './importing.ts';
import { placeOf } from './place.ts';
import { REJECTED } from './rows.ts';

/** Where rejected rows go: a line of JSON each, in a form that can be mended and imported again. */
export interface RejectedFile {
  write(row: RejectedRow): void;
  /** Puts the file in its place, if there was a row; gives its path. */
  keep(): string | undefined;
  /** Leaves nothing behind. */
  discard(): void;
}

/** A file that is written beside its place and renamed at the end; without a row there is none. What is no file, such as a pipe, is written to. */
export function createRejectedFile(path: string): RejectedFile {
  const place = placeOf(path);
  const partial = place.isReplaced ? join(dirname(place.path), `.${basename(place.path)}.partial`) : path;
  let file: number | undefined;
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    write: ({ record, ...rejected }) => {
      file ??= openSync(partial, 'w', 0o600);
      writeSync(file, `${JSON.stringify({ [REJECTED]: rejected, ...record })}\n`);
    },
    keep: () => {
      if (file === undefined) return undefined;
      close();
      if (place.isReplaced) renameSync(partial, place.path);
      return path;
    },
    discard: () => {
      close();
      if (place.isReplaced) rmSync(partial, { force: true });
    },
  };
}
