/** Sums of a cumulative histogram: integers, so any order of adding gives the same digits. */
export interface Histogram {
  sumMs: number;
  /** Observations per bucket, not accumulated; the last one is +Inf. */
  readonly counts: number[];
}

/** When a group of families was born at zero, and whether its observations are shown yet. */
interface Lifecycle {
  readonly bornMs: number;
  released: boolean;
}

/** The recoveries within the target restart with the histogram, so that their ratio is always one of the same recoveries. */
export interface RecoveryGroup extends Lifecycle {
  readonly recovery: Histogram;
  withinTarget: number;
}
export interface CountsGroup extends Lifecycle {
  opened: number;
}
export interface TimingsGroup extends Lifecycle {
  readonly acknowledgement: Histogram;
  readonly detection: Histogram;
  readonly identification: Histogram;
  readonly mitigation: Histogram;
}
export interface ChangesGroup extends Lifecycle {
  escalations: number;
  reopened: number;
  unacknowledged: number;
  unacknowledgedAuto: number;
}

/** The groups restart apart from each other: buckets and targets concern histograms only, detail only the ◦ families. */
export interface LabelGroups {
  recovery?: RecoveryGroup;
  counts?: CountsGroup;
  timings?: TimingsGroup;
  changes?: ChangesGroup;
}
export type GroupName = keyof LabelGroups;

/** One combination of labels with all its totals. `service` sets carry the base labels, `severity` sets those of ◦ families. */
export interface LabelSet {
  readonly row: number;
  readonly kind: 'service' | 'severity';
  readonly provider: string;
  /** Empty for `severity` sets. */
  readonly service: string;
  readonly severity: string;
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
}

export type SetLabels = Omit<LabelSet, 'row' | 'groups'>;

export function setKey(labels: SetLabels): string {
  return JSON.stringify([labels.kind, labels.provider, labels.service, labels.severity, labels.team]);
}

function emptyHistogram(buckets: number): Histogram {
  return { sumMs: 0, counts: Array.from({ length: buckets + 1 }, () => 0) };
}

/** Groups at zero; `buckets` is the number of finite bounds. */
export function newGroup<Name extends GroupName>(
  name: Name,
  bornMs: number,
  buckets: number,
): Required<LabelGroups>[Name];
export function newGroup(name: GroupName, bornMs: number, buckets: number): Required<LabelGroups>[GroupName] {
  const life = { bornMs, released: false };
  const histogram = () => emptyHistogram(buckets);
  if (name === 'recovery') return { ...life, recovery: histogram(), withinTarget: 0 };
  if (name === 'counts') return { ...life, opened: 0 };
  if (name === 'changes') return { ...life, escalations: 0, reopened: 0, unacknowledged: 0, unacknowledgedAuto: 0 };
  return {
    ...life,
    acknowledgement: histogram(),
    detection: histogram(),
    identification: histogram(),
    mitigation: histogram(),
  };
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
