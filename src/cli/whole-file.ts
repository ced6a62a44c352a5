import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from './message.ts';

/** Writes a file beside its name and renames it, so that nobody ever sees half of it; throws one line that names the file. */
export function writeWhole(path: string, text: string): void {
  const beside = `${path}.${process.pid}.partial`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new Error(`cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}
