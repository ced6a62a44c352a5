import type { Rejection, Signal } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import { HOUR_MS } from '../../model/time.ts';
import { inOrder } from '../../network/in-order.ts';
import { type Alarm, NAMES_MAX, readAllAlarms } from './alarm-api.ts';
import { DELETED, parseSubject, toIncidentId, toSignal, toSubject } from './alarm-id.ts';
import type { TagState } from './cursor.ts';
import { type AlarmAttributes, deriveRecoveries, toIncident } from './derive-incidents.ts';
import { readHistory } from './history.ts';
import {
  type AlarmNameCache,
  ensureAccount,
  type HeldAlarms,
  refreshTags,
  TAG_REQUESTS_CONCURRENT,
  type TagContext,
  toAttributes,
  usesTags,
} from './tags.ts';

/** Alarms with rejected incidents that are looked at again in one poll: each costs a question about its tags. */
const REJECTED_PER_POLL = 20;

/** A part of what a region has to say. */
export interface RegionPart {
  readonly region: string;
  readonly part: PageContent;
  /** The newest state change in it; absent when it has none from the history. */
  readonly newestMs: number | undefined;
  /** How tags stand, at the end. */
  readonly tags?: TagState;
}

export interface RegionStart {
  /** Where its history is read from. */
  readonly fromMs: number;
  /** Alarms of the region that the store has as open. */
  readonly openSubjects: readonly string[];
  readonly tags: TagState;
  readonly alarmNames: AlarmNameCache;
}

/** One region: what fires now, the history page by page, and then what only the state of alarms can tell. */
export async function* readRegion(poll: RegionPoll, place: RegionStart): AsyncGenerator<RegionPart> {
  const { region, api, signal, untilMs, cache } = poll;
  const firing = await readAllAlarms(api, { firing: true }, signal);
  poll.account.learn(firing.alarms.map(({ arn }) => arn));
  const pending: Signal[] = [];
  for await (const heard of readHistory({ region, api, signal, untilMs, fromMs: place.fromMs })) {
    const newSignals = await cache.learn(heard.signals);
    const subjects = heard.signals.map(({ subject }) => subject);
    const part = poll.isFirst ? await deriveChanges(poll, newSignals, subjects) : EMPTY_PAGE;
    if (!poll.isFirst) for (const one of newSignals) pending.push(one);
    yield { region, newestMs: heard.newestMs, part: { ...part, rejected: [...heard.rejected, ...part.rejected] } };
  }
  const states = await reconcileStates(poll, firing.alarms, place.openSubjects);
  const extraSubjects = [...states.expired, ...states.waiting];
  const part = await deriveChanges(poll, [...pending, ...states.signals], extraSubjects);
  const round = await refreshTags(poll, place.tags, place.alarmNames);
  const rejected = [...firing.rejected, ...states.rejected, ...part.rejected];
  const incidents = [...part.incidents, ...round.incidents];
  yield { region, newestMs: undefined, part: { ...part, incidents, rejected }, tags: round.state };
}

async function reconcileStates(poll: RegionPoll, firing: readonly Alarm[], openSubjects: readonly string[]) {
  const { region, cache } = poll;
  const firingSubjects = new Set(firing.map(({ name }) => toSubject({ region, name })));
  const waiting = [...poll.held.now().keys(), ...chooseRejected(poll)];
  await cache.load([...openSubjects, ...firingSubjects, ...waiting]);
  const notFiring = cache.subjects().filter((subject) => !firingSubjects.has(subject));
  const fired = reconcileFiring(poll, firing);
  const unreported = await reconcileUnreported(poll, notFiring);
  const hasOpenIncident = (subject: string) => cache.openIncident(subject) !== undefined;
  const signals = await cache.learn([...fired.signals, ...unreported.signals]);
  return {
    signals,
    rejected: [...fired.rejected, ...unreported.rejected],
    /** Not told so far. */
    waiting,
    /** Open so far, and ended without a signal. */
    expired: notFiring.filter((subject) => hasOpenIncident(subject) && !isFiring(poll, subject)),
  };
}

/** Incidents that were rejected are told again: what lay in the future may have come to pass. */
function chooseRejected({ region, rejectedSubjects }: RegionPoll): readonly string[] {
  const subjects = [...rejectedSubjects].filter((subject) => parseSubject(subject).region === region);
  return subjects.sort().slice(0, REJECTED_PER_POLL);
}

/** What a page says of alarms; where the poll stands is added by who knows. */
export type PageContent = Pick<Page, 'incidents' | 'signals' | 'rejected' | 'deletedIds' | 'wholeSubjects'>;

/** One region in one poll. */
export interface RegionPoll extends TagContext {
  readonly held: HeldAlarms;
  /** Subjects with incidents that were rejected before. */
  readonly rejectedSubjects: ReadonlySet<string>;
}

/** Makes the incidents of all alarms anew of which the book has just learnt something, and of those `besides`. */
export async function deriveChanges(
  poll: RegionPoll,
  newSignals: readonly Signal[],
  extraSubjects: readonly string[] = [],
): Promise<PageContent> {
  const bySubject = Map.groupBy(newSignals, ({ subject }) => subject);
  // Those that waited go first.
  const touched = [...new Set([...extraSubjects, ...bySubject.keys()])];
  if (touched.length > 0) await ensureAccount(poll);
  const parts: PageContent[] = [{ ...EMPTY_PAGE, signals: newSignals }];
  for await (const part of inOrder(touched, TAG_REQUESTS_CONCURRENT, (one) =>
    deriveAlarmChanges(poll, one, bySubject.get(one) ?? []),
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
export const EMPTY_PAGE: PageContent = { signals: [], incidents: [], rejected: [], deletedIds: [], wholeSubjects: [] };

async function deriveAlarmChanges(
  poll: RegionPoll,
  subject: string,
  newSignals: readonly Signal[],
): Promise<PageContent> {
  const { cache, held } = poll;
  // What was held back or rejected is stored with all of its signals, but not as incidents.
  const isWhole = held.has(subject) || poll.rejectedSubjects.has(subject);
  const earliestMs = newSignals.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
  const { signals, afterMs } = cache.since(subject, isWhole ? Number.NEGATIVE_INFINITY : earliestMs);
  const { chains, startUnknown } = deriveRecoveries(signals, poll.untilMs);
  const newIds = new Set(newSignals.map(({ id }) => id));
  const rejected = startUnknown.filter(({ id }) => newIds.has(id)).map(({ atMs }) => rejectUnknownStart(subject, atMs));
  // A first sync looks at everything, so that reading all again finds tags that changed.
  const isNeeded = chains.length > 0 || (poll.isFirst && cache.lastIncident(subject) !== undefined);
  const attributes = isNeeded ? await readAttributes(poll, subject) : undefined;
  if (attributes === 'held') return { ...EMPTY_PAGE, rejected };
  held.release(subject);
  const incidents = attributes === undefined ? [] : chains.map((chain) => toIncident(chain, attributes));
  const { changed, missingIds, isMoved, all } = cache.tell(subject, { afterMs, incidents, attributes });
  const isDeleted = newSignals.some(({ kind }) => kind === DELETED);
  if (!isMoved || isDeleted) return { ...EMPTY_PAGE, incidents: changed, rejected, deletedIds: missingIds };
  // All of them, as what is missing here goes.
  return { ...EMPTY_PAGE, incidents: all(), rejected, wholeSubjects: [subject] };
}

/** An alarm that fires or recovers without a known beginning; `atMs` is what is known of it. */
export function rejectUnknownStart(subject: string, atMs: number): Rejection {
  const detail = 'an alarm whose change to ALARM is in no history that the platform keeps';
  return { key: toIncidentId(subject, atMs), reason: 'start_unknown', detail };
}

async function readAttributes(poll: RegionPoll, subject: string): Promise<AlarmAttributes | 'held'> {
  const { account, tagNames, held } = poll;
  const arn = account.toArn(parseSubject(subject));
  const isReadable = usesTags(poll) && arn !== undefined && account.isConfirmed();
  const tags = isReadable ? await poll.tags.read(arn) : 'gone';
  const before = poll.cache.lastIncident(subject);
  if (before === undefined && tags === 'later') held.hold(subject);
  if (before === undefined && (tags === 'later' || (tags === 'refused' && held.shouldWait(subject)))) return 'held';
  return toAttributes({ subject, arn, tags, before }, tagNames);
}

/** How long the history may be silent about a change that the alarm itself shows; then the alarm is believed. */
const HISTORY_DELAY_MAX_MS = HOUR_MS;

/** What the state of alarms adds to their history. */
export interface StateFindings {
  readonly signals: readonly Signal[];
  readonly rejected: readonly Rejection[];
}

/** Alarms that fire, some of them since before the history begins. Their subjects are loaded. */
export function reconcileFiring(poll: RegionPoll, firing: readonly Alarm[]): StateFindings {
  const signals: Signal[] = [];
  const rejected: Rejection[] = [];
  for (const alarm of firing) {
    const subject = toSubject({ region: poll.region, name: alarm.name });
    const signal = findNewTransition(poll, alarm);
    if (signal !== undefined) signals.push(signal);
    else if (alarm.transitionedAtMs === undefined && !isFiring(poll, subject))
      rejected.push(rejectUnknownStart(subject, 0));
  }
  return { signals, rejected };
}

/** Alarms that were open and of which nothing is heard: they are asked for by name. Their subjects are loaded. */
export async function reconcileUnreported(poll: RegionPoll, subjects: readonly string[]): Promise<StateFindings> {
  const unreported = subjects.filter((subject) => isFiring(poll, subject));
  const findings: (Signal | Rejection)[] = [];
  for (let from = 0; from < unreported.length; from += NAMES_MAX) {
    findings.push(...(await reconcileBatch(poll, unreported.slice(from, from + NAMES_MAX))));
  }
  return {
    signals: findings.filter((one) => 'subject' in one),
    rejected: findings.filter((one) => 'reason' in one),
  };
}

/** True while the alarm's last failure has neither ended nor expired. */
export function isFiring({ cache, untilMs }: RegionPoll, subject: string): boolean {
  const { signals } = cache.since(subject, Number.POSITIVE_INFINITY);
  return deriveRecoveries(signals, untilMs).chains.at(-1)?.state === 'open';
}

async function reconcileBatch(poll: RegionPoll, subjects: readonly string[]): Promise<(Signal | Rejection)[]> {
  const names = subjects.map((subject) => parseSubject(subject).name);
  const { alarms, rejected } = await readAllAlarms(poll.api, { names }, poll.signal);
  const byName = new Map(alarms.map((alarm) => [alarm.name, alarm]));
  // An alarm that could not be read is no alarm that is gone.
  const isWhole = rejected.length === 0;
  const findings = subjects.flatMap((subject) => {
    const alarm = byName.get(parseSubject(subject).name);
    if (alarm !== undefined) return reconcileAlarm(poll, subject, alarm);
    return isWhole ? [toSignal({ subject, atMs: poll.untilMs, to: DELETED })] : [];
  });
  return [...findings, ...rejected];
}

function reconcileAlarm(poll: RegionPoll, subject: string, alarm: Alarm): (Signal | Rejection)[] {
  if (alarm.transitionedAtMs === undefined) return alarm.state === 'OK' ? [rejectUnknownEnd(poll, subject)] : [];
  const mayStillArrive = poll.untilMs - alarm.transitionedAtMs < HISTORY_DELAY_MAX_MS;
  const signal = alarm.state === 'ALARM' || !mayStillArrive ? findNewTransition(poll, alarm) : undefined;
  return signal === undefined ? [] : [signal];
}

/** The alarm's last transition, unless it is later than this poll asks, or known. */
function findNewTransition({ region, cache, untilMs }: RegionPoll, alarm: Alarm): Signal | undefined {
  const { state, transitionedAtMs: atMs } = alarm;
  if (state === undefined || atMs === undefined || atMs > untilMs) return undefined;
  const subject = toSubject({ region, name: alarm.name });
  return cache.hasSignal(subject, atMs, state) ? undefined : toSignal({ subject, atMs, to: state });
}

function rejectUnknownEnd({ cache }: RegionPoll, subject: string): Rejection {
  const detail = 'an alarm that is OK while neither its history nor the alarm tells since when';
  return { key: cache.openIncident(subject)?.id ?? subject, reason: 'end_unknown', detail };
}
