import { MINUTE_MS } from '../../model/time.ts';
import type { History } from '../../store/history.ts';
import { severityOf } from '../filter.ts';
import type { ReportedProvider } from '../timeline.ts';
import { type Collected, collect } from './collect.ts';
import { compare } from './compare.ts';
import type { ExplainedProvider, Explanation } from './explanation.ts';
import { FacetViews } from './facets.ts';
import { leftOut, listed } from './incidents.ts';
import { notesOf } from './notes.ts';
import { type ExplainInput, type Group, groupOf, type Question, type WantedLabels } from './question.ts';
import { refusePeriodBeforeHistory, refuseUnknownNames } from './refusals.ts';
import { type ProviderSpan, spanOf, spansOf } from './spans.ts';
import { DESCRIBED } from './statistics.ts';
import { type Valued, valueOf } from './value.ts';

/**
 * Tells what a windowed number is made of: computed from single incidents, and compared with what the statistics of
 * `/metrics` say. Throws an InputError for what cannot be answered, and another error when the two ways disagree.
 */
export function explain(given: ExplainInput): Explanation {
  const { settings } = given;
  const question = { ...given.question, labels: configuredLabels(given) };
  const input = { ...given, question };
  const group = groupOf(question);
  const spans = spansOf({ ...input, ...question });
  refusePeriodBeforeHistory(spans);
  const views = viewsOf(input, group, spans);
  const judging = { statistic: question.statistic, reopened: settings.reopened };
  const collected = collect(input.history, views, judging);
  refuseUnknownNames(input, views, spans);
  const rowSpans = spansOfRow(group, spans, collected);
  const valued = valueOf({
    statistic: question.statistic,
    collected,
    spans: rowSpans,
    isRow: isAlwaysPresent(group) ? spans.length > 0 : collected.providersInRow.size > 0,
    minimumSample: settings.minimumSample,
    nameOf: (row) => nameOf(input.history, row),
  });
  compare(input, group, valued);
  const shownSpans = spans.map((span) => spanOf(span, DESCRIBED[question.statistic].basis));
  const listing = { history: input.history, views, judging, limit: question.limit ?? Number.POSITIVE_INFINITY };
  return {
    ...headOf(question, group, valued),
    reopened: settings.reopened,
    providers: input.providers.map((provider) => providerOf(provider, shownSpans, group)),
    counted: valued.members.length,
    incidents: listed(valued.members, listing),
    left_out: collected.omitted.map(({ reason, count, examples }) => ({
      reason,
      count,
      examples: leftOut(examples, listing),
    })),
    notes: notesOf({ question, group, settings, spans: rowSpans, unsynced: unsyncedOf(input, spans) }),
  };
}

/** A severity may be called by an alias or its title. */
function configuredLabels({ question: { labels }, settings }: ExplainInput): WantedLabels {
  const { severity } = labels;
  return severity === undefined ? labels : { ...labels, severity: severityOf(severity, settings.severities) };
}

function viewsOf({ history, reader, question, settings }: ExplainInput, group: Group, spans: readonly ProviderSpan[]) {
  return new FacetViews({
    history,
    reader,
    spans,
    wanted: question.labels,
    isByProvider: group.grouping === 'provider',
    targetMs: (severity) => settings.severities.find(({ name }) => name === severity)?.targetMs,
  });
}

function headOf(question: Question, { grouping }: Group, { value, absence, arithmetic }: Valued) {
  const { word, meaning, metric, quantile, unit } = DESCRIBED[question.statistic];
  return {
    statistic: word,
    meaning,
    metric,
    quantile,
    by: grouping,
    labels: question.labels,
    window: question.window.name,
    window_minutes: question.window.ms / MINUTE_MS,
    unit,
    value,
    absence,
    arithmetic,
    agrees: value === undefined ? undefined : (true as const),
  };
}

function providerOf(
  provider: ReportedProvider,
  spans: readonly ProviderSpan[],
  { grouping }: Group,
): ExplainedProvider {
  const { name, isOverall } = provider;
  const span = spans.find((one) => one.provider.name === name);
  if (span === undefined) return { name, state: 'not_synced' };
  return {
    name,
    state: isOverall || grouping === 'provider' ? 'counted' : 'not_overall',
    window_from: new Date(span.fromMs).toISOString(),
    window_to: new Date(span.toMs).toISOString(),
    history_start: new Date(span.historyStartMs).toISOString(),
  };
}

function unsyncedOf({ providers }: ExplainInput, spans: readonly ProviderSpan[]): string[] {
  return providers.map(({ name }) => name).filter((name) => spans.every(({ provider }) => provider.name !== name));
}

/** These rows exist and stand on every overall provider, whatever incidents there are. */
function isAlwaysPresent({ grouping }: Group): boolean {
  return grouping === 'all' || grouping === 'severity';
}

function spansOfRow(group: Group, spans: readonly ProviderSpan[], { providersInRow }: Collected): ProviderSpan[] {
  return spans.filter(({ provider }) =>
    isAlwaysPresent(group) ? provider.isOverall : providersInRow.has(provider.name),
  );
}

function nameOf(history: History, row: number): { provider: string; id: string } {
  const [recorded] = history.recorded([row]);
  if (recorded === undefined) throw new Error(`the store holds no incident in row ${row}`);
  return { provider: recorded.provider, id: recorded.incident.id };
}
