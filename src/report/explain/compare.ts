import { figuresOf, rowOf } from '../figures.ts';
import { openTimeline } from '../timeline.ts';
import { type ExplainInput, type Group, isWanted } from './question.ts';
import { DESCRIBED } from './statistics.ts';
import type { Valued } from './value.ts';

/** Two ways to the same number differ by no more than what floating point rounds away. */
const ROUNDING = 1e-9;

/** Throws when the statistics that make the metrics say something else. */
export function compare(input: ExplainInput, group: Group, { value }: Valued): void {
  const { question, settings, history, providers, reader } = input;
  const timeline = openTimeline({
    history,
    providers,
    reader,
    settings: { ...settings, windows: [question.window], groupings: [group.grouping], detail: 'full' },
    isWanted: (labels) => isWanted(question.labels, labels),
  });
  const row = rowOf(timeline.at(question.end), group.grouping, ...group.values);
  const shown = row === undefined ? undefined : figuresOf(row, 0)[question.statistic];
  if (isSame(value, shown)) return;
  throw new Error(
    `${DESCRIBED[question.statistic].word} by ${group.grouping} ${JSON.stringify(question.labels)} is ${said(shown)} by the statistics and ${said(value)} by its incidents; this is a bug in mttr-exporter, please report it`,
  );
}

function isSame(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(a), Math.abs(b));
}

function said(value: number | undefined): string {
  return value === undefined ? 'absent' : String(value);
}
