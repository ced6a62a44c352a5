import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { headerText, labelText, numberText } from '../../metrics/exposition.ts';
import { messageOf } from '../../model/error-message.ts';
import { onProcessExit } from '../process-lifecycle.ts';
import { openAtomicFile } from '../write-file-atomic.ts';
import type { ReplayedFamily, ReplayedSeries } from './gauge-replay.ts';

const EXTENSION = '.om';

/** The samples of one day. */
export interface DaySamples {
  readonly families: readonly ReplayedFamily[];
  /** Ascending. */
  readonly timesMs: readonly number[];
}

export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Creates the folder where it is missing, but not its parent; the returned function, or the end of the process, removes it
 * again if it is still empty. Throws one line when the folder cannot be written to.
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
  const removeIfEmpty = () => {
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  };
  const unregister = onProcessExit(removeIfEmpty);
  return () => {
    unregister();
    removeIfEmpty();
  };
}

/** Throws when the disk of the folder has less than so many bytes free. */
export function ensureDiskSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new Error(
    `--output-directory: ${folder} has ${sizeText(free)} free, the files need about ${sizeText(bytes)}; ` +
      'choose a shorter period, fewer --by or --window, or a larger --step',
  );
}

/** Writes the samples of one day (UTC) atomically. */
export function writeDay(folder: string, { families, timesMs }: DaySamples): WrittenFile {
  const day = new Date(timesMs[0] ?? 0).toISOString().slice(0, 10);
  const path = join(folder, `mttr-exporter-${day}${EXTENSION}`);
  const file = openAtomicFile(path);
  let bytes = 0;
  try {
    for (const text of renderOpenMetrics(families, timesMs)) {
      const chunk = Buffer.from(text);
      bytes += chunk.length;
      file.write(chunk);
    }
    file.commit();
  } catch (error) {
    file.discard();
    throw error;
  }
  return { path, bytes };
}

/** OpenMetrics files in the folder that this run has not written. */
export function findOtherFiles(folder: string, written: readonly WrittenFile[]): readonly string[] {
  const own = new Set(written.map(({ path }) => path));
  const found = readdirSync(folder).filter((name) => name.endsWith(EXTENSION));
  return found.map((name) => join(folder, name)).filter((path) => !own.has(path));
}

/**
 * Families as OpenMetrics 1.0 with timestamps, in chunks: the samples of a series stand together in order of time, as
 * `promtool tsdb create-blocks-from openmetrics` needs them, and `# EOF` ends it.
 */
export function* renderOpenMetrics(families: readonly ReplayedFamily[], timesMs: readonly number[]): Generator<string> {
  for (const { family, series } of families) {
    yield headerText(family, 'openmetrics') + unitText(family.name);
    for (const one of series) yield seriesText(family.name, one, timesMs);
  }
  yield '# EOF\n';
}

/** OpenMetrics requires a unit to end the name, so the name has it. */
function unitText(name: string): string {
  const unit = /_(minutes|seconds|ratio)$/.exec(name)?.[1];
  return unit === undefined ? '' : `# UNIT ${name} ${unit}\n`;
}

/** Timestamps of OpenMetrics are seconds. */
function seriesText(name: string, { labels, values }: ReplayedSeries, timesMs: readonly number[]): string {
  const braces = labels.length === 0 ? '' : `{${labelText(labels)}}`;
  let text = '';
  for (const [index, value] of values.entries()) {
    if (!Number.isNaN(value)) text += `${name}${braces} ${numberText(value)} ${(timesMs[index] ?? 0) / 1000}\n`;
  }
  return text;
}

/** `2.7 GB` */
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
