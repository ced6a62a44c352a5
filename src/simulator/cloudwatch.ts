import type { z } from 'zod';
import {
  ACCOUNT,
  ALARM_TYPES,
  alarmsThere,
  DescribeAlarms,
  isAskedFor,
  ListTagsForResource,
  tagsOf,
  wireAlarm,
} from './cloudwatch/alarms.ts';
import { answered, CLOUDWATCH_PEOPLE, type Listing, pageOf, Refusal } from './cloudwatch/answers.ts';
import { DescribeAlarmHistory, historyItems } from './cloudwatch/history.ts';
import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';
import type { World } from './world.ts';

type Operation = 'DescribeAlarms' | 'DescribeAlarmHistory' | 'ListTagsForResource';

export interface CloudwatchFakeOptions extends FakeOptions {
  /** Operations that the credentials may not use. */
  readonly denied?: readonly Operation[];
  /** While it says true, the credentials may not use the operation; asked for each request. */
  readonly isDenied?: (operation: string, body: string) => boolean;
  /** The only access key that is taken; any is unless this is given. */
  readonly accessKey?: string;
  /** Whose alarms these are now; tags of another account's are refused. */
  readonly account?: () => string;
  /** Requests that were signed for a time further than this from the fake's now are refused, as AWS does beyond 5 minutes. */
  readonly signatureValidMs?: number;
  /** While it says true, every NextToken is refused as expired. */
  readonly tokensRefused?: () => boolean;
}

/**
 * CloudWatch on loopback for all regions: AWS JSON 1.0, the region taken from the signature's scope (which is not verified).
 * It shows of `world.alarms` what has happened by its own now.
 */
export async function startCloudwatchFake(world: World, options: CloudwatchFakeOptions = {}): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  return startFake(
    {
      answer: (request) => {
        try {
          return answer(visitOf(request, { world, options, nowMs: nowMs() }));
        } catch (error) {
          if (error instanceof Refusal) return error.answer;
          throw error;
        }
      },
      throttled: () => new Refusal('Throttling', 'Rate exceeded').answer,
    },
    options,
  );
}

interface Place {
  readonly world: World;
  readonly options: CloudwatchFakeOptions;
  readonly nowMs: number;
}

interface Visit extends Place {
  readonly region: string;
  readonly operation: string | undefined;
  readonly asked: Readonly<Record<string, unknown>>;
}

function visitOf({ method, path, headers, body }: SeenRequest, place: Place): Visit {
  const target = String(headers['x-amz-target'] ?? '');
  const [, operation] = /^GraniteServiceVersion20100801\.(\w+)$/.exec(target) ?? [];
  if (method !== 'POST' || path !== '/') throw new Refusal('InvalidAction', 'Could not find operation.', 404);
  if (headers['content-type'] !== 'application/x-amz-json-1.0') {
    throw new Refusal('SerializationException', 'Expected application/x-amz-json-1.0.');
  }
  const [, region] =
    /Credential=[^/]+\/\d{8}\/([\w-]+)\/monitoring\/aws4_request/.exec(headers.authorization ?? '') ?? [];
  if (region === undefined) throw new Refusal('MissingAuthenticationToken', 'Request is missing Authentication.', 403);
  const { accessKey } = place.options;
  if (accessKey !== undefined && headers.authorization?.includes(`Credential=${accessKey}/`) !== true) {
    throw new Refusal('UnrecognizedClientException', 'The security token included in the request is invalid.', 403);
  }
  const { signatureValidMs = Number.POSITIVE_INFINITY } = place.options;
  if (Math.abs(signedAtMs(String(headers['x-amz-date'])) - place.nowMs) > signatureValidMs) {
    throw new Refusal('SignatureDoesNotMatch', 'Signature expired: it is not the time of the platform.', 403);
  }
  return { ...place, region, operation, asked: parsed(body) };
}

/** `20261121T120000Z` as milliseconds. */
function signedAtMs(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    throw new Refusal('SerializationException', 'The request is not JSON.');
  }
}

function answer(visit: Visit): FakeAnswer {
  const { operation = '', options } = visit;
  if (options.denied?.some((one) => one === operation) === true) throw denial(operation);
  if (options.isDenied?.(operation, JSON.stringify(visit.asked)) === true) throw denial(operation);
  if (visit.operation === 'DescribeAlarmHistory') return history(visit);
  if (visit.operation === 'DescribeAlarms') return alarms(visit);
  if (visit.operation === 'ListTagsForResource') return tags(visit);
  throw new Refusal('UnknownOperationException', 'Unknown operation.');
}

function valid<Schema extends z.ZodType>(schema: Schema, asked: unknown): z.infer<Schema> {
  const result = schema.safeParse(asked);
  if (result.success) return result.data;
  throw new Refusal('ValidationError', `Invalid request: ${result.error.issues[0]?.path.join('.') ?? ''}`);
}

function listing({ operation, asked, nowMs, options }: Visit, pageSize: number, token: string | undefined): Listing {
  const { NextToken: _, ...rest } = asked;
  const tokensRefused = options.tokensRefused ?? (() => false);
  return { operation: operation ?? '', asked: rest, pageSize, token, nowMs, tokensRefused };
}

function history(visit: Visit): FakeAnswer {
  const asked = valid(DescribeAlarmHistory, visit.asked);
  const place = { world: visit.world, region: visit.region, duplicates: visit.options.duplicates === true };
  const page = pageOf(listing(visit, asked.MaxRecords, asked.NextToken), (nowMs) => historyItems(place, asked, nowMs));
  return answered({ AlarmHistoryItems: page.items, ...page.more });
}

function alarms(visit: Visit): FakeAnswer {
  const asked = valid(DescribeAlarms, visit.asked);
  const page = pageOf(listing(visit, asked.MaxRecords, asked.NextToken), (nowMs) =>
    alarmsThere(visit.world, visit.region, nowMs).filter((alarm) => isAskedFor(alarm, asked, nowMs)),
  );
  const lists = ALARM_TYPES.map((kind) => [
    `${kind}s`,
    page.items.filter((alarm) => alarm.kind === kind).map((alarm) => wireAlarm(alarm, visit.nowMs, accountOf(visit))),
  ]);
  return answered({ ...Object.fromEntries(lists), ...page.more });
}

function denial(operation: string): Refusal {
  const caller = `arn:aws:iam::123456789012:user/${CLOUDWATCH_PEOPLE.login}`;
  return new Refusal('AccessDenied', `User: ${caller} is not authorized to perform: cloudwatch:${operation}`);
}

function tags(visit: Visit): FakeAnswer {
  const { asked, world, region, nowMs } = visit;
  const arn = valid(ListTagsForResource, asked).ResourceARN;
  return answered(tagsOf(alarmsThere(world, region, nowMs), arn, accountOf(visit)));
}

function accountOf({ options }: Visit): string {
  return options.account?.() ?? ACCOUNT;
}
