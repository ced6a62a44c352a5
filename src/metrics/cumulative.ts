import { DEPLOYMENT_OUTCOMES } from '../model/deployment.ts';
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
const OF_DEPLOYMENTS = ['provider', 'service', 'environment'];

/** Labels of a set; a set without a service (`severity` sets) has no such label. */
function setLabels({ set }: LabelSetSource): LabelPairs {
  const { kind, provider, service, severity, environment = '', team } = set;
  const labels: [string, string][] = [['provider', provider]];
  if (kind === 'environment') return [...labels, ['service', service], ['environment', environment]];
  if (kind === 'service') labels.push(['service', service]);
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
  /** Labels of the sets. */
  readonly base?: readonly string[];
  readonly labels?: readonly string[];
  /** The group of totals that it shows. */
  readonly group: Name;
  /** Whether the platform reports this at all. */
  readonly isReported?: (source: LabelSetSource) => boolean;
  readonly samples: (group: Group<Name>, source: LabelSetSource, settings: FamilySettings) => readonly Sample[];
}

function cumulative<Name extends GroupName>(declared: Cumulative<Name>): AnyFamily {
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

function ofDeployments(which: 'duration' | 'leadTime', declared: Pick<Family, 'name' | 'help'>): AnyFamily {
  return cumulative({
    ...declared,
    type: 'histogram',
    base: OF_DEPLOYMENTS,
    group: 'deploymentTimes',
    isReported: ({ provider }) => which === 'duration' || provider.hasLeadTimes !== false,
    samples: (times, source, settings) =>
      histogramSamples({ ...times, histogram: times[which] }, { ...source, exemplars: [] }, settings),
  });
}

interface HistogramGroup {
  readonly histogram: Histogram;
  readonly released: boolean;
  readonly createdAtMs: number;
}

function histogramSamples(
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
  cumulative({
    name: 'deployments_total',
    type: 'counter',
    help: 'Deployments that finished since the counting began; each is in it exactly once.',
    base: OF_DEPLOYMENTS,
    labels: ['outcome'],
    group: 'deployments',
    samples: (group, source) =>
      DEPLOYMENT_OUTCOMES.map((outcome) => ({
        labels: [...setLabels(source), ['outcome', outcome]],
        value: group.released ? group[outcome] : 0,
      })),
  }),
  ofDeployments('duration', {
    name: 'deployment_duration_minutes',
    help: 'Time from start to end of the deployments that succeeded or failed.',
  }),
  ofDeployments('leadTime', {
    name: 'deployment_lead_time_minutes',
    help: 'Time from commit to the end of the first successful deployment that contains it; each change is in it exactly once.',
  }),
];
