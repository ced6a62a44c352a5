import { MINUTE_MS } from '../model/time.ts';
import type { Group, GroupName, Histogram } from '../store/label-sets.ts';
import type { LabelPairs, Sample } from './exposition.ts';
import { type AnyFamily, type Family, type FamilySettings, family, type ShownSet, type Timing } from './family.ts';

const BASE = ['provider', 'service', 'severity', 'team'];

/** Labels of a set; a set of a ◦ family has no service. */
function setLabels({ set }: ShownSet): LabelPairs {
  const { kind, provider, service, severity, team } = set;
  const labels: [string, string][] = [['provider', provider]];
  if (kind === 'service') labels.push(['service', service]);
  labels.push(['severity', severity]);
  if (team !== '') labels.push(['team', team]);
  return labels;
}

interface Cumulative<Name extends GroupName> extends Pick<Family, 'name' | 'help'> {
  readonly type: 'counter' | 'histogram';
  readonly labels?: readonly string[];
  /** The group of totals that it shows. */
  readonly group: Name;
  /** Whether the platform tells of this at all. */
  readonly isReported?: (shown: ShownSet) => boolean;
  readonly samples: (group: Group<Name>, shown: ShownSet, settings: FamilySettings) => readonly Sample[];
}

function cumulative<Name extends GroupName>(declared: Cumulative<Name>): AnyFamily {
  const { name, type, help, labels = [], isReported = () => true, samples } = declared;
  const groupOf = ({ set }: ShownSet): Group<Name> | undefined => set.groups[declared.group];
  return family<ShownSet>({
    name,
    type,
    help,
    labels: [...BASE, ...labels],
    items: ({ sets }) => sets.filter((shown) => groupOf(shown) !== undefined && isReported(shown)),
    // Label sets are replaced, never changed, so the object itself says whether it is rendered already.
    version: () => 0,
    samples: (shown, settings) => {
      const group = groupOf(shown);
      return group === undefined ? [] : samples(group, shown, settings);
    },
  });
}

interface Counter<Name extends GroupName> extends Pick<Cumulative<Name>, 'name' | 'help' | 'group' | 'isReported'> {
  /** Undefined where there is nothing to count. */
  readonly count: (group: Group<Name>, shown: ShownSet, settings: FamilySettings) => number | undefined;
}

function counter<Name extends GroupName>({ count, ...declared }: Counter<Name>): AnyFamily {
  return cumulative({
    ...declared,
    type: 'counter',
    samples: (group, shown, settings) => {
      const value = count(group, shown, settings);
      return value === undefined ? [] : [{ labels: setLabels(shown), value: group.released ? value : 0 }];
    },
  });
}

function timing(name: string, which: Timing, help: string): AnyFamily {
  return cumulative({
    name,
    type: 'histogram',
    help,
    group: 'timings',
    isReported: ({ provider }) => provider.stamps[which],
    samples: (timings, shown, settings) =>
      histogramSamples({ ...timings, histogram: timings[which] }, { ...shown, exemplars: [] }, settings),
  });
}

interface ShownHistogram {
  readonly histogram: Histogram;
  readonly released: boolean;
  readonly bornMs: number;
}

function histogramSamples(
  { histogram, released, bornMs }: ShownHistogram,
  shown: ShownSet,
  { bucketsMs }: FamilySettings,
): Sample[] {
  const labels = setLabels(shown);
  const { provider } = shown.set;
  const bounds = [...bucketsMs.map((ms) => ms / MINUTE_MS), Number.POSITIVE_INFINITY];
  let count = 0;
  const buckets = bounds.map((le, at): Sample => {
    count += released ? (histogram.counts[at] ?? 0) : 0;
    const last = released ? shown.exemplars[at] : undefined;
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
    { suffix: '_created', labels, value: bornMs / 1000 },
  ];
}

export const cumulativeFamilies: readonly AnyFamily[] = [
  cumulative({
    name: 'incident_recovery_time_minutes',
    type: 'histogram',
    help: 'Time from trigger to resolve; each incident that ended since the counting began is in it exactly once.',
    group: 'recovery',
    samples: ({ recovery: histogram, released, bornMs }, shown, settings) =>
      histogramSamples({ histogram, released, bornMs }, shown, settings),
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
    count: ({ withinTarget }, { set }, { severities }) =>
      severities.find(({ name }) => name === set.severity)?.targetMs === undefined ? undefined : withinTarget,
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
    isReported: ({ provider }) => provider.stamps.acknowledgement,
    samples: ({ released, unacknowledged, unacknowledgedAuto }, shown) => [
      { labels: [...setLabels(shown), ['auto', 'false']], value: released ? unacknowledged : 0 },
      { labels: [...setLabels(shown), ['auto', 'true']], value: released ? unacknowledgedAuto : 0 },
    ],
  }),
];
