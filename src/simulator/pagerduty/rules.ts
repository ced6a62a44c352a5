import type { FakeAnswer } from '../platform.ts';
import { ACCOUNT_ZONE_MS } from './wire.ts';

/** A refusal of the platform, thrown inside the fake and sent as it is. */
export class Refusal extends Error {
  readonly answer: FakeAnswer;

  constructor(answer: FakeAnswer) {
    super('refused');
    this.answer = answer;
  }
}

interface PlatformError {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly errors?: readonly string[];
}

/** The platform's error envelope. */
export function errorAnswer({ status, message, code, errors }: PlatformError): FakeAnswer {
  return { status, body: { error: { message, code, ...(errors === undefined ? {} : { errors }) } } };
}

const DEFAULT_LIMIT = 25;
const LIMIT_MAX = 100;
/** The platform answers no offset + limit beyond this. */
const OFFSET_END_MAX = 10_000;
const TOO_FAR =
  'Offset+limit exceeds maximum allowed value of 10000. Please try to refine your search to reduce the returned set of records below this number, like adding a date range.';

const DAY_MS = 86_400_000;
/** Where one bound or both are missing the list covers one month. */
const MONTH_MS = 30 * DAY_MS;
const SIX_MONTHS_MS = 184 * DAY_MS;

function refuse(code: number, message: string, errors: readonly string[]): Refusal {
  return new Refusal(errorAnswer({ status: 400, code, message, errors }));
}

/** Which part of a list is wanted, by the platform's defaults and limits. */
export function pageOf(query: URLSearchParams): { limit: number; offset: number } {
  const limit = Math.min(wholeNumber(query, 'limit') ?? DEFAULT_LIMIT, LIMIT_MAX);
  const offset = wholeNumber(query, 'offset') ?? 0;
  if (offset + limit > OFFSET_END_MAX) throw refuse(2002, 'Arguments Caused Error', [TOO_FAR]);
  return { limit, offset };
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw refuse(2001, 'Invalid Input Provided', [`${name} must be a number.`]);
  return Number(text);
}

/** The stretch of creation that a list covers. */
export function rangeOf(query: URLSearchParams, nowMs: number): { sinceMs: number; untilMs: number } {
  if (query.get('date_range') === 'all')
    return { sinceMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const since = instantOf(query, 'since');
  const until = instantOf(query, 'until');
  const untilMs = until ?? (since === undefined ? nowMs + 1 : since + MONTH_MS);
  const sinceMs = since ?? untilMs - MONTH_MS;
  if (untilMs < sinceMs) throw refuse(2004, 'Invalid since/until', ['Until must be after since.']);
  if (untilMs - sinceMs > SIX_MONTHS_MS) {
    throw refuse(2005, 'Invalid Query Date Range', ['The date range must not exceed 6 months.']);
  }
  return { sinceMs, untilMs };
}

function instantOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text);
  const ms = Date.parse(hasZone ? text : `${text}Z`);
  if (Number.isNaN(ms)) throw refuse(2004, 'Invalid since/until', [`${name} is not a date.`]);
  // Without a zone the account's own is meant.
  return hasZone ? ms : ms - ACCOUNT_ZONE_MS;
}

/** Cuts the wanted part out of a list and wraps it in the platform's envelope. */
export function envelope<Item>(
  list: readonly Item[],
  query: URLSearchParams,
  { key, render }: { key: string; render: (item: Item) => unknown },
): FakeAnswer {
  const { limit, offset } = pageOf(query);
  const body = {
    [key]: list.slice(offset, offset + limit).map(render),
    limit,
    offset,
    total: query.get('total') === 'true' ? list.length : null,
    more: offset + limit < list.length,
  };
  return { status: 200, body };
}
