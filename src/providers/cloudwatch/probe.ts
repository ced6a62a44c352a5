import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { StateChange } from '../../model/incident.ts';
import {
  createProbeRunner,
  estimateRecords,
  type IncidentSample,
  type Probe,
  type ProbeCall,
  type ProbeReport,
  type ProbeRequest,
  type ProbeRunner,
} from '../probes.ts';
import { type Alarm, PAGE_SIZE, readAlarms, type Tags } from './alarm-api.ts';
import { createAlarmAccount, parseSubject } from './alarm-id.ts';
import { RETENTION_MS } from './cursor.ts';
import { type ParsedHistory, parseHistory } from './history.ts';
import type { Region } from './poll.ts';
import { classifySdkError, classifySdkProbeError } from './sdk-client.ts';
import { readTags, TAG_REQUESTS_CONCURRENT, type TagNames, usesTags } from './tags.ts';

/** In US dollars, as published for API requests in November 2026 (beyond the first million of a month). */
const USD_PER_THOUSAND = 0.01;

/** Finds credentials once, then tries each kind of request of a poll in every region. */
export async function probeRegions(options: ProbeOptions): Promise<ProbeReport> {
  const { regions, signal, hasCustomEndpoint } = options;
  const probes = createProbeRunner(signal, classifySdkProbeError);
  await findCredentials(options, probes);
  const isGood = probes.list.every(({ outcome }) => outcome === 'ok');
  const found = isGood ? await Promise.all(regions.map((region) => probeRegion(region, options))) : [];
  const names = regions.map(({ name }) => name).join(', ');
  const report: ProbeReport = {
    probes: [...probes.list, ...found.flatMap((one) => one.probes)],
    region: {
      name: hasCustomEndpoint ? `${names}, by way of base_url` : names,
      ...(isGood ? { hint: 'is each region enabled for the account, and are the credentials of its partition?' } : {}),
    },
  };
  const isRead = found.length > 0 && found.every((one) => one.probes.every((probe) => !probe.isNeeded || isOk(probe)));
  return isRead ? { ...report, ...mergeRegions(found) } : report;
}

function isOk({ outcome }: { outcome: string }): boolean {
  return outcome === 'ok';
}

async function findCredentials({ regions, roleArn, signal }: ProbeOptions, probes: ProbeRunner): Promise<void> {
  const call: ProbeCall =
    roleArn === ''
      ? { call: 'chain of credentials', isNeeded: true, impact: 'everything, as no poll succeeds' }
      : { call: 'sts:AssumeRole', isNeeded: true, impact: 'everything, as alarms are read as that role' };
  await probes.run(call, async () => {
    try {
      await regions[0]?.api.credentials(signal);
    } catch (error) {
      // This call does not use our client, so its error is not redacted or classified yet.
      const { message, retry } = classifySdkError(error);
      throw new RequestError(`${call.call}: ${message}`, { status: retry ? undefined : 401 });
    }
  });
}

function mergeRegions(found: readonly RegionProbe[]): Pick<ProbeReport, 'firstPage' | 'services' | 'estimate'> {
  const sum = (number: (one: RegionProbe) => number) => found.reduce((total, one) => total + number(one), 0);
  const rejected = found.flatMap((one) => one.rejected);
  const names = [...new Set(found.flatMap(({ services }) => services))];
  return {
    firstPage: {
      incidents: found.flatMap(({ incidents }) => incidents),
      rejected: rejected.length,
      detail: rejected[0],
      total: undefined,
    },
    services: { names, count: names.length, isAll: found.every(({ isAllAlarms }) => isAllAlarms) },
    estimate: {
      // Firing alarms, and history.
      perPoll: 2 * found.length,
      perHour: 0,
      firstSync: sum(({ changes, changedAlarms }) => 2 + countPages(changes) + changedAlarms),
      isExact: found.every(({ isExact }) => isExact),
      rateLimitCount: found.length,
      usdPerThousand: USD_PER_THOUSAND,
    },
  };
}

/** Parameters of probing all regions. */
export interface ProbeOptions extends ProbeRequest {
  readonly regions: readonly Region[];
  readonly tagNames: TagNames;
  /** Empty when no role is configured. */
  readonly roleArn: string;
  /** Requests go to base_url instead of the regions' own endpoints. */
  readonly hasCustomEndpoint: boolean;
}

/** Results of probing one region. */
interface RegionProbe {
  readonly probes: readonly Probe[];
  /** Incidents of alarms whose tags are known or not needed. */
  readonly incidents: readonly IncidentSample[];
  readonly rejected: readonly string[];
  /** Number of changes in the history, exact or estimated. */
  readonly changes: number;
  readonly isExact: boolean;
  /** Services of the alarms of the first page. */
  readonly services: readonly string[];
  readonly isAllAlarms: boolean;
  /** Number of alarms that changed, each of which costs a request for its tags. */
  readonly changedAlarms: number;
}

/** Tries each kind of request of a poll in one region. */
async function probeRegion(region: Region, options: ProbeOptions): Promise<RegionProbe> {
  const { signal, nowMs, tagNames } = options;
  const probes = createProbeRunner(signal, classifySdkProbeError);
  const calls = callsFor(region.name);
  const page = await probes.run(calls.alarms, () => readAlarms(region.api, {}, signal));
  const listed = page?.alarms ?? [];
  const range = { fromMs: Math.max(options.historyStartMs, nowMs - RETENTION_MS), untilMs: nowMs, signal };
  const history = (await probes.run(calls.history, () => readNewestChanges(region, range))) ?? NO_CHANGES;
  const changed = [...new Set(history.stateChanges.map(({ subject }) => parseSubject(subject).name))];
  const isWanted = usesTags({ tagNames });
  const sampling = { probes, call: calls.tags, changed, listed, signal };
  const tags = isWanted ? await sampleTags(region, sampling) : undefined;
  const starts = history.stateChanges.filter(({ kind }) => kind === 'ALARM');
  const isAllAlarms = page !== undefined && page.token === undefined;
  const changedAlarms = Math.ceil((changed.length * history.expected) / Math.max(history.stateChanges.length, 1));
  return {
    probes: probes.list,
    incidents: starts.flatMap((start) => toSample(start, tags, tagNames) ?? []),
    rejected: history.rejected.map(({ detail }) => detail),
    changes: history.expected,
    isExact: history.isAll,
    services: listed.map(({ name }) => readTags(tags?.get(name), name, tagNames).service),
    isAllAlarms,
    changedAlarms: isWanted ? Math.min(changedAlarms, isAllAlarms ? listed.length : changedAlarms) : 0,
  };
}

function callsFor(region: string) {
  const all = 'everything, as no poll succeeds';
  return {
    alarms: { call: `DescribeAlarms (${region})`, isNeeded: true, impact: all },
    history: { call: `DescribeAlarmHistory (${region})`, isNeeded: true, impact: all },
    tags: {
      call: `ListTagsForResource (${region})`,
      isNeeded: false,
      impact: 'services and severities: every alarm is its own service and has the default severity',
    },
  } as const satisfies Readonly<Record<string, ProbeCall>>;
}

interface HistoryRange {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** The newest page of state changes, newest first, and the exact or estimated number in the whole range. */
interface NewestChanges extends ParsedHistory {
  readonly isAll: boolean;
  readonly expected: number;
}

const NO_CHANGES: NewestChanges = { stateChanges: [], rejected: [], isAll: true, expected: 0 };

async function readNewestChanges(
  { api, name }: Region,
  { fromMs, untilMs, signal }: HistoryRange,
): Promise<NewestChanges> {
  const page = await api.history({ fromMs, untilMs, token: undefined, newestFirst: true }, signal);
  if (page === 'token_expired') throw new Error('DescribeAlarmHistory: a token was refused that was never sent');
  const parsed = parseHistory(page.items, { region: name, nowMs: untilMs });
  const isAll = page.token === undefined;
  const timesMs = parsed.stateChanges.map(({ atMs }) => atMs);
  return { ...parsed, isAll, expected: estimateRecords({ timesMs, isAll, fromMs, toMs: untilMs }) };
}

/** Number of pages for so many records; an empty list costs one too. */
function countPages(records: number): number {
  return Math.max(1, Math.ceil(records / PAGE_SIZE));
}

/** Alarms whose tags are sampled for services and severities: some 10 s at 2 requests a second. */
const TAGS_SAMPLED = 20;

interface TagSampling {
  readonly probes: ProbeRunner;
  readonly call: ProbeCall;
  /** Names of alarms that changed, the newest first. */
  readonly changed: readonly string[];
  readonly listed: readonly Alarm[];
  readonly signal: AbortSignal;
}

/** Tags by alarm name of the alarms that changed last; undefined where they cannot be read. */
async function sampleTags(region: Region, { probes, call, changed, listed, signal }: TagSampling) {
  const names = changed.length > 0 ? changed.slice(0, TAGS_SAMPLED) : listed.slice(0, 1).map(({ name }) => name);
  // The page of alarms may lack those that changed; any ARN of the account is enough to build theirs.
  const account = createAlarmAccount(undefined);
  account.recordArns(listed.map(({ arn }) => arn));
  const alarms = names.flatMap((name) => {
    const arn = account.toArn({ region: region.name, name });
    return arn === undefined ? [] : [{ name, arn }];
  });
  if (alarms.length === 0) {
    probes.skip(call, 'there is no alarm to ask for');
    return undefined;
  }
  return probes.run(call, async () => {
    const found = new Map<string, Tags>();
    const read = async ({ name, arn }: { name: string; arn: string }) => ({
      name,
      tags: await region.api.tags(arn, signal),
    });
    for await (const { name, tags } of mapConcurrent(alarms, TAG_REQUESTS_CONCURRENT, read)) {
      if (tags === 'denied') throw new RequestError(`${call.call}: AccessDenied`, { body: { code: 'AccessDenied' } });
      if (tags !== 'not_found') found.set(name, tags);
    }
    return found;
  });
}

/** Undefined for alarms whose tags were not read, as their service and severity are unknown. */
function toSample(
  start: StateChange,
  tags: ReadonlyMap<string, Tags> | undefined,
  tagNames: TagNames,
): IncidentSample | undefined {
  const { name } = parseSubject(start.subject);
  const alarmTags = tags?.get(name);
  if (tags !== undefined && alarmTags === undefined) return undefined;
  const { service, severityTag, team } = readTags(alarmTags, name, tagNames);
  const labels = { serviceId: service, serviceName: service, team, severity: { tag: severityTag } };
  return { ...labels, triggeredAtMs: start.atMs };
}
