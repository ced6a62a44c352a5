import { BASELINE_MARGIN_MS } from '../config/types.ts';
import { MINUTE_MS } from '../model/time.ts';
import { type Group, MEAN_DURATIONS, type Mean, RATIOS } from './group.ts';
import { QUANTILE_STATISTICS, QUANTILES, type StatisticsSettings } from './rows.ts';

/** How far one provider's data goes. */
export interface Coverage {
  readonly endMs: number;
  readonly historyStartMs: number;
  /** How far its platform was read, where that is before `endMs`: the time after it is not covered. */
  readonly readUntilMs?: number;
}

const ABSENT = Number.NaN;

/** Computes the values that depend on what is in the windows. */
export function evaluateWindow(group: Group, { minimumSample }: StatisticsSettings): void {
  for (const [at, window] of group.windows.entries()) {
    group.set(at, 'opened', window.opened);
    group.set(at, 'resolved', window.mean('mttr').count);
    group.set(at, 'repeat', window.repeatRatio());
    for (const statistic of MEAN_DURATIONS)
      group.set(at, statistic, meanMinutes(window.mean(statistic), minimumSample));
    for (const statistic of RATIOS) {
      const { count, sum } = window.mean(statistic);
      group.set(at, statistic, count === 0 ? ABSENT : sum / count);
    }
    const { durations } = window;
    if (durations === undefined) continue;
    const isEnough = durations.size >= minimumSample;
    for (const statistic of QUANTILE_STATISTICS) {
      group.set(at, statistic, isEnough ? minutes(durations.quantile(QUANTILES[statistic])) : ABSENT);
    }
    group.set(at, 'min', minutes(durations.at(0)));
    group.set(at, 'max', minutes(durations.at(durations.size - 1)));
    group.set(at, 'stddev', window.deviationMs() / MINUTE_MS);
  }
}

/** Whether any statistic of the group's row depends on where the windows end. */
export function dependsOnCoverage({ statistics }: Pick<Group, 'statistics'>): boolean {
  return (
    statistics.has('baseline') || statistics.has('free') || statistics.has('mtbf') || statistics.has('availability')
  );
}

/** Computes the values that also depend on where the windows end and history begins. */
export function evaluateCoverage(
  group: Group,
  { windows, minimumSample, availability }: StatisticsSettings,
  /** Of the providers of the row. */
  coverages: readonly Coverage[],
): void {
  for (const [at, { baseline }] of group.windows.entries()) {
    const windowMs = windows[at]?.ms ?? 0;
    const isBaselineKnown = hasBaseline(coverages, windowMs);
    group.set(at, 'baseline', isBaselineKnown ? meanMinutes(baseline, minimumSample) : ABSENT);
    group.set(at, 'baselineResolved', isBaselineKnown ? baseline.count : ABSENT);
    const span = coveredSpan(coverages, windowMs);
    const { free, mtbf } = freeTime(group, span, minimumSample);
    group.set(at, 'free', free);
    group.set(at, 'mtbf', mtbf);
    if (availability === undefined || group.outages === undefined) continue;
    const coveredMs = span.toMs - span.fromMs;
    const downMs = coveredMs > 0 ? coveredMs - group.outages.freeMs(span.fromMs, span.toMs) : ABSENT;
    group.set(at, 'availability', 1 - downMs / coveredMs);
    group.set(at, 'errorBudget', minutes((1 - availability.objective) * coveredMs - downMs));
  }
}

/** Whether history begins far enough before the window that precedes this one. */
export function hasBaseline(coverages: readonly Coverage[], windowMs: number): boolean {
  return (
    coverages.length > 0 &&
    coverages.every(({ endMs, historyStartMs }) => historyStartMs + BASELINE_MARGIN_MS <= endMs - 2 * windowMs)
  );
}

/** The time that every provider of a row covers: from the latest of their starts to the earliest of their ends. */
export function coveredSpan(coverages: readonly Coverage[], windowMs: number): { fromMs: number; toMs: number } {
  const starts = coverages.map(({ endMs, historyStartMs }) => Math.max(endMs - windowMs, historyStartMs));
  const ends = coverages.map(({ endMs, readUntilMs = endMs }) => Math.min(endMs, readUntilMs));
  return { fromMs: Math.max(...starts), toMs: Math.min(...ends) };
}

function freeTime(group: Group, { fromMs, toMs }: { fromMs: number; toMs: number }, minimumSample: number) {
  if (group.openTimes === undefined || !(toMs > fromMs)) return { free: ABSENT, mtbf: ABSENT };
  const freeMs = group.openTimes.freeMs(fromMs, toMs);
  const opened = group.openedAt === undefined ? 0 : group.openedAt.countUpTo(toMs) - group.openedAt.countUpTo(fromMs);
  const mtbf = opened >= Math.max(1, minimumSample) ? freeMs / MINUTE_MS / opened : ABSENT;
  return { free: freeMs / (toMs - fromMs), mtbf };
}

function minutes(ms: number | undefined): number {
  return ms === undefined ? ABSENT : ms / MINUTE_MS;
}

/** A mean that rests on too few is absent. */
function meanMinutes({ count, sum }: Mean, minimumSample: number): number {
  return count < Math.max(1, minimumSample) ? ABSENT : sum / count / MINUTE_MS;
}
