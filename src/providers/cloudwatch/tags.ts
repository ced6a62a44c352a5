import { type Clock, SECOND_MS } from '../../model/time.ts';
import type { AlarmApi } from './api.ts';
import type { Tags } from './schema.ts';

/** A refusal may pass (rights take a moment to spread): it is asked about again so often, the wait growing by a second. */
const TRIES_MAX = 3;
/** So many alarms refused in a row, none read: the others of the region are not asked about in this poll. */
const ALARMS_REFUSED_MAX = 2;

/** The most alarms that a later poll asks about: 100 s at 2 requests a second, when thousands change at once. */
export const ALARMS_PER_POLL = 200;

/** The tags of an alarm; or that there is no such alarm any more; that they may not be read now; that later polls will ask. */
export type AlarmTags = Tags | 'gone' | 'refused' | 'later';

/** Reads the tags of one region in one poll. Throttling and failures are tried again below, and then fail the poll. */
export interface TagReader {
  /** Each alarm is asked about once, and `later` is said of those beyond the most of this poll. */
  tagsOf(arn: string): Promise<AlarmTags>;
  /** `refused` only when nothing could be read; undefined when nothing was asked. */
  right(): 'read' | 'refused' | undefined;
  /** Alarms that may still be asked about. */
  left(): number;
}

export interface TagReaderOptions {
  readonly api: Pick<AlarmApi, 'tags'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
  /** The last poll that asked could read none: then one refusal says it all. */
  readonly wasRefused: boolean;
  readonly alarmsMax: number;
}

/** A reader that asks about one alarm at a time until the right to read tags has shown. */
export function createTagReader({ api, clock, signal, wasRefused, alarmsMax }: TagReaderOptions): TagReader {
  const answers = new Map<string, Promise<AlarmTags>>();
  const [triesMax, refusedMax] = wasRefused ? [1, 1] : [TRIES_MAX, ALARMS_REFUSED_MAX];
  let isReadable = false;
  let refused = 0;
  let lastAsked: Promise<unknown> = Promise.resolve();

  async function ask(arn: string): Promise<AlarmTags> {
    if (!isReadable && refused >= refusedMax) return 'refused';
    for (let tries = 1; tries <= triesMax; tries += 1) {
      if (tries > 1) await clock.sleep((tries - 1) * SECOND_MS, signal);
      const answer = await api.tags(arn, signal);
      if (answer === 'denied') continue;
      isReadable = true;
      return answer;
    }
    refused += 1;
    return 'refused';
  }

  function inTurn(arn: string): Promise<AlarmTags> {
    if (isReadable) return ask(arn);
    const answer = lastAsked.then(() => ask(arn));
    lastAsked = answer.catch(() => undefined);
    return answer;
  }

  return {
    tagsOf(arn) {
      const known = answers.get(arn);
      if (known !== undefined) return known;
      if (answers.size >= alarmsMax) return Promise.resolve('later');
      const answer = inTurn(arn);
      answers.set(arn, answer);
      return answer;
    },
    right() {
      if (isReadable) return 'read';
      return refused > 0 ? 'refused' : undefined;
    },
    left: () => alarmsMax - answers.size,
  };
}
