import type { Rejection, Signal } from '../../model/incident.ts';
import { HOUR_MS } from '../../model/time.ts';
import { readAllAlarms } from './alarms.ts';
import { NAMES_MAX } from './api.ts';
import { recoveriesOfAlarm } from './recoveries.ts';
import type { Alarm } from './schema.ts';
import { type RegionPoll, unknownStart } from './settle.ts';
import { DELETED, signalOf } from './signals.ts';
import { placeOf, subjectOf } from './subject.ts';

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
