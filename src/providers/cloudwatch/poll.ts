import type { Page } from '../../model/poll.ts';
import type { PollRequest } from '../provider.ts';
import { createAccount } from './account.ts';
import type { AlarmApi } from './api.ts';
import { createBook } from './book.ts';
import { beginCourse } from './cursor.ts';
import { interleave } from './interleave.ts';
import { type RegionPart, readRegion } from './region.ts';
import { NOTHING, type TagNames } from './settle.ts';
import { placeOf, subjectOfIncident } from './subject.ts';
import type { TagReader } from './tags.ts';

/** What is kept of a region between polls. */
export interface Region {
  readonly name: string;
  readonly api: AlarmApi;
  readonly tags: TagReader;
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
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const sources = regions.map(({ name: region, api, tags }): AsyncGenerator<RegionPart> => {
    const poll = {
      region,
      api,
      tags,
      tagNames,
      account,
      book: createBook(request.known),
      untilMs: course.untilMs,
      isFirst: course.isFirst,
      signal,
    };
    return readRegion(poll, { fromMs: course.fromMs(region), openSubjects: openSubjects.get(region) ?? [] });
  });
  for await (const { region, part, newestMs } of interleave(sources, () => stop.abort())) {
    course.advance(region, newestMs);
    yield { ...part, cursor: course.text(account.text()) };
  }
  yield { ...NOTHING, ...course.complete(account.text()) };
}
