import { createHash } from 'node:crypto';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import type { Rejection } from '../../model/incident.ts';
import { SECOND_MS } from '../../model/time.ts';
import { bounded } from '../../network/bounded.ts';
import type { Door } from '../../network/door.ts';
import { ACCESS_DENIED_CODES, getErrorCode } from './sdk-client.ts';

export const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
export type AlarmState = (typeof STATES)[number];

/** A page of DescribeAlarmHistory; its items are judged one by one. */
export const HistoryPage = z
  .object({ AlarmHistoryItems: z.array(z.unknown()), NextToken: z.string().optional() })
  .transform((wire) => ({ items: wire.AlarmHistoryItems, token: wire.NextToken }));
export type HistoryPage = z.output<typeof HistoryPage>;

const lists = {
  MetricAlarms: z.array(z.unknown()).optional(),
  CompositeAlarms: z.array(z.unknown()).optional(),
  LogAlarms: z.array(z.unknown()).optional(),
};

/** A page of DescribeAlarms, its lists as one; any of them may be absent or empty. */
export const AlarmsPage = z.object({ ...lists, NextToken: z.string().optional() }).transform((wire) => ({
  alarms: [...(wire.MetricAlarms ?? []), ...(wire.CompositeAlarms ?? []), ...(wire.LogAlarms ?? [])],
  token: wire.NextToken,
  hasLists: wire.MetricAlarms !== undefined || wire.CompositeAlarms !== undefined || wire.LogAlarms !== undefined,
}));
export type AlarmsPage = z.output<typeof AlarmsPage>;

/** An alarm as it is now; its last transition is unknown for alarms that have not changed for years. */
export const Alarm = z
  .object({
    AlarmName: z.string().min(1),
    AlarmArn: z.string(),
    StateValue: z.string(),
    StateTransitionedTimestamp: z.date().optional(),
  })
  .transform((wire) => ({
    name: wire.AlarmName,
    arn: wire.AlarmArn,
    state: STATES.find((state) => state === wire.StateValue),
    transitionedAtMs: wire.StateTransitionedTimestamp?.getTime(),
  }));
export type Alarm = z.output<typeof Alarm>;

/** The tags of one alarm, by key. */
export const TagList = z
  .object({ Tags: z.array(z.object({ Key: z.string(), Value: z.string() })) })
  .transform((wire) => new Map(wire.Tags.map((tag) => [tag.Key, tag.Value])));
export type Tags = ReadonlyMap<string, string>;

/** The most that the platform gives at once. */
export const PAGE_SIZE = 100;
/** The most names that one question may hold. */
export const NAMES_MAX = 100;
/** Without these the platform tells of metric alarms only. */
const ALARM_TYPES = ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] as const;

/** The chain asks other services (a container's, an instance's, STS), each with time-outs of its own. */
const CREDENTIALS_MAX_MS = 30 * SECOND_MS;

const NOT_FOUND_CODES = new Set(['ResourceNotFound', 'ResourceNotFoundException']);

export interface HistoryRequest {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly token: string | undefined;
  /** Instead of oldest first. */
  readonly newestFirst?: true;
}

export interface AlarmsRequest {
  /** Only alarms with these names; no more than NAMES_MAX. */
  readonly names?: readonly string[];
  /** Only those that fire. */
  readonly firing?: true;
  readonly token?: string | undefined;
}

/** The three questions that the platform is asked in one region, answered in our shapes. */
export interface AlarmApi {
  /** Resolves when credentials are found, and the role is assumed where one is configured. */
  credentials(signal: AbortSignal): Promise<void>;
  /** State changes of all alarms, oldest first unless asked otherwise. */
  history(asked: HistoryRequest, signal: AbortSignal): Promise<HistoryPage | 'token_expired'>;
  alarms(asked: AlarmsRequest, signal: AbortSignal): Promise<AlarmsPage>;
  tags(arn: string, signal: AbortSignal): Promise<Tags | 'denied' | 'gone'>;
  close(): Promise<void>;
}

/** Asks through `door`; the client is opened with the first question. */
export function createAlarmApi(door: Door, open: () => Promise<CloudWatchClient>): AlarmApi {
  let opened: Promise<CloudWatchClient> | undefined;
  const client = () => {
    opened ??= open();
    return opened;
  };
  const through = <T>(question: SdkCall<T>, signal: AbortSignal): Promise<T> =>
    door.run(async (abortSignal) => {
      const sdk = await import('@aws-sdk/client-cloudwatch');
      return question({ sdk, client: await client(), abortSignal });
    }, signal);
  return {
    async credentials(signal) {
      const { credentials } = (await client()).config;
      await bounded({ signals: [signal], limitMs: CREDENTIALS_MAX_MS, reached: credentialsTimeout }, async () =>
        credentials(),
      );
    },
    async history(asked, signal) {
      const answer = await through(withExpectedErrors(TOKEN_ERRORS, describeAlarmHistory(asked)), signal);
      return answer === 'token_expired' ? answer : parsed(HistoryPage, answer, 'DescribeAlarmHistory');
    },
    async alarms(asked, signal) {
      const page = parsed(AlarmsPage, await through(describeAlarms(asked), signal), 'DescribeAlarms');
      // Who is asked for by name and missing counts as deleted: an answer without any list is no ground for that.
      if (asked.names !== undefined && !page.hasLists) {
        throw new Error('DescribeAlarms answered in another shape: expected lists of alarms');
      }
      return page;
    },
    async tags(arn, signal) {
      const answer = await through(withExpectedErrors(TAG_ERRORS, listTags(arn)), signal);
      return answer === 'denied' || answer === 'gone' ? answer : parsed(TagList, answer, 'ListTagsForResource');
    },
    async close() {
      await door.close();
      if (opened !== undefined) (await opened).destroy();
    },
  };
}

function credentialsTimeout(): Error {
  return new Error(`no credentials were found within ${CREDENTIALS_MAX_MS / SECOND_MS} s`);
}

interface SdkContext {
  readonly sdk: typeof import('@aws-sdk/client-cloudwatch');
  readonly client: CloudWatchClient;
  readonly abortSignal: AbortSignal;
}

type SdkCall<T> = (line: SdkContext) => Promise<T>;

function describeAlarmHistory({ fromMs, untilMs, token, newestFirst }: HistoryRequest): SdkCall<unknown> {
  return ({ sdk, client, abortSignal }) => {
    const command = new sdk.DescribeAlarmHistoryCommand({
      AlarmTypes: [...ALARM_TYPES],
      HistoryItemType: 'StateUpdate',
      StartDate: new Date(fromMs),
      EndDate: new Date(untilMs),
      ScanBy: newestFirst === true ? 'TimestampDescending' : 'TimestampAscending',
      MaxRecords: PAGE_SIZE,
      NextToken: token,
    });
    return client.send(command, { abortSignal });
  };
}

function describeAlarms({ names, firing, token }: AlarmsRequest): SdkCall<unknown> {
  return ({ sdk, client, abortSignal }) => {
    const command = new sdk.DescribeAlarmsCommand({
      AlarmTypes: [...ALARM_TYPES],
      ...(names === undefined ? {} : { AlarmNameCache: [...names] }),
      ...(firing === undefined ? {} : { StateValue: 'ALARM' }),
      MaxRecords: PAGE_SIZE,
      NextToken: token,
    });
    return client.send(command, { abortSignal });
  };
}

function listTags(arn: string): SdkCall<unknown> {
  return ({ sdk, client, abortSignal }) =>
    client.send(new sdk.ListTagsForResourceCommand({ ResourceARN: arn }), { abortSignal });
}

const TOKEN_ERRORS = { token_expired: new Set(['InvalidNextToken']) } as const;
const TAG_ERRORS = { denied: ACCESS_DENIED_CODES, gone: NOT_FOUND_CODES } as const;

/** Some refusals are answers: the name of the first set that holds the platform's code is given back. */
function withExpectedErrors<Name extends string, T>(
  refusals: Readonly<Record<Name, ReadonlySet<string>>>,
  question: SdkCall<T>,
): SdkCall<T | Name> {
  return async (line) => {
    try {
      return await question(line);
    } catch (error) {
      const code = getErrorCode(error);
      for (const name in refusals) if (refusals[name].has(code)) return name;
      throw error;
    }
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, answer: unknown, action: string): z.output<Schema> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${action} answered in another shape: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Alarms as they are now. */
export interface AlarmList {
  readonly alarms: readonly Alarm[];
  readonly rejected: readonly Rejection[];
}

/** Tokens lead on; one that comes twice would lead on for ever. */
export function checkNextToken(token: string | undefined, seen: Set<string>): string | undefined {
  if (token === undefined) return undefined;
  if (seen.has(token)) throw new Error('the platform gave the same NextToken twice, so its list has no end');
  seen.add(token);
  return token;
}

/** One page of alarms, those that cannot be read apart. */
export async function readAlarms(api: AlarmApi, asked: AlarmsRequest, signal: AbortSignal) {
  const page = await api.alarms(asked, signal);
  const parsed = page.alarms.map((wire) => ({ wire, result: Alarm.safeParse(wire) }));
  return {
    alarms: parsed.flatMap(({ result }) => (result.success ? [result.data] : [])),
    rejected: parsed.flatMap(({ wire, result }) =>
      result.success ? [] : [toRejection(wire, 'malformed', `an alarm: ${result.error.issues[0]?.path.join('.')}`)],
    ),
    token: page.token,
  };
}

/** Every alarm of the region that was asked for, page by page to the last. */
export async function readAllAlarms(api: AlarmApi, asked: AlarmsRequest, signal: AbortSignal): Promise<AlarmList> {
  const alarms: Alarm[] = [];
  const rejected: Rejection[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const page = await readAlarms(api, { ...asked, token }, signal);
    alarms.push(...page.alarms);
    rejected.push(...page.rejected);
    token = checkNextToken(page.token, seen);
  } while (token !== undefined);
  return { alarms, rejected };
}

/** A rejection of a record that has no id; its key is a digest, so the record is counted once however often it is read. */
export function toRejection(record: unknown, reason: Rejection['reason'], detail: string): Rejection {
  const key = createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 32);
  return { key, reason, detail };
}
