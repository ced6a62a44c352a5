import { MINUTE_MS } from '../model/time.ts';
import type { Group, GroupName, Histogram } from '../store/label-sets.ts';
import { OTHER } from '../store/state.ts';
import type { LabelPairs, Sample } from './exposition.ts';
import {
  type AnyFamily,
  type Family,
  type FamilySettings,
  family,
  type LabelSetSource,
  type Timing,
} from './family.ts';

const BASE = ['provider', 'service', 'severity', 'team'];

/** Labels of a set; a set without a service (`severity` sets) has no such label, and one of deployments has an environment. */
export function setLabels({ set }: LabelSetSource): LabelPairs {
  const { kind, provider, service, severity, environment = '', team } = set;
  const labels: [string, string][] = [['provider', provider]];
  if (kind !== 'severity') labels.push(['service', service]);
  if (kind === 'environment') return [...labels, ['environment', environment]];
  labels.push(['severity', severity]);
  if (team !== '') labels.push(['team', team]);
  return labels;
}

/** Whether any incident of a set has a recovery target; `other` holds services of any name. */
function hasTarget({ service, severity }: LabelSetSource['set'], settings: FamilySettings): boolean {
  const { severities, serviceTargetsMs = new Map<string, ReadonlyMap<string, number>>() } = settings;
  if (severities.find(({ name }) => name === severity)?.targetMs !== undefined) return true;
  const own = service === OTHER ? [...serviceTargetsMs.values()] : [serviceTargetsMs.get(service)];
  return own.some((targetsMs) => targetsMs?.has(severity) === true);
}

interface Cumulative<Name extends GroupName> extends Pick<Family, 'name' | 'help'> {
  readonly type: 'counter' | 'histogram';
  readonly labels?: readonly string[];
  /** Those of incidents without it. */
  readonly base?: readonly string[];
  /** The group of totals that it shows. */
  readonly group: Name;
  /** Whether the platform reports this at all. */
  readonly isReported?: (source: LabelSetSource) => boolean;
  readonly samples: (group: Group<Name>, source: LabelSetSource, settings: FamilySettings) => readonly Sample[];
}

export function cumulative<Name extends GroupName>(declared: Cumulative<Name>): AnyFamily {
  const { name, type, help, base = BASE, labels = [], isReported = () => true, samples } = declared;
  const groupOf = ({ set }: LabelSetSource): Group<Name> | undefined => set.groups[declared.group];
  return family<LabelSetSource>({
    name,
    type,
    help,
    labels: [...base, ...labels],
    items: ({ sets }) => sets.filter((source) => groupOf(source) !== undefined && isReported(source)),
    // Label sets are replaced, never changed: the same object always has the same text.
    version: () => 0,
    samples: (source, settings) => {
      const group = groupOf(source);
      return group === undefined ? [] : samples(group, source, settings);
    },
  });
}

interface Counter<Name extends GroupName> extends Pick<Cumulative<Name>, 'name' | 'help' | 'group' | 'isReported'> {
  /** Undefined where there is nothing to count. */
  readonly count: (group: Group<Name>, source: LabelSetSource, settings: FamilySettings) => number | undefined;
}

function counter<Name extends GroupName>({ count, ...declared }: Counter<Name>): AnyFamily {
  return cumulative({
    ...declared,
    type: 'counter',
    samples: (group, source, settings) => {
      const value = count(group, source, settings);
      return value === undefined ? [] : [{ labels: setLabels(source), value: group.released ? value : 0 }];
    },
  });
}

function timing(name: string, which: Timing, help: string): AnyFamily {
  return cumulative({
    name,
    type: 'histogram',
    help,
    group: 'timings',
    isReported: ({ provider }) => provider.timings[which],
    samples: (timings, source, settings) =>
      histogramSamples({ ...timings, histogram: timings[which] }, { ...source, exemplars: [] }, settings),
  });
}

interface HistogramGroup {
  readonly histogram: Histogram;
  readonly released: boolean;
  readonly createdAtMs: number;
}

export function histogramSamples(
  { histogram, released, createdAtMs }: HistogramGroup,
  source: LabelSetSource,
  { bucketsMs }: FamilySettings,
): Sample[] {
  const labels = setLabels(source);
  const { provider } = source.set;
  const bounds = [...bucketsMs.map((ms) => ms / MINUTE_MS), Number.POSITIVE_INFINITY];
  let count = 0;
  const buckets = bounds.map((le, at): Sample => {
    count += released ? (histogram.counts[at] ?? 0) : 0;
    const last = released ? source.exemplars[at] : undefined;
    const exemplar = last && {
      incidentId: last.incidentId,
      provider,
      value: last.ms / MINUTE_MS,
      atMs: last.resolvedAtMs,
    };
    return { suffix: '_bucket', labels, le, value: count, exemplar };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels, value: released ? histogram.sumMs / MINUTE_MS : 0 },
    { suffix: '_count', labels, value: count },
    { suffix: '_created', labels, value: createdAtMs / 1000 },
  ];
}

export const cumulativeFamilies: readonly AnyFamily[] = [
  cumulative({
    name: 'incident_recovery_time_minutes',
    type: 'histogram',
    help: 'Time from trigger to resolve; each incident that ended since the counting began is in it exactly once.',
    group: 'recovery',
    samples: ({ recovery: histogram, released, createdAtMs }, source, settings) =>
      histogramSamples({ histogram, released, createdAtMs }, source, settings),
  }),
  timing(
    'incident_acknowledgement_time_minutes',
    'acknowledgement',
    'Time from trigger to first acknowledgement by a person.',
  ),
  timing('incident_detection_time_minutes', 'detection', 'Time from begin of impact to trigger.'),
  timing('incident_identification_time_minutes', 'identification', 'Time from trigger to identification.'),
  timing('incident_mitigation_time_minutes', 'mitigation', 'Time from trigger to mitigation.'),
  counter({
    name: 'incident_opened_total',
    help: 'Incidents opened since the counting began.',
    group: 'counts',
    count: ({ opened }) => opened,
  }),
  counter({
    name: 'incident_within_target_total',
    help: 'Recoveries within the target of their severity; only for severities that have a target.',
    group: 'recovery',
    count: ({ withinTarget }, { set }, settings) => (hasTarget(set, settings) ? withinTarget : undefined),
  }),
  counter({
    name: 'incident_escalations_total',
    help: 'Escalations since the counting began.',
    group: 'changes',
    isReported: ({ provider }) => provider.hasEscalations,
    count: ({ escalations }) => escalations,
  }),
  counter({
    name: 'incident_reopened_total',
    help: 'Reopenings since the counting began.',
    group: 'changes',
    isReported: ({ provider }) => provider.hasReopens,
    count: ({ reopened }) => reopened,
  }),
  cumulative({
    name: 'incident_unacknowledged_total',
    type: 'counter',
    help: 'Incidents resolved without any acknowledgement by a person; auto="true" when no person ended them either.',
    labels: ['auto'],
    group: 'changes',
    isReported: ({ provider }) => provider.timings.acknowledgement,
    samples: ({ released, unacknowledged, unacknowledgedAuto }, source) => [
      { labels: [...setLabels(source), ['auto', 'false']], value: released ? unacknowledged : 0 },
      { labels: [...setLabels(source), ['auto', 'true']], value: released ? unacknowledgedAuto : 0 },
    ],
  }),
];
