import type { FacetLabels } from '../model/stored.ts';
import type { LedgerState } from './state.ts';
import type { StoreSettings } from './store.ts';

/** Sums of a cumulative histogram: integers, so any order of adding gives the same digits. */
export interface Histogram {
  sumMs: number;
  /** Observations per bucket, not accumulated; the last one is +Inf. */
  readonly counts: number[];
}

/**
 * What a label set counts, in groups that restart apart from each other: buckets and targets concern histograms only,
 * detail only the ◦ families. The recoveries within the target restart with the histogram, so that their ratio is always
 * one of the same recoveries.
 */
const GROUPS = {
  recovery: { histograms: ['recovery'], counts: ['withinTarget'] },
  counts: { histograms: [], counts: ['opened'] },
  timings: { histograms: ['acknowledgement', 'detection', 'identification', 'mitigation'], counts: [] },
  changes: { histograms: [], counts: ['escalations', 'reopened', 'unacknowledged', 'unacknowledgedAuto'] },
} as const;
export type GroupName = keyof typeof GROUPS;
export const GROUP_NAMES: readonly GroupName[] = ['recovery', 'counts', 'timings', 'changes'];

/** When a group of families was born at zero, and whether its observations are shown yet. */
type Lifecycle = { readonly bornMs: number; released: boolean };

/** The totals of a group, with the names that GROUPS has. */
export type Group<Name extends GroupName> = Lifecycle &
  Readonly<Record<(typeof GROUPS)[Name]['histograms'][number], Histogram>> &
  Record<(typeof GROUPS)[Name]['counts'][number], number>;
export type LabelGroups = { [Name in GroupName]?: Group<Name> };

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

type SetLabels = Omit<LabelSet, 'row' | 'groups'>;

export function setKey(labels: SetLabels): string {
  return JSON.stringify([labels.kind, labels.provider, labels.service, labels.severity, labels.team]);
}

/** A group at zero; `buckets` is the number of finite bounds. */
export function newGroup(name: GroupName, bornMs: number, buckets: number): Lifecycle {
  const { histograms, counts } = GROUPS[name];
  const zeros = () => Array.from({ length: buckets + 1 }, () => 0);
  return {
    bornMs,
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

/** The series that one incident is counted in. */
export interface IncidentSeries {
  /** Carries the base labels. */
  readonly serviceSeries: LabelSet;
  /** Carries the ◦ families; the same one with `metrics.detail: full`. */
  readonly severitySeries: LabelSet;
}

/** Label sets of an incident with these labels, to be changed by this decision; new ones are created at zero. */
export function editSeries(state: LedgerState, labels: FacetLabels, nowMs: number): IncidentSeries {
  const { service, severity } = toSetLabels(labels, state.settings);
  const serviceSeries = editSet(state, service, nowMs);
  return { serviceSeries, severitySeries: severity === undefined ? serviceSeries : editSet(state, severity, nowMs) };
}

/** Makes sure that the series of an incident with these labels exist, at zero. */
export function ensureSeries(state: LedgerState, labels: FacetLabels, nowMs: number): void {
  const { service, severity } = toSetLabels(labels, state.settings);
  if (!state.labelSets.has(setKey(service))) editSet(state, service, nowMs);
  if (severity !== undefined && !state.labelSets.has(setKey(severity))) editSet(state, severity, nowMs);
}

/** Ends the hold of one group of a label set: its observations are shown from now on. */
export function endHold(state: LedgerState, row: number, name: GroupName): void {
  for (const set of state.labelSets.values()) {
    if (set.row !== row) continue;
    const group = editSet(state, set, 0).groups[name];
    if (group !== undefined) group.released = true;
    return;
  }
}

/** Restarts at zero the groups whose layout is another one by today's settings; gives what restarted, for the log. */
export function migrateLayout(state: LedgerState, nowMs: number): string[] {
  const { bucketsMs, detail, team, targetsMs } = state.settings;
  const after = { bucketsMs, detail, team, targetsMs: Object.fromEntries(targetsMs) };
  const before = state.layout;
  state.layout = after;
  if (before === undefined) return [];
  const hasNewTeam = before.team !== team;
  const hasNewDetail = before.detail !== detail;
  const hasNewBuckets = JSON.stringify(before.bucketsMs) !== JSON.stringify(bucketsMs);
  const changedTargets = changedKeys(before.targetsMs ?? after.targetsMs, after.targetsMs);
  for (const [key, set] of state.labelSets.entries()) {
    const isDropped = set.kind === 'service' ? hasNewTeam : hasNewDetail && detail === 'full';
    if (isDropped) state.labelSets.delete(key);
    else {
      const isRestarted = { recovery: hasNewBuckets || changedTargets.includes(set.severity), timings: hasNewBuckets };
      restartGroups(state, set, isRestarted, nowMs);
    }
  }
  return [
    ...(hasNewTeam ? ['team label: every family with a service label'] : []),
    ...(hasNewDetail
      ? ['detail: acknowledgement, detection, identification, mitigation, escalation and reopening families']
      : []),
    ...(hasNewBuckets ? ['buckets: every histogram'] : []),
    ...(changedTargets.length > 0
      ? [`targets: recovery histogram and within-target counter of ${changedTargets.join(', ')}`]
      : []),
  ];
}

type Targets = Readonly<Record<string, number>>;

function changedKeys(before: Targets, after: Targets): string[] {
  const severities = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...severities].filter((severity) => before[severity] !== after[severity]);
}

/** Brings the groups of a set to those of today's layout: wanted ones stay unless they restart. */
function restartGroups(
  state: LedgerState,
  set: LabelSet,
  isRestarted: Readonly<Partial<Record<GroupName, boolean>>>,
  nowMs: number,
): void {
  const wanted = groupNames(set.kind, state.settings);
  for (const name of GROUP_NAMES) {
    const isKept = set.groups[name] !== undefined && isRestarted[name] !== true;
    if (wanted.includes(name) ? isKept : set.groups[name] === undefined) continue;
    const { groups } = editSet(state, set, nowMs);
    delete groups[name];
    if (wanted.includes(name)) startGroup(groups, name, state.settings, nowMs);
  }
}

function startGroup(groups: LabelGroups, name: GroupName, { bucketsMs }: StoreSettings, nowMs: number): void {
  Object.assign(groups, { [name]: newGroup(name, nowMs, bucketsMs.length) });
}

/** The groups that a set of this kind has under a layout. */
function groupNames(kind: LabelSet['kind'], { detail }: Pick<FamilyLayout, 'detail'>): readonly GroupName[] {
  if (kind === 'severity') return ['timings', 'changes'];
  return detail === 'full' ? GROUP_NAMES : ['recovery', 'counts'];
}

function toSetLabels(labels: FacetLabels, { detail, team: hasTeam }: StoreSettings) {
  const { provider, service, severity } = labels;
  const own: SetLabels = { kind: 'service', provider, service, severity, team: hasTeam ? labels.team : '' };
  const wide: SetLabels = { kind: 'severity', provider, service: '', severity, team: '' };
  return { service: own, severity: detail === 'full' ? undefined : wide };
}

/** The set as this decision may change it: a copy of what is committed, or a new one. */
function editSet(state: LedgerState, labels: SetLabels, nowMs: number): LabelSet {
  const key = setKey(labels);
  const edited = state.labelSets.getOwn(key);
  if (edited !== undefined) return edited;
  const known = state.labelSets.get(key);
  const set = known === undefined ? newSet(state, labels, nowMs) : copySet(known);
  state.labelSets.set(key, set);
  return set;
}

function newSet(state: LedgerState, labels: SetLabels, nowMs: number): LabelSet {
  state.lastSetRow += 1;
  const groups: LabelGroups = {};
  for (const name of groupNames(labels.kind, state.settings)) startGroup(groups, name, state.settings, nowMs);
  const { kind, provider, service, severity, team } = labels;
  return { row: state.lastSetRow, kind, provider, service, severity, team, groups };
}
