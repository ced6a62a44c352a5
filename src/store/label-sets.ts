import type { FacetLabels } from '../model/stored.ts';
import {
  type FamilyLayout,
  type GroupName,
  type Histogram,
  type LabelGroups,
  type LabelSet,
  newGroup,
  type SetLabels,
  setKey,
  type TimingsGroup,
} from './label-set.ts';
import type { LedgerState } from './state.ts';
import type { StoreSettings } from './store.ts';

const GROUP_NAMES: readonly GroupName[] = ['recovery', 'counts', 'timings', 'changes'];

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
export function releaseGroup(state: LedgerState, row: number, name: GroupName): void {
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
  const after: FamilyLayout = { bucketsMs, detail, team, targetsMs: Object.fromEntries(targetsMs) };
  const before = state.layout;
  state.layout = after;
  return before === undefined ? [] : restartChanged(state, { before, after, nowMs });
}

interface LayoutChange {
  readonly before: FamilyLayout;
  readonly after: FamilyLayout;
  readonly nowMs: number;
}

function restartChanged(state: LedgerState, { before, after, nowMs }: LayoutChange): string[] {
  const hasNewTeam = before.team !== after.team;
  const hasNewDetail = before.detail !== after.detail;
  const hasNewBuckets = JSON.stringify(before.bucketsMs) !== JSON.stringify(after.bucketsMs);
  const changedTargets = changedTargetsOf(before, after);
  const isDropped = ({ kind }: LabelSet) => (kind === 'service' ? hasNewTeam : hasNewDetail && after.detail === 'full');
  for (const [key, set] of state.labelSets.entries()) {
    if (isDropped(set)) state.labelSets.delete(key);
    else {
      const hasNewTarget = changedTargets.has(set.severity);
      const restarts = new Set<GroupName>([
        ...(hasNewBuckets ? (['recovery', 'timings'] as const) : []),
        ...(hasNewTarget ? (['recovery'] as const) : []),
      ]);
      restartGroups(state, set, { restarts, after, nowMs });
    }
  }
  return [
    ...(hasNewTeam ? ['team label: every family with a service label'] : []),
    ...(hasNewDetail
      ? ['detail: acknowledgement, detection, identification, mitigation, escalation and reopening families']
      : []),
    ...(hasNewBuckets ? ['buckets: every histogram'] : []),
    ...(changedTargets.size > 0
      ? [`targets: recovery histogram and within-target counter of ${[...changedTargets].join(', ')}`]
      : []),
  ];
}

function changedTargetsOf({ targetsMs: before }: FamilyLayout, { targetsMs: after = {} }: FamilyLayout): Set<string> {
  if (before === undefined) return new Set();
  const severities = [...Object.keys(before), ...Object.keys(after)];
  return new Set(severities.filter((severity) => before[severity] !== after[severity]));
}

function restartGroups(
  state: LedgerState,
  set: LabelSet,
  { restarts, after, nowMs }: { restarts: ReadonlySet<GroupName>; after: FamilyLayout; nowMs: number },
): void {
  const wanted = groupNames(set.kind, after);
  const isSame = GROUP_NAMES.every((name) => wanted.includes(name) === (set.groups[name] !== undefined));
  if (isSame && !wanted.some((name) => restarts.has(name))) return;
  const { groups } = editSet(state, set, nowMs);
  for (const name of GROUP_NAMES) {
    if (!wanted.includes(name)) delete groups[name];
    else if (groups[name] === undefined || restarts.has(name)) {
      Object.assign(groups, { [name]: newGroup(name, nowMs, after.bucketsMs.length) });
    }
  }
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
  for (const name of groupNames(labels.kind, state.settings)) {
    Object.assign(groups, { [name]: newGroup(name, nowMs, state.settings.bucketsMs.length) });
  }
  const { kind, provider, service, severity, team } = labels;
  return { row: state.lastSetRow, kind, provider, service, severity, team, groups };
}

function copySet(set: LabelSet): LabelSet {
  const { recovery, counts, timings, changes } = set.groups;
  const groups: LabelGroups = {};
  if (recovery !== undefined) groups.recovery = { ...recovery, recovery: copyHistogram(recovery.recovery) };
  if (counts !== undefined) groups.counts = { ...counts };
  if (timings !== undefined) groups.timings = copyTimings(timings);
  if (changes !== undefined) groups.changes = { ...changes };
  return { ...set, groups };
}

function copyTimings(timings: TimingsGroup): TimingsGroup {
  return {
    ...timings,
    acknowledgement: copyHistogram(timings.acknowledgement),
    detection: copyHistogram(timings.detection),
    identification: copyHistogram(timings.identification),
    mitigation: copyHistogram(timings.mitigation),
  };
}

function copyHistogram({ sumMs, counts }: Histogram): Histogram {
  return { sumMs, counts: counts.slice() };
}
