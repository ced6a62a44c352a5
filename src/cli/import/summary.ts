import { durationText } from '../../config/durations.ts';
import { type ImportSummary, ROW_OUTCOMES, type RowOutcome } from '../../imports/importing.ts';
import { printable } from '../../model/text.ts';
import { SECOND_MS } from '../../model/time.ts';
import type { Standing } from './destination.ts';
import type { ImportOrder } from './order.ts';

/** What a run of an import has to tell. */
export interface Outcome {
  readonly order: ImportOrder;
  readonly tally: ImportSummary;
  readonly standing: Standing;
  readonly retentionMs: number;
  /** Names of columns and members that the mapping does not read. */
  readonly unread: ReadonlySet<string>;
  /** Where rejected rows were put. */
  readonly rejectedFiles: readonly string[];
  /** The first rejections, one line each. */
  readonly examples: readonly string[];
}

/** Names beyond these are counted. */
const NAMES_MAX = 12;

const OUTCOME_WORDS: Readonly<Record<RowOutcome, string>> = {
  new: 'new',
  changed: 'changed',
  unchanged: 'unchanged',
  older: 'kept as the store has them (as new or newer)',
};

/** What became of an import, for a person. */
export function summaryOf(outcome: Outcome): string {
  const { order, tally } = outcome;
  const read = ROW_OUTCOMES.reduce((sum, outcome) => sum + tally.outcomes[outcome], 0);
  const title = order.isDryRun
    ? `Dry run: nothing was written. An import into ${order.provider.name} would find`
    : `Imported into ${order.provider.name}`;
  const lines = [
    `${title}: ${countsText(tally)}`,
    ...(read > 0 ? [spanLine(tally, read), `Services: ${tally.services}`] : []),
    ...unmappedLines(tally, order.provider.severity.default),
    ...tellings(outcome),
    ...rejectionLines(outcome),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** `3 new, 1 rejected`: what became of the rows; `nothing` where there was none. */
export function countsText(tally: ImportSummary): string {
  const rejected = rejectedCount(tally);
  const counts = ROW_OUTCOMES.filter((outcome) => tally.outcomes[outcome] > 0).map(
    (outcome) => `${tally.outcomes[outcome]} ${OUTCOME_WORDS[outcome]}`,
  );
  return [...(counts.length > 0 ? counts : ['nothing']), ...(rejected > 0 ? [`${rejected} rejected`] : [])].join(', ');
}

export function rejectedCount({ rejected }: ImportSummary): number {
  return [...rejected.values()].reduce((sum, count) => sum + count, 0);
}

function spanLine({ oldestTriggerMs = 0, newestTimestampMs = 0, open }: ImportSummary, read: number): string {
  const still = open > 0 ? `, ${open} of them still open` : '';
  return `Incidents: ${read} from ${stampText(oldestTriggerMs)} to ${stampText(newestTimestampMs)}${still}`;
}

function unmappedLines({ unmapped }: ImportSummary, fallback: string): string[] {
  if (unmapped.size === 0) return [];
  const words = [...unmapped].map(
    ([word, count]) => `${word === '' ? 'none at all' : JSON.stringify(word)} (${count})`,
  );
  return [`Severities that are not mapped and take ${fallback}: ${listed(words)}`];
}

function tellings({ order, tally, standing, retentionMs, unread }: Outcome): string[] {
  const { name } = order.provider;
  const lines: string[] = [];
  if (unread.size > 0) lines.push(`Not read, people's names among them if there were any: ${listed([...unread])}`);
  if (tally.skipped > 0) lines.push(`Rows left out by the mapping: ${tally.skipped}`);
  if (tally.excluded > 0) lines.push(`Outside the filter of ${name}, kept but not shown: ${tally.excluded}`);
  if (tally.beyondRetention > 0) {
    lines.push(
      `Ended before the retention (${durationText(retentionMs)}): ${tally.beyondRetention}; the exporter deletes them within the hour, unless retention is longer`,
    );
  }
  if (standing.historyStartMs !== undefined)
    lines.push(`History of ${name} begins ${stampText(standing.historyStartMs)}`);
  else {
    lines.push(
      `${name} has not completed its first sync: what was imported shows when it has, or when its type is import (docs/providers/import.md)`,
    );
  }
  return lines;
}

function rejectionLines({ tally, examples, rejectedFiles, order }: Outcome): string[] {
  if (examples.length === 0) return [];
  const reasons = [...tally.rejected].map(([reason, count]) => `${reason} ${count}`).join(', ');
  const where = rejectedFiles.length > 0 ? `Rejected rows, to mend and import again: ${rejectedFiles.join(', ')}` : '';
  const unsaved = order.isDryRun ? '' : 'Rejected rows were not kept; name --rejected-file to keep them';
  return [`Rejected: ${reasons}`, ...examples.map((one) => `  ${one}`), where || unsaved].filter((line) => line !== '');
}

function listed(words: readonly string[]): string {
  const rest = words.length - NAMES_MAX;
  return [...words.slice(0, NAMES_MAX), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}

/** To the second, UTC. */
function stampText(ms: number): string {
  return new Date(Math.floor(ms / SECOND_MS) * SECOND_MS).toISOString().replace('.000Z', 'Z');
}
