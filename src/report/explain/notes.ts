import { type StatisticsSettings, statisticsOf } from '../../stats/rows.ts';
import type { Group, Question } from './question.ts';
import type { ProviderSpan } from './spans.ts';
import { DESCRIBED } from './statistics.ts';

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
