import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Incident } from '../../model/incident.ts';
import { HOUR_MS } from '../../model/time.ts';
import { type AlarmsRead, readAllAlarms } from './alarms.ts';
import type { TagState } from './cursor.ts';
import { factsFrom, isTagged, learnAccount, type RegionPoll, TAGS_AHEAD } from './settle.ts';
import { placeOf, subjectOf } from './subject.ts';

/** A round over all alarms of a region begins so often: 4 questions about each alarm a day, as the platform bills them. */
const ROUND_EVERY_MS = 6 * HOUR_MS;
/** Alarms that are asked about in one poll: 10 s at 2 requests a second. */
const ASKED_PER_POLL = 20;
/** Alarms that are looked up in the store in one poll, so that thousands without any incident take a few polls. */
const LOOKED_UP_PER_POLL = 1000;

/** Names of the alarms of a region, listed once in a round. */
export interface AlarmNames {
  inRound(roundAtMs: number, list: () => Promise<AlarmsRead>): Promise<readonly string[]>;
}

/** Nothing listed yet; what is lost with the process is listed again. */
export function createAlarmNames(): AlarmNames {
  let listed: { readonly roundAtMs: number; readonly names: readonly string[] } | undefined;
  return {
    async inRound(roundAtMs, list) {
      if (listed?.roundAtMs === roundAtMs) return listed.names;
      const { alarms } = await list();
      listed = { roundAtMs, names: alarms.map(({ name }) => name).sort() };
      return listed.names;
    },
  };
}

/** What a part of a round found. */
export interface RoundPart {
  /** Those that tags changed. */
  readonly incidents: readonly Incident[];
  readonly state: TagState;
}

/**
 * Tags change without a word in the history: alarms with incidents are asked about again, some in each poll, and what
 * changed reaches all incidents that are stored of them.
 */
export async function readTagsInRound(poll: RegionPoll, state: TagState, alarmNames: AlarmNames): Promise<RoundPart> {
  const { api, signal, untilMs } = poll;
  if (!isTagged(poll)) return { incidents: [], state };
  const names = [poll.tagNames.service ?? '', poll.tagNames.severity ?? ''];
  // A first sync has just read the tags of every alarm that has incidents.
  if (poll.isFirst) return { incidents: [], state: { ...state, roundAtMs: untilMs, names } };
  const isNew = isDue(poll, state, names);
  if ((!isNew && state.roundName === undefined) || poll.tags.left() < ASKED_PER_POLL) return { incidents: [], state };
  const roundAtMs = isNew ? untilMs : (state.roundAtMs ?? untilMs);
  const after = isNew ? '' : (state.roundName ?? '');
  const all = await alarmNames.inRound(roundAtMs, () => readAllAlarms(api, {}, signal));
  const rest = all.filter((name) => name > after).slice(0, LOOKED_UP_PER_POLL);
  const { subjects, lastName } = await nextWithIncidents(poll, rest);
  if (subjects.length > 0) await learnAccount(poll);
  const incidents: Incident[] = [];
  for await (const changed of mapConcurrent(subjects, TAGS_AHEAD, (subject) => readAgain(poll, subject))) {
    incidents.push(...changed);
  }
  const isOver = lastName === undefined || lastName === all.at(-1) || poll.tags.right() === 'refused';
  const { roundName: _, ...others } = state;
  return { incidents, state: { ...others, roundAtMs, names, ...(isOver ? {} : { roundName: lastName }) } };
}

/** At its time, unless one is under way; at once when other tags are configured, or when the right to read them has come. */
function isDue(
  { tags, untilMs }: RegionPoll,
  { roundAtMs, roundName, names, right }: TagState,
  wanted: readonly string[],
): boolean {
  if (roundAtMs === undefined || names?.join('\n') !== wanted.join('\n')) return true;
  if (right === 'refused' && tags.right() === 'read') return true;
  return roundName === undefined && (roundAtMs > untilMs || untilMs - roundAtMs >= ROUND_EVERY_MS);
}

/** The next alarms that have incidents, as many as one poll may ask about, and the name that was looked up last. */
async function nextWithIncidents({ region, book }: RegionPoll, names: readonly string[]) {
  const subjects: string[] = [];
  let looked = 0;
  while (looked < names.length && subjects.length < ASKED_PER_POLL) {
    const next = names.slice(looked, looked + ASKED_PER_POLL - subjects.length);
    const asked = next.map((name) => subjectOf({ region, name }));
    await book.load(asked);
    subjects.push(...asked.filter((subject) => book.lastIncidentOf(subject) !== undefined));
    looked += next.length;
  }
  return { subjects, lastName: names[looked - 1] };
}

async function readAgain({ account, tags: reader, tagNames, book }: RegionPoll, subject: string) {
  const arn = account.arnOf(placeOf(subject));
  const tags = arn === undefined || !account.isLearnt() ? 'gone' : await reader.tagsOf(arn);
  if (typeof tags === 'string') return [];
  const facts = factsFrom({ subject, arn, tags, before: undefined }, tagNames);
  return book.tell(subject, { afterMs: Number.POSITIVE_INFINITY, incidents: [], facts }).changed;
}
