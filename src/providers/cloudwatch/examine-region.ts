import type { Call, Examination, Sighting, Trial } from '../diagnosis.ts';
import { expectedRecords } from '../estimates.ts';
import { createTrials } from '../trials.ts';
import { readAlarms } from './alarms.ts';
import { PAGE_SIZE } from './api.ts';
import { REACH_MS } from './cursor.ts';
import { sampleTags, sightingOf } from './examine-tags.ts';
import { outcomeOfSdk } from './outcomes.ts';
import type { Region } from './poll.ts';
import type { TagNames } from './settle.ts';
import { type Heard, heardIn } from './signals.ts';
import { placeOf } from './subject.ts';

/** What all regions are asked with. */
export interface Examining extends Examination {
  readonly regions: readonly Region[];
  readonly tagNames: TagNames;
  /** Empty without one. */
  readonly roleArn: string;
  /** Requests go to a configured address instead of the regions' own. */
  readonly isElsewhere: boolean;
}

/** What one region told. */
export interface RegionFound {
  readonly trials: readonly Trial[];
  /** Of alarms whose tags are known, or need not be. */
  readonly incidents: readonly Sighting[];
  readonly rejected: readonly string[];
  /** Changes that the history holds, told or expected. */
  readonly changes: number;
  readonly isTold: boolean;
  /** Services that alarms of the first page may become. */
  readonly services: readonly string[];
  readonly isAllAlarms: boolean;
  /** Alarms that changed, each of which costs a question about its tags. */
  readonly changedAlarms: number;
}

/** Asks one region for all that polls ask for. */
export async function examineRegion(region: Region, examining: Examining): Promise<RegionFound> {
  const { signal, nowMs, tagNames } = examining;
  const trials = createTrials(signal, outcomeOfSdk);
  const calls = callsIn(region.name);
  const page = await trials.attempt(calls.alarms, () => readAlarms(region.api, {}, signal));
  const listed = page?.alarms ?? [];
  const stretch = { fromMs: Math.max(examining.historyStartMs, nowMs - REACH_MS), untilMs: nowMs, signal };
  const history = (await trials.attempt(calls.history, () => newestChanges(region, stretch))) ?? NO_CHANGES;
  const changed = [...new Set(history.signals.map(({ subject }) => placeOf(subject).name))];
  const isWanted = tagNames.service !== undefined || tagNames.severity !== undefined;
  const sampling = { trials, call: calls.tags, changed, listed, signal };
  const tags = isWanted ? await sampleTags(region, sampling) : undefined;
  const starts = history.signals.filter(({ kind }) => kind === 'ALARM');
  const isAllAlarms = page !== undefined && page.token === undefined;
  const changedAlarms = Math.ceil((changed.length * history.expected) / Math.max(history.signals.length, 1));
  return {
    trials: trials.list,
    incidents: starts.flatMap((start) => sightingOf(start, tags, tagNames) ?? []),
    rejected: history.rejected.map(({ detail }) => detail),
    changes: history.expected,
    isTold: history.isAll,
    services: listed.map(({ name }) => tags?.get(name)?.get(tagNames.service ?? '') || name),
    isAllAlarms,
    changedAlarms: isWanted ? Math.min(changedAlarms, isAllAlarms ? listed.length : changedAlarms) : 0,
  };
}

function callsIn(region: string) {
  const all = 'everything, as no poll succeeds';
  return {
    alarms: { call: `DescribeAlarms (${region})`, isNeeded: true, lost: all },
    history: { call: `DescribeAlarmHistory (${region})`, isNeeded: true, lost: all },
    tags: {
      call: `ListTagsForResource (${region})`,
      isNeeded: false,
      lost: 'services and severities: every alarm is its own service and has the default severity',
    },
  } as const satisfies Readonly<Record<string, Call>>;
}

interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** The newest page of state changes, newest first, and how many the whole stretch holds or may hold. */
interface NewestChanges extends Heard {
  readonly isAll: boolean;
  readonly expected: number;
}

const NO_CHANGES: NewestChanges = { signals: [], rejected: [], isAll: true, expected: 0 };

async function newestChanges({ api, name }: Region, { fromMs, untilMs, signal }: Stretch): Promise<NewestChanges> {
  const page = await api.history({ fromMs, untilMs, token: undefined, newestFirst: true }, signal);
  if (page === 'token_expired') throw new Error('DescribeAlarmHistory: a token was refused that was never sent');
  const heard = heardIn(page.items, { region: name, nowMs: untilMs });
  const isAll = page.token === undefined;
  const stampsMs = heard.signals.map(({ atMs }) => atMs);
  return { ...heard, isAll, expected: expectedRecords({ stampsMs, isAll, fromMs, toMs: untilMs }) };
}

/** Pages of so many records; an empty list costs one as well. */
export function pagesOf(records: number): number {
  return Math.max(1, Math.ceil(records / PAGE_SIZE));
}
