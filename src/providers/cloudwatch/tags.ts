import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident } from '../../model/incident.ts';
import { type Clock, HOUR_MS, SECOND_MS } from '../../model/time.ts';
import { applySources, type SourceConfig, type SourcedRecord, sourcesKey } from '../sources.ts';
import { type AlarmApi, type AlarmList, readAlarms, readAllAlarms, type Tags } from './alarm-api.ts';
import type { AlarmCache } from './alarm-cache.ts';
import { type AlarmAccount, parseSubject, toSubject } from './alarm-id.ts';
import type { TagState } from './cursor.ts';
import type { AlarmAttributes, AlarmLabels } from './derive-incidents.ts';

/** Attempts after a refusal, which may be temporary while permissions propagate. The wait grows by a second each time. */
const ATTEMPTS_MAX = 3;
/** After this many refused alarms in a row and none read, this poll requests no more tags of the region. */
const ALARMS_REFUSED_MAX = 2;

/** Most alarms whose tags a later poll requests: 100 s at 2 requests a second, when thousands change at once. */
export const ALARMS_PER_POLL = 200;

/** The tags of an alarm, or why there are none: the alarm does not exist, access was refused, or a later poll requests them. */
export type AlarmTags = Tags | 'not_found' | 'refused' | 'deferred';

/** Whether the tags of a region can be read. */
export type TagAccess = 'read' | 'refused';

/** Reads the tags of one region in one poll. The SDK client retries throttling and failures; then they fail the poll. */
export interface TagReader {
  /** Requests the tags of each alarm once; `deferred` for alarms beyond the limit of this poll. */
  read(arn: string): Promise<AlarmTags>;
  /** `refused` only when nothing could be read; undefined when nothing was requested. */
  access(): TagAccess | undefined;
  /** Number of alarms whose tags may still be requested. */
  remaining(): number;
}

export interface TagReaderOptions {
  readonly api: Pick<AlarmApi, 'tags'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
  /** The last poll that requested tags could read none, so one refusal is enough. */
  readonly wasRefused: boolean;
  readonly alarmsMax: number;
}

/** Reads one alarm at a time until the first success shows that access is granted. */
export function createTagReader({ api, clock, signal, wasRefused, alarmsMax }: TagReaderOptions): TagReader {
  const results = new Map<string, Promise<AlarmTags>>();
  const [attemptsMax, refusedMax] = wasRefused ? [1, 1] : [ATTEMPTS_MAX, ALARMS_REFUSED_MAX];
  let isReadable = false;
  let refused = 0;
  let previous: Promise<unknown> = Promise.resolve();

  async function request(arn: string): Promise<AlarmTags> {
    if (!isReadable && refused >= refusedMax) return 'refused';
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      if (attempt > 1) await clock.sleep((attempt - 1) * SECOND_MS, signal);
      const result = await api.tags(arn, signal);
      if (result === 'denied') continue;
      isReadable = true;
      return result;
    }
    refused += 1;
    return 'refused';
  }

  function requestAfterPrevious(arn: string): Promise<AlarmTags> {
    if (isReadable) return request(arn);
    const result = previous.then(() => request(arn));
    previous = result.catch(() => undefined);
    return result;
  }

  return {
    read(arn) {
      const known = results.get(arn);
      if (known !== undefined) return known;
      if (results.size >= alarmsMax) return Promise.resolve('deferred');
      const result = requestAfterPrevious(arn);
      results.set(arn, result);
      return result;
    },
    access() {
      if (isReadable) return 'read';
      return refused > 0 ? 'refused' : undefined;
    },
    remaining: () => alarmsMax - results.size,
  };
}

/** How long incidents wait for refused tags when others could be read: enough to correct a mistake in a policy. */
const HELD_MAX_MS = HOUR_MS;

/** Alarms of one region whose incidents are held back until their tags are known: what is counted under a wrong service stays there. */
export interface HeldAlarms {
  has(subject: string): boolean;
  /** The held alarms and since when. */
  snapshot(): ReadonlyMap<string, number>;
  /** Whether to hold back an alarm without known tags whose tags were refused now. */
  shouldWait(subject: string): boolean;
  /** Holds an alarm until a later poll asks for its tags. */
  hold(subject: string): void;
  release(subject: string): void;
  /** True when an alarm is held because its tags were refused in this poll. */
  hasRefused(): boolean;
  /** Access to store for the next poll: `refused` after `read` only when an alarm was held for the whole time. */
  nextAccess(): TagAccess | undefined;
}

export interface HeldOptions {
  /** Since when each was held before this poll. */
  readonly before: ReadonlyMap<string, number>;
  readonly accessBefore: TagAccess | undefined;
  readonly tags: Pick<TagReader, 'access'>;
  readonly nowMs: number;
}

/** Where no tags could ever be read the permission is missing, so no alarm is held for it. */
export function createHeldAlarms({ before, accessBefore, tags, nowMs }: HeldOptions): HeldAlarms {
  const sinceMs = new Map(before);
  let hasGivenUp = false;
  let hasRefused = false;
  const hold = (subject: string) => {
    const heldMs = Math.min(sinceMs.get(subject) ?? nowMs, nowMs);
    sinceMs.set(subject, heldMs);
    return heldMs;
  };

  return {
    has: (subject) => sinceMs.has(subject),
    snapshot: () => new Map(sinceMs),
    shouldWait(subject) {
      if (accessBefore !== 'read' && tags.access() !== 'read') return false;
      const isWaiting = nowMs - hold(subject) < HELD_MAX_MS;
      hasGivenUp ||= !isWaiting;
      hasRefused ||= isWaiting;
      return isWaiting;
    },
    hold: (subject) => void hold(subject),
    release: (subject) => void sinceMs.delete(subject),
    hasRefused: () => hasRefused,
    nextAccess() {
      const access = tags.access() ?? accessBefore;
      return access === 'refused' && accessBefore === 'read' && !hasGivenUp ? 'read' : access;
    },
  };
}

/** The configured tag names; where both are undefined no tags are read. */
export interface TagNames {
  readonly service: string | undefined;
  readonly severity: string | undefined;
  /** Where severity, service and team are beside these. */
  readonly sources?: SourceConfig;
}

/** What reading and refreshing tags needs of one region in one poll. */
export interface TagContext {
  readonly region: string;
  readonly api: AlarmApi;
  readonly tags: TagReader;
  readonly tagNames: TagNames;
  readonly account: AlarmAccount;
  readonly cache: AlarmCache;
  /** True during the first sync, which commits page by page; a later poll is one batch that reports each alarm once. */
  readonly isFirst: boolean;
  /** End of the range of this poll. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** Concurrent tag requests (DESIGN: 4 per provider). */
export const TAG_REQUESTS_CONCURRENT = 4;

/** Finds the account from any alarm of the region, unless this poll knows it already. */
export async function ensureAccount({ account, region, api, signal }: TagContext): Promise<void> {
  await account.ensureKnown(region, async () => (await readAlarms(api, {}, signal)).alarms.map(({ arn }) => arn));
}

/** False when no tag is configured, so none is read. */
export function usesTags({ tagNames }: Pick<TagContext, 'tagNames'>): boolean {
  const { service, severity, sources } = tagNames;
  return service !== undefined || severity !== undefined || (sources !== undefined && sourcesKey(sources).length > 0);
}

/** What the tags of an alarm say of its labels; its name is its service where none of them does. */
export function readTags(tags: ReadonlyMap<string, string> | undefined, name: string, tagNames: TagNames): AlarmLabels {
  const { service, severity, sources } = tagNames;
  const find = (tag: string | undefined) => (tag === undefined ? undefined : tags?.get(tag) || undefined);
  const own = {
    severity: { tag: find(severity) },
    serviceName: find(service) ?? name,
    tags: Object.fromEntries(tags ?? []),
  };
  const record: SourcedRecord = sources === undefined ? own : applySources<SourcedRecord>(own, undefined, sources);
  return { service: record.serviceName ?? '', severityTag: record.severity.tag, team: record.team };
}

interface AttributeSource {
  readonly subject: string;
  readonly arn: string | undefined;
  readonly tags: AlarmTags;
  readonly before: Incident | undefined;
}

/** Attributes from the tags; where these are not available, from the alarm's newest incident `before`. */
export function toAttributes({ subject, arn, tags, before }: AttributeSource, tagNames: TagNames): AlarmAttributes {
  if (typeof tags !== 'string') return { subject, arn, ...readTags(tags, parseSubject(subject).name, tagNames) };
  const isWanted = usesTags({ tagNames });
  return {
    subject,
    service: (isWanted && before?.serviceName) || parseSubject(subject).name,
    severityTag: isWanted ? before?.severity.tag : undefined,
    team: isWanted ? before?.team : undefined,
    arn,
  };
}

/** Time between refreshes of all tags of a region: 4 requests per alarm and day, as AWS bills requests. */
const REFRESH_INTERVAL_MS = 6 * HOUR_MS;
/** Alarms refreshed in one poll: 10 s at 2 requests a second. */
const REFRESHED_PER_POLL = 20;
/** Alarms looked up in the store in one poll, so that thousands without incidents take only a few polls. */
const LOOKED_UP_PER_POLL = 1000;

/** Names of the alarms of a region, listed once per refresh. */
export interface AlarmNameCache {
  forRefresh(startedAtMs: number, list: () => Promise<AlarmList>): Promise<readonly string[]>;
}

/** An empty cache; after a restart the names are listed again. */
export function createAlarmNameCache(): AlarmNameCache {
  let listed: { readonly startedAtMs: number; readonly names: readonly string[] } | undefined;
  return {
    async forRefresh(startedAtMs, list) {
      if (listed?.startedAtMs === startedAtMs) return listed.names;
      const { alarms } = await list();
      listed = { startedAtMs, names: alarms.map(({ name }) => name).sort() };
      return listed.names;
    },
  };
}

/** Result of one part of a refresh. */
export interface TagRefresh {
  /** Incidents whose labels changed. */
  readonly incidents: readonly Incident[];
  readonly state: TagState;
}

/**
 * History does not report changes of tags, so the tags of all alarms with incidents are requested again, some in each poll.
 * A change is applied to all stored incidents of the alarm.
 */
export async function refreshTags(poll: TagContext, state: TagState, alarmNames: AlarmNameCache): Promise<TagRefresh> {
  const { api, signal, untilMs } = poll;
  if (!usesTags(poll)) return { incidents: [], state };
  const { service = '', severity = '', sources } = poll.tagNames;
  const names = [service, severity, ...(sources === undefined ? [] : sourcesKey(sources))];
  // A first sync has just read the tags of every alarm with incidents.
  if (poll.isFirst) return { incidents: [], state: { ...state, roundAtMs: untilMs, names } };
  const isNew = isRefreshDue(poll, state, names);
  if ((!isNew && state.roundName === undefined) || poll.tags.remaining() < REFRESHED_PER_POLL)
    return { incidents: [], state };
  const roundAtMs = isNew ? untilMs : (state.roundAtMs ?? untilMs);
  const after = isNew ? '' : (state.roundName ?? '');
  const all = await alarmNames.forRefresh(roundAtMs, () => readAllAlarms(api, {}, signal));
  const rest = all.filter((name) => name > after).slice(0, LOOKED_UP_PER_POLL);
  const { subjects, lastName } = await findNextWithIncidents(poll, rest);
  if (subjects.length > 0) await ensureAccount(poll);
  const incidents: Incident[] = [];
  for await (const changed of mapConcurrent(subjects, TAG_REQUESTS_CONCURRENT, (subject) =>
    refreshAlarm(poll, subject),
  )) {
    incidents.push(...changed);
  }
  const isComplete = lastName === undefined || lastName === all.at(-1) || poll.tags.access() === 'refused';
  const { roundName: _, ...others } = state;
  return { incidents, state: { ...others, roundAtMs, names, ...(isComplete ? {} : { roundName: lastName }) } };
}

/** True at each interval unless a refresh is running; at once when other tags are configured or access has been granted. */
function isRefreshDue(
  { tags, untilMs }: TagContext,
  { roundAtMs, roundName, names, right }: TagState,
  wanted: readonly string[],
): boolean {
  if (roundAtMs === undefined || names?.join('\n') !== wanted.join('\n')) return true;
  if (right === 'refused' && tags.access() === 'read') return true;
  return roundName === undefined && (roundAtMs > untilMs || untilMs - roundAtMs >= REFRESH_INTERVAL_MS);
}

/** The next alarms with incidents, at most as many as one poll refreshes, and the last name that was looked up. */
async function findNextWithIncidents({ region, cache }: TagContext, names: readonly string[]) {
  const subjects: string[] = [];
  let lookedUp = 0;
  while (lookedUp < names.length && subjects.length < REFRESHED_PER_POLL) {
    const next = names.slice(lookedUp, lookedUp + REFRESHED_PER_POLL - subjects.length);
    const candidates = next.map((name) => toSubject({ region, name }));
    await cache.load(candidates);
    subjects.push(...candidates.filter((subject) => cache.findLastIncident(subject) !== undefined));
    lookedUp += next.length;
  }
  return { subjects, lastName: names[lookedUp - 1] };
}

async function refreshAlarm({ account, tags: reader, tagNames, cache }: TagContext, subject: string) {
  const arn = account.toArn(parseSubject(subject));
  const tags = arn === undefined || !account.isConfirmed() ? 'not_found' : await reader.read(arn);
  if (typeof tags === 'string') return [];
  const attributes = toAttributes({ subject, arn, tags, before: undefined }, tagNames);
  return cache.updateIncidents(subject, { afterMs: Number.POSITIVE_INFINITY, incidents: [], attributes }).changed;
}
