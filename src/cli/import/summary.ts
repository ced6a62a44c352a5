import { durationText } from '../../config/durations.ts';
import { FATES, type Fate, type Tally } from '../../imports/tally.ts';
import { printable } from '../../model/printable.ts';
import { SECOND_MS } from '../../model/time.ts';
import type { ImportResult } from './destination.ts';
import type { ImportOptions } from './options.ts';

/** What an import has done, or a dry run would do. */
export interface ImportSummary {
  readonly options: ImportOptions;
  readonly tally: Tally;
  readonly result: ImportResult;
  readonly retentionMs: number;
  /** Columns and keys that the mapping does not use. */
  readonly ignored: ReadonlySet<string>;
  /** Paths of the files with rejected rows. */
  readonly rejectedFiles: readonly string[];
  /** The first rejections, one line each. */
  readonly examples: readonly string[];
}

/** Names beyond these are counted. */
const NAMES_MAX = 12;

const FATE_TEXT: Readonly<Record<Fate, string>> = {
  new: 'new',
  changed: 'changed',
  unchanged: 'unchanged',
  older: 'not newer than in the store',
};

/** The summary for people. */
export function renderSummary(summary: ImportSummary): string {
  const { options, tally } = summary;
  const read = FATES.reduce((sum, fate) => sum + tally.fates[fate], 0);
  const title = options.isDryRun
    ? `Dry run, nothing was written. Import into ${options.provider.name}`
    : `Imported into ${options.provider.name}`;
  const lines = [
    `${title}: ${countsText(tally)}`,
    ...(read > 0 ? [incidentsLine(tally, read), `Services: ${tally.services}`] : []),
    ...severityLines(tally, options.provider.severity.default),
    ...noteLines(summary),
    ...rejectionLines(summary),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** `3 new, 1 rejected`; `nothing` where there was no row. */
export function countsText(tally: Tally): string {
  const rejected = countRejected(tally);
  const counts = FATES.filter((fate) => tally.fates[fate] > 0).map((fate) => `${tally.fates[fate]} ${FATE_TEXT[fate]}`);
  return [...(counts.length > 0 ? counts : ['nothing']), ...(rejected > 0 ? [`${rejected} rejected`] : [])].join(', ');
}

export function countRejected({ rejected }: Tally): number {
  return [...rejected.values()].reduce((sum, count) => sum + count, 0);
}

function incidentsLine({ oldestTriggerMs = 0, newestStampMs = 0, open }: Tally, read: number): string {
  const stillOpen = open > 0 ? `, ${open} still open` : '';
  return `Incidents: ${read} from ${timeText(oldestTriggerMs)} to ${timeText(newestStampMs)}${stillOpen}`;
}

function severityLines({ unmapped }: Tally, fallback: string): string[] {
  if (unmapped.size === 0) return [];
  const values = [...unmapped].map(([value, count]) => `${value === '' ? 'none' : JSON.stringify(value)} (${count})`);
  return [`Unmapped severities, imported as ${fallback}: ${listText(values)}`];
}

function noteLines({ options, tally, result, retentionMs, ignored }: ImportSummary): string[] {
  const { name } = options.provider;
  const lines: string[] = [];
  if (ignored.size > 0) lines.push(`Ignored fields (no person's name is imported): ${listText([...ignored])}`);
  if (tally.excluded > 0) lines.push(`Excluded by the filter of ${name}, stored but not counted: ${tally.excluded}`);
  if (tally.forgotten > 0) {
    const retention = `retention (${durationText(retentionMs)})`;
    lines.push(`Older than ${retention}: ${tally.forgotten}; the exporter deletes them within the hour`);
  }
  lines.push(
    result.historyStartMs === undefined
      ? `First sync of ${name} is incomplete: imported incidents appear once it is complete, or if its type is import (docs/providers/import.md)`
      : `History of ${name} begins ${timeText(result.historyStartMs)}`,
  );
  return lines;
}

function rejectionLines({ tally, examples, rejectedFiles, options }: ImportSummary): string[] {
  if (examples.length === 0) return [];
  const reasons = [...tally.rejected].map(([reason, count]) => `${reason} ${count}`).join(', ');
  const files =
    rejectedFiles.length > 0 ? [`Rejected rows, to correct and import again: ${rejectedFiles.join(', ')}`] : [];
  const notKept = options.isDryRun ? [] : ['Rejected rows were not saved; use --rejected-file to save them'];
  return [`Rejected: ${reasons}`, ...examples.map((one) => `  ${one}`), ...(files.length > 0 ? files : notKept)];
}

function listText(names: readonly string[]): string {
  const more = names.length - NAMES_MAX;
  return [...names.slice(0, NAMES_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

/** To the second, UTC. */
function timeText(ms: number): string {
  return new Date(Math.floor(ms / SECOND_MS) * SECOND_MS).toISOString().replace('.000Z', 'Z');
}
