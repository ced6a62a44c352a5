import { DEPLOYMENT_FLAGS, type DeploymentLabels, type DeploymentSummary } from '../../../src/model/deployment.ts';
import type { BlamingIncident, DoraProvider, DoraSettings } from '../../../src/stats/dora/rows.ts';

/** An obviously right model of the statistics of deployments: goes over everything, each time. */
export interface DoraOracleInput {
  readonly settings: DoraSettings;
  readonly labels: (subjectRow: number) => DeploymentLabels | undefined;
  readonly deployments: readonly DeploymentSummary[];
  readonly incidents: readonly BlamingIncident[];
  readonly providers: readonly DoraProvider[];
}

interface Known extends DeploymentSummary {
  readonly labels: DeploymentLabels;
  readonly provider: DoraProvider;
}
interface Finished extends Known {
  readonly endMs: number;
  readonly failed: boolean;
  readonly rework: boolean;
  readonly recovery: { readonly ms: number; readonly atMs: number } | undefined;
  readonly leads: readonly number[];
  readonly coding: readonly number[];
  readonly review: readonly number[];
  readonly deploying: readonly number[];
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MARGIN_MS = 30 * DAY_MS;

/** Rows by `grouping value@window`; what is absent is left out. Durations are minutes. */
export function oracleDoraRows(input: DoraOracleInput): Map<string, Record<string, number>> {
  const known = input.deployments.flatMap((one): Known[] => {
    const labels = input.labels(one.subjectRow);
    const provider = input.providers.find(({ name, policy }) => name === labels?.provider && policy !== undefined);
    if (labels === undefined || provider === undefined || (one.flags & DEPLOYMENT_FLAGS.deleted) !== 0) return [];
    return [{ ...one, labels, provider }];
  });
  const counted = known.filter(({ labels }) => input.settings.environments.includes(labels.environment));
  const finished = counted
    .filter(({ outcome }) => outcome === 'success' || outcome === 'failure')
    .map((one) => judge(one, known, input));
  const rows = new Map<string, Record<string, number>>();
  const ofDeployments = input.providers.filter(({ policy }) => policy !== undefined);
  const groups = new Map<string, (one: Known) => boolean>();
  const scopeOfAll = ofDeployments.filter(
    ({ name, isOptional }) => isOptional !== true || counted.some(({ labels }) => labels.provider === name),
  );
  if (scopeOfAll.length > 0) groups.set('all', () => true);
  for (const { labels } of counted) {
    groups.set(`service ${labels.service}`, (one) => one.labels.service === labels.service);
    groups.set(`provider ${labels.provider}`, (one) => one.labels.provider === labels.provider);
    if (labels.team !== '') groups.set(`team ${labels.team}`, (one) => one.labels.team === labels.team);
  }
  for (const [name, isIn] of groups) {
    const scope = name === 'all' ? scopeOfAll : [...new Set(counted.filter(isIn).map(({ provider }) => provider))];
    for (const window of input.settings.windows) {
      rows.set(`${name}@${window.name}`, statistics(finished.filter(isIn), { scope, ms: window.ms }, input.settings));
    }
  }
  return rows;
}

function judge(one: Known, all: readonly Known[], { settings, incidents, providers }: DoraOracleInput): Finished {
  const endMs = one.finishedAtMs ?? Number.NaN;
  const from = settings.failureFrom;
  const sameRepository = all.filter(
    ({ labels }) => labels.provider === one.labels.provider && labels.repository === one.labels.repository,
  );
  const paired = inOrder(
    sameRepository.filter(
      ({ labels, outcome }) =>
        labels.platformEnvironment === one.labels.platformEnvironment &&
        (outcome === 'success' || outcome === 'failure'),
    ),
  );
  const successes = inOrder(
    sameRepository.filter(
      ({ labels, outcome }) => labels.environment === one.labels.environment && outcome === 'success',
    ),
  );
  const at = paired.indexOf(one);
  const next = one.outcome === 'success' ? successes[successes.indexOf(one) + 1] : undefined;
  const blamed =
    one.outcome === 'success' && from.includes('incident')
      ? incidents
          .filter(({ provider }) => providers.some(({ name }) => name === provider))
          .filter(({ service }) => service === one.labels.renamedService)
          .filter(({ triggeredAtMs }) => triggeredAtMs >= endMs && triggeredAtMs <= endMs + settings.incidentWithinMs)
          .filter(({ triggeredAtMs }) => next === undefined || triggeredAtMs < (next.finishedAtMs ?? 0))
          .sort((a, b) => a.triggeredAtMs - b.triggeredAtMs || a.row - b.row)
      : [];
  const rolledBackBy = from.includes('rollback') && next !== undefined && isRollback(next) ? next : undefined;
  const before = paired[at - 1];
  const ref = (one.ref ?? '').replace(/^refs\/(heads|tags)\//, '');
  const leadTime = one.provider.policy?.leadTime;
  const changes = one.outcome === 'success' && leadTime !== 'off' ? one.changes : [];
  const starts = changes.map((change) => ({
    ...change,
    startMs: leadTime === 'pull_requests' ? (change.firstCommitAtMs ?? change.authoredAtMs) : change.authoredAtMs,
  }));
  const led = starts.filter(({ startMs }) => startMs <= endMs);
  const staged = leadTime === 'pull_requests' ? led : [];
  return {
    ...one,
    endMs,
    failed: one.outcome === 'failure' ? from.includes('deployment') : rolledBackBy !== undefined || blamed.length > 0,
    rework:
      settings.reworkRefs.some(({ expression }) => one.ref !== undefined && expression.test(ref)) ||
      (one.outcome === 'success' && (isRollback(one) || before?.outcome === 'failure')),
    recovery: recoveryOf({ one, endMs, paired, at, rolledBackBy, blamed, from }),
    leads: led.map(({ startMs }) => endMs - startMs),
    coding: durations(staged.map(({ firstCommitAtMs, openedAtMs }) => [firstCommitAtMs, openedAtMs])),
    review: durations(staged.map(({ openedAtMs, mergedAtMs }) => [openedAtMs, mergedAtMs])),
    deploying: durations(staged.map(({ mergedAtMs }) => [mergedAtMs, endMs])),
  };
}

function recoveryOf(given: {
  readonly one: Known;
  readonly endMs: number;
  readonly paired: readonly Known[];
  readonly at: number;
  readonly rolledBackBy: Known | undefined;
  readonly blamed: readonly BlamingIncident[];
  readonly from: DoraSettings['failureFrom'];
}): Finished['recovery'] {
  const { one, endMs, paired, at } = given;
  if (one.outcome === 'failure') {
    if (!given.from.includes('deployment') || paired[at - 1]?.outcome === 'failure') return undefined;
    const success = paired.slice(at).find(({ outcome }) => outcome === 'success');
    if (success?.finishedAtMs === undefined) return undefined;
    const ms = success.finishedAtMs - endMs;
    const { openWindowMs = Number.POSITIVE_INFINITY, flakyBelowMs = 0 } = one.provider.policy ?? {};
    return ms < flakyBelowMs || ms > openWindowMs ? undefined : { ms, atMs: success.finishedAtMs };
  }
  if (given.rolledBackBy?.finishedAtMs !== undefined) {
    return { ms: given.rolledBackBy.finishedAtMs - endMs, atMs: given.rolledBackBy.finishedAtMs };
  }
  const first = given.blamed.find(({ isMerged }) => !isMerged);
  return first === undefined || Number.isNaN(first.recoveryMs)
    ? undefined
    : { ms: first.recoveryMs, atMs: first.recoveredAtMs };
}

function isRollback({ outcome, flags }: DeploymentSummary): boolean {
  return outcome === 'success' && (flags & DEPLOYMENT_FLAGS.rollback) !== 0;
}

function inOrder(deployments: readonly Known[]): Known[] {
  const rank = { failure: 0, cancelled: 1, success: 2 };
  return [...deployments].sort(
    (a, b) =>
      (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0) ||
      rank[a.outcome ?? 'cancelled'] - rank[b.outcome ?? 'cancelled'] ||
      a.startedAtMs - b.startedAtMs ||
      a.row - b.row,
  );
}

function durations(pairs: readonly (readonly [fromMs: number | undefined, toMs: number | undefined])[]): number[] {
  return pairs.flatMap(([fromMs, toMs]) =>
    fromMs !== undefined && toMs !== undefined && toMs >= fromMs ? [toMs - fromMs] : [],
  );
}

function statistics(
  finished: readonly Finished[],
  { scope, ms }: { readonly scope: readonly DoraProvider[]; readonly ms: number },
  settings: DoraSettings,
): Record<string, number> {
  const current = within(finished, { lagMs: 0, ms });
  const before = within(finished, { lagMs: ms, ms });
  const n = settings.minimumSample;
  const values = {
    deployments: current.ended.length,
    failures: current.ended.filter(({ failed }) => failed).length,
    changes: current.ended.flatMap(({ leads }) => leads).length,
    recoveries: current.recovered.length,
    ...shares(current.ended, n),
    leadTimeMean: mean(
      current.ended.flatMap(({ leads }) => leads),
      n,
    ),
    leadTimeMedian: quantile(
      current.ended.flatMap(({ leads }) => leads),
      0.5,
      n,
    ),
    leadTime90: quantile(
      current.ended.flatMap(({ leads }) => leads),
      0.9,
      n,
    ),
    coding: mean(
      current.ended.flatMap(({ coding }) => coding),
      n,
    ),
    review: mean(
      current.ended.flatMap(({ review }) => review),
      n,
    ),
    deployment: mean(
      current.ended.flatMap(({ deploying }) => deploying),
      n,
    ),
    recoveryMean: mean(current.recovered, n),
    recoveryMedian: quantile(current.recovered, 0.5, n),
    recovery90: quantile(current.recovered, 0.9, n),
    frequencyPerDay: frequency(finished, scope, { lagMs: 0, ms }),
  };
  const hasBaseline = scope.every(({ endMs, historyStartMs }) => historyStartMs + MARGIN_MS <= endMs - 2 * ms);
  const baselines = {
    frequencyBaseline: frequency(finished, scope, { lagMs: ms, ms }),
    leadTimeBaseline: quantile(
      before.ended.flatMap(({ leads }) => leads),
      0.5,
      n,
    ),
    changeFailureBaseline: shares(before.ended, n).changeFailure,
    recoveryBaseline: quantile(before.recovered, 0.5, n),
  };
  const all: Record<string, number | undefined> = {
    ...values,
    ...(hasBaseline ? baselines : {}),
    ...levels(values, settings.levels),
  };
  return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, number] => pair[1] !== undefined));
}

function within(finished: readonly Finished[], { lagMs, ms }: { lagMs: number; ms: number }) {
  const isIn = (atMs: number, { provider }: Finished) =>
    atMs > provider.endMs - lagMs - ms && atMs <= provider.endMs - lagMs;
  return {
    ended: finished.filter((one) => isIn(one.endMs, one)),
    recovered: finished.flatMap((one) => (one.recovery && isIn(one.recovery.atMs, one) ? [one.recovery.ms] : [])),
  };
}

function shares(ended: readonly Finished[], n: number) {
  if (ended.length < n) return { changeFailure: undefined, rework: undefined };
  return {
    changeFailure: ended.filter(({ failed }) => failed).length / ended.length,
    rework: ended.filter(({ rework }) => rework).length / ended.length,
  };
}

function mean(ms: readonly number[], n: number): number | undefined {
  return ms.length < n ? undefined : ms.reduce((sum, one) => sum + one, 0) / ms.length / MINUTE_MS;
}

function quantile(ms: readonly number[], share: number, n: number): number | undefined {
  if (ms.length < n) return undefined;
  const sorted = [...ms].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? 0;
  return (below + (above - below) * (position % 1)) / MINUTE_MS;
}

function frequency(
  finished: readonly Finished[],
  scope: readonly DoraProvider[],
  { lagMs, ms }: { lagMs: number; ms: number },
): number | undefined {
  const fromMs = Math.max(...scope.map(({ endMs, historyStartMs }) => Math.max(endMs - lagMs - ms, historyStartMs)));
  const toMs = Math.min(...scope.map(({ endMs }) => endMs - lagMs));
  if (toMs <= fromMs) return undefined;
  const count = finished.filter(
    ({ outcome, endMs }) => outcome === 'success' && endMs > fromMs && endMs <= toMs,
  ).length;
  return count / ((toMs - fromMs) / DAY_MS);
}

interface Leveled {
  readonly frequencyPerDay: number | undefined;
  readonly leadTimeMedian: number | undefined;
  readonly changeFailure: number | undefined;
  readonly recoveryMedian: number | undefined;
}

function levels(values: Leveled, bounds: DoraSettings['levels']): Record<string, number | undefined> {
  const pick = (value: number | undefined, met: readonly boolean[]) =>
    value === undefined ? undefined : [...met, true].indexOf(true);
  const { frequencyPerDay = 0, leadTimeMedian = 0, changeFailure = 0, recoveryMedian = 0 } = values;
  const { deploymentFrequencyMs: f, leadTimeMs: l, changeFailureRatio: c, recoveryTimeMs: r } = bounds;
  const of = {
    deploymentFrequencyLevel: pick(
      values.frequencyPerDay,
      [f.elite, f.high, f.medium].map((ms) => frequencyPerDay >= DAY_MS / ms),
    ),
    leadTimeLevel: pick(
      values.leadTimeMedian,
      [l.elite, l.high, l.medium].map((ms) => leadTimeMedian < ms / MINUTE_MS),
    ),
    changeFailureLevel: pick(
      values.changeFailure,
      [c.elite, c.high, c.medium].map((share) => changeFailure <= share),
    ),
    recoveryTimeLevel: pick(
      values.recoveryMedian,
      [r.elite, r.high, r.medium].map((ms) => recoveryMedian < ms / MINUTE_MS),
    ),
  };
  const found = Object.values(of);
  return { ...of, overallLevel: found.includes(undefined) ? undefined : Math.max(...found.map((one) => one ?? 0)) };
}
