import { DateTime } from 'luxon';
import { InputError } from '../model/input-error.ts';
import { findRow, readStatistics, type StatisticValues } from './statistic-info.ts';
import type { Timeline } from './timeline.ts';

/** Parts of a period for a trend. */
export const STEPS = ['day', 'week', 'month'] as const;
export type Step = (typeof STEPS)[number];

/** One part: what happens in (fromMs, toMs] is in it. */
export interface CalendarStep {
  /** Its first day in the zone, or its month: `2026-01-31`, `2026-01`. */
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** False at the edges of a period that cuts it. */
  readonly isWhole: boolean;
}

/** What is said of one day, week or month of a period. */
export interface StepPoint extends CalendarStep {
  readonly statistics: StatisticValues;
}

/** More rows than this nobody reads; almost three years of days. */
const STEPS_MAX = 1000;

/** The days, weeks (from Monday) or months that a period touches, cut to it, as the zone's calendar has them. Throws an InputError for too many. */
export function splitByCalendar(
  period: { readonly fromMs: number; readonly toMs: number; readonly timezone: string },
  step: Step,
): CalendarStep[] {
  const steps: CalendarStep[] = [];
  let start = DateTime.fromMillis(period.fromMs + 1, { zone: period.timezone }).startOf(step);
  while (start.toMillis() <= period.toMs) {
    const next = start.plus({ [step]: 1 }).startOf(step);
    const [wholeFromMs, wholeToMs] = [start.toMillis() - 1, next.toMillis() - 1];
    const fromMs = Math.max(wholeFromMs, period.fromMs);
    const toMs = Math.min(wholeToMs, period.toMs);
    const isWhole = fromMs === wholeFromMs && toMs === wholeToMs;
    steps.push({ name: start.toFormat(step === 'month' ? 'yyyy-MM' : 'yyyy-MM-dd'), fromMs, toMs, isWhole });
    start = next;
  }
  if (steps.length <= STEPS_MAX) return steps;
  const problem = `the trend would have ${steps.length} steps`;
  throw new InputError({ field: 'from', problem, expected: `${STEPS_MAX} or fewer` });
}

/** The distinct lengths of steps, which are the windows of their timeline: a day may be 23 or 25 hours long. */
export function findSpans(steps: readonly CalendarStep[]): number[] {
  return [...new Set(steps.map(({ fromMs, toMs }) => toMs - fromMs))];
}

/** Reads each step in turn, over all groups, from a timeline with these windows; steps that end before anything is known stay empty. */
export function readSteps(steps: readonly CalendarStep[], timeline: Timeline, knownFromMs: number): StepPoint[] {
  const spansMs = findSpans(steps);
  return steps.map((step) => {
    const row = step.toMs <= knownFromMs ? undefined : findRow(timeline.at(step.toMs), 'all');
    const windowIndex = spansMs.indexOf(step.toMs - step.fromMs);
    return { ...step, statistics: row === undefined ? {} : readStatistics(row, windowIndex) };
  });
}
