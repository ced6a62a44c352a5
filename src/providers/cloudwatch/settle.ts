import type { Rejection, Signal } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import { inOrder } from '../../network/in-order.ts';
import type { Account } from './account.ts';
import { readAlarms } from './alarms.ts';
import type { AlarmApi } from './api.ts';
import type { Book } from './book.ts';
import { type AlarmFacts, incidentOf } from './incidents.ts';
import { recoveriesOfAlarm } from './recoveries.ts';
import { DELETED } from './signals.ts';
import { incidentId, placeOf } from './subject.ts';
import type { TagReader } from './tags.ts';

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
  readonly tagNames: TagNames;
  readonly account: Account;
  readonly book: Book;
  /** Pages are committed one by one; else all that the poll says is one batch, in which an alarm is told of once. */
  readonly isFirst: boolean;
  /** Nothing later is taken. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** Questions about tags that may be under way at once (DESIGN: 4 per provider). */
const TAGS_AHEAD = 4;

/** Makes the incidents of all alarms anew of which the book has just learnt something, and of those `besides`. */
export async function settle(
  poll: RegionPoll,
  fresh: readonly Signal[],
  besides: readonly string[] = [],
): Promise<Part> {
  const bySubject = Map.groupBy(fresh, ({ subject }) => subject);
  const touched = [...new Set([...bySubject.keys(), ...besides])];
  if (touched.length > 0) await poll.account.learnIn(poll.region, () => someArns(poll));
  const parts: Part[] = [{ ...NOTHING, signals: fresh }];
  for await (const part of inOrder(touched, TAGS_AHEAD, (one) => settleAlarm(poll, one, bySubject.get(one) ?? []))) {
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

async function someArns({ api, signal }: RegionPoll): Promise<string[]> {
  const { alarms } = await readAlarms(api, {}, signal);
  return alarms.map(({ arn }) => arn);
}

async function settleAlarm(poll: RegionPoll, subject: string, fresh: readonly Signal[]): Promise<Part> {
  const { chains, startUnknown } = recoveriesOfAlarm(poll.book.signalsOf(subject), poll.untilMs);
  const facts = chains.length === 0 ? undefined : await factsOf(poll, subject);
  const incidents = facts === undefined ? [] : chains.map((chain) => incidentOf(chain, facts));
  const { changed, missingIds, isMoved } = poll.book.tell(subject, incidents);
  const freshIds = new Set(fresh.map(({ id }) => id));
  const rejected = startUnknown.filter(({ id }) => freshIds.has(id)).map(({ atMs }) => unknownStart(subject, atMs));
  const isDeleted = fresh.some(({ kind }) => kind === DELETED);
  if (!isMoved || isDeleted) return { ...NOTHING, incidents: changed, rejected, deletedIds: missingIds };
  // All of them, as what is missing here goes.
  return { ...NOTHING, incidents, rejected, wholeSubjects: [subject] };
}

/** An alarm that fires or recovers without a known beginning; `atMs` is what is known of it. */
export function unknownStart(subject: string, atMs: number): Rejection {
  const detail = 'an alarm whose change to ALARM is in no history that the platform keeps';
  return { key: incidentId(subject, atMs), reason: 'start_unknown', detail };
}

/** The platform's tags; where it does not tell them (any more), what was known of the alarm before. */
async function factsOf(poll: RegionPoll, subject: string): Promise<AlarmFacts> {
  const { tagNames, account } = poll;
  const place = placeOf(subject);
  const arn = account.arnOf(place);
  const isWanted = tagNames.service !== undefined || tagNames.severity !== undefined;
  const tags = isWanted && arn !== undefined ? await poll.tags.tagsOf(arn, poll.signal) : undefined;
  const before = poll.book.incidentsOf(subject).at(-1);
  const valueOf = (name: string | undefined, last: string | undefined) => {
    if (name === undefined) return undefined;
    return (tags === undefined ? last : tags.get(name)) || undefined;
  };
  return {
    subject,
    service: valueOf(tagNames.service, before?.serviceName) ?? place.name,
    severityTag: valueOf(tagNames.severity, before?.severity.tag),
    arn,
  };
}
