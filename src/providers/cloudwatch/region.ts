import type { Signal } from '../../model/incident.ts';
import { readAllAlarms } from './alarms.ts';
import type { TagState } from './cursor.ts';
import { readHistory } from './history.ts';
import type { Alarm } from './schema.ts';
import { NOTHING, type Part, type RegionPoll, settle } from './settle.ts';
import { isFiring, noticeFiring, noticeSilent } from './silence.ts';
import { placeOf, subjectOf } from './subject.ts';
import { type AlarmNames, readTagsInRound } from './tag-round.ts';

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
