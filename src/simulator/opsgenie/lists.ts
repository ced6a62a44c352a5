import type { FakeAnswer } from '../platform.ts';
import { firstAbove, isThere, type Ledger, type Life, type Records, stateAt, statusOf, updatedAtMs } from './ledger.ts';

/** A refusal of the platform, thrown inside the fake and sent as it is. */
export class Refusal extends Error {
  readonly answer: FakeAnswer;

  constructor(answer: FakeAnswer) {
    super('refused');
    this.answer = answer;
  }
}

let answered = 0;

/** What every body ends with. */
export function footer() {
  answered += 1;
  return { took: 0.012, requestId: `9ae63dd7-ed00-4c81-86f0-${String(answered).padStart(12, '0')}` };
}

interface PlatformError {
  readonly status: number;
  readonly message: string;
  readonly code?: number;
  readonly errors?: Readonly<Record<string, string>>;
}

/** The platform's error body. */
export function errorAnswer({ status, ...rest }: PlatformError): FakeAnswer {
  return { status, headers: { 'X-Opsgenie-Errortype': 'RequestNotProcessed' }, body: { ...rest, ...footer() } };
}

/** 422: understood, and refused because of one field. */
export function unprocessable(field: string, reason: string): Refusal {
  const message = 'Request body is not processable. Please check the errors.';
  return new Refusal(errorAnswer({ status: 422, message, errors: { [field]: reason } }));
}

const DEFAULT_LIMIT = 20;
const LIMIT_MAX = 100;
/** The platform answers no offset + limit beyond this. */
export const OFFSET_END_MAX = 20_000;

/** Which part of a list is wanted, by the platform's defaults and limits. */
export function pageOf(query: URLSearchParams): { limit: number; offset: number } {
  const limit = wholeNumber(query, 'limit') ?? DEFAULT_LIMIT;
  const offset = wholeNumber(query, 'offset') ?? 0;
  if (limit < 1 || limit > LIMIT_MAX) throw unprocessable('limit', `Should be between 1 and ${LIMIT_MAX}.`);
  if (offset + limit > OFFSET_END_MAX) {
    throw unprocessable('offset', `Sum of offset and limit should not be greater than ${OFFSET_END_MAX}.`);
  }
  return { limit, offset };
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw unprocessable(name, 'Should be a number.');
  return Number(text);
}

/** What a search asks for: bounds of creation, and words for the status. */
export interface Wanted {
  /** Inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Undefined for all. */
  readonly status: string | undefined;
}

const COMPARISON = /^createdAt\s*(>=|<=|>|<)\s*(\d+)$/;
const STATUS = /^status\s*:\s*"?(open|closed|resolved|\*)"?$/;
/** Smaller numbers are seconds: the platform takes both. */
const SECONDS_BELOW = 1e11;

/** Reads the part of the query language that the fake knows: createdAt and status, joined by AND. */
export function wantedOf(query: string | null): Wanted {
  const wanted = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY, status: '*' };
  const clauses = query === null || query.trim() === '' ? [] : query.split(/\s+AND\s+/);
  for (const clause of clauses.map((text) => text.trim())) {
    const [, operator, digits] = COMPARISON.exec(clause) ?? [];
    const [, status] = STATUS.exec(clause) ?? [];
    if (status !== undefined) wanted.status = status;
    else if (operator !== undefined && digits !== undefined) narrow(wanted, operator, Number(digits));
    else throw unprocessable('query', `Query is not valid near: ${clause}`);
  }
  return { ...wanted, status: wanted.status === '*' ? undefined : wanted.status };
}

function narrow(wanted: { fromMs: number; toMs: number }, operator: string, number: number): void {
  const ms = number < SECONDS_BELOW ? number * 1000 : number;
  if (operator === '>=') wanted.fromMs = Math.max(wanted.fromMs, ms);
  if (operator === '>') wanted.fromMs = Math.max(wanted.fromMs, ms + 1);
  if (operator === '<') wanted.toMs = Math.min(wanted.toMs, ms);
  if (operator === '<=') wanted.toMs = Math.min(wanted.toMs, ms + 1);
}

/** The world at one instant. */
export interface Moment {
  readonly ledger: Ledger;
  readonly nowMs: number;
}

type Key = (life: Life, nowMs: number) => number | string;

/** What records can be sorted by; incidents by fewer fields, `updatedAt` not among them. */
const SORT_KEYS: Readonly<Record<Records['kind'], ReadonlyMap<string, Key>>> = {
  alerts: new Map<string, Key>([
    ['createdAt', ({ createdAtMs }) => createdAtMs],
    ['updatedAt', (life, nowMs) => updatedAtMs('alerts', life, nowMs)],
    ['tinyId', ({ number }) => number],
    ['message', ({ incident }) => incident.title],
    ['status', (life, nowMs) => statusOf('alerts', life, nowMs)],
    ['acknowledged', (life, nowMs) => Number(stateAt(life, nowMs).isAcknowledged)],
    ['lastOccurredAt', ({ createdAtMs }) => createdAtMs],
  ]),
  incidents: new Map<string, Key>([
    ['createdAt', ({ createdAtMs }) => createdAtMs],
    ['tinyId', ({ number }) => number],
    ['message', ({ incident }) => incident.title],
    ['status', (life, nowMs) => statusOf('incidents', life, nowMs)],
  ]),
};

/** The records that a search finds, in the order that it wants: the newest creation first unless told otherwise. */
export function search(moment: Moment, records: Records, query: URLSearchParams): readonly Life[] {
  const wanted = wantedOf(query.get('query'));
  const field = query.get('sort') ?? 'createdAt';
  const order = query.get('order') ?? 'desc';
  const key = SORT_KEYS[records.kind].get(field);
  if (key === undefined) throw unprocessable('sort', `Field is not sortable: ${field}`);
  if (order !== 'asc' && order !== 'desc') throw unprocessable('order', 'Should be one of asc, desc.');
  const found = matching(moment, records, wanted);
  const ascending = field === 'createdAt' ? found : sorted(found, key, moment.nowMs);
  return order === 'asc' ? ascending : ascending.toReversed();
}

/** The records that fit, in order of creation. */
export function matching({ nowMs }: Moment, { kind, lives, createdAtMs }: Records, wanted: Wanted): Life[] {
  const from = firstAbove(createdAtMs, wanted.fromMs - 1);
  const to = firstAbove(createdAtMs, wanted.toMs - 1);
  return lives
    .slice(from, to)
    .filter(
      (life) =>
        isThere(life, nowMs) &&
        life.incident.forbidden !== true &&
        (wanted.status === undefined || wanted.status === statusOf(kind, life, nowMs)),
    );
}

function sorted(lives: readonly Life[], key: Key, nowMs: number): Life[] {
  const keyed = lives.map((life) => ({ life, by: key(life, nowMs) }));
  const compare = (a: number | string, b: number | string) => (a < b ? -1 : Number(a > b));
  return keyed.sort((a, b) => compare(a.by, b.by)).map(({ life }) => life);
}
