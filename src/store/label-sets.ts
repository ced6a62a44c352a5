/** Sums of a cumulative histogram: integers, so any order of adding gives the same digits. */
export interface Histogram {
  sumMs: number;
  /** Observations per bucket, not accumulated; the last one is +Inf. */
  readonly counts: number[];
}

/**
 * The totals of a label set, in groups that restart at zero independently: `metrics.buckets` and targets concern histograms
 * only, `metrics.detail` only the families of `severity` sets. The recoveries within the target restart together with the
 * histogram, so that their ratio is always over the same recoveries.
 */
const GROUPS = {
  recovery: { histograms: ['recovery'], counts: ['withinTarget'] },
  counts: { histograms: [], counts: ['opened'] },
  timings: { histograms: ['acknowledgement', 'detection', 'identification', 'mitigation'], counts: [] },
  changes: { histograms: [], counts: ['escalations', 'reopened', 'unacknowledged', 'unacknowledgedAuto'] },
  deployments: { histograms: [], counts: ['success', 'failure', 'cancelled'] },
  deploymentTimes: { histograms: ['duration', 'leadTime'], counts: [] },
} as const;
export type GroupName = keyof typeof GROUPS;
export const GROUP_NAMES: readonly GroupName[] = [
  'recovery',
  'counts',
  'timings',
  'changes',
  'deployments',
  'deploymentTimes',
];

/** When a group of series was created at zero, and whether its observations are on the page yet. */
type Lifecycle = { readonly createdAtMs: number; released: boolean };

/** The totals of a group, with the names that GROUPS has. */
export type Group<Name extends GroupName> = Lifecycle &
  Readonly<Record<(typeof GROUPS)[Name]['histograms'][number], Histogram>> &
  Record<(typeof GROUPS)[Name]['counts'][number], number>;
export type LabelGroups = { [Name in GroupName]?: Group<Name> };

/**
 * One combination of labels with all its totals. `service` sets have the labels provider, service, severity and team; `severity`
 * sets have no service; `environment` sets, those of deployments, have provider, service and environment.
 */
export interface LabelSet {
  readonly row: number;
  readonly kind: 'service' | 'severity' | 'environment';
  readonly provider: string;
  /** Empty for `severity` sets. */
  readonly service: string;
  /** Empty for `environment` sets. */
  readonly severity: string;
  /** Only of `environment` sets. */
  readonly environment?: string | undefined;
  /** Empty unless `metrics.team`. */
  readonly team: string;
  readonly groups: LabelGroups;
}

/** What decides the layout of the cumulative families; a change of it restarts what it concerns. */
export interface FamilyLayout {
  readonly bucketsMs: readonly number[];
  readonly detail: 'standard' | 'full';
  readonly team: boolean;
  /** By severity; absent in what versions before 0.2 wrote. */
  readonly targetsMs?: Readonly<Record<string, number>>;
  /** By service and severity; absent where no service has targets of its own. */
  readonly serviceTargetsMs?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** From when to when recoveries are measured; absent for the default. */
  readonly clock?: string;
}

export type SetLabels = Omit<LabelSet, 'row' | 'groups'>;

export function setKey(labels: SetLabels): string {
  const { kind, provider, service, severity, environment = '', team } = labels;
  return JSON.stringify([kind, provider, service, severity, environment, team]);
}

/** A group at zero; `buckets` is the number of finite bounds. */
export function newGroup(name: GroupName, createdAtMs: number, buckets: number): Lifecycle {
  const { histograms, counts } = GROUPS[name];
  const zeros = () => Array.from({ length: buckets + 1 }, () => 0);
  return {
    createdAtMs,
    released: false,
    ...Object.fromEntries(histograms.map((histogram) => [histogram, { sumMs: 0, counts: zeros() }])),
    ...Object.fromEntries(counts.map((count) => [count, 0])),
  };
}

/** The same set with totals of its own. */
export function copySet(set: LabelSet): LabelSet {
  const groups: LabelGroups = {};
  for (const name of GROUP_NAMES) {
    const group = set.groups[name];
    if (group !== undefined) Object.assign(groups, { [name]: copyGroup(group) });
  }
  return { ...set, groups };
}

function copyGroup(group: Readonly<Record<string, number | boolean | Histogram>>) {
  const copy = { ...group };
  for (const [name, value] of Object.entries(group)) {
    if (typeof value === 'object') copy[name] = { sumMs: value.sumMs, counts: value.counts.slice() };
  }
  return copy;
}

/** Index of the bucket that holds `ms`: the first bound at or above it, else +Inf. */
export function bucketOf(ms: number, bucketsMs: readonly number[]): number {
  let at = 0;
  while (at < bucketsMs.length && ms > (bucketsMs[at] ?? Number.POSITIVE_INFINITY)) at += 1;
  return at;
}

/** Adds one observation; returns the index of its bucket. */
export function observe(histogram: Histogram, ms: number, bucketsMs: readonly number[]): number {
  const at = bucketOf(ms, bucketsMs);
  histogram.sumMs += ms;
  histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
  return at;
}
