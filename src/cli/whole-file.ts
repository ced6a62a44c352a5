import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { placeOf } from '../imports/place.ts';
import type { Surroundings } from './command.ts';
import { messageOf } from './message.ts';

/** Writes to the file where one is named (see `writeWhole`), else to standard output. */
export function writeOut(text: string, file: string | undefined, { output }: Pick<Surroundings, 'output'>): void {
  if (file === undefined) output.write(text);
  else writeWhole(file, text);
}

/**
 * Writes a file beside its name and renames it, so that nobody ever sees half of it; what is no file, such as a pipe, is
 * written to. Throws one line that names the file.
 */
export function writeWhole(path: string, text: string): void {
  try {
    const place = placeOf(path);
    if (place.isReplaced) replace(place.path, text);
    else writeFileSync(path, text);
  } catch (error) {
    throw new Error(`cannot write ${path === '' ? 'to a file without a name' : path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function replace(path: string, text: string): void {
  const beside = `${path}.${process.pid}.partial`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
