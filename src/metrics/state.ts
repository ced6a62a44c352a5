import { REJECTION_REASONS } from '../model/incident.ts';
import { STATUSES } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { LabelPairs, Sample } from './exposition.ts';
import { type AnyFamily, type FamilySettings, family, type MetricSource, type PageSource } from './family.ts';

type OpenItem = PageSource['openRows'][number];
type ProviderItem = PageSource['providers'][number];

const BASE = ['provider', 'service', 'severity', 'team'];

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
function openFamily(declared: {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly samples: (item: OpenItem) => readonly Sample[];
}): AnyFamily {
  return family<OpenItem>({
    type: 'gauge',
    items: ({ openRows }) => openRows,
    key: ({ row }) => row,
    version: ({ row }) => row.version,
    ...declared,
    labels: [...BASE, ...(declared.labels ?? [])],
  });
}

function instantSample(item: OpenItem, ms: number | undefined): Sample[] {
  return ms === undefined ? [] : [{ labels: openLabels(item), value: ms / 1000 }];
}

/** Families that are few lines are rendered whenever the page is. */
function always(declared: {
  readonly name: string;
  readonly help: string;
  readonly type?: 'gauge' | 'counter';
  readonly labels: readonly string[];
  readonly samples: (source: PageSource, settings: FamilySettings) => readonly Sample[];
}): AnyFamily {
  return family<MetricSource>({
    type: 'gauge',
    items: (source) => [{ source }],
    version: () => 0,
    ...declared,
    samples: ({ source }, settings) => declared.samples(source, settings),
  });
}

function ofProviders(name: string, help: string, value: (item: ProviderItem) => number | undefined): AnyFamily {
  return always({
    name,
    help,
    labels: ['provider'],
    samples: ({ providers }) =>
      providers.flatMap((item) => {
        const found = value(item);
        return found === undefined ? [] : [{ labels: [['provider', item.provider.name]], value: found }];
      }),
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
    samples: (_source, { severities }) =>
      severities.flatMap((severity) => {
        const found = value(severity);
        return found === undefined ? [] : [{ labels: [['severity', severity.name]], value: found }];
      }),
  });
}

function inMinutes(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MINUTE_MS;
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

/** Counters of the store; every known label is there from the start, so that a first count shows in `increase()`. */
function counted(declared: {
  readonly name: string;
  readonly help: string;
  readonly counter: 'revisions' | 'rejected' | 'unmapped';
  readonly label: string;
  readonly born: readonly string[];
}): AnyFamily {
  return always({
    ...declared,
    type: 'counter',
    labels: ['provider', declared.label],
    samples: ({ providers, counters }) =>
      providers.flatMap(({ provider }) => {
        const own = counters.filter((one) => one.provider === provider.name && one.name === declared.counter);
        const values = new Map([
          ...declared.born.map((word) => [word, 0] as const),
          ...own.map(({ label, value }) => [label, value] as const),
        ]);
        return [...values].map(([word, value]) => ({
          labels: [['provider', provider.name] as const, [declared.label, word] as const],
          value,
        }));
      }),
  });
}

export const stateFamilies: readonly AnyFamily[] = [
  counted({
    name: 'incident_revisions_total',
    help: 'Corrections of incidents after they were counted; what was counted stays.',
    counter: 'revisions',
    label: 'change',
    born: [],
  }),
  openFamily({
    name: 'incident_open',
    help: 'Incidents that are open right now.',
    labels: ['status'],
    samples: (item) =>
      item.provider.statuses.map((status) => ({
        labels: [...openLabels(item), ['status', status]],
        value: item.row.open[STATUSES.indexOf(status)] ?? 0,
      })),
  }),
  openFamily({
    name: 'incident_open_oldest_timestamp_seconds',
    help: 'When the oldest open incident was triggered.',
    samples: (item) => instantSample(item, item.row.oldestAtMs),
  }),
  openFamily({
    name: 'incident_last_resolved_timestamp_seconds',
    help: 'When the last incident was resolved.',
    samples: (item) => instantSample(item, item.row.lastResolvedAtMs),
  }),
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
    ({ state }) => inSeconds(state.askedUntilMs),
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
    samples: ({ providers }) =>
      providers.flatMap(({ provider, counts }) =>
        (['open', 'resolved', 'excluded'] as const).flatMap((state) =>
          counts === undefined
            ? []
            : [
                {
                  labels: [
                    ['provider', provider.name],
                    ['state', state],
                  ],
                  value: counts[state],
                },
              ],
        ),
      ),
  }),
  counted({
    name: 'mttr_exporter_incidents_rejected_total',
    help: 'Records that were not taken, each once per reason.',
    counter: 'rejected',
    label: 'reason',
    born: REJECTION_REASONS,
  }),
  counted({
    name: 'mttr_exporter_severity_unmapped_total',
    help: 'Incidents that took the default severity, each once: their own is unknown to the configuration, or missing.',
    counter: 'unmapped',
    label: 'reason',
    born: ['unknown', 'missing'],
  }),
  always({
    name: 'mttr_exporter_services_overflowed',
    help: 'Distinct services beyond metrics.max_services; their incidents carry service="other".',
    labels: [],
    samples: ({ servicesOverflowed }) => [{ labels: [], value: servicesOverflowed }],
  }),
  always({
    name: 'mttr_exporter_store_bytes',
    help: 'Size of the store with its write-ahead log.',
    labels: [],
    samples: ({ storeBytes }) => [{ labels: [], value: storeBytes }],
  }),
];
