import type { PollRequest } from './provider.ts';

/**
 * Records that left the open set and are requested by id in one poll: enough for a usual minute, and few enough (at most two
 * requests each, 130 a minute on the slowest platform) that the poll ends long before its deadline.
 */
export const MISSING_PER_POLL = 100;

/** The ids requested last, from which the next poll continues. Stored in the cursor of the provider. */
export interface LookupPosition {
  readonly missingId?: string | undefined;
  readonly retriedId?: string | undefined;
}

export interface LookupOptions {
  readonly request: Pick<PollRequest, 'stored' | 'maxMissing'>;
  /** True when this poll has read the record already. */
  readonly isSeen: (id: string) => boolean;
  readonly position: LookupPosition;
  /** Number of formerly rejected records that one poll requests again. */
  readonly retriesMax: number;
}

export interface Lookups extends LookupPosition {
  readonly ids: readonly string[];
}

/**
 * The ids that one poll requests: stored open records that no list contains any more, and records that were rejected before.
 * Both are limited, and the next poll continues after the last id; records that are not requested stay as they are.
 */
export async function chooseLookups({ request, isSeen, position, retriesMax }: LookupOptions): Promise<Lookups> {
  const { stored, maxMissing = MISSING_PER_POLL } = request;
  const rejectedIds = new Set((await stored.rejectedIds()).filter((id) => !isSeen(id)));
  const missingIds = (await stored.openIds()).filter((id) => !isSeen(id) && !rejectedIds.has(id));
  const missing = takeNext(missingIds, position.missingId, maxMissing);
  const retried = takeNext([...rejectedIds], position.retriedId, retriesMax);
  return { ids: [...missing, ...retried], missingId: missing.at(-1), retriedId: retried.at(-1) };
}

/** The ids after `lastId` in sorted order, then from the first again, so that several polls cover all. */
function takeNext(ids: readonly string[], lastId: string | undefined, max: number): readonly string[] {
  if (ids.length <= max) return ids;
  const sorted = ids.toSorted();
  const next =
    lastId === undefined
      ? 0
      : Math.max(
          0,
          sorted.findIndex((id) => id > lastId),
        );
  return [...sorted.slice(next), ...sorted.slice(0, next)].slice(0, max);
}
