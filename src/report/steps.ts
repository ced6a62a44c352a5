import { InputError } from '../model/input-error.ts';
import { type CalendarStep, calendarSteps, type Step } from './calendar.ts';
import { type Figures, figuresOf, rowOf } from './figures.ts';
import type { Timeline } from './timeline.ts';

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
