import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { z } from 'zod';
import type { HttpClient } from '../../http/client.ts';
import { withTimeout } from '../../http/retry.ts';
import { SECOND_MS } from '../../model/time.ts';
import { codeOf } from './judge.ts';
import { AlarmsPage, HistoryPage, TagList, type Tags } from './schema.ts';

/** The most that the platform gives at once. */
export const PAGE_SIZE = 100;
/** The most names that one question may hold. */
export const NAMES_MAX = 100;
/** Without these the platform tells of metric alarms only. */
const ALARM_TYPES = ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] as const;

/** The chain asks other services (a container's, an instance's, STS), each with time-outs of its own. */
const CREDENTIALS_MAX_MS = 30 * SECOND_MS;

/** The platform's names for a right that is missing. */
export const DENIED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'NotAuthorized',
]);
const GONE = new Set(['ResourceNotFound', 'ResourceNotFoundException']);

export interface HistoryAsked {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly token: string | undefined;
  /** Instead of oldest first. */
  readonly newestFirst?: true;
}

export interface AlarmsAsked {
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
  history(asked: HistoryAsked, signal: AbortSignal): Promise<HistoryPage | 'token_expired'>;
  alarms(asked: AlarmsAsked, signal: AbortSignal): Promise<AlarmsPage>;
  tags(arn: string, signal: AbortSignal): Promise<Tags | 'denied' | 'gone'>;
  close(): Promise<void>;
}

/** Makes calls of the SDK through `httpClient`; the SDK's client is created by the first one. */
export function createAlarmApi(httpClient: HttpClient, open: () => Promise<CloudWatchClient>): AlarmApi {
  let opened: Promise<CloudWatchClient> | undefined;
  const client = () => {
    opened ??= open();
    return opened;
  };
  const through = <T>(question: Question<T>, signal: AbortSignal): Promise<T> =>
    httpClient.run(async (abortSignal) => {
      const sdk = await import('@aws-sdk/client-cloudwatch');
      return question({ sdk, client: await client(), abortSignal });
    }, signal);
  return {
    async credentials(signal) {
      const { credentials } = (await client()).config;
      await withTimeout({ signals: [signal], timeoutMs: CREDENTIALS_MAX_MS, timeoutError: noCredentials }, async () =>
        credentials(),
      );
    },
    async history(asked, signal) {
      const answer = await through(expecting(EXPIRED_TOKEN, askHistory(asked)), signal);
      return answer === 'token_expired' ? answer : parsed(HistoryPage, answer, 'DescribeAlarmHistory');
    },
    async alarms(asked, signal) {
      const page = parsed(AlarmsPage, await through(askAlarms(asked), signal), 'DescribeAlarms');
      // Who is asked for by name and missing counts as deleted: an answer without any list is no ground for that.
      if (asked.names !== undefined && !page.hasLists) {
        throw new Error('DescribeAlarms answered in another shape: expected lists of alarms');
      }
      return page;
    },
    async tags(arn, signal) {
      const answer = await through(expecting(NO_TAGS, askTags(arn)), signal);
      return answer === 'denied' || answer === 'gone' ? answer : parsed(TagList, answer, 'ListTagsForResource');
    },
    async close() {
      await httpClient.close();
      if (opened !== undefined) (await opened).destroy();
    },
  };
}

function noCredentials(): Error {
  return new Error(`no credentials were found within ${CREDENTIALS_MAX_MS / SECOND_MS} s`);
}

interface Line {
  readonly sdk: typeof import('@aws-sdk/client-cloudwatch');
  readonly client: CloudWatchClient;
  readonly abortSignal: AbortSignal;
}

type Question<T> = (line: Line) => Promise<T>;

function askHistory({ fromMs, untilMs, token, newestFirst }: HistoryAsked): Question<unknown> {
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

function askAlarms({ names, firing, token }: AlarmsAsked): Question<unknown> {
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

function askTags(arn: string): Question<unknown> {
  return ({ sdk, client, abortSignal }) =>
    client.send(new sdk.ListTagsForResourceCommand({ ResourceARN: arn }), { abortSignal });
}

const EXPIRED_TOKEN = { token_expired: new Set(['InvalidNextToken']) } as const;
const NO_TAGS = { denied: DENIED, gone: GONE } as const;

/** Some refusals are answers: the name of the first set that holds the platform's code is given back. */
function expecting<Name extends string, T>(
  refusals: Readonly<Record<Name, ReadonlySet<string>>>,
  question: Question<T>,
): Question<T | Name> {
  return async (line) => {
    try {
      return await question(line);
    } catch (error) {
      const code = codeOf(error);
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
