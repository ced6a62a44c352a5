import type { PollRequest } from './provider.ts';

/**
 * Records that left the open set and are asked for by their ids in one poll: enough for any usual minute, and few enough
 * (at most two requests each, 130 a minute on the slowest platform) that the poll ends long before its deadline.
 */
export const MISSING_PER_POLL = 100;

/** Where the turns of a provider stand: the ids that were asked for last. Kept in its cursor. */
export interface LookupPosition {
  readonly missingId?: string | undefined;
  readonly retriedId?: string | undefined;
}

export interface LookupOptions {
  readonly request: Pick<PollRequest, 'known' | 'maxMissing'>;
  /** This poll has learnt about the record already. */
  readonly isSeen: (id: string) => boolean;
  readonly position: LookupPosition;
  /** Records that were rejected before and are asked for again in one poll. */
  readonly retriesMax: number;
}

export interface Lookups extends LookupPosition {
  readonly ids: readonly string[];
}

/**
 * What one poll asks for by id: stored open records that no list shows any more, and, apart from these, records that
 * were rejected before. Of both only so many, the next ones in the next poll; what is not asked for stays as it is.
 */
export async function chooseLookups({ request, isSeen, position, retriesMax }: LookupOptions): Promise<Lookups> {
  const { known, maxMissing = MISSING_PER_POLL } = request;
  const rejectedIds = new Set((await known.rejectedIds()).filter((id) => !isSeen(id)));
  const missingIds = (await known.openIds()).filter((id) => !isSeen(id) && !rejectedIds.has(id));
  const missing = inTurn(missingIds, position.missingId, maxMissing);
  const retried = inTurn([...rejectedIds], position.retriedId, retriesMax);
  return { ids: [...missing, ...retried], missingId: missing.at(-1), retriedId: retried.at(-1) };
}

/** The ids after `lastId` in their order, then the first ones again: over several polls each has its turn. */
function inTurn(ids: readonly string[], lastId: string | undefined, max: number): readonly string[] {
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
