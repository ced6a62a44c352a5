import { DateTime } from 'luxon';

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
