import type { Service } from '../../model/incident.ts';
import { HOUR_MS } from '../../model/time.ts';

/** Age at which a list of names is read again. */
const NAMES_AGE_MAX_MS = HOUR_MS;

/** Names of teams or services by id, read on demand. */
export interface NameCache {
  /** Reads the list when it is an hour old, or when one of `ids` is missing that was not requested before. */
  ensure(ids: readonly string[], nowMs: number, signal: AbortSignal): Promise<void>;
  /** Undefined for an id that the platform does not list, or when the key may not read the list. */
  of(id: string | undefined): string | undefined;
  /** The list, when it was read since the last call. */
  takeUpdates(): readonly Service[] | undefined;
}

/** An empty cache that `read` fills; `read` returns undefined when the key may not read the list. */
export function createNameCache(read: (signal: AbortSignal) => Promise<readonly Service[] | undefined>): NameCache {
  let names = new Map<string, string>();
  let readAtMs: number | undefined;
  let updates: readonly Service[] | undefined;
  let absent = new Set<string>();
  return {
    async ensure(ids, nowMs, signal) {
      // A read time in the future means that the time of polls was corrected since.
      const isFresh = readAtMs !== undefined && readAtMs <= nowMs && nowMs - readAtMs < NAMES_AGE_MAX_MS;
      if (isFresh && ids.every((id) => names.has(id) || absent.has(id))) return;
      updates = await read(signal);
      names = new Map(updates?.map(({ id, name }) => [id, name]));
      absent = new Set([...(isFresh ? absent : []), ...ids.filter((id) => !names.has(id))]);
      if (!isFresh) readAtMs = nowMs;
    },
    of: (id) => (id === undefined ? undefined : names.get(id)),
    takeUpdates() {
      const result = updates;
      updates = undefined;
      return result;
    },
  };
}
