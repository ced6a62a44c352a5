import type { Rejection, Signal } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import { HOUR_MS } from '../../model/time.ts';
import { inOrder } from '../../network/in-order.ts';
import { type Alarm, NAMES_MAX, readAllAlarms } from './alarm-api.ts';
import { DELETED, incidentId, placeOf, signalOf, subjectOf } from './alarm-id.ts';
import type { TagState } from './cursor.ts';
import { type AlarmFacts, incidentOf, recoveriesOfAlarm } from './derive-incidents.ts';
import { readHistory } from './history.ts';
import {
  type AlarmNames,
  factsFrom,
  type HeldAlarms,
  isTagged,
  learnAccount,
  readTagsInRound,
  TAGS_AHEAD,
  type TagContext,
} from './tags.ts';

/** Alarms with rejected incidents that are looked at again in one poll: each costs a question about its tags. */
const REJECTED_PER_POLL = 20;

/** A part of what a region has to say. */
export interface RegionPart {
  readonly region: string;
  readonly part: Part;
  /** The newest state change in it; absent when it has none from the history. */
  readonly newestMs: number | undefined;
  /** How tags stand, at the end. */
  readonly tags?: TagState;
}

export interface RegionPlace {
  /** Where its history is read from. */
  readonly fromMs: number;
  /** Alarms of the region that the store has as open. */
  readonly openSubjects: readonly string[];
  readonly tags: TagState;
  readonly alarmNames: AlarmNames;
}

/** One region: what fires now, the history page by page, and then what only the state of alarms can tell. */
export async function* readRegion(poll: RegionPoll, place: RegionPlace): AsyncGenerator<RegionPart> {
  const { region, api, signal, untilMs, book } = poll;
  const firing = await readAllAlarms(api, { firing: true }, signal);
  poll.account.learn(firing.alarms.map(({ arn }) => arn));
  const unsettled: Signal[] = [];
  for await (const heard of readHistory({ region, api, signal, untilMs, fromMs: place.fromMs })) {
    const fresh = await book.learn(heard.signals);
    const subjects = heard.signals.map(({ subject }) => subject);
    const part = poll.isFirst ? await settle(poll, fresh, subjects) : NOTHING;
    if (!poll.isFirst) for (const one of fresh) unsettled.push(one);
    yield { region, newestMs: heard.newestMs, part: { ...part, rejected: [...heard.rejected, ...part.rejected] } };
  }
  const states = await noticeStates(poll, firing.alarms, place.openSubjects);
  const besides = [...states.expired, ...states.waiting];
  const part = await settle(poll, [...unsettled, ...states.signals], besides);
  const round = await readTagsInRound(poll, place.tags, place.alarmNames);
  const rejected = [...firing.rejected, ...states.rejected, ...part.rejected];
  const incidents = [...part.incidents, ...round.incidents];
  yield { region, newestMs: undefined, part: { ...part, incidents, rejected }, tags: round.state };
}

async function noticeStates(poll: RegionPoll, firing: readonly Alarm[], openSubjects: readonly string[]) {
  const { region, book } = poll;
  const firingSubjects = new Set(firing.map(({ name }) => subjectOf({ region, name })));
  const waiting = [...poll.held.now().keys(), ...rejectedIn(poll)];
  await book.load([...openSubjects, ...firingSubjects, ...waiting]);
  const notFiring = book.subjects().filter((subject) => !firingSubjects.has(subject));
  const fired = noticeFiring(poll, firing);
  const silent = await noticeSilent(poll, notFiring);
  const isStoredOpen = (subject: string) => book.openIncidentOf(subject) !== undefined;
  const signals = await book.learn([...fired.signals, ...silent.signals]);
  return {
    signals,
    rejected: [...fired.rejected, ...silent.rejected],
    /** Not told so far. */
    waiting,
    /** Open so far, and ended without a signal. */
    expired: notFiring.filter((subject) => isStoredOpen(subject) && !isFiring(poll, subject)),
  };
}

/** Incidents that were rejected are told again: what lay in the future may have come to pass. */
function rejectedIn({ region, rejectedSubjects }: RegionPoll): readonly string[] {
  const subjects = [...rejectedSubjects].filter((subject) => placeOf(subject).region === region);
  return subjects.sort().slice(0, REJECTED_PER_POLL);
}

/** What a page says of alarms; where the poll stands is added by who knows. */
export type Part = Pick<Page, 'incidents' | 'signals' | 'rejected' | 'deletedIds' | 'wholeSubjects'>;

/** One region in one poll. */
export interface RegionPoll extends TagContext {
  readonly held: HeldAlarms;
  /** Subjects with incidents that were rejected before. */
  readonly rejectedSubjects: ReadonlySet<string>;
}

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

/** How long the history may be silent about a change that the alarm itself shows; then the alarm is believed. */
const HISTORY_PATIENCE_MS = HOUR_MS;

/** What the state of alarms adds to their history. */
export interface Noticed {
  readonly signals: readonly Signal[];
  readonly rejected: readonly Rejection[];
}

/** Alarms that fire, some of them since before the history begins. Their subjects are loaded. */
export function noticeFiring(poll: RegionPoll, firing: readonly Alarm[]): Noticed {
  const signals: Signal[] = [];
  const rejected: Rejection[] = [];
  for (const alarm of firing) {
    const subject = subjectOf({ region: poll.region, name: alarm.name });
    const signal = transitionOf(poll, alarm);
    if (signal !== undefined) signals.push(signal);
    else if (alarm.transitionedAtMs === undefined && !isFiring(poll, subject)) rejected.push(unknownStart(subject, 0));
  }
  return { signals, rejected };
}

/** Alarms that were open and of which nothing is heard: they are asked for by name. Their subjects are loaded. */
export async function noticeSilent(poll: RegionPoll, subjects: readonly string[]): Promise<Noticed> {
  const silent = subjects.filter((subject) => isFiring(poll, subject));
  const noticed: (Signal | Rejection)[] = [];
  for (let from = 0; from < silent.length; from += NAMES_MAX) {
    noticed.push(...(await noticeByName(poll, silent.slice(from, from + NAMES_MAX))));
  }
  return {
    signals: noticed.filter((one) => 'subject' in one),
    rejected: noticed.filter((one) => 'reason' in one),
  };
}

/** True while the alarm's last failure has neither ended nor expired. */
export function isFiring({ book, untilMs }: RegionPoll, subject: string): boolean {
  const { signals } = book.since(subject, Number.POSITIVE_INFINITY);
  return recoveriesOfAlarm(signals, untilMs).chains.at(-1)?.state === 'open';
}

async function noticeByName(poll: RegionPoll, subjects: readonly string[]): Promise<(Signal | Rejection)[]> {
  const names = subjects.map((subject) => placeOf(subject).name);
  const { alarms, rejected } = await readAllAlarms(poll.api, { names }, poll.signal);
  const byName = new Map(alarms.map((alarm) => [alarm.name, alarm]));
  // An alarm that could not be read is no alarm that is gone.
  const isWhole = rejected.length === 0;
  const noticed = subjects.flatMap((subject) => {
    const alarm = byName.get(placeOf(subject).name);
    if (alarm !== undefined) return noticeOne(poll, subject, alarm);
    return isWhole ? [signalOf({ subject, atMs: poll.untilMs, to: DELETED })] : [];
  });
  return [...noticed, ...rejected];
}

function noticeOne(poll: RegionPoll, subject: string, alarm: Alarm): (Signal | Rejection)[] {
  if (alarm.transitionedAtMs === undefined) return alarm.state === 'OK' ? [unknownEnd(poll, subject)] : [];
  const isPatient = poll.untilMs - alarm.transitionedAtMs < HISTORY_PATIENCE_MS;
  const signal = alarm.state === 'ALARM' || !isPatient ? transitionOf(poll, alarm) : undefined;
  return signal === undefined ? [] : [signal];
}

/** The alarm's last transition, unless it is later than this poll asks, or known. */
function transitionOf({ region, book, untilMs }: RegionPoll, alarm: Alarm): Signal | undefined {
  const { state, transitionedAtMs: atMs } = alarm;
  if (state === undefined || atMs === undefined || atMs > untilMs) return undefined;
  const subject = subjectOf({ region, name: alarm.name });
  return book.hasSignal(subject, atMs, state) ? undefined : signalOf({ subject, atMs, to: state });
}

function unknownEnd({ book }: RegionPoll, subject: string): Rejection {
  const detail = 'an alarm that is OK while neither its history nor the alarm tells since when';
  return { key: book.openIncidentOf(subject)?.id ?? subject, reason: 'end_unknown', detail };
}
