import { DAY_MS, MINUTE_MS } from '../model/time.ts';
import type { Group, GroupWindow } from './group.ts';
import { QUANTILES, STATISTICS, type Statistic, type StatisticsSettings } from './rows.ts';

/** A baseline is shown only where history begins at least this much before it (DESIGN §5: a shorter reach loses the longest recoveries). */
export const BASELINE_REACH_MS = 30 * DAY_MS;

/** How far one provider's data goes. */
export interface Coverage {
  readonly endMs: number;
  readonly historyStartMs: number;
  /** How far its platform was read, where that is before `endMs`: the time after it is not covered. */
  readonly readUntilMs?: number;
}

/** What a row rests on besides its incidents. */
export interface EvaluationContext {
  readonly settings: StatisticsSettings;
  /** The providers of the row. */
  readonly coverages: readonly Coverage[];
}

const PLACES = new Map(STATISTICS.map((statistic, place) => [statistic, place]));
const ABSENT = Number.NaN;

/** Computes the values that depend on what is in the windows. */
export function evaluateContents(group: Group, settings: StatisticsSettings): void {
  const write = writer(group);
  for (const [at, window] of group.windows.entries()) {
    write(at, 'opened', window.opened);
    write(at, 'resolved', window.tally.recovery.count);
    write(at, 'repeat', window.repeatRatio());
    write(at, 'withinTarget', window.tally.withinTarget.ratio);
    write(at, 'escalated', window.tally.escalated.ratio);
    write(at, 'reopened', window.tally.reopened.ratio);
    writeMeans(window, (statistic, value) => write(at, statistic, value), settings.minimumSample);
    writeSpread(window, (statistic, value) => write(at, statistic, value), settings.minimumSample);
  }
}

/** Whether anything that the group's row says depends on where the windows end. */
export function hasTimes({ statistics }: Pick<Group, 'statistics'>): boolean {
  return statistics.has('baseline') || statistics.has('free') || statistics.has('mtbf');
}

/** Computes the values that also depend on where the windows end and history begins. */
export function evaluateTimes(group: Group, context: EvaluationContext): void {
  const write = writer(group);
  const { settings, coverages } = context;
  for (const [at, window] of group.windows.entries()) {
    const windowMs = settings.windows[at]?.ms ?? 0;
    const hasBaseline =
      coverages.length > 0 &&
      coverages.every(({ endMs, historyStartMs }) => historyStartMs + BASELINE_REACH_MS <= endMs - 2 * windowMs);
    const { baselineCount, baselineSumMs } = window;
    const baseline = meanMinutes({ count: baselineCount, sum: baselineSumMs }, settings.minimumSample);
    write(at, 'baseline', hasBaseline ? baseline : ABSENT);
    write(at, 'baselineResolved', hasBaseline ? baselineCount : ABSENT);
    const { free, mtbf } = freeTime(group, coveredSpan(coverages, windowMs), settings.minimumSample);
    write(at, 'free', free);
    write(at, 'mtbf', mtbf);
  }
}

/** The time that every provider of a row covers: from the latest of their starts to the earliest of their ends. */
export function coveredSpan(coverages: readonly Coverage[], windowMs: number): { fromMs: number; toMs: number } {
  const starts = coverages.map(({ endMs, historyStartMs }) => Math.max(endMs - windowMs, historyStartMs));
  const ends = coverages.map(({ endMs, readUntilMs = endMs }) => Math.min(endMs, readUntilMs));
  return { fromMs: Math.max(...starts), toMs: Math.min(...ends) };
}

function freeTime(group: Group, { fromMs, toMs }: { fromMs: number; toMs: number }, minimumSample: number) {
  if (group.busy === undefined || !(toMs > fromMs)) return { free: ABSENT, mtbf: ABSENT };
  const openSinceMs = Math.max(fromMs, Math.min(toMs, group.openSince.at(0) ?? toMs));
  const freeMs = openSinceMs - fromMs - group.busy.within(fromMs, openSinceMs);
  const opened = group.openedAt === undefined ? 0 : group.openedAt.countUpTo(toMs) - group.openedAt.countUpTo(fromMs);
  const mtbf = opened >= Math.max(1, minimumSample) ? freeMs / MINUTE_MS / opened : ABSENT;
  return { free: freeMs / (toMs - fromMs), mtbf };
}

type Write = (statistic: Statistic, value: number) => void;

function writeMeans({ tally }: GroupWindow, write: Write, minimumSample: number): void {
  write('mttr', meanMinutes(tally.recovery, minimumSample));
  write('mtta', meanMinutes(tally.acknowledgement, minimumSample));
  write('mttd', meanMinutes(tally.detection, minimumSample));
  write('mtti', meanMinutes(tally.identification, minimumSample));
  write('mttm', meanMinutes(tally.mitigation, minimumSample));
}

function writeSpread({ tally }: GroupWindow, write: Write, minimumSample: number): void {
  const { durations } = tally;
  if (durations === undefined) return;
  const minutes = (ms: number | undefined) => (ms === undefined ? ABSENT : ms / MINUTE_MS);
  const isEnough = durations.size >= minimumSample;
  for (const [statistic, share] of Object.entries(QUANTILES)) {
    if (isQuantile(statistic)) write(statistic, isEnough ? minutes(durations.quantile(share)) : ABSENT);
  }
  write('min', minutes(durations.at(0)));
  write('max', minutes(durations.at(durations.size - 1)));
  write('stddev', tally.deviationMs() / MINUTE_MS);
}

function isQuantile(word: string): word is keyof typeof QUANTILES {
  return word in QUANTILES;
}

/** A mean that rests on too few is absent. */
function meanMinutes({ count, sum }: { readonly count: number; readonly sum: number }, minimumSample: number): number {
  return count < Math.max(1, minimumSample) ? ABSENT : sum / count / MINUTE_MS;
}

function writer(group: Group): (window: number, statistic: Statistic, value: number) => void {
  return (window, statistic, value) => {
    if (group.statistics.has(statistic)) group.set(window, PLACES.get(statistic) ?? 0, value);
  };
}
