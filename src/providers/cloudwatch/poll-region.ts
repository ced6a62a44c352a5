import type { RecoveryLimits } from '../../config/types.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Rejection, StateChange } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import { HOUR_MS } from '../../model/time.ts';
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

/** Alarms with rejected incidents that one poll derives again: each costs a request for its tags. */
const REJECTED_PER_POLL = 20;

/** A part of the results of a region. */
export interface RegionPart {
  readonly region: string;
  readonly part: PageContent;
  /** The newest state change in it; absent when it has none from the history. */
  readonly newestMs: number | undefined;
  /** The state of tags; present in the last part only. */
  readonly tags?: TagState;
}

export interface RegionStart {
  /** Start of the range of history to read. */
  readonly fromMs: number;
  /** Alarms of the region with open incidents in the store. */
  readonly openSubjects: readonly string[];
  readonly tags: TagState;
  readonly alarmNames: AlarmNameCache;
}

/** Reads one region: firing alarms, the history page by page, and then what only the current state of alarms shows. */
export async function* readRegion(poll: RegionPoll, start: RegionStart): AsyncGenerator<RegionPart> {
  const { region, api, signal, untilMs, cache } = poll;
  const firing = await readAllAlarms(api, { firing: true }, signal);
  poll.account.recordArns(firing.alarms.map(({ arn }) => arn));
  const pending: StateChange[] = [];
  for await (const page of readHistory({ region, api, signal, untilMs, fromMs: start.fromMs })) {
    const newSignals = await cache.addSignals(page.stateChanges);
    const subjects = page.stateChanges.map(({ subject }) => subject);
    const part = poll.isFirst ? await deriveChanges(poll, newSignals, subjects) : EMPTY_PAGE;
    if (!poll.isFirst) for (const one of newSignals) pending.push(one);
    yield { region, newestMs: page.newestMs, part: { ...part, rejected: [...page.rejected, ...part.rejected] } };
  }
  const states = await reconcileStates(poll, firing.alarms, start.openSubjects);
  const extraSubjects = [...states.expired, ...states.retried];
  const part = await deriveChanges(poll, [...pending, ...states.stateChanges], extraSubjects);
  const refresh = await refreshTags(poll, start.tags, start.alarmNames);
  const rejected = [...firing.rejected, ...states.rejected, ...part.rejected];
  const incidents = [...part.incidents, ...refresh.incidents];
  yield { region, newestMs: undefined, part: { ...part, incidents, rejected }, tags: refresh.state };
}

async function reconcileStates(poll: RegionPoll, firing: readonly Alarm[], openSubjects: readonly string[]) {
  const { region, cache } = poll;
  const firingSubjects = new Set(firing.map(({ name }) => toSubject({ region, name })));
  const retried = [...poll.held.snapshot().keys(), ...chooseRejected(poll)];
  await cache.load([...openSubjects, ...firingSubjects, ...retried]);
  const notFiring = cache.subjects().filter((subject) => !firingSubjects.has(subject));
  const firingFindings = reconcileFiring(poll, firing);
  const unreportedFindings = await reconcileUnreported(poll, notFiring);
  const hasOpenIncident = (subject: string) => cache.findOpenIncident(subject) !== undefined;
  const stateChanges = await cache.addSignals([...firingFindings.stateChanges, ...unreportedFindings.stateChanges]);
  return {
    stateChanges,
    rejected: [...firingFindings.rejected, ...unreportedFindings.rejected],
    /** Held back or rejected so far. */
    retried,
    /** Open in the store, but ended without a signal (by expiry). */
    expired: notFiring.filter((subject) => hasOpenIncident(subject) && !isFiring(poll, subject)),
  };
}

/** Rejected incidents are derived again: a change that was in the future may be valid by now. */
function chooseRejected({ region, rejectedSubjects }: RegionPoll): readonly string[] {
  const subjects = [...rejectedSubjects].filter((subject) => parseSubject(subject).region === region);
  return subjects.sort().slice(0, REJECTED_PER_POLL);
}

/** A page without cursor and completion, which the poll adds. */
export type PageContent = Pick<Page, 'incidents' | 'stateChanges' | 'rejected' | 'deletedIds' | 'replacedSubjects'>;

/** One region in one poll. */
export interface RegionPoll extends TagContext {
  readonly held: HeldAlarms;
  /** Subjects of incidents that were rejected before. */
  readonly rejectedSubjects: ReadonlySet<string>;
  readonly limits: RecoveryLimits | undefined;
}

/** Derives the incidents of all alarms with new state changes and of `extraSubjects` again. */
export async function deriveChanges(
  poll: RegionPoll,
  newSignals: readonly StateChange[],
  extraSubjects: readonly string[] = [],
): Promise<PageContent> {
  const bySubject = Map.groupBy(newSignals, ({ subject }) => subject);
  // Held alarms come first: the number of tag requests is limited.
  const subjects = [...new Set([...extraSubjects, ...bySubject.keys()])];
  if (subjects.length > 0) await ensureAccount(poll);
  const parts: PageContent[] = [{ ...EMPTY_PAGE, stateChanges: newSignals }];
  for await (const part of mapConcurrent(subjects, TAG_REQUESTS_CONCURRENT, (one) =>
    deriveAlarmChanges(poll, one, bySubject.get(one) ?? []),
  )) {
    parts.push(part);
  }
  return {
    stateChanges: parts.flatMap((part) => part.stateChanges),
    incidents: parts.flatMap((part) => part.incidents),
    rejected: parts.flatMap((part) => part.rejected),
    deletedIds: parts.flatMap((part) => part.deletedIds),
    replacedSubjects: parts.flatMap((part) => part.replacedSubjects),
  };
}

/** A page without any changes. */
export const EMPTY_PAGE: PageContent = {
  stateChanges: [],
  incidents: [],
  rejected: [],
  deletedIds: [],
  replacedSubjects: [],
};

async function deriveAlarmChanges(
  poll: RegionPoll,
  subject: string,
  newSignals: readonly StateChange[],
): Promise<PageContent> {
  const { cache, held } = poll;
  // Signals of held and rejected incidents are stored, but the incidents are not, so all state changes are needed.
  const needsAll = held.has(subject) || poll.rejectedSubjects.has(subject);
  const earliestMs = newSignals.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY);
  const { stateChanges, afterMs } = cache.findSinceOk(subject, needsAll ? Number.NEGATIVE_INFINITY : earliestMs);
  const { chains, startUnknown } = deriveRecoveries(stateChanges, poll.untilMs, poll.limits);
  const newIds = new Set(newSignals.map(({ id }) => id));
  const rejected = startUnknown.filter(({ id }) => newIds.has(id)).map(({ atMs }) => rejectUnknownStart(subject, atMs));
  // A first sync reads the tags of all alarms with incidents, so that a full re-read finds changed tags.
  const needsAttributes = chains.length > 0 || (poll.isFirst && cache.findLastIncident(subject) !== undefined);
  const attributes = needsAttributes ? await readAttributes(poll, subject) : undefined;
  if (attributes === 'held') return { ...EMPTY_PAGE, rejected };
  held.release(subject);
  const incidents = attributes === undefined ? [] : chains.map((chain) => toIncident(chain, attributes));
  const { changed, missingIds, isMoved, all } = cache.updateIncidents(subject, { afterMs, incidents, attributes });
  const isDeleted = newSignals.some(({ kind }) => kind === DELETED);
  if (!isMoved || isDeleted) return { ...EMPTY_PAGE, incidents: changed, rejected, deletedIds: missingIds };
  // All incidents of the alarm, as the store deletes those that are missing here.
  return { ...EMPTY_PAGE, incidents: all(), rejected, replacedSubjects: [subject] };
}

/** The rejection of an alarm that fires or recovers with an unknown start; `atMs` is the known change. */
export function rejectUnknownStart(subject: string, atMs: number): Rejection {
  const detail = 'change to ALARM not found: it is older than the history that CloudWatch keeps';
  return { key: toIncidentId(subject, atMs), reason: 'start_unknown', detail };
}

async function readAttributes(poll: RegionPoll, subject: string): Promise<AlarmAttributes | 'held'> {
  const { account, tagNames, held } = poll;
  const arn = account.toArn(parseSubject(subject));
  const canReadTags = usesTags(poll) && arn !== undefined && account.isConfirmed();
  const tags = canReadTags ? await poll.tags.read(arn) : 'not_found';
  const before = poll.cache.findLastIncident(subject);
  if (before === undefined && tags === 'deferred') held.hold(subject);
  if (before === undefined && (tags === 'deferred' || (tags === 'refused' && held.shouldWait(subject)))) return 'held';
  return toAttributes({ subject, arn, tags, before }, tagNames);
}

/** How late history may report a change that the alarm itself shows; after that the state of the alarm is used. */
const HISTORY_DELAY_MAX_MS = HOUR_MS;

/** What the current state of alarms adds to their history. */
export interface StateFindings {
  readonly stateChanges: readonly StateChange[];
  readonly rejected: readonly Rejection[];
}

/** Adds the transitions of firing alarms, which may lie before the start of history. Their subjects must be loaded. */
export function reconcileFiring(poll: RegionPoll, firing: readonly Alarm[]): StateFindings {
  const stateChanges: StateChange[] = [];
  const rejected: Rejection[] = [];
  for (const alarm of firing) {
    const subject = toSubject({ region: poll.region, name: alarm.name });
    const signal = findNewTransition(poll, alarm);
    if (signal !== undefined) stateChanges.push(signal);
    else if (alarm.transitionedAtMs === undefined && !isFiring(poll, subject))
      rejected.push(rejectUnknownStart(subject, 0));
  }
  return { stateChanges, rejected };
}

/** Requests by name those alarms that fired before and are not reported now. Their subjects must be loaded. */
export async function reconcileUnreported(poll: RegionPoll, subjects: readonly string[]): Promise<StateFindings> {
  const unreported = subjects.filter((subject) => isFiring(poll, subject));
  const findings: (StateChange | Rejection)[] = [];
  for (let from = 0; from < unreported.length; from += NAMES_MAX) {
    findings.push(...(await reconcileBatch(poll, unreported.slice(from, from + NAMES_MAX))));
  }
  return {
    stateChanges: findings.filter((one) => 'subject' in one),
    rejected: findings.filter((one) => 'reason' in one),
  };
}

/** True while the alarm's last failure has neither ended nor expired. */
export function isFiring({ cache, untilMs, limits }: RegionPoll, subject: string): boolean {
  const { stateChanges } = cache.findSinceOk(subject, Number.POSITIVE_INFINITY);
  return deriveRecoveries(stateChanges, untilMs, limits).chains.at(-1)?.state === 'open';
}

async function reconcileBatch(poll: RegionPoll, subjects: readonly string[]): Promise<(StateChange | Rejection)[]> {
  const names = subjects.map((subject) => parseSubject(subject).name);
  const { alarms, rejected } = await readAllAlarms(poll.api, { names }, poll.signal);
  const byName = new Map(alarms.map((alarm) => [alarm.name, alarm]));
  // An alarm that could not be parsed is not deleted.
  const isComplete = rejected.length === 0;
  const findings = subjects.flatMap((subject) => {
    const alarm = byName.get(parseSubject(subject).name);
    if (alarm !== undefined) return reconcileAlarm(poll, subject, alarm);
    return isComplete ? [toSignal({ subject, atMs: poll.untilMs, to: DELETED })] : [];
  });
  return [...findings, ...rejected];
}

function reconcileAlarm(poll: RegionPoll, subject: string, alarm: Alarm): (StateChange | Rejection)[] {
  if (alarm.transitionedAtMs === undefined) return alarm.state === 'OK' ? [rejectUnknownEnd(poll, subject)] : [];
  const mayStillArrive = poll.untilMs - alarm.transitionedAtMs < HISTORY_DELAY_MAX_MS;
  const signal = alarm.state === 'ALARM' || !mayStillArrive ? findNewTransition(poll, alarm) : undefined;
  return signal === undefined ? [] : [signal];
}

/** The alarm's last transition, unless it is known or later than the range of this poll. */
function findNewTransition({ region, cache, untilMs }: RegionPoll, alarm: Alarm): StateChange | undefined {
  const { state, transitionedAtMs: atMs } = alarm;
  if (state === undefined || atMs === undefined || atMs > untilMs) return undefined;
  const subject = toSubject({ region, name: alarm.name });
  return cache.hasSignal(subject, atMs, state) ? undefined : toSignal({ subject, atMs, to: state });
}

function rejectUnknownEnd({ cache }: RegionPoll, subject: string): Rejection {
  const detail = 'alarm is OK, but neither its history nor the alarm has the time of that change';
  return { key: cache.findOpenIncident(subject)?.id ?? subject, reason: 'end_unknown', detail };
}
