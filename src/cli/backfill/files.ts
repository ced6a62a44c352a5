import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PastFamily } from '../../metrics/backfill.ts';
import { openMetricsText } from '../../metrics/backfill-text.ts';
import { messageOf } from '../message.ts';

const ENDING = '.om';

/** What was written. */
export interface Written {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Makes the folder where it is missing, but not the one above it; true when it did. Throws one line when nothing can be
 * written there.
 */
export function readyFolder(folder: string): boolean {
  const isNew = !existsSync(folder);
  try {
    if (isNew) mkdirSync(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    return isNew;
  } catch (error) {
    throw new Error(`--output-directory: cannot write to ${folder}: ${messageOf(error)}`, { cause: error });
  }
}

/** Throws when so many bytes have no room in the folder. */
export function checkRoom(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new Error(
    `--output-directory: the files will take about ${sizeText(bytes)}, ${folder} has ${sizeText(free)} free; ` +
      'choose a shorter period, fewer --by or --window, or a larger --step',
  );
}

/** Writes the samples of one day (UTC) beside its file and renames it: a file is whole or not there. */
export async function writeDay(
  folder: string,
  { families, instantsMs }: { readonly families: readonly PastFamily[]; readonly instantsMs: readonly number[] },
): Promise<Written> {
  const day = new Date(instantsMs[0] ?? 0).toISOString().slice(0, 10);
  const path = join(folder, `mttr-exporter-${day}${ENDING}`);
  const beside = `${path}.part`;
  let bytes = 0;
  const counted = function* () {
    for (const text of openMetricsText(families, instantsMs)) {
      const piece = Buffer.from(text);
      bytes += piece.length;
      yield piece;
    }
  };
  try {
    await writeFile(beside, counted());
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  return { path, bytes };
}

/** Files in the folder that look like ours and are not among those that were written. */
export function othersIn(folder: string, written: readonly Written[]): readonly string[] {
  const known = new Set(written.map(({ path }) => path));
  const found = readdirSync(folder).filter((name) => name.endsWith(ENDING));
  return found.map((name) => join(folder, name)).filter((path) => !known.has(path));
}

/** Bytes as people read them: `2.7 GB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}
