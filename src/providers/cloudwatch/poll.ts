import type { Log } from '../../model/log.ts';
import type { Page } from '../../model/poll.ts';
import type { Clock } from '../../model/time.ts';
import type { PollRequest } from '../provider.ts';
import { createAccount } from './account.ts';
import type { AlarmApi } from './api.ts';
import { createBook } from './book.ts';
import { beginCourse } from './cursor.ts';
import { createHeldAlarms } from './held.ts';
import { interleave } from './interleave.ts';
import { type RegionPart, readRegion } from './region.ts';
import { NOTHING, type RegionPoll, type TagNames } from './settle.ts';
import { placeOf, subjectOfIncident } from './subject.ts';
import type { AlarmNames } from './tag-round.ts';
import { ALARMS_PER_POLL, createTagReader } from './tags.ts';

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
