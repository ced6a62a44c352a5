import type { Rejection, Signal } from '../../model/incident.ts';
import { OVERLAP_MS } from '../change-cursor.ts';
import { nextToken } from './alarms.ts';
import type { AlarmApi } from './api.ts';
import { heardIn } from './signals.ts';

/** A token that expires again although nothing was read since is no matter of time. */
const RESTARTS_MAX = 3;

export interface HistoryReading {
  readonly region: string;
  readonly api: AlarmApi;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** One page of the history of a region. */
export interface HistoryHeard {
  readonly signals: readonly Signal[];
  readonly rejected: readonly Rejection[];
  /** The newest state change on this page. */
  readonly newestMs: number | undefined;
}

interface Place {
  readonly fromMs: number;
  readonly token: string | undefined;
}

/** State changes from `fromMs` to `untilMs`, oldest first; where a token has expired, it begins again where it was. */
export async function* readHistory(reading: HistoryReading): AsyncGenerator<HistoryHeard> {
  const { api, untilMs, signal, region } = reading;
  let place: Place = { fromMs: reading.fromMs, token: undefined };
  let seen = new Set<string>();
  let newestMs = reading.fromMs;
  let restarts = 0;
  for (;;) {
    const page = await api.history({ ...place, untilMs }, signal);
    if (page === 'token_expired') {
      if (restarts === RESTARTS_MAX) throw new Error(`the platform refused its own NextToken ${restarts + 1} times`);
      restarts += 1;
      place = { fromMs: Math.max(reading.fromMs, newestMs - OVERLAP_MS), token: undefined };
      seen = new Set();
      continue;
    }
    const heard = heardIn(page.items, { region, nowMs: untilMs });
    const pageNewestMs = newestOf(heard.signals);
    if (pageNewestMs !== undefined && pageNewestMs > newestMs) [newestMs, restarts] = [pageNewestMs, 0];
    yield { ...heard, newestMs: pageNewestMs };
    place = { ...place, token: nextToken(page.token, seen) };
    if (place.token === undefined) return;
  }
}

function newestOf(signals: readonly Signal[]): number | undefined {
  return signals.reduce<number | undefined>((max, { atMs }) => Math.max(max ?? atMs, atMs), undefined);
}
