import { formatIsoTime } from '../../model/format.ts';
import { statisticsOf } from '../../stats/rows.ts';
import { findName, matchesLabels } from '../filter.ts';
import { formatBusinessHours } from '../render/format.ts';
import { findRow, readStatistics, STATISTIC_INFO } from '../statistic-info.ts';
import { createTimeline, type HistoryInput, type ProviderWindow } from '../timeline.ts';
import type { Classification } from './classify.ts';
import type { Question, QuestionRow } from './question.ts';

/** Two ways to the same number differ by no more than what floating point rounds away. */
const ROUNDING = 1e-9;

export interface ExplainInput extends HistoryInput {
  readonly question: Question;
  /** How long closed incidents are kept. */
  readonly retentionMs: number;
}

/** Throws an InputError for a service, team or provider that nothing is called; after the incidents were gone over. */
export function validateNames(
  { question: { labels }, providers }: Pick<ExplainInput, 'question' | 'providers'>,
  { names }: Pick<Classification, 'names'>,
  isAnythingRead: boolean,
): void {
  const { provider, service, team } = labels;
  const configured = providers.map(({ name }) => name);
  if (provider !== undefined) findName('provider', provider, configured);
  // While nothing has been read nobody knows which services there are.
  if (!isAnythingRead) return;
  if (service !== undefined) findName('service', service, names.service);
  if (team !== undefined) findName('team', team, names.team);
}

/** Throws when the statistics behind the metrics give another value. */
export function crossCheck(input: ExplainInput, row: QuestionRow, value: number | undefined): void {
  const { question, settings } = input;
  const { statistic, labels, window, end } = question;
  const timeline = createTimeline({
    ...input,
    settings: { ...settings, windows: [window], groupings: [row.grouping], detail: 'full' },
    isWanted: (found) => matchesLabels(labels, found),
  });
  const found = findRow(timeline.at(end), row.grouping, ...row.values);
  const exported = found === undefined ? undefined : readStatistics(found, 0)[statistic];
  if (isSame(value, exported)) return;
  const series = `${STATISTIC_INFO[statistic].name} by ${row.grouping} ${JSON.stringify(labels)}`;
  throw new Error(
    `${series} is ${exported ?? 'absent'} by the statistics and ${value ?? 'absent'} by its incidents; this is a bug in mttr-exporter, please report it`,
  );
}

function isSame(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(a), Math.abs(b));
}

/** What else one must know to compare the number with others; the windows are those of the row. */
export function findNotes(
  { question, settings, providers, history }: ExplainInput,
  row: QuestionRow,
  windows: readonly ProviderWindow[],
): string[] {
  const reasons = findReasonsOffPage(question, row, settings);
  const synced = new Set(history.providers.filter(({ isSynced }) => isSynced).map(({ name }) => name));
  const unsynced = providers.filter(({ name }) => !synced.has(name));
  const { businessHours } = settings;
  const isOfBusinessHours = question.statistic === 'businessMttr' && businessHours !== undefined;
  return [
    ...(isOfBusinessHours ? [`business hours: ${formatBusinessHours(businessHours)}`] : []),
    ...(reasons.length === 0 ? [] : [`/metrics does not show this number: ${reasons.join('; ')}`]),
    ...windows.filter(({ fromMs, knownFromMs }) => knownFromMs > fromMs).map(describeShortHistory),
    ...unsynced.map(({ name }) => `provider ${name}: first sync incomplete: none of its incidents is in any number`),
  ];
}

function describeShortHistory({ provider, historyStartMs, knownFromMs }: ProviderWindow): string {
  if (knownFromMs > historyStartMs) {
    return `provider ${provider.name}: incidents that ended before ${formatIsoTime(knownFromMs)}, within the window, are no longer kept (retention)`;
  }
  return `provider ${provider.name}: its history begins at ${formatIsoTime(historyStartMs)}, within the window`;
}

function findReasonsOffPage(
  { statistic, window, end }: Question,
  { grouping, isNarrowed }: QuestionRow,
  settings: HistoryInput['settings'],
): string[] {
  const isOnPage = statisticsOf(grouping, settings).has(statistic);
  return [
    ...(end === 'read' ? [] : ['its windows end where the providers were read']),
    ...(settings.windows.some(({ ms }) => ms === window.ms) ? [] : [`windows does not list ${window.name}`]),
    ...(isNarrowed ? [`no row has just these labels (by="${grouping}" comes nearest)`] : []),
    ...(settings.groupings.includes(grouping) ? [] : [`groupings does not list ${grouping}`]),
    ...(isOnPage ? [] : [`by="${grouping}" has ${STATISTIC_INFO[statistic].name} only with metrics.detail: full`]),
  ];
}
