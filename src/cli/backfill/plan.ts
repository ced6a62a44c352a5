import { durationText, parseDuration } from '../../config/durations.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { parsePeriod } from '../../report/period.ts';
import { WrongUse } from '../command.ts';
import { wrongUseOf } from '../wrong-use.ts';

/** Prometheus looks 5 minutes back for a sample: a larger step leaves holes in graphs that are finer than it. */
export const LOOKBACK_MS = 5 * MINUTE_MS;

/**
 * What Prometheus holds outside of blocks: when it starts, it drops what it had received up to the end of the newest block,
 * so blocks of these hours would take live samples away (https://prometheus.io/docs/prometheus/latest/storage/).
 */
export const HEAD_MS = 3 * HOUR_MS;

/** Instants of the past; milliseconds, both ends included. */
export interface Plan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface PlanInput {
  readonly from: string;
  /** Without it: now for `remote write`, else as late as is safe for blocks. */
  readonly to: string | undefined;
  readonly step: string;
  readonly isPushed: boolean;
  readonly nowMs: number;
  readonly timezone: string;
}

/** Reads the flags of the period; throws WrongUse. */
export function planOf({ from, to, step, isPushed, nowMs, timezone }: PlanInput): Plan {
  const until = to ?? (isPushed ? 'now' : new Date(nowMs - HEAD_MS).toISOString());
  try {
    const { fromMs, toMs } = parsePeriod({ from, to: until, nowMs, timezone });
    return { fromMs, toMs, stepMs: stepOf(step, toMs - fromMs) };
  } catch (error) {
    throw wrongUseOf(error);
  }
}

function stepOf(text: string, spanMs: number): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < SECOND_MS || ms % SECOND_MS !== 0) {
    throw new WrongUse(`--step: "${text}" is no step; expected whole seconds, 1s or more, such as 5m`);
  }
  if (ms > spanMs) throw new WrongUse(`--step: ${text} is longer than the period, which is ${durationText(spanMs)}`);
  return ms;
}

/** The instants, a list for each day (UTC): multiples of the step, and the end, where the live series go on. */
export function daysOf({ fromMs, toMs, stepMs }: Plan): readonly (readonly number[])[] {
  const days: number[][] = [];
  let today = Number.NaN;
  const add = (ms: number) => {
    const day = Math.floor(ms / DAY_MS);
    if (day !== today) days.push([]);
    today = day;
    days.at(-1)?.push(ms);
  };
  for (let ms = Math.ceil(fromMs / stepMs) * stepMs; ms < toMs; ms += stepMs) add(ms);
  add(toMs);
  return days;
}

/** How many instants there are in a plan. */
export function countInstants({ fromMs, toMs, stepMs }: Plan): number {
  return Math.max(0, Math.ceil(toMs / stepMs) - Math.ceil(fromMs / stepMs)) + 1;
}
