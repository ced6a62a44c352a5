import { IMPORT_OUTCOMES, type ImportOutcome, type ImportSummary } from '../../imports/importing.ts';
import { formatDuration, formatList } from '../../model/format.ts';
import { printable } from '../../model/text.ts';
import { SECOND_MS } from '../../model/time.ts';
import type { ImportResult } from './destination.ts';
import type { ImportOptions } from './options.ts';

/** What an import has done, or a dry run would do. */
export interface ImportReport {
  readonly options: ImportOptions;
  readonly imported: ImportSummary;
  readonly result: ImportResult;
  readonly retentionMs: number;
  /** Columns and keys that the mapping does not use. */
  readonly ignored: ReadonlySet<string>;
  /** Zones in which times without one were read. */
  readonly assumedZones: ReadonlySet<string>;
  /** Paths of the files with rejected rows. */
  readonly rejectedFiles: readonly string[];
  /** The first rejections, one line each. */
  readonly examples: readonly string[];
}

/** Names beyond these are counted. */
const NAMES_MAX = 12;

const OUTCOME_TEXT: Readonly<Record<ImportOutcome, string>> = {
  new: 'new',
  changed: 'changed',
  unchanged: 'unchanged',
  older: 'not newer than in the store',
};

/** The summary for people. */
export function renderSummary(outcome: ImportReport): string {
  const { options, imported } = outcome;
  const read = IMPORT_OUTCOMES.reduce((sum, one) => sum + imported.outcomes[one], 0);
  const title = options.isDryRun
    ? `Dry run, nothing was written. Import into ${options.provider.name}`
    : `Imported into ${options.provider.name}`;
  const lines = [
    `${title}: ${countsText(imported)}`,
    ...(read > 0 ? [incidentsLine(imported, read), `Services: ${imported.services}`] : []),
    ...severityLines(imported, options.provider.severity.default),
    ...noteLines(outcome),
    ...rejectionLines(outcome),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** `3 new, 1 rejected`; `nothing` where there was no row. */
export function countsText(imported: ImportSummary): string {
  const rejected = countRejected(imported);
  const counts = IMPORT_OUTCOMES.filter((one) => imported.outcomes[one] > 0).map(
    (one) => `${imported.outcomes[one]} ${OUTCOME_TEXT[one]}`,
  );
  return [...(counts.length > 0 ? counts : ['nothing']), ...(rejected > 0 ? [`${rejected} rejected`] : [])].join(', ');
}

export function countRejected({ rejected }: ImportSummary): number {
  return [...rejected.values()].reduce((sum, count) => sum + count, 0);
}

function incidentsLine({ oldestTriggerMs = 0, newestTimestampMs = 0, open }: ImportSummary, read: number): string {
  const stillOpen = open > 0 ? `, ${open} still open` : '';
  return `Incidents: ${read} from ${timeText(oldestTriggerMs)} to ${timeText(newestTimestampMs)}${stillOpen}`;
}

function severityLines({ unmapped }: ImportSummary, fallback: string): string[] {
  if (unmapped.size === 0) return [];
  const values = [...unmapped].map(([value, count]) => `${value === '' ? 'none' : JSON.stringify(value)} (${count})`);
  return [`Unmapped severities, imported as ${fallback}: ${formatList(values, NAMES_MAX)}`];
}

function noteLines({ options, imported, result, retentionMs, ignored, assumedZones }: ImportReport): string[] {
  const { name } = options.provider;
  const lines: string[] = [];
  if (ignored.size > 0)
    lines.push(`Ignored fields (no person's name is imported): ${formatList([...ignored], NAMES_MAX)}`);
  if (assumedZones.size > 0)
    lines.push(`Times without a time zone were read as ${[...assumedZones].join(', ')} (change: --timezone)`);
  if (imported.repeated > 0)
    lines.push(`Rows of an incident that another row has: ${imported.repeated}; the last one counts`);
  if (imported.skipped > 0) lines.push(`Rows left out by the mapping: ${imported.skipped}`);
  const dropped = [...imported.droppedTimestamps.values()].reduce((sum, count) => sum + count, 0);
  if (dropped > 0) lines.push(`Times ignored because they contradict the trigger: ${dropped}`);
  if (imported.excluded > 0)
    lines.push(`Excluded by the filter of ${name}, stored but not counted: ${imported.excluded}`);
  if (imported.beyondRetention > 0) {
    const retention = `retention (${formatDuration(retentionMs)})`;
    lines.push(`Older than ${retention}: ${imported.beyondRetention}; the exporter deletes them within the hour`);
  }
  lines.push(
    result.historyStartMs === undefined
      ? `First sync of ${name} is incomplete: imported incidents appear once it is complete, or if its type is import (docs/providers/import.md)`
      : `History of ${name} begins ${timeText(result.historyStartMs)}`,
  );
  return lines;
}

function rejectionLines({ imported, examples, rejectedFiles, options }: ImportReport): string[] {
  if (examples.length === 0) return [];
  const reasons = [...imported.rejected].map(([reason, count]) => `${reason} ${count}`).join(', ');
  const files =
    rejectedFiles.length > 0 ? [`Rejected rows, to correct and import again: ${rejectedFiles.join(', ')}`] : [];
  const notKept = options.isDryRun ? [] : ['Rejected rows were not saved; use --rejected-file to save them'];
  return [`Rejected: ${reasons}`, ...examples.map((one) => `  ${one}`), ...(files.length > 0 ? files : notKept)];
}

/** To the second, UTC. */
function timeText(ms: number): string {
  return new Date(Math.floor(ms / SECOND_MS) * SECOND_MS).toISOString().replace('.000Z', 'Z');
}
