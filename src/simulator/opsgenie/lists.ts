import { firstAbove, type Ledger, type Life, type Records } from './ledger.ts';
import { isThere, stateAt, statusOf, updatedAtMs } from './life.ts';
import { unprocessable, type Wanted, wantedOf } from './rules.ts';

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
