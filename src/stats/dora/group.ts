import type { LevelBounds } from '../../config/types.ts';
import { DAY_MS, MINUTE_MS } from '../../model/time.ts';
import { type Coverage, coveredSpan, hasBaseline } from '../evaluate.ts';
import { LEVELS } from '../rows.ts';
import { SortedNumbers } from '../sorted-numbers.ts';
import type { DeploymentFacts, Entry } from './derive.ts';
import {
  type DoraGrouping,
  type DoraRow,
  type DoraSettings,
  type DoraValues,
  LEAD_TIME_STAGES,
  type LeadTimeStage,
  leadTimeMs,
} from './rows.ts';

const ABSENT = Number.NaN;

/** What the deployments of one window add up to; adding one and removing it again changes nothing. */
class WindowTotals {
  deployments = 0;
  failures = 0;
  rework = 0;
  readonly leadTimes = new DurationTotals();
  readonly recoveries = new DurationTotals();
  readonly stages: Readonly<Record<LeadTimeStage, { count: number; sumMs: number }>> = {
    coding: { count: 0, sumMs: 0 },
    review: { count: 0, sumMs: 0 },
    deployment: { count: 0, sumMs: 0 },
  };

  changeDeployment(entry: Entry, { reasons, isRework }: DeploymentFacts, sign: 1 | -1): void {
    this.deployments += sign;
    if (reasons.length > 0) this.failures += sign;
    if (isRework) this.rework += sign;
    const { leadTime } = entry.subject.policy;
    for (const change of entry.changes) {
      const ms = leadTimeMs(change, entry.finishedAtMs, leadTime);
      if (ms === undefined) continue;
      this.leadTimes.change(ms, sign);
      if (leadTime !== 'pull_requests') continue;
      const { firstCommitAtMs, openedAtMs, mergedAtMs } = change;
      this.#changeStage('coding', { fromMs: firstCommitAtMs, toMs: openedAtMs }, sign);
      this.#changeStage('review', { fromMs: openedAtMs, toMs: mergedAtMs }, sign);
      this.#changeStage('deployment', { fromMs: mergedAtMs, toMs: entry.finishedAtMs }, sign);
    }
  }

  /** A stage that ends before it begins is left out. */
  #changeStage(
    stage: LeadTimeStage,
    { fromMs = ABSENT, toMs = ABSENT }: { fromMs: number | undefined; toMs: number | undefined },
    sign: 1 | -1,
  ): void {
    const ms = toMs - fromMs;
    if (!(ms >= 0)) return;
    this.stages[stage].count += sign;
    this.stages[stage].sumMs += sign * ms;
  }
}

/** Durations with their sum, in whole milliseconds. */
class DurationTotals {
  readonly #durations = new SortedNumbers();
  #sumMs = 0;

  get count(): number {
    return this.#durations.size;
  }

  change(ms: number, sign: 1 | -1): void {
    this.#durations.change(ms, sign);
    this.#sumMs += sign * ms;
  }

  meanMinutes(minimumSample: number): number {
    return this.count < minimumSample ? ABSENT : this.#sumMs / this.count / MINUTE_MS;
  }

  quantileMinutes(share: number, minimumSample: number): number {
    return this.count < minimumSample ? ABSENT : (this.#durations.quantile(share) ?? ABSENT) / MINUTE_MS;
  }
}

/** Deployments that share the label of a grouping. */
export class DoraGroup implements DoraRow {
  readonly grouping: DoraGrouping;
  readonly labels: DoraRow['labels'];
  readonly values: DoraValues[];
  version = 0;
  isDirty = true;
  /** Deployments that are held of it, by provider. */
  readonly held = new Map<string, number>();
  readonly windows: readonly WindowTotals[];
  /** The windows just before. */
  readonly baselines: readonly WindowTotals[];
  /** When deployments succeeded, as far back as windows and baselines go. */
  readonly successes = new SortedNumbers();

  constructor(grouping: DoraGrouping, labels: DoraRow['labels'], { windows }: Pick<DoraSettings, 'windows'>) {
    this.grouping = grouping;
    this.labels = labels;
    this.windows = windows.map(() => new WindowTotals());
    this.baselines = windows.map(() => new WindowTotals());
    this.values = windows.map(() => noValues());
  }

  hold(provider: string, change: number): void {
    this.isDirty = true;
    const count = (this.held.get(provider) ?? 0) + change;
    if (count === 0) this.held.delete(provider);
    else this.held.set(provider, count);
  }

  /** Computes the values again; `coverages` are those of the providers of the row. */
  evaluate(coverages: readonly Coverage[], settings: DoraSettings): void {
    for (const [at, { ms }] of settings.windows.entries()) {
      const values = this.values[at];
      const totals = this.windows[at];
      const baseline = this.baselines[at];
      if (values === undefined || totals === undefined || baseline === undefined) continue;
      const next = { ...windowValues(totals, settings), ...this.#timeValues(baseline, { coverages, ms }, settings) };
      const before = Object.values(values);
      Object.assign(values, next, levelValues(next, settings.levels));
      if (!Object.values(values).every((value, index) => Object.is(value, before[index]))) this.version += 1;
    }
    this.isDirty = false;
  }

  #timeValues(
    baseline: WindowTotals,
    { coverages, ms }: { coverages: readonly Coverage[]; ms: number },
    { minimumSample }: DoraSettings,
  ) {
    const span = coveredSpan(coverages, ms);
    const isKnown = hasBaseline(coverages, ms);
    const before = coveredSpan(
      coverages.map(({ endMs, historyStartMs }) => ({ endMs: endMs - ms, historyStartMs })),
      ms,
    );
    return {
      frequencyPerDay: this.#frequencyPerDay(span),
      frequencyBaseline: isKnown ? this.#frequencyPerDay(before) : ABSENT,
      leadTimeBaseline: isKnown ? baseline.leadTimes.quantileMinutes(0.5, minimumSample) : ABSENT,
      changeFailureBaseline: isKnown ? ratio(baseline.failures, baseline.deployments, minimumSample) : ABSENT,
      recoveryBaseline: isKnown ? baseline.recoveries.quantileMinutes(0.5, minimumSample) : ABSENT,
    };
  }

  #frequencyPerDay({ fromMs, toMs }: { fromMs: number; toMs: number }): number {
    if (!(toMs > fromMs)) return ABSENT;
    return (this.successes.countUpTo(toMs) - this.successes.countUpTo(fromMs)) / ((toMs - fromMs) / DAY_MS);
  }
}

function windowValues(totals: WindowTotals, { minimumSample }: DoraSettings) {
  const { deployments, failures, rework, leadTimes, recoveries } = totals;
  const [coding = ABSENT, review = ABSENT, deployment = ABSENT] = LEAD_TIME_STAGES.map((stage) => {
    const { count, sumMs } = totals.stages[stage];
    return count < minimumSample ? ABSENT : sumMs / count / MINUTE_MS;
  });
  return {
    deployments,
    changes: leadTimes.count,
    failures,
    recoveries: recoveries.count,
    leadTimeMean: leadTimes.meanMinutes(minimumSample),
    leadTimeMedian: leadTimes.quantileMinutes(0.5, minimumSample),
    leadTime90: leadTimes.quantileMinutes(0.9, minimumSample),
    coding,
    review,
    deployment,
    changeFailure: ratio(failures, deployments, minimumSample),
    recoveryMean: recoveries.meanMinutes(minimumSample),
    recoveryMedian: recoveries.quantileMinutes(0.5, minimumSample),
    recovery90: recoveries.quantileMinutes(0.9, minimumSample),
    rework: ratio(rework, deployments, minimumSample),
  };
}

function ratio(part: number, whole: number, minimumSample: number): number {
  return whole < minimumSample ? ABSENT : part / whole;
}

type Leveled = Pick<DoraValues, 'frequencyPerDay' | 'leadTimeMedian' | 'changeFailure' | 'recoveryMedian'>;

/** Indexes into LEVELS; `overall` is the worst of the four, known only when all of them are. */
export function levelValues(values: Leveled, levels: DoraSettings['levels']) {
  const { frequencyPerDay, leadTimeMedian, changeFailure, recoveryMedian } = values;
  const perDay = ({ elite, high, medium }: LevelBounds) => ({
    elite: DAY_MS / elite,
    high: DAY_MS / high,
    medium: DAY_MS / medium,
  });
  const minutes = ({ elite, high, medium }: LevelBounds) => ({
    elite: elite / MINUTE_MS,
    high: high / MINUTE_MS,
    medium: medium / MINUTE_MS,
  });
  const isAtLeast = (value: number, bound: number) => value >= bound;
  const isBelow = (value: number, bound: number) => value < bound;
  const isAtMost = (value: number, bound: number) => value <= bound;
  const deploymentFrequencyLevel = levelIndex(frequencyPerDay, perDay(levels.deploymentFrequencyMs), isAtLeast);
  const leadTimeLevel = levelIndex(leadTimeMedian, minutes(levels.leadTimeMs), isBelow);
  const changeFailureLevel = levelIndex(changeFailure, levels.changeFailureRatio, isAtMost);
  const recoveryTimeLevel = levelIndex(recoveryMedian, minutes(levels.recoveryTimeMs), isBelow);
  // Math.max is NaN when one of them is.
  const overallLevel = Math.max(deploymentFrequencyLevel, leadTimeLevel, changeFailureLevel, recoveryTimeLevel);
  return { deploymentFrequencyLevel, leadTimeLevel, changeFailureLevel, recoveryTimeLevel, overallLevel };
}

function levelIndex(value: number, bounds: LevelBounds, meets: (value: number, bound: number) => boolean): number {
  if (Number.isNaN(value)) return ABSENT;
  const best = LEVELS.findIndex((level) => level === 'low' || meets(value, bounds[level]));
  return best;
}

function noValues(): DoraValues {
  const levels = {
    deploymentFrequencyLevel: ABSENT,
    leadTimeLevel: ABSENT,
    changeFailureLevel: ABSENT,
    recoveryTimeLevel: ABSENT,
    overallLevel: ABSENT,
  };
  const times = { leadTimeMean: ABSENT, leadTimeMedian: ABSENT, leadTime90: ABSENT };
  const stages = { coding: ABSENT, review: ABSENT, deployment: ABSENT };
  const recovery = { recoveryMean: ABSENT, recoveryMedian: ABSENT, recovery90: ABSENT };
  const baselines = {
    frequencyBaseline: ABSENT,
    leadTimeBaseline: ABSENT,
    changeFailureBaseline: ABSENT,
    recoveryBaseline: ABSENT,
  };
  const counts = { deployments: ABSENT, changes: ABSENT, failures: ABSENT, recoveries: ABSENT };
  const shares = { frequencyPerDay: ABSENT, changeFailure: ABSENT, rework: ABSENT };
  return { ...counts, ...shares, ...times, ...stages, ...recovery, ...baselines, ...levels };
}
