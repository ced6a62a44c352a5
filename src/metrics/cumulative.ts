import { MINUTE_MS } from '../model/time.ts';
import type { Group, Histogram } from '../store/label-set.ts';
import type { LabelPairs, Sample } from './exposition.ts';
import { type AnyFamily, type FamilySettings, family, type ShownSet, type Timing } from './family.ts';

const BASE = ['provider', 'service', 'severity', 'team'];

/** Labels of a set; a set of a ◦ family has no service. */
export function setLabels({ set }: ShownSet): LabelPairs {
  const { kind, provider, service, severity, team } = set;
  const labels: [string, string][] = [['provider', provider]];
  if (kind === 'service') labels.push(['service', service]);
  labels.push(['severity', severity]);
  if (team !== '') labels.push(['team', team]);
  return labels;
}

interface ShownHistogram {
  readonly histogram: Histogram;
  readonly isReleased: boolean;
  readonly bornMs: number;
  readonly exemplars: ShownSet['exemplars'];
}

function histogramSamples(shown: ShownSet, given: ShownHistogram, settings: FamilySettings): Sample[] {
  const { histogram, isReleased, bornMs, exemplars } = given;
  const labels = setLabels(shown);
  const bounds = [...settings.bucketsMs.map((ms) => ms / MINUTE_MS), Number.POSITIVE_INFINITY];
  let count = 0;
  const buckets = bounds.map((le, at): Sample => {
    count += isReleased ? (histogram.counts[at] ?? 0) : 0;
    const last = isReleased ? exemplars[at] : undefined;
    const exemplar =
      last === undefined
        ? undefined
        : { incidentId: last.incidentId, value: last.ms / MINUTE_MS, atMs: last.resolvedAtMs };
    return { suffix: '_bucket', labels, le, value: count, exemplar };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels, value: isReleased ? histogram.sumMs / MINUTE_MS : 0 },
    { suffix: '_count', labels, value: count },
    { suffix: '_created', labels, value: bornMs / 1000 },
  ];
}

/** Label sets are replaced, never changed, so the object itself says whether it is rendered already. */
const VERSION = 0;

function timing(name: string, which: Timing, help: string): AnyFamily {
  return family<ShownSet>({
    name,
    type: 'histogram',
    help,
    labels: BASE,
    items: ({ sets }) => sets.filter(({ set, provider }) => set.groups.timings !== undefined && provider.stamps[which]),
    version: () => VERSION,
    samples: (shown, settings) => {
      const { timings } = shown.set.groups;
      if (timings === undefined) return [];
      const { bornMs, released: isReleased } = timings;
      return histogramSamples(shown, { histogram: timings[which], isReleased, bornMs, exemplars: [] }, settings);
    },
  });
}

interface CountedChange {
  readonly name: string;
  readonly help: string;
  readonly isTold: (shown: ShownSet) => boolean;
  readonly count: (changes: Group<'changes'>) => number;
}

function change({ name, help, isTold, count }: CountedChange): AnyFamily {
  return family<ShownSet>({
    name,
    type: 'counter',
    help,
    labels: BASE,
    items: ({ sets }) => sets.filter((shown) => shown.set.groups.changes !== undefined && isTold(shown)),
    version: () => VERSION,
    samples: (shown) => {
      const { changes } = shown.set.groups;
      return changes === undefined ? [] : [{ labels: setLabels(shown), value: changes.released ? count(changes) : 0 }];
    },
  });
}

export const cumulativeFamilies: readonly AnyFamily[] = [
  family<ShownSet>({
    name: 'incident_recovery_time_minutes',
    type: 'histogram',
    help: 'Time from trigger to resolve; each incident that ended since the counting began is in it exactly once.',
    labels: BASE,
    items: ({ sets }) => sets.filter(({ set }) => set.groups.recovery !== undefined),
    version: () => VERSION,
    samples: (shown, settings) => {
      const { recovery } = shown.set.groups;
      if (recovery === undefined) return [];
      const { bornMs, released: isReleased, recovery: histogram } = recovery;
      return histogramSamples(shown, { histogram, isReleased, bornMs, exemplars: shown.exemplars }, settings);
    },
  }),
  timing(
    'incident_acknowledgement_time_minutes',
    'acknowledgement',
    'Time from trigger to first acknowledgement by a person.',
  ),
  timing('incident_detection_time_minutes', 'detection', 'Time from begin of impact to trigger.'),
  timing('incident_identification_time_minutes', 'identification', 'Time from trigger to identification.'),
  timing('incident_mitigation_time_minutes', 'mitigation', 'Time from trigger to mitigation.'),
  family<ShownSet>({
    name: 'incident_opened_total',
    type: 'counter',
    help: 'Incidents opened since the counting began.',
    labels: BASE,
    items: ({ sets }) => sets.filter(({ set }) => set.groups.counts !== undefined),
    version: () => VERSION,
    samples: (shown) => {
      const { counts } = shown.set.groups;
      return counts === undefined ? [] : [{ labels: setLabels(shown), value: counts.released ? counts.opened : 0 }];
    },
  }),
  family<ShownSet>({
    name: 'incident_within_target_total',
    type: 'counter',
    help: 'Recoveries within the target of their severity; only for severities that have a target.',
    labels: BASE,
    items: ({ sets }) => sets.filter(({ set }) => set.groups.recovery !== undefined),
    version: () => VERSION,
    samples: (shown, { severities }) => {
      const { recovery } = shown.set.groups;
      const targetMs = severities.find(({ name }) => name === shown.set.severity)?.targetMs;
      if (recovery === undefined || targetMs === undefined) return [];
      return [{ labels: setLabels(shown), value: recovery.released ? recovery.withinTarget : 0 }];
    },
  }),
  change({
    name: 'incident_escalations_total',
    help: 'Escalations since the counting began.',
    isTold: ({ provider }) => provider.tellsEscalations,
    count: ({ escalations }) => escalations,
  }),
  change({
    name: 'incident_reopened_total',
    help: 'Reopenings since the counting began.',
    isTold: ({ provider }) => provider.tellsReopens,
    count: ({ reopened }) => reopened,
  }),
  family<ShownSet>({
    name: 'incident_unacknowledged_total',
    type: 'counter',
    help: 'Incidents resolved without any acknowledgement by a person; auto="true" when no person ended them either.',
    labels: [...BASE, 'auto'],
    items: ({ sets }) =>
      sets.filter(({ set, provider }) => set.groups.changes !== undefined && provider.stamps.acknowledgement),
    version: () => VERSION,
    samples: (shown) => {
      const { changes } = shown.set.groups;
      if (changes === undefined) return [];
      const shownCount = (count: number) => (changes.released ? count : 0);
      return [
        { labels: [...setLabels(shown), ['auto', 'false']], value: shownCount(changes.unacknowledged) },
        { labels: [...setLabels(shown), ['auto', 'true']], value: shownCount(changes.unacknowledgedAuto) },
      ];
    },
  }),
];
