import type { Log } from '../../model/log.ts';
import { type Clock, HOUR_MS } from '../../model/time.ts';
import type { AlarmApi } from './api.ts';
import type { Tags } from './schema.ts';

/** One question per alarm: its answer is kept for so long, and a changed tag shows after that. */
const TAGS_KEPT_MS = 6 * HOUR_MS;

/** The tags of the alarms of one region. */
export interface TagReader {
  /** Undefined when the alarm is gone, or its tags may not be read. */
  tagsOf(arn: string, signal: AbortSignal): Promise<Tags | undefined>;
}

export interface TagReaderOptions {
  readonly region: string;
  readonly api: Pick<AlarmApi, 'tags'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'> | undefined;
}

/** Reads tags as they are needed; a refusal is said once and then taken as the answer for all alarms until it is old. */
export function createTagReader({ region, api, clock, log }: TagReaderOptions): TagReader {
  const kept = new Map<string, { readonly tags: Tags | undefined; readonly untilMs: number }>();
  let deniedUntilMs = Number.NEGATIVE_INFINITY;
  let isSaid = false;

  function denied(): undefined {
    deniedUntilMs = clock.nowMs() + TAGS_KEPT_MS;
    if (!isSaid)
      log?.warn('tags of alarms may not be read (cloudwatch:ListTagsForResource), defaults are used', { region });
    isSaid = true;
  }

  return {
    async tagsOf(arn, signal) {
      const found = kept.get(arn);
      if (found !== undefined && clock.nowMs() < found.untilMs) return found.tags;
      if (clock.nowMs() < deniedUntilMs) return undefined;
      const answer = await api.tags(arn, signal);
      if (answer === 'denied') return denied();
      const tags = answer === 'gone' ? undefined : answer;
      kept.set(arn, { tags, untilMs: clock.nowMs() + TAGS_KEPT_MS });
      return tags;
    },
  };
}
