import { InputError } from '../../model/input-error.ts';
import { type StatisticsSettings, statisticsOf } from '../../stats/rows.ts';
import { known } from '../filter.ts';
import { DESCRIBED, figuresOf, rowOf } from '../statistic-info.ts';
import { openTimeline } from '../timeline.ts';
import type { Valued } from './arithmetic.ts';
import type { FacetViews, ProviderSpan } from './classify.ts';
import { type ExplainInput, type Group, isWanted, type Question } from './question.ts';

/** Throws an InputError for a period of which nothing can be known. */
export function refusePeriodBeforeHistory(spans: readonly ProviderSpan[]): void {
  if (spans.length === 0 || spans.some(({ toMs, knownFromMs }) => toMs > knownFromMs)) return;
  const starts = spans.map(({ provider, knownFromMs }) => `${provider.name}: ${new Date(knownFromMs).toISOString()}`);
  throw new InputError(undefined, `the period ends before history begins (${starts.join(', ')})`);
}

/** Throws an InputError for a service, team or provider that nothing is called; after the incidents were gone over. */
export function refuseUnknownNames(
  { question: { labels }, providers }: Pick<ExplainInput, 'question' | 'providers'>,
  { names }: FacetViews,
  spans: readonly ProviderSpan[],
): void {
  if (labels.provider !== undefined) {
    known(
      'provider',
      labels.provider,
      providers.map(({ name }) => name),
    );
  }
  // While nothing has been read nobody knows which services there are.
  if (spans.length === 0) return;
  if (labels.service !== undefined) known('service', labels.service, [...names.service].sort());
  if (labels.team !== undefined) known('team', labels.team, [...names.team].sort());
}

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

export interface NotesInput {
  readonly question: Question;
  readonly group: Group;
  /** As configured. */
  readonly settings: StatisticsSettings;
  readonly spans: readonly ProviderSpan[];
  /** Configured providers whose first sync is not complete. */
  readonly unsynced: readonly string[];
}

/** What else one must know to compare the number with others. */
export function notesOf(input: NotesInput): string[] {
  const { spans, unsynced } = input;
  const offPage = notOnThePage(input);
  return [
    ...(offPage.length === 0 ? [] : [`/metrics does not show this number: ${offPage.join('; ')}`]),
    ...spans.filter(({ fromMs, knownFromMs }) => knownFromMs > fromMs).map(shortHistory),
    ...unsynced.map(
      (name) => `provider ${name}: its first sync is not complete, so none of its incidents is in any number`,
    ),
  ];
}

function shortHistory({ provider, historyStartMs, knownFromMs }: ProviderSpan): string {
  if (knownFromMs > historyStartMs) {
    return `provider ${provider.name}: what ended before ${new Date(knownFromMs).toISOString()}, within the window, is no longer kept (retention)`;
  }
  return `provider ${provider.name}: its history begins at ${new Date(historyStartMs).toISOString()}, within the window`;
}

function notOnThePage({ question, group, settings }: NotesInput): string[] {
  const { statistic, window, end } = question;
  const { grouping } = group;
  const carried = statisticsOf(grouping, settings.detail);
  return [
    ...(end === 'read' ? [] : ['its windows end where the providers were read']),
    ...(settings.windows.some(({ ms }) => ms === window.ms) ? [] : [`windows does not list ${window.name}`]),
    ...(group.isNarrowed ? [`no row has just these labels (by="${grouping}" comes nearest)`] : []),
    ...(settings.groupings.includes(grouping) ? [] : [`groupings does not list ${grouping}`]),
    ...(carried.has(statistic)
      ? []
      : [`by="${grouping}" has ${DESCRIBED[statistic].word} only with metrics.detail: full`]),
  ];
}
