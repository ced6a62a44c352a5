import { STAGES } from '../config/types.ts';
import { REJECTION_REASONS } from '../model/incident.ts';
import { STATUSES } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';
import { cumulativeFamilies } from './cumulative.ts';
import { deploymentFamilies } from './deployments.ts';
import { deploymentStateFamilies, doraFamilies } from './dora.ts';
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

/** An open row is in a new object on each page; the row inside it is the key and has the version. */
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

function openTimestamp(name: string, help: string, findMs: (row: OpenItem['row']) => number | undefined): AnyFamily {
  return openFamily({ name, help }, (item) => {
    const ms = findMs(item.row);
    return ms === undefined ? [] : [{ labels: openLabels(item), value: ms / 1000 }];
  });
}

interface UncachedFamily {
  readonly name: string;
  readonly help: string;
  readonly type?: 'gauge' | 'counter';
  readonly labels: readonly string[];
  /** The values of the labels, in their order, with the value of the sample; undefined where there is none. */
  readonly values: (source: PageSource, settings: FamilySettings) => readonly LabelledValue[];
}
type LabelledValue = readonly [...labels: string[], value: number | undefined];

/** A gauge or counter of few lines, rendered again for each page. */
function uncachedFamily({ values, ...declared }: UncachedFamily): AnyFamily {
  return family<MetricSource>({
    type: 'gauge',
    items: (source) => [{ source }],
    version: () => 0,
    ...declared,
    samples: ({ source }, settings) =>
      values(source, settings).flatMap((labelled) => {
        const value = labelled.at(-1);
        if (typeof value !== 'number') return [];
        return [{ labels: declared.labels.map((label, index) => [label, String(labelled[index])] as const), value }];
      }),
  });
}

function gaugeByProvider(name: string, help: string, value: (item: ProviderItem) => number | undefined): AnyFamily {
  return uncachedFamily({
    name,
    help,
    labels: ['provider'],
    values: ({ providers }) => providers.map((item) => [item.provider.name, value(item)]),
  });
}

function gaugeBySeverity(
  name: string,
  help: string,
  value: (severity: FamilySettings['severities'][number]) => number | undefined,
) {
  return uncachedFamily({
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

interface StoreCounterFamily {
  readonly name: string;
  readonly help: string;
  readonly counter: PageSource['counters'][number]['name'];
  /** Absent: one value for each provider. */
  readonly label?: string;
  /** Values of the label that exist from the start, at zero, so that a first count shows in `increase()`. */
  readonly known: readonly string[];
}

/** A counter that the store keeps over restarts. */
function storeCounter({ name, help, counter, label, known }: StoreCounterFamily): AnyFamily {
  return uncachedFamily({
    name,
    help,
    type: 'counter',
    labels: label === undefined ? ['provider'] : ['provider', label],
    values: ({ providers, counters }) =>
      providers.flatMap(({ provider }) => {
        const values = new Map(known.map((labelValue) => [labelValue, 0]));
        for (const one of counters) {
          if (one.provider === provider.name && one.name === counter) values.set(one.label, one.value);
        }
        return [...values].map(
          ([labelValue, value]) => [provider.name, ...(label === undefined ? [] : [labelValue]), value] as const,
        );
      }),
  });
}

export const stateFamilies: readonly AnyFamily[] = [
  storeCounter({
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
  openTimestamp(
    'incident_open_oldest_timestamp_seconds',
    'When the oldest open incident was triggered.',
    ({ oldestAtMs }) => oldestAtMs,
  ),
  openTimestamp(
    'incident_last_resolved_timestamp_seconds',
    'When the last incident was resolved.',
    ({ lastResolvedAtMs }) => lastResolvedAtMs,
  ),
  gaugeBySeverity('incident_target_minutes', 'Configured recovery target.', ({ targetMs }) => inMinutes(targetMs)),
  gaugeBySeverity(
    'incident_acknowledgement_target_minutes',
    'Configured acknowledgement target.',
    ({ stageTargetsMs }) => inMinutes(stageTargetsMs.acknowledgement),
  ),
  uncachedFamily({
    name: 'incident_stage_target_minutes',
    help: 'Configured targets of the other clocks.',
    labels: ['severity', 'stage'],
    values: (_source, { severities }) =>
      severities.flatMap(({ name, stageTargetsMs }) =>
        STAGES.map((stage) => [name, stage, inMinutes(stageTargetsMs[stage])] as const),
      ),
  }),
  gaugeBySeverity('incident_severity_rank', 'How bad the severity is: 0 is the worst.', ({ rank }) => rank),
  uncachedFamily({
    name: 'incident_availability_objective_ratio',
    help: 'Share of the time that should be free of incidents of the severities of availability.',
    labels: [],
    values: (_source, { availability }) => [[availability?.objective]],
  }),
  gaugeBySeverity(
    'incident_target_objective_ratio',
    'Share of recoveries that should meet the target.',
    ({ objective }) => objective,
  ),
  gaugeByProvider('mttr_exporter_provider_synced', '1 when the first sync of the provider is complete.', ({ state }) =>
    Number(state.isSynced),
  ),
  gaugeByProvider(
    'mttr_exporter_provider_overall',
    '1 when the provider counts in every grouping, 0 when only in its own.',
    ({ provider }) => Number(provider.isOverall),
  ),
  gaugeByProvider(
    'mttr_exporter_last_success_timestamp_seconds',
    'The time up to which the last successful poll has read the platform: the windows of the provider end here.',
    ({ state }) => inSeconds(state.polledUntilMs),
  ),
  gaugeByProvider(
    'mttr_exporter_counting_since_timestamp_seconds',
    'When counting began: incidents that ended before this time are in no cumulative series.',
    ({ state }) => inSeconds(state.countingSinceMs),
  ),
  gaugeByProvider(
    'mttr_exporter_history_start_timestamp_seconds',
    'Where the history of the provider begins.',
    ({ state }) => inSeconds(state.historyStartMs),
  ),
  uncachedFamily({
    name: 'mttr_exporter_incidents',
    help: 'Incidents that the exporter holds, by state.',
    labels: ['provider', 'state'],
    values: ({ providers }) =>
      providers.flatMap(({ provider, counts }) =>
        (['open', 'resolved', 'excluded'] as const).map((state) => [provider.name, state, counts?.[state]] as const),
      ),
  }),
  storeCounter({
    name: 'mttr_exporter_incidents_rejected_total',
    help: 'Records that were rejected, each once per reason.',
    counter: 'rejected',
    label: 'reason',
    known: REJECTION_REASONS,
  }),
  storeCounter({
    name: 'mttr_exporter_severity_unmapped_total',
    help: 'Incidents that took the default severity, each once: their own is unknown to the configuration, or missing.',
    counter: 'unmapped',
    label: 'reason',
    known: ['unknown', 'missing'],
  }),
  storeCounter({
    name: 'mttr_exporter_clock_fallbacks_total',
    help: 'Incidents whose recovery time takes the trigger or the resolve, each once: the time that recovery.clock or recovery.until wants is missing.',
    counter: 'clock_fallbacks',
    known: [''],
  }),
  uncachedFamily({
    name: 'mttr_exporter_deployments_unmapped_total',
    help: 'Deployments of environments that the configuration does not name, each once: they are not read.',
    type: 'counter',
    labels: ['provider'],
    values: ({ providers, counters }) =>
      providers.flatMap(({ provider: { name } }) => {
        const own = counters.filter((one) => one.provider === name && one.name === 'unread_environments');
        return own.length === 0 ? [] : [[name, own.reduce((sum, { value }) => sum + value, 0)] as const];
      }),
  }),
  uncachedFamily({
    name: 'mttr_exporter_services_overflowed',
    help: 'Distinct services beyond metrics.max_services; their incidents carry service="other".',
    labels: [],
    values: ({ servicesOverflowed }) => [[servicesOverflowed]],
  }),
  uncachedFamily({
    name: 'mttr_exporter_store_bytes',
    help: 'Size of the store with its write-ahead log.',
    labels: [],
    values: ({ storeBytes }) => [[storeBytes]],
  }),
];

/** Every family that is made from the store, in the order of the page. */
export const families: readonly AnyFamily[] = [
  ...cumulativeFamilies,
  ...deploymentFamilies,
  ...deploymentStateFamilies,
  ...windowedFamilies,
  ...doraFamilies,
  ...stateFamilies,
];
