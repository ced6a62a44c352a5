import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { headerText, labelText, numberText } from '../../metrics/exposition.ts';
import { messageOf } from '../../model/error-message.ts';
import { onProcessExit } from '../process-lifecycle.ts';
import { openAtomicFile } from '../write-file-atomic.ts';
import type { PastFamily, PastSeries } from './gauge-replay.ts';

const ENDING = '.om';

/** What was written. */
export interface Written {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Makes the folder where it is missing, but not the one above it; the function that is given back, or the end of the
 * process, removes it again if nothing came into it. Throws one line when nothing can be written there.
 */
export function prepareFolder(folder: string): () => void {
  const isNew = !existsSync(folder);
  try {
    if (isNew) mkdirSync(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`--output-directory: cannot write to ${folder}: ${messageOf(error)}`, { cause: error });
  }
  if (!isNew) return () => undefined;
  const removeEmpty = () => {
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  };
  const forget = onProcessExit(removeEmpty);
  return () => {
    forget();
    removeEmpty();
  };
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

/** Writes the samples of one day (UTC); the file is complete or not there. */
export function writeDay(
  folder: string,
  { families, instantsMs }: { readonly families: readonly PastFamily[]; readonly instantsMs: readonly number[] },
): Written {
  const day = new Date(instantsMs[0] ?? 0).toISOString().slice(0, 10);
  const path = join(folder, `mttr-exporter-${day}${ENDING}`);
  const file = openAtomicFile(path);
  let bytes = 0;
  try {
    for (const text of openMetricsText(families, instantsMs)) {
      const piece = Buffer.from(text);
      bytes += piece.length;
      file.write(piece);
    }
    file.commit();
  } catch (error) {
    file.discard();
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

/**
 * Families as OpenMetrics 1.0 with timestamps, in pieces: a series' samples stand together in order of time, as
 * `promtool tsdb create-blocks-from openmetrics` needs them, and `# EOF` ends it.
 */
export function* openMetricsText(families: readonly PastFamily[], instantsMs: readonly number[]): Generator<string> {
  for (const { family, series } of families) {
    yield headerText(family, 'openmetrics') + unitText(family.name);
    for (const one of series) yield seriesText(family.name, one, instantsMs);
  }
  yield '# EOF\n';
}

/** OpenMetrics wants a unit to be the end of the name, so the name tells it. */
function unitText(name: string): string {
  const unit = /_(minutes|seconds|ratio)$/.exec(name)?.[1];
  return unit === undefined ? '' : `# UNIT ${name} ${unit}\n`;
}

/** Timestamps are seconds, as OpenMetrics has them. */
function seriesText(name: string, { labels, values }: PastSeries, instantsMs: readonly number[]): string {
  const braces = labels.length === 0 ? '' : `{${labelText(labels)}}`;
  let text = '';
  for (const [place, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    text += `${name}${braces} ${numberText(value)} ${(instantsMs[place] ?? 0) / 1000}\n`;
  }
  return text;
}
