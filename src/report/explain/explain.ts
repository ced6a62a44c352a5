import { recoveryMs } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { History, Recorded } from '../../store/history.ts';
import { severityOf } from '../filter.ts';
import { statedIncident } from '../incident-json.ts';
import { DESCRIBED } from '../statistic-info.ts';
import type { ReportedProvider } from '../timeline.ts';
import { type Valued, valueOf } from './arithmetic.ts';
import { compare, notesOf, refusePeriodBeforeHistory, refuseUnknownNames } from './checks.ts';
import {
  type Collected,
  collect,
  type Example,
  FacetViews,
  type Judging,
  type Member,
  type ProviderSpan,
  spanOf,
  spansOf,
} from './classify.ts';
import type { ExplainedIncident, ExplainedProvider, Explanation, LeftOutIncident } from './explanation.ts';
import { type ExplainInput, type Group, groupOf, type Question, type WantedLabels } from './question.ts';

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
    isRow: isLasting(group) ? spans.length > 0 : collected.providersInRow.size > 0,
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
function isLasting({ grouping }: Group): boolean {
  return grouping === 'all' || grouping === 'severity';
}

function spansOfRow(group: Group, spans: readonly ProviderSpan[], { providersInRow }: Collected): ProviderSpan[] {
  return spans.filter(({ provider }) => (isLasting(group) ? provider.isOverall : providersInRow.has(provider.name)));
}

function nameOf(history: History, row: number): { provider: string; id: string } {
  const [recorded] = history.recorded([row]);
  if (recorded === undefined) throw new Error(`the store holds no incident in row ${row}`);
  return { provider: recorded.provider, id: recorded.incident.id };
}

export interface ListingInput {
  readonly history: History;
  readonly views: FacetViews;
  readonly judging: Judging;
  readonly limit: number;
}

/** The most telling incidents with all their stamps; misses of a target come before what met it. */
export function listed(members: readonly Member[], input: ListingInput): ExplainedIncident[] {
  const { history, judging, limit } = input;
  const sign = judging.statistic === 'withinTarget' ? 1 : -1;
  const chosen = members
    .toSorted((a, b) => sign * (a.value - b.value) || b.triggeredAtMs - a.triggeredAtMs || a.row - b.row)
    .slice(0, limit);
  const { basis, unit } = DESCRIBED[judging.statistic];
  const scale = unit === 'minutes' || basis === 'running' ? MINUTE_MS : 1;
  const contributions = new Map(chosen.map(({ row, value }) => [row, value / scale]));
  return history
    .recorded(chosen.map(({ row }) => row))
    .map((recorded) => explained(recorded, input, contributions.get(recorded.stored.row) ?? 0));
}

function explained(recorded: Recorded, { views, judging }: ListingInput, contribution: number): ExplainedIncident {
  const recovery = recoveryMs(recorded.stored, judging.reopened);
  return {
    ...statedIncident(recorded, labelsOf(recorded, views)),
    merged: recorded.incident.merged ? true : undefined,
    recovery_minutes: recovery === undefined ? undefined : recovery / MINUTE_MS,
    contribution,
  };
}

/** Those that stand for what is left out. */
export function leftOut(
  examples: readonly Example[],
  { history, views }: Omit<ListingInput, 'limit'>,
): LeftOutIncident[] {
  return examples.flatMap(({ row, outsideMs }) =>
    history.recorded([row]).map((recorded) => {
      const { provider, id, url, service, severity, ...stated } = statedIncident(recorded, labelsOf(recorded, views));
      return {
        provider,
        id,
        url,
        service,
        severity,
        triggered_at: stated.triggered_at,
        resolved_at: stated.resolved_at,
        outside_minutes: outsideMs === undefined ? undefined : outsideMs / MINUTE_MS,
      };
    }),
  );
}

function labelsOf({ stored }: Recorded, views: FacetViews) {
  const { service = '', severity = '', team = '' } = views.get(stored.facet)?.labels ?? {};
  return { service, severity, team };
}
