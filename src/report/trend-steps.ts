import { DateTime } from 'luxon';
import { InputError } from '../model/input-error.ts';
import { type Figures, figuresOf, rowOf } from './statistic-info.ts';
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

/** The days, weeks (from Monday) or months that a period touches, cut to it, as the zone's calendar has them. */
export function calendarSteps(
  period: { readonly fromMs: number; readonly toMs: number; readonly timezone: string },
  step: Step,
): CalendarStep[] {
  const steps: CalendarStep[] = [];
  let begin = DateTime.fromMillis(period.fromMs + 1, { zone: period.timezone }).startOf(step);
  while (begin.toMillis() <= period.toMs) {
    const next = begin.plus({ [step]: 1 }).startOf(step);
    const [wholeFromMs, wholeToMs] = [begin.toMillis() - 1, next.toMillis() - 1];
    const fromMs = Math.max(wholeFromMs, period.fromMs);
    const toMs = Math.min(wholeToMs, period.toMs);
    const isWhole = fromMs === wholeFromMs && toMs === wholeToMs;
    steps.push({ name: begin.toFormat(step === 'month' ? 'yyyy-MM' : 'yyyy-MM-dd'), fromMs, toMs, isWhole });
    begin = next;
  }
  return steps;
}

/** What is said of one day, week or month of a period. */
export interface StepPoint extends CalendarStep {
  readonly figures: Figures;
}

/** The parts of a period, and the windows that their lengths make. */
export interface StepPlan {
  readonly steps: readonly CalendarStep[];
  /** Distinct lengths, in the order of the windows that the timeline must have. */
  readonly spansMs: readonly number[];
}

/** More rows than this nobody reads; almost three years of days. */
const STEPS_MAX = 1000;

/** Cuts a period into steps; days that are 23 or 25 hours long are windows of their own. Throws an InputError for too many. */
export function planSteps(
  period: { readonly fromMs: number; readonly toMs: number; readonly timezone: string },
  step: Step,
): StepPlan {
  const steps = calendarSteps(period, step);
  if (steps.length > STEPS_MAX) {
    throw new InputError('from', `the trend would have ${steps.length} steps; expected ${STEPS_MAX} or fewer`);
  }
  return { steps, spansMs: [...new Set(steps.map(({ fromMs, toMs }) => toMs - fromMs))] };
}

/** Asks the timeline for each step in turn, over all groups; nothing is said of steps that end before anything is known. */
export function readSteps({ steps, spansMs }: StepPlan, timeline: Timeline, knownFromMs: number): StepPoint[] {
  const points: StepPoint[] = [];
  for (const step of steps) {
    const row = step.toMs <= knownFromMs ? undefined : rowOf(timeline.at(step.toMs), 'all');
    const window = spansMs.indexOf(step.toMs - step.fromMs);
    points.push({ ...step, figures: row === undefined ? {} : figuresOf(row, window) });
  }
  return points;
}
