import type { LabelMapper } from '../../config/label-mapper.ts';
import { BASELINE_MARGIN_MS, type Config } from '../../config/types.ts';
import type { DeploymentLabels } from '../../model/deployment.ts';
import { formatLocalTime } from '../../model/format.ts';
import type { DoraGrouping, DoraProvider, DoraRow, DoraValues } from '../../stats/dora/rows.ts';
import type { StoreSnapshot } from '../../store/snapshot.ts';
import { findName } from '../filter.ts';
import type { Bounds, Period } from '../period.ts';

import { findEndMs, type WindowEnd } from '../timeline.ts';
import { createDoraTimeline, findDoraProviders } from './dora-timeline.ts';

/** What people ask for by name; an empty list lets everything in. */
export interface DeliveryFilter {
  readonly services: readonly string[];
  readonly teams: readonly string[];
}

export interface DeliveryInput {
  readonly history: StoreSnapshot;
  readonly config: Pick<Config, 'providers' | 'recovery' | 'dora'>;
  readonly labelMapper: (provider: string) => LabelMapper | undefined;
  readonly period: Period;
  /** Resolved names. */
  readonly filter: DeliveryFilter;
  /** Also looks at the preceding period of the same length. */
  readonly isCompared: boolean;
  readonly nowMs: number;
}

/** One group of deployments with what its period says. */
export interface DeliveryGroup {
  readonly grouping: DoraGrouping;
  /** Empty for all. */
  readonly name: string;
  readonly values: Readonly<DoraValues>;
  /** Of the preceding period; absent unless requested and known. */
  readonly before: Readonly<DoraValues> | undefined;
}

/** What a period says of deployments, unrounded, in no format yet. */
export interface Delivery {
  readonly madeAtMs: number;
  readonly bounds: Bounds;
  readonly beforeBounds: Bounds | undefined;
  readonly timezone: string;
  readonly filter: DeliveryFilter;
  readonly minimumSample: number;
  /** `all` first, then services, teams and providers by name. */
  readonly groups: readonly DeliveryGroup[];
  /** What a reader must know to judge the numbers. */
  readonly notes: readonly string[];
}

const ORDER: readonly DoraGrouping[] = ['all', 'service', 'team', 'provider'];

/** Computes what a period says of deployments, from the history alone; its numbers are those of `/metrics` for the same windows. */
export function makeDelivery(input: DeliveryInput): Delivery {
  const { config, filter, nowMs } = input;
  const providers = findDoraProviders(input).filter(({ policy }) => policy !== undefined);
  const period = alignPeriod(input.period, providers);
  const { spanMs, timezone } = period;
  const isComparable = providers.every((provider) => isKnown(provider, period));
  const timeline = createDoraTimeline({
    ...input,
    settings: { ...config.dora, windows: [{ name: 'period', ms: spanMs }] },
    isWanted: (labels) => matches(filter, labels),
  });
  const hasBefore = input.isCompared && isComparable && providers.length > 0;
  // The earlier one first: windows never move back.
  const before = hasBefore ? copyValues(timeline.at(findPrecedingEnd(period))) : undefined;
  const now = timeline.at(period.end);
  const bounds = { firstMs: period.fromMs + 1, lastMs: period.toMs };
  return {
    madeAtMs: nowMs,
    bounds,
    beforeBounds: hasBefore ? { firstMs: bounds.firstMs - spanMs, lastMs: bounds.lastMs - spanMs } : undefined,
    timezone,
    filter,
    minimumSample: config.dora.minimumSample,
    groups: toGroups(now, before),
    notes: findNotes(input, { providers, period, isComparable }),
  };
}

/** The filter with names that exist; throws an InputError for a service or team that no deployment has. */
export function resolveDeliveryFilter(asked: DeliveryFilter, history: StoreSnapshot): DeliveryFilter {
  const labels = history.deploymentNames();
  const teams = labels.flatMap(({ team }) => (team === '' ? [] : [team]));
  return {
    services: asked.services.map((name) =>
      findName(
        'service',
        name,
        labels.map(({ service }) => service),
      ),
    ),
    teams: asked.teams.map((name) => findName('team', name, teams)),
  };
}

function matches({ services, teams }: DeliveryFilter, { service, team }: DeploymentLabels): boolean {
  const isServiceWanted = services.length === 0 || services.includes(service);
  return isServiceWanted && (teams.length === 0 || teams.includes(team));
}

/** Windows that end where providers were read reach until the last of them. */
function alignPeriod(period: Period, providers: readonly DoraProvider[]): Period {
  if (period.end !== 'read' || providers.length === 0) return period;
  const toMs = Math.max(...providers.map(({ endMs }) => endMs));
  return { ...period, fromMs: toMs - period.spanMs, toMs };
}

function findPrecedingEnd({ end, spanMs }: Period): WindowEnd {
  if (typeof end === 'number') return end - spanMs;
  return { msBeforeRead: end === 'read' ? spanMs : end.msBeforeRead + spanMs };
}

/** The preceding period is known as well as the baselines of metrics demand. */
function isKnown({ endMs, historyStartMs }: DoraProvider, { end, spanMs }: Period): boolean {
  return historyStartMs + BASELINE_MARGIN_MS <= findEndMs(end, endMs) - 2 * spanMs;
}

/** Rows are changed by the next question. */
function copyValues(rows: readonly DoraRow[]): Map<string, DoraValues> {
  return new Map(rows.flatMap((row) => row.values.map((values) => [keyOf(row), { ...values }])));
}

function keyOf({ grouping, labels }: DoraRow): string {
  return JSON.stringify([grouping, labels]);
}

function toGroups(rows: readonly DoraRow[], before: ReadonlyMap<string, DoraValues> | undefined): DeliveryGroup[] {
  const groups = rows.flatMap((row) =>
    row.values.map((values) => ({
      grouping: row.grouping,
      name: row.labels[0]?.[1] ?? '',
      values: { ...values },
      before: before?.get(keyOf(row)),
    })),
  );
  return groups.sort(
    (a, b) => ORDER.indexOf(a.grouping) - ORDER.indexOf(b.grouping) || a.name.localeCompare(b.name, 'en'),
  );
}

function findNotes(
  { config, isCompared }: DeliveryInput,
  known: {
    readonly providers: readonly DoraProvider[];
    readonly period: Period;
    readonly isComparable: boolean;
  },
): string[] {
  const { providers, period, isComparable } = known;
  const names = new Set(providers.map(({ name }) => name));
  const unsynced = config.providers.filter(({ name, deployments }) => deployments !== undefined && !names.has(name));
  const late = providers.filter(
    ({ historyStartMs, endMs }) => historyStartMs > findEndMs(period.end, endMs) - period.spanMs,
  );
  return [
    ...unsynced.map(({ name }) => `${name}: its first sync is not complete, so none of its deployments are counted`),
    ...late.map(({ name, historyStartMs }) => {
      const begin = formatLocalTime(historyStartMs, period.timezone);
      return `${name}: its history begins at ${begin}, after the period does; the frequency is that of the time since`;
    }),
    ...(isCompared && !isComparable
      ? ['no comparison: the history must begin at least 30 days before the preceding period']
      : []),
  ];
}
