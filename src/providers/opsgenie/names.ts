import type { Service } from '../../model/incident.ts';
import { HOUR_MS } from '../../model/time.ts';

/** A list of names is read again when it is this old. */
const NAMES_AGE_MAX_MS = HOUR_MS;

/** Names of teams or services by their ids, read when they are needed. */
export interface Names {
  /** Reads the list when it is an hour old, or lacks one of `ids` that it was not asked for before. */
  learn(ids: readonly string[], nowMs: number, signal: AbortSignal): Promise<void>;
  /** Undefined for an id that the platform does not list, or where the key has no right to the list. */
  of(id: string | undefined): string | undefined;
  /** The list, when it was read since the last call of this. */
  takeNews(): readonly Service[] | undefined;
}

/** An empty list of names that `read` fills; it gives undefined where the key has no right to the list. */
export function createNames(read: (signal: AbortSignal) => Promise<readonly Service[] | undefined>): Names {
  let names = new Map<string, string>();
  let readAtMs: number | undefined;
  let news: readonly Service[] | undefined;
  let absent = new Set<string>();
  return {
    async learn(ids, nowMs, signal) {
      // Read "later than now": the time of polls was corrected meanwhile.
      const isFresh = readAtMs !== undefined && readAtMs <= nowMs && nowMs - readAtMs < NAMES_AGE_MAX_MS;
      if (isFresh && ids.every((id) => names.has(id) || absent.has(id))) return;
      news = await read(signal);
      names = new Map(news?.map(({ id, name }) => [id, name]));
      absent = new Set([...(isFresh ? absent : []), ...ids.filter((id) => !names.has(id))]);
      if (!isFresh) readAtMs = nowMs;
    },
    of: (id) => (id === undefined ? undefined : names.get(id)),
    takeNews() {
      const taken = news;
      news = undefined;
      return taken;
    },
  };
}
