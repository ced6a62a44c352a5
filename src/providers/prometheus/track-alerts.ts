import type { LabelledFields } from '../alerts.ts';

/** The instants at which the series were sampled, and how gaps between samples are judged. */
export interface Grid {
  readonly stepMs: number;
  /** Scrapes and rules are not evaluated at the same instant: gaps of both may differ by this much at either end. */
  readonly toleranceMs: number;
  /** An outage of Prometheus up to this long ends no alert. */
  readonly stalenessMs: number;
}

/** Samples of one range, all at instants of the grid. */
export interface SampledRange {
  readonly fromMs: number;
  readonly toMs: number;
  /** When Prometheus was up, ascending. */
  readonly upMs: readonly number[];
  readonly alerts: ReadonlyMap<string, SampledAlert>;
}

/** One series of `ALERTS` with its `ALERTS_FOR_STATE`. */
export interface SampledAlert {
  readonly fields: LabelledFields;
  /** When it fired, ascending. */
  readonly firingMs: readonly number[];
  /** Since when it is active, by the instant of the sample: the time at which it became pending. */
  readonly activeSinceMs: ReadonlyMap<number, number>;
}

/** An alert that fires, or may. */
export interface TrackedAlert {
  readonly fields: LabelledFields;
  /** Absent when it fired before the data begin. */
  readonly firstMs?: number | undefined;
  /** The newest sample of it. */
  readonly lastMs: number;
  /** When it became pending, before its first sample. */
  readonly startedAtMs?: number | undefined;
  /** `ALERTS_FOR_STATE` at its first sample. */
  readonly activeSinceMs?: number | undefined;
}

/** A time without samples of `up_selector`, between the last one before and the first one after; open while it lasts. */
export interface Outage {
  readonly afterMs: number;
  readonly beforeMs?: number | undefined;
}

/** What is known at the end of a range. */
export interface TrackingState {
  /** The first instant that was asked for. */
  readonly scanStartMs: number;
  readonly readToMs: number;
  /** Where the data begin. */
  readonly dataStartMs?: number | undefined;
  /** An alert that is active since before this instant, and fires soon after it, began at an unknown time. */
  readonly unknownBeforeMs?: number | undefined;
  readonly lastUpMs?: number | undefined;
  readonly lastOutage?: Outage | undefined;
  readonly alerts: ReadonlyMap<string, TrackedAlert>;
}

/** An alert that is over; `isEndUnknown` when Prometheus was down as it ended. */
export interface EndedAlert {
  readonly subject: string;
  readonly alert: TrackedAlert;
  readonly endedAtMs: number;
  readonly isEndUnknown: boolean;
}

export interface Tracking {
  readonly state: TrackingState;
  readonly ended: readonly EndedAlert[];
}

/** Follows alerts through one more range. An alert ends at the first instant of the grid without it. */
export function trackAlerts(before: TrackingState, range: SampledRange, grid: Grid): Tracking {
  const data = findDataStart(before, range, grid);
  const outages = findOutages(before, range, grid);
  const alerts = new Map<string, TrackedAlert>();
  const ended: EndedAlert[] = [];
  for (const subject of new Set([...before.alerts.keys(), ...range.alerts.keys()])) {
    const { scanStartMs, readToMs: afterMs } = before;
    const follower = { ...data, scanStartMs, grid, outages, range, afterMs };
    const found = followAlert(before.alerts.get(subject), range.alerts.get(subject), follower);
    for (const one of found.ended) ended.push({ subject, ...one });
    if (found.tracked !== undefined) alerts.set(subject, found.tracked);
  }
  const state = {
    ...data,
    scanStartMs: before.scanStartMs,
    readToMs: range.toMs,
    lastUpMs: range.upMs.at(-1) ?? before.lastUpMs,
    lastOutage: outages.at(-1),
    alerts,
  };
  return { state, ended };
}

type DataStart = Pick<TrackingState, 'dataStartMs' | 'unknownBeforeMs'>;

function findDataStart(before: TrackingState, { upMs, alerts }: SampledRange, { toleranceMs }: Grid): DataStart {
  const { dataStartMs, unknownBeforeMs, scanStartMs } = before;
  if (dataStartMs !== undefined) return { dataStartMs, unknownBeforeMs };
  let firstMs = upMs[0] ?? Number.POSITIVE_INFINITY;
  for (const { firingMs } of alerts.values()) firstMs = Math.min(firstMs, firingMs[0] ?? firstMs);
  if (firstMs === Number.POSITIVE_INFINITY) return {};
  // Where Prometheus' own series begin, everything does: older data were deleted, or not asked for.
  const isAllBegin = firstMs === scanStartMs || (upMs[0] !== undefined && upMs[0] - firstMs <= toleranceMs);
  return { dataStartMs: firstMs, unknownBeforeMs: isAllBegin ? firstMs : undefined };
}

/** The outages that may explain gaps; those a moment apart are one. Before the first sample of `up_selector` there is none. */
function findOutages(before: TrackingState, { upMs, toMs }: SampledRange, { stepMs, toleranceMs }: Grid): Outage[] {
  const outages: Outage[] = before.lastOutage === undefined ? [] : [before.lastOutage];
  const isOngoing = () => outages.length > 0 && outages.at(-1)?.beforeMs === undefined;
  const open = (afterMs: number) => {
    const last = outages.at(-1);
    const isOne = last?.beforeMs !== undefined && afterMs - last.beforeMs <= toleranceMs;
    if (isOne) outages.splice(-1, 1, { afterMs: last.afterMs });
    else outages.push({ afterMs });
  };
  let lastMs = before.lastUpMs;
  for (const atMs of upMs) {
    if (atMs <= before.readToMs) continue;
    if (lastMs !== undefined && atMs - lastMs > stepMs) {
      if (!isOngoing()) open(lastMs);
      outages.splice(-1, 1, { afterMs: outages.at(-1)?.afterMs ?? lastMs, beforeMs: atMs });
    }
    lastMs = atMs;
  }
  if (lastMs !== undefined && toMs - lastMs >= stepMs && !isOngoing()) open(lastMs);
  return outages;
}

interface Follower extends DataStart {
  readonly grid: Grid;
  readonly outages: readonly Outage[];
  readonly range: SampledRange;
  readonly scanStartMs: number;
  /** Samples up to here were followed before. */
  readonly afterMs: number;
}

interface Followed {
  readonly tracked: TrackedAlert | undefined;
  readonly ended: readonly Omit<EndedAlert, 'subject'>[];
}

function followAlert(
  before: TrackedAlert | undefined,
  sampled: SampledAlert | undefined,
  follower: Follower,
): Followed {
  const { grid, range, afterMs } = follower;
  const ended: Omit<EndedAlert, 'subject'>[] = [];
  let alert = before;
  const end = (one: TrackedAlert, isEndUnknown: boolean) =>
    ended.push({ alert: one, endedAtMs: one.lastMs + grid.stepMs, isEndUnknown });
  for (const atMs of sampled?.firingMs ?? []) {
    if (atMs <= afterMs || sampled === undefined) continue;
    if (alert !== undefined && atMs - alert.lastMs > grid.stepMs) {
      alert = throughRestart(alert, sampled, atMs - grid.stepMs, grid);
      const verdict = judgeGap(alert.lastMs, atMs, follower);
      if (verdict === 'ended' || verdict === 'unknown') {
        end(alert, verdict === 'unknown');
        alert = undefined;
      }
    }
    alert = alert === undefined ? begin(atMs, sampled, follower) : { ...alert, lastMs: atMs };
  }
  if (alert === undefined || range.toMs - alert.lastMs < grid.stepMs) return { tracked: alert, ended };
  if (sampled !== undefined) alert = throughRestart(alert, sampled, range.toMs, grid);
  const verdict = judgeGap(alert.lastMs, undefined, follower);
  if (verdict === 'continues') return { tracked: alert, ended };
  end(alert, verdict === 'unknown');
  return { tracked: undefined, ended };
}

function begin(atMs: number, { fields, activeSinceMs }: SampledAlert, follower: Follower): TrackedAlert {
  const activeMs = activeSinceMs.get(atMs);
  const startedAtMs = activeMs !== undefined && activeMs <= atMs ? activeMs : undefined;
  const isKnown = !isBegunBefore(atMs, activeMs, follower);
  return { fields, firstMs: isKnown ? atMs : undefined, lastMs: atMs, startedAtMs, activeSinceMs: activeMs };
}

/** It may have fired before the data begin. */
function isBegunBefore(
  atMs: number,
  activeMs: number | undefined,
  { unknownBeforeMs, scanStartMs, grid }: Follower,
): boolean {
  if (unknownBeforeMs === undefined || atMs > unknownBeforeMs + grid.toleranceMs) return false;
  if (atMs === scanStartMs) return true;
  return activeMs === undefined ? atMs <= unknownBeforeMs + grid.stepMs : activeMs < unknownBeforeMs;
}

/**
 * The alert as it went on through a restart of Prometheus: that makes it pending again, with another time in
 * `ALERTS_FOR_STATE`, which never happens to an alert that fires otherwise.
 */
function throughRestart(
  alert: TrackedAlert,
  { activeSinceMs }: SampledAlert,
  untilMs: number,
  { stepMs }: Grid,
): TrackedAlert {
  if (alert.activeSinceMs === undefined) return alert;
  let lastMs = alert.lastMs;
  let isRestarted = false;
  for (let atMs = lastMs + stepMs; atMs <= untilMs; atMs += stepMs) {
    const value = activeSinceMs.get(atMs);
    if (value === undefined) break;
    isRestarted ||= value !== alert.activeSinceMs;
    lastMs = atMs;
  }
  return isRestarted ? { ...alert, lastMs } : alert;
}

type Verdict = 'continues' | 'ended' | 'unknown';

/** What a gap after `lastMs` means; `nextMs` is absent while it lasts. */
function judgeGap(lastMs: number, nextMs: number | undefined, { grid, outages, range }: Follower): Verdict {
  const { stepMs, toleranceMs, stalenessMs } = grid;
  const gapMs = (nextMs ?? range.toMs) - lastMs;
  if (nextMs !== undefined && gapMs <= stepMs) return 'continues';
  const outage = outages.find(({ afterMs }) => Math.abs(afterMs - lastMs) <= toleranceMs);
  // While the gap is short, Prometheus may turn out to be down.
  if (outage === undefined) return nextMs === undefined && gapMs <= toleranceMs ? 'continues' : 'ended';
  const upAgainMs = outage.beforeMs ?? nextMs;
  if (upAgainMs === undefined) return 'continues';
  if (nextMs === undefined && range.toMs - upAgainMs <= toleranceMs) return 'continues';
  if (nextMs !== undefined && nextMs <= upAgainMs + toleranceMs) {
    const downMs = Math.min(upAgainMs, nextMs) - Math.max(outage.afterMs, lastMs);
    if (downMs >= gapMs / 2) return gapMs <= stalenessMs ? 'continues' : 'unknown';
  }
  return upAgainMs - lastMs > stalenessMs ? 'unknown' : 'ended';
}
