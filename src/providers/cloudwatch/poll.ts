import type { Log } from '../../model/log.ts';
import type { Page } from '../../model/poll.ts';
import type { Clock } from '../../model/time.ts';
import type { PollRequest } from '../provider.ts';
import type { AlarmApi } from './alarm-api.ts';
import { createBook } from './alarm-cache.ts';
import { createAccount, placeOf, subjectOfIncident } from './alarm-id.ts';
import { beginCourse } from './cursor.ts';
import { NOTHING, type RegionPart, type RegionPoll, readRegion } from './poll-region.ts';
import { ALARMS_PER_POLL, type AlarmNames, createHeldAlarms, createTagReader, type TagNames } from './tags.ts';

/** What is kept of a region between polls. */
export interface Region {
  readonly name: string;
  readonly api: AlarmApi;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'> | undefined;
  readonly alarmNames: AlarmNames;
  /** Warnings that have been said. */
  readonly said: Set<string>;
}

/** Reads all regions at once, each at its own pace. */
export async function* pollRegions(
  request: PollRequest,
  regions: readonly Region[],
  tagNames: TagNames,
): AsyncGenerator<Page> {
  request.signal.throwIfAborted();
  const course = beginCourse({ ...request, regions: regions.map(({ name }) => name) });
  const account = createAccount(course.account);
  const openSubjects = Map.groupBy(
    new Set((await request.known.openIds()).map(subjectOfIncident)),
    (subject) => placeOf(subject).region,
  );
  const rejectedSubjects = new Set((await request.known.rejectedIds()).map(subjectOfIncident));
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const sources = regions.map((one): AsyncGenerator<HeldPart> => {
    const { name: region, api, clock, alarmNames } = one;
    const { right } = course.tags(region);
    // A first sync has no deadline, and tells nothing that is counted.
    const alarmsMax = course.isFirst ? Number.POSITIVE_INFINITY : ALARMS_PER_POLL;
    const tags = createTagReader({ api, clock, signal, wasRefused: right === 'refused', alarmsMax });
    const poll = {
      region,
      api,
      tags,
      held: createHeldAlarms({ before: course.held(region), rightBefore: right, tags, nowMs: course.untilMs }),
      rejectedSubjects,
      tagNames,
      account,
      book: createBook(request.known),
      untilMs: course.untilMs,
      isFirst: course.isFirst,
      signal,
    };
    const place = {
      fromMs: course.fromMs(region),
      openSubjects: openSubjects.get(region) ?? [],
      tags: course.tags(region),
      alarmNames,
    };
    return withTagState(readRegion(poll, place), poll, one);
  });
  for await (const { region, part, newestMs, tags, held } of interleave(sources, () => stop.abort())) {
    course.advance(region, newestMs);
    course.setHeld(region, held);
    if (tags !== undefined) course.setTags(region, tags);
    yield { ...part, cursor: course.text(account.text()) };
  }
  yield { ...NOTHING, ...course.complete(account.text()) };
}

interface HeldPart extends RegionPart {
  /** As it is when this part is committed. */
  readonly held: ReadonlyMap<string, number>;
}

/** Adds which alarms are held back to each part, the right to read tags to the last; says once what is missing. */
async function* withTagState(
  parts: AsyncGenerator<RegionPart>,
  { held }: RegionPoll,
  region: Region,
): AsyncGenerator<HeldPart> {
  for await (const part of parts) {
    if (part.tags === undefined) {
      yield { ...part, held: held.now() };
      continue;
    }
    const right = held.rightAfter();
    if (right === 'refused') warnOnce(region, MISSING_RIGHT);
    if (held.isRefused()) warnOnce(region, HELD_BACK);
    yield { ...part, held: held.now(), tags: { ...part.tags, right } };
  }
}

const MISSING_RIGHT = 'tags of alarms may not be read (cloudwatch:ListTagsForResource), defaults are used';
const HELD_BACK = 'tags of new alarms are refused (cloudwatch:ListTagsForResource), their incidents wait for up to 1h';

function warnOnce({ name, log, said }: Region, message: string): void {
  if (!said.has(message)) log?.warn(message, { region: name });
  said.add(message);
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
