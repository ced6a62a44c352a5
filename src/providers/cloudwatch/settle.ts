import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident, Rejection, Signal } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import type { Account } from './account.ts';
import { readAlarms } from './alarms.ts';
import type { AlarmApi } from './api.ts';
import type { Book } from './book.ts';
import type { HeldAlarms } from './held.ts';
import { type AlarmFacts, incidentOf } from './incidents.ts';
import { recoveriesOfAlarm } from './recoveries.ts';
import { DELETED } from './signals.ts';
import { incidentId, placeOf } from './subject.ts';
import type { AlarmTags, TagReader } from './tags.ts';

/** What a page says of alarms; where the poll stands is added by who knows. */
export type Part = Pick<Page, 'incidents' | 'signals' | 'rejected' | 'deletedIds' | 'wholeSubjects'>;

/** The tags that alarms are told apart by; without a name no tags are read. */
export interface TagNames {
  readonly service: string | undefined;
  readonly severity: string | undefined;
}

/** One region in one poll. */
export interface RegionPoll {
  readonly region: string;
  readonly api: AlarmApi;
  readonly tags: TagReader;
  readonly held: HeldAlarms;
  readonly tagNames: TagNames;
  readonly account: Account;
  readonly book: Book;
  /** Subjects with incidents that were rejected before. */
  readonly rejectedSubjects: ReadonlySet<string>;
  /** Pages are committed one by one; else all that the poll says is one batch, in which an alarm is told of once. */
  readonly isFirst: boolean;
  /** Nothing later is taken. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** Questions about tags that may be under way at once (DESIGN: 4 per provider). */
export const TAGS_AHEAD = 4;

/** Makes the incidents of all alarms anew of which the book has just learnt something, and of those `besides`. */
export async function settle(
  poll: RegionPoll,
  fresh: readonly Signal[],
  besides: readonly string[] = [],
): Promise<Part> {
  const bySubject = Map.groupBy(fresh, ({ subject }) => subject);
  // Those that waited go first.
  const touched = [...new Set([...besides, ...bySubject.keys()])];
  if (touched.length > 0) await learnAccount(poll);
  const parts: Part[] = [{ ...NOTHING, signals: fresh }];
  for await (const part of mapConcurrent(touched, TAGS_AHEAD, (one) =>
    settleAlarm(poll, one, bySubject.get(one) ?? []),
  )) {
    parts.push(part);
  }
  return {
    signals: parts.flatMap((part) => part.signals),
    incidents: parts.flatMap((part) => part.incidents),
    rejected: parts.flatMap((part) => part.rejected),
    deletedIds: parts.flatMap((part) => part.deletedIds),
    wholeSubjects: parts.flatMap((part) => part.wholeSubjects),
  };
}

/** A page that says nothing of any alarm. */
export const NOTHING: Part = { signals: [], incidents: [], rejected: [], deletedIds: [], wholeSubjects: [] };

/** Tells the account by any alarm of the region, unless an answer of this poll did. */
export async function learnAccount({ account, region, api, signal }: RegionPoll): Promise<void> {
  await account.learnIn(region, async () => (await readAlarms(api, {}, signal)).alarms.map(({ arn }) => arn));
}

async function settleAlarm(poll: RegionPoll, subject: string, fresh: readonly Signal[]): Promise<Part> {
  const { book, held } = poll;
  // What was held back or rejected is stored with all of its signals, but not as incidents.
  const isWhole = held.has(subject) || poll.rejectedSubjects.has(subject);
  const earliestMs = fresh.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
  const { signals, afterMs } = book.since(subject, isWhole ? Number.NEGATIVE_INFINITY : earliestMs);
  const { chains, startUnknown } = recoveriesOfAlarm(signals, poll.untilMs);
  const freshIds = new Set(fresh.map(({ id }) => id));
  const rejected = startUnknown.filter(({ id }) => freshIds.has(id)).map(({ atMs }) => unknownStart(subject, atMs));
  // A first sync looks at everything, so that reading all again finds tags that changed.
  const isNeeded = chains.length > 0 || (poll.isFirst && book.lastIncidentOf(subject) !== undefined);
  const facts = isNeeded ? await factsOf(poll, subject) : undefined;
  if (facts === 'held') return { ...NOTHING, rejected };
  held.release(subject);
  const incidents = facts === undefined ? [] : chains.map((chain) => incidentOf(chain, facts));
  const { changed, missingIds, isMoved, all } = book.tell(subject, { afterMs, incidents, facts });
  const isDeleted = fresh.some(({ kind }) => kind === DELETED);
  if (!isMoved || isDeleted) return { ...NOTHING, incidents: changed, rejected, deletedIds: missingIds };
  // All of them, as what is missing here goes.
  return { ...NOTHING, incidents: all(), rejected, wholeSubjects: [subject] };
}

/** An alarm that fires or recovers without a known beginning; `atMs` is what is known of it. */
export function unknownStart(subject: string, atMs: number): Rejection {
  const detail = 'an alarm whose change to ALARM is in no history that the platform keeps';
  return { key: incidentId(subject, atMs), reason: 'start_unknown', detail };
}

/** False when no tag means anything, so that none is read. */
export function isTagged({ tagNames }: Pick<RegionPoll, 'tagNames'>): boolean {
  return tagNames.service !== undefined || tagNames.severity !== undefined;
}

async function factsOf(poll: RegionPoll, subject: string): Promise<AlarmFacts | 'held'> {
  const { account, tagNames, held } = poll;
  const arn = account.arnOf(placeOf(subject));
  const isAskable = isTagged(poll) && arn !== undefined && account.isLearnt();
  const tags = isAskable ? await poll.tags.tagsOf(arn) : 'gone';
  const before = poll.book.lastIncidentOf(subject);
  if (before === undefined && tags === 'later') held.hold(subject);
  if (before === undefined && (tags === 'later' || (tags === 'refused' && held.waits(subject)))) return 'held';
  return factsFrom({ subject, arn, tags, before }, tagNames);
}

interface AlarmKnown {
  readonly subject: string;
  readonly arn: string | undefined;
  readonly tags: AlarmTags;
  readonly before: Incident | undefined;
}

/** The platform's tags; where it does not tell them (any more), what was known of the alarm before. */
export function factsFrom({ subject, arn, tags, before }: AlarmKnown, tagNames: TagNames): AlarmFacts {
  const valueOf = (name: string | undefined, last: string | undefined) => {
    if (name === undefined) return undefined;
    return (typeof tags === 'string' ? last : tags.get(name)) || undefined;
  };
  return {
    subject,
    service: valueOf(tagNames.service, before?.serviceName) ?? placeOf(subject).name,
    severityTag: valueOf(tagNames.severity, before?.severity.tag),
    arn,
  };
}
