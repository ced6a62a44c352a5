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

/** What is kept of a region between polls. */
export interface Region {
  readonly name: string;
  readonly api: AlarmApi;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'> | undefined;
  readonly alarmNames: AlarmNameCache;
  /** Warnings that have been said. */
  readonly warned: Set<string>;
}

/** Reads all regions at once, each at its own pace. */
export async function* pollRegions(
  request: PollRequest,
  regions: readonly Region[],
  tagNames: TagNames,
): AsyncGenerator<Page> {
  request.signal.throwIfAborted();
  const progress = resumeProgress({ ...request, regions: regions.map(({ name }) => name) });
  const account = createAlarmAccount(progress.account);
  const openSubjects = Map.groupBy(
    new Set((await request.known.openIds()).map(parseIncidentSubject)),
    (subject) => parseSubject(subject).region,
  );
  const rejectedSubjects = new Set((await request.known.rejectedIds()).map(parseIncidentSubject));
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const sources = regions.map((one): AsyncGenerator<CommittedPart> => {
    const { name: region, api, clock, alarmNames } = one;
    const { right } = progress.tags(region);
    // A first sync has no deadline, and tells nothing that is counted.
    const alarmsMax = progress.isFirst ? Number.POSITIVE_INFINITY : ALARMS_PER_POLL;
    const tags = createTagReader({ api, clock, signal, wasRefused: right === 'refused', alarmsMax });
    const poll = {
      region,
      api,
      tags,
      held: createHeldAlarms({ before: progress.held(region), accessBefore: right, tags, nowMs: progress.untilMs }),
      rejectedSubjects,
      tagNames,
      account,
      cache: createAlarmCache(request.known),
      untilMs: progress.untilMs,
      isFirst: progress.isFirst,
      signal,
    };
    const place = {
      fromMs: progress.fromMs(region),
      openSubjects: openSubjects.get(region) ?? [],
      tags: progress.tags(region),
      alarmNames,
    };
    return addTagState(readRegion(poll, place), poll, one);
  });
  for await (const { region, part, newestMs, tags, held } of interleave(sources, () => stop.abort())) {
    progress.advance(region, newestMs);
    progress.setHeld(region, held);
    if (tags !== undefined) progress.setTags(region, tags);
    yield { ...part, cursor: progress.text(account.text()) };
  }
  yield { ...EMPTY_PAGE, ...progress.complete(account.text()) };
}

interface CommittedPart extends RegionPart {
  /** As it is when this part is committed. */
  readonly held: ReadonlyMap<string, number>;
}

/** Adds which alarms are held back to each part, the right to read tags to the last; says once what is missing. */
async function* addTagState(
  parts: AsyncGenerator<RegionPart>,
  { held }: RegionPoll,
  region: Region,
): AsyncGenerator<CommittedPart> {
  for await (const part of parts) {
    if (part.tags === undefined) {
      yield { ...part, held: held.now() };
      continue;
    }
    const right = held.nextAccess();
    if (right === 'refused') warnOnce(region, MISSING_PERMISSION);
    if (held.isRefused()) warnOnce(region, HELD_BACK);
    yield { ...part, held: held.now(), tags: { ...part.tags, right } };
  }
}

const MISSING_PERMISSION = 'tags of alarms may not be read (cloudwatch:ListTagsForResource), defaults are used';
const HELD_BACK = 'tags of new alarms are refused (cloudwatch:ListTagsForResource), their incidents wait for up to 1h';

function warnOnce({ name, log, warned }: Region, message: string): void {
  if (!warned.has(message)) log?.warn(message, { region: name });
  warned.add(message);
}

/**
 * Yields from all sources as they come, one step of each ahead; the first failure ends all. At the end, however it comes,
 * `stop` is called and what was under way is waited for.
 */
export async function* interleave<Item>(
  sources: readonly AsyncGenerator<Item>[],
  stop: () => void,
): AsyncGenerator<Item> {
  const waiting = new Map(sources.map((source) => [source, step(source)]));
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values());
      // Taken out and put in again, it goes behind the others.
      waiting.delete(source);
      if (result.done === true) continue;
      waiting.set(source, step(source));
      yield result.value;
    }
  } finally {
    stop();
    await Promise.allSettled(waiting.values());
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}

interface Step<Item> {
  readonly source: AsyncGenerator<Item>;
  readonly result: IteratorResult<Item, unknown>;
}

function step<Item>(source: AsyncGenerator<Item>): Promise<Step<Item>> {
  const next = source.next().then((result) => ({ source, result }));
  // Observed when its turn comes; without this a failure in the meantime would count as unhandled.
  next.catch(() => undefined);
  return next;
}
