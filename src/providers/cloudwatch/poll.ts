import type { RecoveryLimits } from '../../config/types.ts';
import type { Log } from '../../model/log.ts';
import type { Page } from '../../model/poll.ts';
import type { Clock } from '../../model/time.ts';
import type { PollRequest } from '../provider.ts';
import type { AlarmApi } from './alarm-api.ts';
import { createAlarmCache } from './alarm-cache.ts';
import { createAlarmAccount, parseIncidentSubject, parseSubject } from './alarm-id.ts';
import { resumeProgress } from './cursor.ts';
import { EMPTY_PAGE, type RegionPart, type RegionPoll, readRegion } from './poll-region.ts';
import { ALARMS_PER_POLL, type AlarmNameCache, createHeldAlarms, createTagReader, type TagNames } from './tags.ts';

/** State of a region that is kept between polls. */
export interface Region {
  readonly name: string;
  readonly api: AlarmApi;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'> | undefined;
  readonly alarmNames: AlarmNameCache;
  readonly limits: RecoveryLimits | undefined;
  /** Warnings logged before. */
  readonly warned: Set<string>;
}

/** Reads all regions concurrently, each at its own rate limit. */
export async function* pollRegions(
  request: PollRequest,
  regions: readonly Region[],
  tagNames: TagNames,
): AsyncGenerator<Page> {
  request.signal.throwIfAborted();
  const progress = resumeProgress({ ...request, regions: regions.map(({ name }) => name) });
  const account = createAlarmAccount(progress.account);
  const openSubjects = Map.groupBy(
    new Set((await request.stored.openIds()).map(parseIncidentSubject)),
    (subject) => parseSubject(subject).region,
  );
  const rejectedSubjects = new Set((await request.stored.rejectedIds()).map(parseIncidentSubject));
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const sources = regions.map((one): AsyncGenerator<PartWithHeld> => {
    const { name: region, api, clock, alarmNames, limits } = one;
    const { right } = progress.tags(region);
    // A first sync has no deadline, and nothing that it reports is counted.
    const alarmsMax = progress.isFirst ? Number.POSITIVE_INFINITY : ALARMS_PER_POLL;
    const tags = createTagReader({ api, clock, signal, wasRefused: right === 'refused', alarmsMax });
    const poll = {
      region,
      api,
      tags,
      held: createHeldAlarms({ before: progress.held(region), accessBefore: right, tags, nowMs: progress.untilMs }),
      rejectedSubjects,
      limits,
      tagNames,
      account,
      cache: createAlarmCache(request.stored),
      untilMs: progress.untilMs,
      isFirst: progress.isFirst,
      signal,
    };
    const start = {
      fromMs: progress.fromMs(region),
      openSubjects: openSubjects.get(region) ?? [],
      tags: progress.tags(region),
      alarmNames,
    };
    return addTagState(readRegion(poll, start), poll, one);
  });
  for await (const { region, part, newestMs, tags, held } of interleave(sources, () => stop.abort())) {
    progress.advance(region, newestMs);
    progress.setHeld(region, held);
    if (tags !== undefined) progress.setTags(region, tags);
    yield { ...part, cursor: progress.toCursor(account.toText()) };
  }
  yield { ...EMPTY_PAGE, ...progress.complete(account.toText()) };
}

interface PartWithHeld extends RegionPart {
  /** The held alarms at the time of this part. */
  readonly held: ReadonlyMap<string, number>;
}

/** Adds the held alarms to each part and the access to tags to the last; logs each problem once. */
async function* addTagState(
  parts: AsyncGenerator<RegionPart>,
  { held }: RegionPoll,
  region: Region,
): AsyncGenerator<PartWithHeld> {
  for await (const part of parts) {
    if (part.tags === undefined) {
      yield { ...part, held: held.snapshot() };
      continue;
    }
    const access = held.nextAccess();
    if (access === 'refused') warnOnce(region, MISSING_PERMISSION);
    if (held.hasRefused()) warnOnce(region, HELD_BACK);
    yield { ...part, held: held.snapshot(), tags: { ...part.tags, right: access } };
  }
}

const MISSING_PERMISSION =
  'cannot read alarm tags: permission cloudwatch:ListTagsForResource is missing; using default service and severity';
const HELD_BACK =
  'cannot read tags of new alarms: cloudwatch:ListTagsForResource is refused; holding back their incidents for up to 1h';

function warnOnce({ name, log, warned }: Region, message: string): void {
  if (!warned.has(message)) log?.warn(message, { region: name });
  warned.add(message);
}

/**
 * Yields items of all sources as they arrive, with one item of each requested ahead; the first failure ends all. At the end,
 * also after a failure or an early return, it calls `stop` and waits for all pending items.
 */
export async function* interleave<Item>(
  sources: readonly AsyncGenerator<Item>[],
  stop: () => void,
): AsyncGenerator<Item> {
  const pending = new Map(sources.map((source) => [source, requestNext(source)]));
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values());
      // Deleting and inserting again moves the source behind the others.
      pending.delete(source);
      if (result.done === true) continue;
      pending.set(source, requestNext(source));
      yield result.value;
    }
  } finally {
    stop();
    await Promise.allSettled(pending.values());
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}

interface Step<Item> {
  readonly source: AsyncGenerator<Item>;
  readonly result: IteratorResult<Item, unknown>;
}

function requestNext<Item>(source: AsyncGenerator<Item>): Promise<Step<Item>> {
  const next = source.next().then((result) => ({ source, result }));
  // The result is awaited later; without this handler an early failure would be an unhandled rejection.
  next.catch(() => undefined);
  return next;
}
