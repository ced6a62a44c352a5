import type { Signal } from '../../model/incident.ts';
import { readAllAlarms } from './alarms.ts';
import { readHistory } from './history.ts';
import type { Alarm } from './schema.ts';
import { NOTHING, type Part, type RegionPoll, settle } from './settle.ts';
import { isFiring, noticeFiring, noticeSilent } from './silence.ts';
import { subjectOf } from './subject.ts';

/** A part of what a region has to say. */
export interface RegionPart {
  readonly region: string;
  readonly part: Part;
  /** The newest state change in it; absent when it has none from the history. */
  readonly newestMs: number | undefined;
}

export interface RegionPlace {
  /** Where its history is read from. */
  readonly fromMs: number;
  /** Alarms of the region that the store has as open. */
  readonly openSubjects: readonly string[];
}

/** One region: what fires now, the history page by page, and then what only the state of alarms can tell. */
export async function* readRegion(poll: RegionPoll, place: RegionPlace): AsyncGenerator<RegionPart> {
  const { region, api, signal, untilMs, book } = poll;
  const firing = await readAllAlarms(api, { firing: true }, signal);
  poll.account.learn(firing.alarms.map(({ arn }) => arn));
  let unsettled: readonly Signal[] = [];
  for await (const heard of readHistory({ region, api, signal, untilMs, fromMs: place.fromMs })) {
    unsettled = [...unsettled, ...(await book.learn(heard.signals))];
    const part = poll.isFirst ? await settle(poll, unsettled) : NOTHING;
    if (poll.isFirst) unsettled = [];
    yield { region, newestMs: heard.newestMs, part: { ...part, rejected: [...heard.rejected, ...part.rejected] } };
  }
  const states = await noticeStates(poll, firing.alarms, place.openSubjects);
  const part = await settle(poll, [...unsettled, ...states.signals], states.expired);
  const rejected = [...firing.rejected, ...states.rejected, ...part.rejected];
  yield { region, newestMs: undefined, part: { ...part, rejected } };
}

async function noticeStates(poll: RegionPoll, firing: readonly Alarm[], openSubjects: readonly string[]) {
  const { region, book } = poll;
  const firingSubjects = new Set(firing.map(({ name }) => subjectOf({ region, name })));
  await book.load([...openSubjects, ...firingSubjects]);
  const notFiring = book.subjects().filter((subject) => !firingSubjects.has(subject));
  const fired = noticeFiring(poll, firing);
  const silent = await noticeSilent(poll, notFiring);
  const isStoredOpen = (subject: string) => book.incidentsOf(subject).some(({ status }) => status !== 'resolved');
  const signals = await book.learn([...fired.signals, ...silent.signals]);
  return {
    signals,
    rejected: [...fired.rejected, ...silent.rejected],
    /** Open so far, and ended without a signal. */
    expired: notFiring.filter((subject) => isStoredOpen(subject) && !isFiring(poll, subject)),
  };
}
