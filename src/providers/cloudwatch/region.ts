import { readAllAlarms } from './alarms.ts';
import { readHistory } from './history.ts';
import type { Alarm } from './schema.ts';
import { type Part, type RegionPoll, settle } from './settle.ts';
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
  const { region, api, signal, untilMs } = poll;
  const firing = await readAllAlarms(api, { firing: true }, signal);
  poll.account.learn(firing.alarms.map(({ arn }) => arn));
  for await (const heard of readHistory({ region, api, signal, untilMs, fromMs: place.fromMs })) {
    const part = await settle(poll, heard.signals);
    yield { region, newestMs: heard.newestMs, part: { ...part, rejected: [...heard.rejected, ...part.rejected] } };
  }
  const part = await settleStates(poll, firing.alarms, place.openSubjects);
  yield { region, newestMs: undefined, part: { ...part, rejected: [...firing.rejected, ...part.rejected] } };
}

async function settleStates(
  poll: RegionPoll,
  firing: readonly Alarm[],
  openSubjects: readonly string[],
): Promise<Part> {
  const { region, book } = poll;
  const firingSubjects = new Set(firing.map(({ name }) => subjectOf({ region, name })));
  await book.load([...openSubjects, ...firingSubjects]);
  const notFiring = book.subjects().filter((subject) => !firingSubjects.has(subject));
  const fired = noticeFiring(poll, firing);
  const silent = await noticeSilent(poll, notFiring);
  const isStoredOpen = (subject: string) => book.incidentsOf(subject).some(({ status }) => status !== 'resolved');
  const expired = notFiring.filter((subject) => isStoredOpen(subject) && !isFiring(poll, subject));
  const part = await settle(poll, [...fired.signals, ...silent.signals], expired);
  return { ...part, rejected: [...fired.rejected, ...silent.rejected, ...part.rejected] };
}
