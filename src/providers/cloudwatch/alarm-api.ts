import { createHash } from 'node:crypto';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { z } from 'zod';
import type { HttpClient } from '../../http/client.ts';
import { withTimeout } from '../../http/retry.ts';
import type { Rejection } from '../../model/incident.ts';
import { SECOND_MS } from '../../model/time.ts';
import { ACCESS_DENIED_CODES, getErrorCode } from './sdk-client.ts';

export const STATES = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
export type AlarmState = (typeof STATES)[number];

/** A page of DescribeAlarmHistory; its items are parsed one by one. */
export const HistoryPage = z
  .object({ AlarmHistoryItems: z.array(z.unknown()), NextToken: z.string().optional() })
  .transform((wire) => ({ items: wire.AlarmHistoryItems, token: wire.NextToken }));
export type HistoryPage = z.output<typeof HistoryPage>;

const lists = {
  MetricAlarms: z.array(z.unknown()).optional(),
  CompositeAlarms: z.array(z.unknown()).optional(),
  LogAlarms: z.array(z.unknown()).optional(),
};

/** A page of DescribeAlarms with its lists combined; any of them may be absent or empty. */
export const AlarmsPage = z.object({ ...lists, NextToken: z.string().optional() }).transform((wire) => ({
  alarms: [...(wire.MetricAlarms ?? []), ...(wire.CompositeAlarms ?? []), ...(wire.LogAlarms ?? [])],
  token: wire.NextToken,
  hasLists: wire.MetricAlarms !== undefined || wire.CompositeAlarms !== undefined || wire.LogAlarms !== undefined,
}));
export type AlarmsPage = z.output<typeof AlarmsPage>;

/** The current state of an alarm; the last transition is absent for alarms that have not changed for years. */
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

/** Largest page that the platform returns. */
export const PAGE_SIZE = 100;
/** Most names that one request may contain. */
export const NAMES_MAX = 100;
/** Without these the platform returns metric alarms only. */
const ALARM_TYPES = ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] as const;

/** The credential chain calls other services (container, instance, STS), each with its own time-out. */
const CREDENTIALS_MAX_MS = 30 * SECOND_MS;

const NOT_FOUND_CODES = new Set(['ResourceNotFound', 'ResourceNotFoundException']);

export interface HistoryRequest {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly token: string | undefined;
  /** The default is oldest first. */
  readonly newestFirst?: true;
}

export interface AlarmsRequest {
  /** Only alarms with these names; no more than NAMES_MAX. */
  readonly names?: readonly string[];
  /** Only firing alarms. */
  readonly firing?: true;
  readonly token?: string | undefined;
}

/** The three requests of one region, with parsed responses. */
export interface AlarmApi {
  /** Resolves when credentials are found, and the role is assumed where one is configured. */
  credentials(signal: AbortSignal): Promise<void>;
  /** State changes of all alarms, oldest first by default. */
  history(request: HistoryRequest, signal: AbortSignal): Promise<HistoryPage | 'token_expired'>;
  alarms(request: AlarmsRequest, signal: AbortSignal): Promise<AlarmsPage>;
  tags(arn: string, signal: AbortSignal): Promise<Tags | 'denied' | 'not_found'>;
  close(): Promise<void>;
}

/** Sends through `httpClient` (rate limit, retries); the SDK client is created on the first request. */
export function createAlarmApi(httpClient: HttpClient, createClient: () => Promise<CloudWatchClient>): AlarmApi {
  let opened: Promise<CloudWatchClient> | undefined;
  const client = () => {
    opened ??= createClient();
    return opened;
  };
  const send = <T>(operation: string, call: SdkCall<T>, signal: AbortSignal): Promise<T> =>
    httpClient.run(
      operation,
      async (abortSignal) => {
        const sdk = await import('@aws-sdk/client-cloudwatch');
        return call({ sdk, client: await client(), abortSignal });
      },
      signal,
    );
  return {
    async credentials(signal) {
      const { credentials } = (await client()).config;
      await withTimeout(
        { signals: [signal], timeoutMs: CREDENTIALS_MAX_MS, timeoutError: credentialsTimeout },
        async () => credentials(),
      );
    },
    async history(request, signal) {
      const response = await send(
        'DescribeAlarmHistory',
        withExpectedErrors(TOKEN_ERRORS, describeAlarmHistory(request)),
        signal,
      );
      return response === 'token_expired' ? response : parseResponse(HistoryPage, response, 'DescribeAlarmHistory');
    },
    async alarms(request, signal) {
      const page = parseResponse(
        AlarmsPage,
        await send('DescribeAlarms', describeAlarms(request), signal),
        'DescribeAlarms',
      );
      // An alarm requested by name that is missing counts as deleted, so a response without any list is an error.
      if (request.names !== undefined && !page.hasLists) {
        throw new Error('DescribeAlarms answered in another shape: expected lists of alarms');
      }
      return page;
    },
    async tags(arn, signal) {
      const response = await send('ListTagsForResource', withExpectedErrors(TAG_ERRORS, listTags(arn)), signal);
      return response === 'denied' || response === 'not_found'
        ? response
        : parseResponse(TagList, response, 'ListTagsForResource');
    },
    async close() {
      await httpClient.close();
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

type SdkCall<T> = (context: SdkContext) => Promise<T>;

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
      ...(names === undefined ? {} : { AlarmNames: [...names] }),
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
const TAG_ERRORS = { denied: ACCESS_DENIED_CODES, not_found: NOT_FOUND_CODES } as const;

/** Returns some errors as results: the name of the first set that contains the error code. */
function withExpectedErrors<Name extends string, T>(
  expected: Readonly<Record<Name, ReadonlySet<string>>>,
  call: SdkCall<T>,
): SdkCall<T | Name> {
  return async (context) => {
    try {
      return await call(context);
    } catch (error) {
      const code = getErrorCode(error);
      for (const name in expected) if (expected[name].has(code)) return name;
      throw error;
    }
  };
}

function parseResponse<Schema extends z.ZodType>(schema: Schema, response: unknown, action: string): z.output<Schema> {
  const result = schema.safeParse(response);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${action} answered in another shape: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** The current alarms, and those that could not be parsed. */
export interface AlarmList {
  readonly alarms: readonly Alarm[];
  readonly rejected: readonly Rejection[];
}

/** The token of the next page; throws on a token seen before, which would never end. */
export function checkNextToken(token: string | undefined, seen: Set<string>): string | undefined {
  if (token === undefined) return undefined;
  if (seen.has(token)) throw new Error('CloudWatch returned the same NextToken twice, so the list would never end');
  seen.add(token);
  return token;
}

/** One page of alarms; those that cannot be parsed are returned as rejections. */
export async function readAlarms(api: AlarmApi, request: AlarmsRequest, signal: AbortSignal) {
  const page = await api.alarms(request, signal);
  const parsed = page.alarms.map((wire) => ({ wire, result: Alarm.safeParse(wire) }));
  return {
    alarms: parsed.flatMap(({ result }) => (result.success ? [result.data] : [])),
    rejected: parsed.flatMap(({ wire, result }) =>
      result.success ? [] : [toRejection(wire, 'malformed', `an alarm: ${result.error.issues[0]?.path.join('.')}`)],
    ),
    token: page.token,
  };
}

/** All requested alarms of the region, from all pages. */
export async function readAllAlarms(api: AlarmApi, request: AlarmsRequest, signal: AbortSignal): Promise<AlarmList> {
  const alarms: Alarm[] = [];
  const rejected: Rejection[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const page = await readAlarms(api, { ...request, token }, signal);
    alarms.push(...page.alarms);
    rejected.push(...page.rejected);
    token = checkNextToken(page.token, seen);
  } while (token !== undefined);
  return { alarms, rejected };
}

/** The rejection of a record without id. Its key is a digest, so the record is counted once however often it is read. */
export function toRejection(record: unknown, reason: Rejection['reason'], detail: string): Rejection {
  const key = createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 32);
  return { key, reason, detail };
}
