import type { Incident } from '../../model/incident.ts';
import { type Clock, HOUR_MS, SECOND_MS } from '../../model/time.ts';
import { inOrder } from '../../network/in-order.ts';
import { type AlarmApi, type AlarmList, readAlarms, readAllAlarms, type Tags } from './alarm-api.ts';
import type { AlarmCache } from './alarm-cache.ts';
import { type AlarmAccount, parseSubject, toSubject } from './alarm-id.ts';
import type { TagState } from './cursor.ts';
import type { AlarmAttributes } from './derive-incidents.ts';

/** A refusal may pass (rights take a moment to spread): it is asked about again so often, the wait growing by a second. */
const ATTEMPTS_MAX = 3;
/** So many alarms refused in a row, none read: the others of the region are not asked about in this poll. */
const ALARMS_REFUSED_MAX = 2;

/** The most alarms that a later poll asks about: 100 s at 2 requests a second, when thousands change at once. */
export const ALARMS_PER_POLL = 200;

/** The tags of an alarm; or that there is no such alarm any more; that they may not be read now; that later polls will ask. */
export type AlarmTags = Tags | 'gone' | 'refused' | 'later';

/** Reads the tags of one region in one poll. Throttling and failures are tried again below, and then fail the poll. */
export interface TagReader {
  /** Each alarm is asked about once, and `later` is said of those beyond the most of this poll. */
  read(arn: string): Promise<AlarmTags>;
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
  const [attemptsMax, refusedMax] = wasRefused ? [1, 1] : [ATTEMPTS_MAX, ALARMS_REFUSED_MAX];
  let isReadable = false;
  let refused = 0;
  let lastAsked: Promise<unknown> = Promise.resolve();

  async function ask(arn: string): Promise<AlarmTags> {
    if (!isReadable && refused >= refusedMax) return 'refused';
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      if (attempt > 1) await clock.sleep((attempt - 1) * SECOND_MS, signal);
      const answer = await api.tags(arn, signal);
      if (answer === 'denied') continue;
      isReadable = true;
      return answer;
    }
    refused += 1;
    return 'refused';
  }

  function askAfterPrevious(arn: string): Promise<AlarmTags> {
    if (isReadable) return ask(arn);
    const answer = lastAsked.then(() => ask(arn));
    lastAsked = answer.catch(() => undefined);
    return answer;
  }

  return {
    read(arn) {
      const known = answers.get(arn);
      if (known !== undefined) return known;
      if (answers.size >= alarmsMax) return Promise.resolve('later');
      const answer = askAfterPrevious(arn);
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

/** So long incidents wait for tags that are refused although others could be read: a slip in a policy is mended by then. */
const HELD_MAX_MS = HOUR_MS;

/** Alarms of one region whose incidents are not told before their tags are known: what is counted under a wrong service stays there. */
export interface HeldAlarms {
  has(subject: string): boolean;
  /** Since when each is held, as it is now. */
  now(): ReadonlyMap<string, number>;
  /** Whether to wait (on) for the tags of an alarm that were refused now, and none are known from before. */
  shouldWait(subject: string): boolean;
  /** Holds an alarm until a later poll asks for its tags. */
  hold(subject: string): void;
  release(subject: string): void;
  /** True when an alarm waits because its tags were refused in this poll. */
  isRefused(): boolean;
  /** Whether tags can be read, for the next poll: a right is believed to be gone when an alarm waited in vain. */
  nextAccess(): 'read' | 'refused' | undefined;
}

export interface HeldOptions {
  /** Since when each was held before this poll. */
  readonly before: ReadonlyMap<string, number>;
  readonly accessBefore: 'read' | 'refused' | undefined;
  readonly tags: Pick<TagReader, 'right'>;
  readonly nowMs: number;
}

/** Where no tags could ever be read the right is missing: nobody waits for it. */
export function createHeldAlarms({ before, accessBefore, tags, nowMs }: HeldOptions): HeldAlarms {
  const sinceMs = new Map(before);
  let hasGivenUp = false;
  let isRefused = false;
  const hold = (subject: string) => {
    const heldMs = Math.min(sinceMs.get(subject) ?? nowMs, nowMs);
    sinceMs.set(subject, heldMs);
    return heldMs;
  };

  return {
    has: (subject) => sinceMs.has(subject),
    now: () => new Map(sinceMs),
    shouldWait(subject) {
      if (accessBefore !== 'read' && tags.right() !== 'read') return false;
      const isWaiting = nowMs - hold(subject) < HELD_MAX_MS;
      hasGivenUp ||= !isWaiting;
      isRefused ||= isWaiting;
      return isWaiting;
    },
    hold: (subject) => void hold(subject),
    release: (subject) => void sinceMs.delete(subject),
    isRefused: () => isRefused,
    nextAccess() {
      const right = tags.right() ?? accessBefore;
      return right === 'refused' && accessBefore === 'read' && !hasGivenUp ? 'read' : right;
    },
  };
}

/** The tags that alarms are told apart by; without a name no tags are read. */
export interface TagNames {
  readonly service: string | undefined;
  readonly severity: string | undefined;
}

/** One region in one poll, as far as its tags are concerned. */
export interface TagContext {
  readonly region: string;
  readonly api: AlarmApi;
  readonly tags: TagReader;
  readonly tagNames: TagNames;
  readonly account: AlarmAccount;
  readonly cache: AlarmCache;
  /** Pages are committed one by one; else all that the poll says is one batch, in which an alarm is told of once. */
  readonly isFirst: boolean;
  /** Nothing later is taken. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** Questions about tags that may be under way at once (DESIGN: 4 per provider). */
export const TAG_REQUESTS_CONCURRENT = 4;

/** Tells the account by any alarm of the region, unless an answer of this poll did. */
export async function ensureAccount({ account, region, api, signal }: TagContext): Promise<void> {
  await account.ensureKnown(region, async () => (await readAlarms(api, {}, signal)).alarms.map(({ arn }) => arn));
}

/** False when no tag means anything, so that none is read. */
export function usesTags({ tagNames }: Pick<TagContext, 'tagNames'>): boolean {
  return tagNames.service !== undefined || tagNames.severity !== undefined;
}

interface AttributeSource {
  readonly subject: string;
  readonly arn: string | undefined;
  readonly tags: AlarmTags;
  readonly before: Incident | undefined;
}

/** The platform's tags; where it does not tell them (any more), what was known of the alarm before. */
export function toAttributes({ subject, arn, tags, before }: AttributeSource, tagNames: TagNames): AlarmAttributes {
  const valueOf = (name: string | undefined, last: string | undefined) => {
    if (name === undefined) return undefined;
    return (typeof tags === 'string' ? last : tags.get(name)) || undefined;
  };
  return {
    subject,
    service: valueOf(tagNames.service, before?.serviceName) ?? parseSubject(subject).name,
    severityTag: valueOf(tagNames.severity, before?.severity.tag),
    arn,
  };
}

/** A round over all alarms of a region begins so often: 4 questions about each alarm a day, as the platform bills them. */
const REFRESH_INTERVAL_MS = 6 * HOUR_MS;
/** Alarms that are asked about in one poll: 10 s at 2 requests a second. */
const REFRESHED_PER_POLL = 20;
/** Alarms that are looked up in the store in one poll, so that thousands without any incident take a few polls. */
const LOOKED_UP_PER_POLL = 1000;

/** Names of the alarms of a region, listed once in a round. */
export interface AlarmNameCache {
  forRound(roundAtMs: number, list: () => Promise<AlarmList>): Promise<readonly string[]>;
}

/** Nothing listed yet; what is lost with the process is listed again. */
export function createAlarmNameCache(): AlarmNameCache {
  let listed: { readonly roundAtMs: number; readonly names: readonly string[] } | undefined;
  return {
    async forRound(roundAtMs, list) {
      if (listed?.roundAtMs === roundAtMs) return listed.names;
      const { alarms } = await list();
      listed = { roundAtMs, names: alarms.map(({ name }) => name).sort() };
      return listed.names;
    },
  };
}

/** What a part of a round found. */
export interface TagRefresh {
  /** Those that tags changed. */
  readonly incidents: readonly Incident[];
  readonly state: TagState;
}

/**
 * Tags change without a word in the history: alarms with incidents are asked about again, some in each poll, and what
 * changed reaches all incidents that are stored of them.
 */
export async function refreshTags(poll: TagContext, state: TagState, alarmNames: AlarmNameCache): Promise<TagRefresh> {
  const { api, signal, untilMs } = poll;
  if (!usesTags(poll)) return { incidents: [], state };
  const names = [poll.tagNames.service ?? '', poll.tagNames.severity ?? ''];
  // A first sync has just read the tags of every alarm that has incidents.
  if (poll.isFirst) return { incidents: [], state: { ...state, roundAtMs: untilMs, names } };
  const isNew = isRefreshDue(poll, state, names);
  if ((!isNew && state.roundName === undefined) || poll.tags.left() < REFRESHED_PER_POLL)
    return { incidents: [], state };
  const roundAtMs = isNew ? untilMs : (state.roundAtMs ?? untilMs);
  const after = isNew ? '' : (state.roundName ?? '');
  const all = await alarmNames.forRound(roundAtMs, () => readAllAlarms(api, {}, signal));
  const rest = all.filter((name) => name > after).slice(0, LOOKED_UP_PER_POLL);
  const { subjects, lastName } = await findNextWithIncidents(poll, rest);
  if (subjects.length > 0) await ensureAccount(poll);
  const incidents: Incident[] = [];
  for await (const changed of inOrder(subjects, TAG_REQUESTS_CONCURRENT, (subject) => refreshAlarm(poll, subject))) {
    incidents.push(...changed);
  }
  const isOver = lastName === undefined || lastName === all.at(-1) || poll.tags.right() === 'refused';
  const { roundName: _, ...others } = state;
  return { incidents, state: { ...others, roundAtMs, names, ...(isOver ? {} : { roundName: lastName }) } };
}

/** At its time, unless one is under way; at once when other tags are configured, or when the right to read them has come. */
function isRefreshDue(
  { tags, untilMs }: TagContext,
  { roundAtMs, roundName, names, right }: TagState,
  wanted: readonly string[],
): boolean {
  if (roundAtMs === undefined || names?.join('\n') !== wanted.join('\n')) return true;
  if (right === 'refused' && tags.right() === 'read') return true;
  return roundName === undefined && (roundAtMs > untilMs || untilMs - roundAtMs >= REFRESH_INTERVAL_MS);
}

/** The next alarms that have incidents, as many as one poll may ask about, and the name that was looked up last. */
async function findNextWithIncidents({ region, cache }: TagContext, names: readonly string[]) {
  const subjects: string[] = [];
  let looked = 0;
  while (looked < names.length && subjects.length < REFRESHED_PER_POLL) {
    const next = names.slice(looked, looked + REFRESHED_PER_POLL - subjects.length);
    const asked = next.map((name) => toSubject({ region, name }));
    await cache.load(asked);
    subjects.push(...asked.filter((subject) => cache.lastIncident(subject) !== undefined));
    looked += next.length;
  }
  return { subjects, lastName: names[looked - 1] };
}

async function refreshAlarm({ account, tags: reader, tagNames, cache }: TagContext, subject: string) {
  const arn = account.toArn(parseSubject(subject));
  const tags = arn === undefined || !account.isConfirmed() ? 'gone' : await reader.read(arn);
  if (typeof tags === 'string') return [];
  const attributes = toAttributes({ subject, arn, tags, before: undefined }, tagNames);
  return cache.tell(subject, { afterMs: Number.POSITIVE_INFINITY, incidents: [], attributes }).changed;
}
