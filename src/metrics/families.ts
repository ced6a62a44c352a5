import { REJECTION_REASONS } from '../model/incident.ts';
import { STATUSES } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';
import { cumulativeFamilies } from './cumulative.ts';
import type { LabelPairs, Sample } from './exposition.ts';
import { type AnyFamily, type FamilySettings, family, type MetricSource, type PageSource } from './family.ts';
import { windowedFamilies } from './windowed.ts';

type OpenItem = PageSource['openRows'][number];
type ProviderItem = PageSource['providers'][number];

function openLabels({ row }: OpenItem): LabelPairs {
  const { provider, service, severity, team } = row;
  const labels = [
    ['provider', provider],
    ['service', service],
    ['severity', severity],
  ] as const;
  return team === '' ? labels : [...labels, ['team', team]];
}

/** Open rows are wrapped anew for each page; what they wrap carries the version. */
function openFamily(
  { name, help, labels = [] }: { readonly name: string; readonly help: string; readonly labels?: readonly string[] },
  samples: (item: OpenItem) => readonly Sample[],
): AnyFamily {
  return family<OpenItem>({
    name,
    type: 'gauge',
    help,
    labels: ['provider', 'service', 'severity', 'team', ...labels],
    items: ({ openRows }) => openRows,
    key: ({ row }) => row,
    version: ({ row }) => row.version,
    samples,
  });
}

function openInstant(name: string, help: string, instantOf: (row: OpenItem['row']) => number | undefined): AnyFamily {
  return openFamily({ name, help }, (item) => {
    const ms = instantOf(item.row);
    return ms === undefined ? [] : [{ labels: openLabels(item), value: ms / 1000 }];
  });
}

interface Declared {
  readonly name: string;
  readonly help: string;
  readonly type?: 'gauge' | 'counter';
  readonly labels: readonly string[];
  /** The values of the labels, in their order, with the value of the sample; undefined where there is none. */
  readonly values: (source: PageSource, settings: FamilySettings) => readonly Valued[];
}
type Valued = readonly [...labels: string[], value: number | undefined];

/** Families that are few lines are rendered whenever the page is. */
function always({ values, ...declared }: Declared): AnyFamily {
  return family<MetricSource>({
    type: 'gauge',
    items: (source) => [{ source }],
    version: () => 0,
    ...declared,
    samples: ({ source }, settings) =>
      values(source, settings).flatMap((valued) => {
        const value = valued.at(-1);
        if (typeof value !== 'number') return [];
        return [{ labels: declared.labels.map((label, at) => [label, String(valued[at])] as const), value }];
      }),
  });
}

function ofProviders(name: string, help: string, value: (item: ProviderItem) => number | undefined): AnyFamily {
  return always({
    name,
    help,
    labels: ['provider'],
    values: ({ providers }) => providers.map((item) => [item.provider.name, value(item)]),
  });
}

function ofSeverities(
  name: string,
  help: string,
  value: (severity: FamilySettings['severities'][number]) => number | undefined,
) {
  return always({
    name,
    help,
    labels: ['severity'],
    values: (_source, { severities }) => severities.map((severity) => [severity.name, value(severity)]),
  });
}

function inMinutes(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MINUTE_MS;
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

interface Counted {
  readonly name: string;
  readonly help: string;
  readonly counter: PageSource['counters'][number]['name'];
  readonly label: string;
  /** Known labels: they are there from the start, so that a first count shows in `increase()`. */
  readonly known: readonly string[];
}

/** Counters of the store. */
function counted({ name, help, counter, label, known }: Counted): AnyFamily {
  return always({
    name,
    help,
    type: 'counter',
    labels: ['provider', label],
    values: ({ providers, counters }) =>
      providers.flatMap(({ provider }) => {
        const values = new Map(known.map((word) => [word, 0]));
        for (const one of counters) {
          if (one.provider === provider.name && one.name === counter) values.set(one.label, one.value);
        }
        return [...values].map(([word, value]) => [provider.name, word, value] as const);
      }),
  });
}

export const stateFamilies: readonly AnyFamily[] = [
  counted({
    name: 'incident_revisions_total',
    help: 'Corrections of incidents after they were counted; what was counted stays.',
    counter: 'revisions',
    label: 'change',
    known: [],
  }),
  openFamily({ name: 'incident_open', help: 'Incidents that are open right now.', labels: ['status'] }, (item) =>
    item.provider.statuses.map((status) => ({
      labels: [...openLabels(item), ['status', status]],
      value: item.row.open[STATUSES.indexOf(status)] ?? 0,
    })),
  ),
  openInstant(
    'incident_open_oldest_timestamp_seconds',
    'When the oldest open incident was triggered.',
    ({ oldestAtMs }) => oldestAtMs,
  ),
  openInstant(
    'incident_last_resolved_timestamp_seconds',
    'When the last incident was resolved.',
    ({ lastResolvedAtMs }) => lastResolvedAtMs,
  ),
  ofSeverities('incident_target_minutes', 'Configured recovery target.', ({ targetMs }) => inMinutes(targetMs)),
  ofSeverities('incident_acknowledgement_target_minutes', 'Configured acknowledgement target.', ({ acknowledgeMs }) =>
    inMinutes(acknowledgeMs),
  ),
  ofSeverities(
    'incident_target_objective_ratio',
    'Share of recoveries that should meet the target.',
    ({ objective }) => objective,
  ),
  ofProviders('mttr_exporter_provider_synced', '1 when the first sync of the provider is complete.', ({ state }) =>
    Number(state.isSynced),
  ),
  ofProviders(
    'mttr_exporter_provider_overall',
    '1 when the provider counts in every grouping, 0 when only in its own.',
    ({ provider }) => Number(provider.isOverall),
  ),
  ofProviders(
    'mttr_exporter_last_success_timestamp_seconds',
    'The instant up to which the last successful poll asked: the windows of the provider end here.',
    ({ state }) => inSeconds(state.polledUntilMs),
  ),
  ofProviders(
    'mttr_exporter_counting_since_timestamp_seconds',
    'What ended before this instant is in no cumulative series.',
    ({ state }) => inSeconds(state.countingSinceMs),
  ),
  ofProviders(
    'mttr_exporter_history_start_timestamp_seconds',
    'Where the history of the provider begins.',
    ({ state }) => inSeconds(state.historyStartMs),
  ),
  always({
    name: 'mttr_exporter_incidents',
    help: 'Incidents that the exporter holds, by state.',
    labels: ['provider', 'state'],
    values: ({ providers }) =>
      providers.flatMap(({ provider, counts }) =>
        (['open', 'resolved', 'excluded'] as const).map((state) => [provider.name, state, counts?.[state]] as const),
      ),
  }),
  counted({
    name: 'mttr_exporter_incidents_rejected_total',
    help: 'Records that were not taken, each once per reason.',
    counter: 'rejected',
    label: 'reason',
    known: REJECTION_REASONS,
  }),
  counted({
    name: 'mttr_exporter_severity_unmapped_total',
    help: 'Incidents that took the default severity, each once: their own is unknown to the configuration, or missing.',
    counter: 'unmapped',
    label: 'reason',
    known: ['unknown', 'missing'],
  }),
  always({
    name: 'mttr_exporter_services_overflowed',
    help: 'Distinct services beyond metrics.max_services; their incidents carry service="other".',
    labels: [],
    values: ({ servicesOverflowed }) => [[servicesOverflowed]],
  }),
  always({
    name: 'mttr_exporter_store_bytes',
    help: 'Size of the store with its write-ahead log.',
    labels: [],
    values: ({ storeBytes }) => [[storeBytes]],
  }),
];

/** Every family that is made from the store, in the order of the page. */
export const families: readonly AnyFamily[] = [...cumulativeFamilies, ...windowedFamilies, ...stateFamilies];
