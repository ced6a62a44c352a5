import type { DeploymentLabels } from '../model/deployment.ts';
import type { IncidentLabels } from '../model/stored.ts';
import {
  copySet,
  type FamilyLayout,
  GROUP_NAMES,
  type GroupName,
  type LabelGroups,
  type LabelSet,
  newGroup,
  type SetLabels,
  setKey,
} from './label-sets.ts';
import { type LedgerState, OTHER } from './state.ts';
import type { StoreSettings } from './store.ts';

/** The series that one incident is counted in. */
export interface IncidentSeries {
  /** The series with a service label. */
  readonly serviceSeries: LabelSet;
  /** The series without a service label; the same one with `metrics.detail: full`. */
  readonly severitySeries: LabelSet;
}

/** Label sets of an incident with these labels, to be changed by this decision; new ones are created at zero. */
export function editSeries(state: LedgerState, labels: IncidentLabels, nowMs: number): IncidentSeries {
  const { service, severity } = toSetLabels(labels, state.settings);
  const serviceSeries = editSet(state, service, nowMs);
  return { serviceSeries, severitySeries: severity === undefined ? serviceSeries : editSet(state, severity, nowMs) };
}

/** Makes sure that the series of an incident with these labels exist, at zero. */
export function ensureSeries(state: LedgerState, labels: IncidentLabels, nowMs: number): void {
  const { service, severity } = toSetLabels(labels, state.settings);
  if (!state.labelSets.has(setKey(service))) editSet(state, service, nowMs);
  if (severity !== undefined && !state.labelSets.has(setKey(severity))) editSet(state, severity, nowMs);
}

/** The labels of a series of deployments. */
type EnvironmentLabels = Pick<DeploymentLabels, 'provider' | 'service' | 'environment'>;

/** The set of deployments with these labels, to be changed by this decision; a new one is created at zero. */
export function editDeploymentSeries(state: LedgerState, labels: EnvironmentLabels, nowMs: number): LabelSet {
  return editSet(state, toEnvironmentLabels(labels), nowMs);
}

/** Makes sure that the series of deployments with these labels exist, at zero. */
export function ensureDeploymentSeries(state: LedgerState, labels: EnvironmentLabels, nowMs: number): void {
  const set = toEnvironmentLabels(labels);
  if (!state.labelSets.has(setKey(set))) editSet(state, set, nowMs);
}

function toEnvironmentLabels({ provider, service, environment }: EnvironmentLabels): SetLabels {
  return { kind: 'environment', provider, service, severity: '', environment, team: '' };
}

/** Ends the hold of one group of a label set: its observations are on the page from now on. */
export function endHold(state: LedgerState, row: number, name: GroupName): void {
  for (const set of state.labelSets.values()) {
    if (set.row !== row) continue;
    const group = editSet(state, set, 0).groups[name];
    if (group !== undefined) group.released = true;
    return;
  }
}

/** Restarts at zero the groups whose layout changed with the settings; returns what restarted, for the log. */
export function migrateLayout(state: LedgerState, nowMs: number): string[] {
  const { bucketsMs, detail, team } = state.settings;
  const after = toLayout(state.settings);
  const before = state.layout;
  state.layout = after;
  if (before === undefined) return [];
  const hasNewTeam = before.team !== team;
  const hasNewDetail = before.detail !== detail;
  const hasNewBuckets = JSON.stringify(before.bucketsMs) !== JSON.stringify(bucketsMs);
  const hasNewClock = before.clock !== after.clock;
  const targetsBefore = { targetsMs: after.targetsMs, ...before };
  const changedTargets = new Set<string>();
  for (const [key, set] of state.labelSets.entries()) {
    const isDropped = { service: hasNewTeam, severity: hasNewDetail && detail === 'full', environment: false };
    if (isDropped[set.kind]) state.labelSets.delete(key);
    else {
      const hasNewTarget = set.kind === 'service' && isTargetChanged(set, targetsBefore, after);
      if (hasNewTarget) changedTargets.add(set.severity);
      const isRestarted = {
        recovery: hasNewBuckets || hasNewClock || hasNewTarget,
        timings: hasNewBuckets,
        deploymentTimes: hasNewBuckets,
      };
      restartGroups(state, set, isRestarted, nowMs);
    }
  }
  return [
    ...(hasNewTeam ? ['team label: every family with a service label'] : []),
    ...(hasNewDetail
      ? ['detail: acknowledgement, detection, identification, mitigation, escalation and reopening families']
      : []),
    ...(hasNewBuckets ? ['buckets: every histogram'] : []),
    ...(hasNewClock ? ['recovery clock: recovery histogram and within-target counter'] : []),
    ...(changedTargets.size > 0
      ? [`targets: recovery histogram and within-target counter of ${[...changedTargets].toSorted().join(', ')}`]
      : []),
  ];
}

function toLayout(settings: StoreSettings): FamilyLayout & { readonly targetsMs: Readonly<Record<string, number>> } {
  const { bucketsMs, detail, team, targetsMs, serviceTargetsMs = new Map<string, never>() } = settings;
  const { clock = 'trigger', until = 'resolved' } = settings;
  const ofServices = [...serviceTargetsMs].map(([service, targets]) => [service, Object.fromEntries(targets)]);
  return {
    bucketsMs,
    detail,
    team,
    targetsMs: Object.fromEntries(targetsMs),
    ...(ofServices.length === 0 ? {} : { serviceTargetsMs: Object.fromEntries(ofServices) }),
    ...(clock === 'trigger' && until === 'resolved' ? {} : { clock: `${clock} to ${until}` }),
  };
}

type Targets = Pick<FamilyLayout, 'targetsMs' | 'serviceTargetsMs'>;

/** Whether recoveries of a set are judged by another target; `other` holds services of any name. */
function isTargetChanged({ service, severity }: LabelSet, before: Targets, after: Targets): boolean {
  const find = ({ targetsMs, serviceTargetsMs }: Targets, name: string) =>
    serviceTargetsMs?.[name]?.[severity] ?? targetsMs?.[severity];
  const own = Object.keys({ ...before.serviceTargetsMs, ...after.serviceTargetsMs });
  const names = service === OTHER ? [OTHER, ...own] : [service];
  return names.some((name) => find(before, name) !== find(after, name));
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
  if (kind === 'environment') return ['deployments', 'deploymentTimes'];
  if (kind === 'severity') return ['timings', 'changes'];
  return detail === 'full' ? ['recovery', 'counts', 'timings', 'changes'] : ['recovery', 'counts'];
}

function toSetLabels(labels: IncidentLabels, { detail, team: hasTeam }: StoreSettings) {
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
  const { kind, provider, service, severity, environment, team } = labels;
  return { row: state.lastSetRow, kind, provider, service, severity, environment, team, groups };
}
