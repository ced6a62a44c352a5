import { z } from 'zod';
import type { Signal } from '../../model/incident.ts';
import { RequestError } from '../../network/errors.ts';
import { inOrder } from '../../network/in-order.ts';
import type { Call, Examination, Sighting, Trial } from '../diagnosis.ts';
import { expectedRecords } from '../estimates.ts';
import { createTrials, outcomeOf, type Trials } from '../trials.ts';
import { createAccount } from './account.ts';
import { readAlarms } from './alarms.ts';
import { DENIED, PAGE_SIZE } from './api.ts';
import { REACH_MS } from './cursor.ts';
import type { Region } from './poll.ts';
import type { Alarm, Tags } from './schema.ts';
import type { TagNames } from './settle.ts';
import { heardIn } from './signals.ts';
import { placeOf } from './subject.ts';

/** Alarms whose tags are read to see services and severities: at 2 requests a second some 10 s. */
const TAGS_SAMPLED = 20;
const TAGS_AHEAD = 4;

/** The platform's names for credentials that it does not take. */
const NOT_TAKEN: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'OptInRequired',
]);

const Coded = z.object({ code: z.string() });

/** What an error of the SDK amounts to, by the platform's own name for it. */
export function outcomeOfSdk(error: unknown, call: Pick<Call, 'isNeeded'>): ReturnType<typeof outcomeOf> {
  const code = error instanceof RequestError ? (Coded.safeParse(error.body).data?.code ?? '') : '';
  if (NOT_TAKEN.has(code)) return 'unauthorised';
  return DENIED.has(code) ? 'refused' : outcomeOf(error, call);
}

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
  const { signal, nowMs } = examining;
  const trials = createTrials(signal, outcomeOfSdk);
  const calls = callsIn(region.name);
  const alarms = await trials.attempt(calls.alarms, () => readAlarms(region.api, {}, signal));
  const fromMs = Math.max(examining.historyStartMs, nowMs - REACH_MS);
  const history = await trials.attempt(calls.history, () => newestChanges(region, { fromMs, untilMs: nowMs, signal }));
  const listed = alarms?.alarms ?? [];
  const signals = history?.signals ?? [];
  const isWhole = history?.isAll ?? true;
  const stampsMs = signals.map(({ atMs }) => atMs);
  const changes = expectedRecords({ stampsMs, isAll: isWhole, fromMs, toMs: nowMs });
  // Newest first, as the history is.
  const changed = [...new Set(signals.map(({ subject }) => placeOf(subject).name))];
  const isWanted = examining.tagNames.service !== undefined || examining.tagNames.severity !== undefined;
  const names = changed.length > 0 ? changed : listed.slice(0, 1).map(({ name }) => name);
  const asked = arnsOf({ region: region.name, names: names.slice(0, TAGS_SAMPLED), listed });
  const tags = isWanted ? await sampleTags(region, { trials, call: calls.tags, asked, signal }) : undefined;
  const starts = signals.filter(({ kind }) => kind === 'ALARM');
  const isAllAlarms = alarms !== undefined && alarms.token === undefined;
  const changedAlarms = Math.ceil((changed.length * changes) / Math.max(signals.length, 1));
  return {
    trials: trials.list,
    incidents: starts.flatMap((start) => sightingOf(start, tags, examining) ?? []),
    rejected: (history?.rejected ?? []).map(({ detail }) => detail),
    changes,
    isTold: isWhole,
    services: listed.map(({ name }) => tags?.get(name)?.get(examining.tagNames.service ?? '') || name),
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

async function newestChanges({ api, name }: Region, { fromMs, untilMs, signal }: Stretch) {
  const page = await api.history({ fromMs, untilMs, token: undefined, newestFirst: true }, signal);
  if (page === 'token_expired') throw new Error('DescribeAlarmHistory: a token was refused that was never sent');
  return { ...heardIn(page.items, { region: name, nowMs: untilMs }), isAll: page.token === undefined };
}

interface Named {
  readonly name: string;
  readonly arn: string;
}

/** The page of alarms may lack those that changed; any ARN of the account tells what theirs are. */
function arnsOf(given: { region: string; names: readonly string[]; listed: readonly Alarm[] }): Named[] {
  const account = createAccount(undefined);
  account.learn(given.listed.map(({ arn }) => arn));
  return given.names.flatMap((name) => {
    const arn = account.arnOf({ region: given.region, name });
    return arn === undefined ? [] : [{ name, arn }];
  });
}

interface Sampling {
  readonly trials: Trials;
  readonly call: Call;
  readonly asked: readonly Named[];
  readonly signal: AbortSignal;
}

/** Tags by the alarm's name; undefined where they may not be read. */
async function sampleTags({ api }: Region, { trials, call, asked, signal }: Sampling) {
  if (asked.length === 0) {
    trials.leave(call, 'there is no alarm to ask for');
    return undefined;
  }
  return trials.attempt(call, async () => {
    const found = new Map<string, Tags>();
    const read = async ({ name, arn }: Named) => ({ name, tags: await api.tags(arn, signal) });
    for await (const { name, tags } of inOrder(asked, TAGS_AHEAD, read)) {
      if (tags === 'denied') throw new RequestError(`${call.call}: AccessDenied`, { body: { code: 'AccessDenied' } });
      if (tags !== 'gone') found.set(name, tags);
    }
    return found;
  });
}

/** Undefined for alarms whose tags were not read: nothing is known of their service and severity. */
function sightingOf(
  start: Signal,
  tags: ReadonlyMap<string, Tags> | undefined,
  { tagNames }: Pick<Examining, 'tagNames'>,
): Sighting | undefined {
  const { name } = placeOf(start.subject);
  const own = tags?.get(name);
  if (tags !== undefined && own === undefined) return undefined;
  const service = own?.get(tagNames.service ?? '') || name;
  const severity = { tag: own?.get(tagNames.severity ?? '') };
  return { serviceId: service, serviceName: service, severity, triggeredAtMs: start.atMs };
}

/** Pages of so many records; an empty list costs one as well. */
export function pagesOf(records: number): number {
  return Math.max(1, Math.ceil(records / PAGE_SIZE));
}
