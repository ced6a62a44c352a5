import { mapConcurrent } from '../http/map-concurrent.ts';
import { SECOND_MS } from '../model/time.ts';

/** A half-open stretch of time: from ≤ t < to. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Requests of one list that may be under way at once (DESIGN: 4 per provider). */
const PAGES_AHEAD = 4;

/** One page as the platform answered. `total` counts the whole span, where the platform tells. */
export interface ListPage<Item> {
  readonly records: readonly Item[];
  readonly total: number | undefined;
  readonly more: boolean;
}

export interface SpanReading<Item> {
  /** What is still to be read, in this order. */
  readonly spans: readonly Span[];
  readonly pageSize: number;
  /** Highest `offset + limit` that the platform answers. */
  readonly cap: number;
  read(span: Span, offset: number): Promise<ListPage<Item>>;
}

/** One page with what is left to read after it. */
export interface SpanPage<Item> {
  readonly records: readonly Item[];
  /** The first of them has been begun when `isWithin`. */
  readonly spansLeft: readonly Span[];
  readonly isWithin: boolean;
}

/**
 * What is left after a page whose records have these times, in the order of the list: enough to go on from here after a
 * crash. By time rather than by offset: what leaves the list meanwhile shifts it, and a record would slip over the edge.
 * `marginMs` is read again, as times may be equal. A list in no order of time is read again from where its span begins.
 */
export function spansAfter(page: SpanPage<unknown>, timesMs: readonly number[], marginMs: number): Span[] {
  const [span, ...later] = page.spansLeft;
  const [firstMs, lastMs] = [timesMs[0], timesMs.at(-1)];
  if (!page.isWithin || span === undefined || firstMs === undefined || lastMs === undefined) return [...page.spansLeft];
  const isSteady = timesMs.every((ms, index) => {
    const beforeMs = timesMs[index - 1] ?? ms;
    return firstMs < lastMs ? beforeMs <= ms : beforeMs >= ms;
  });
  if (!isSteady || firstMs === lastMs) return [span, ...later];
  const rest =
    firstMs < lastMs
      ? { fromMs: Math.max(span.fromMs, lastMs - marginMs), toMs: span.toMs }
      : { fromMs: span.fromMs, toMs: Math.min(span.toMs, lastMs + marginMs) };
  return [rest, ...later];
}

/** Cuts a span into pieces of at most `longestMs`, in order of time. */
export function cutSpan(span: Span, longestMs: number): Span[] {
  const pieces: Span[] = [];
  for (let fromMs = span.fromMs; fromMs < span.toMs; fromMs += longestMs) {
    pieces.push({ fromMs, toMs: Math.min(fromMs + longestMs, span.toMs) });
  }
  return pieces;
}

/** Both halves on whole seconds; a span of one second that still does not fit is an error, never cut off. */
export function halveSpan(span: Span): [Span, Span] {
  const seconds = Math.floor((span.toMs - span.fromMs) / SECOND_MS / 2);
  if (seconds < 1) {
    const at = new Date(span.fromMs).toISOString();
    throw new Error(`more records within one second (${at}) than the platform lets anyone list`);
  }
  const middleMs = span.fromMs + seconds * SECOND_MS;
  return [
    { fromMs: span.fromMs, toMs: middleMs },
    { fromMs: middleMs, toMs: span.toMs },
  ];
}

/** Reads every page of every span; a span with more than `cap` records is halved until it fits. */
export async function* readSpans<Item>(reading: SpanReading<Item>): AsyncGenerator<SpanPage<Item>> {
  const left = [...reading.spans];
  const ahead: Ahead<Item> = new Map();
  for (let span = left.shift(); span !== undefined; span = left.shift()) {
    const whole = yield* readSpan(reading, { span, spansLeft: [...left], ahead });
    if (!whole) left.unshift(...halveSpan(span));
  }
}

/** First pages of spans that come later, asked for while the pages before them were under way. */
type Ahead<Item> = Map<Span, ListPage<Item>>;

interface Place<Item> {
  readonly span: Span;
  readonly spansLeft: readonly Span[];
  readonly ahead: Ahead<Item>;
}

/** False when the span does not fit under the cap, so what was yielded of it is not all. */
async function* readSpan<Item>(
  reading: SpanReading<Item>,
  place: Place<Item>,
): AsyncGenerator<SpanPage<Item>, boolean> {
  const { span, spansLeft, ahead } = place;
  const { pageSize, cap } = reading;
  const first = ahead.get(span) ?? (await reading.read(span, 0));
  ahead.delete(span);
  if (first.total !== undefined && Math.ceil(first.total / pageSize) * pageSize > cap) return false;
  let next = pageSize;
  let page = first;
  const state = () => ({ spansLeft: page.more ? [span, ...spansLeft] : spansLeft, isWithin: page.more });
  yield { records: page.records, ...state() };
  const known = offsetsUntil({ fromOffset: next, total: page.more ? (first.total ?? 0) : 0, pageSize });
  const coming = [...known.map((offset) => ({ span, offset })), ...firstsOf(spansLeft, ahead)];
  const read = async (one: { span: Span; offset: number }) => ({
    ...one,
    page: await reading.read(one.span, one.offset),
  });
  for await (const further of mapConcurrent(coming, PAGES_AHEAD, read)) {
    if (further.span !== span) {
      ahead.set(further.span, further.page);
      continue;
    }
    if (shrunk(first, further.page)) return false;
    page = further.page;
    next += pageSize;
    yield { records: page.records, ...state() };
  }
  while (page.more) {
    if (next + pageSize > cap) return false;
    page = await reading.read(span, next);
    next += pageSize;
    yield { records: page.records, ...state() };
  }
  return true;
}

/** The first page of the next span, unless it is here already: while one waits for it alone, the allowance goes unused. */
function firstsOf<Item>([next]: readonly Span[], ahead: Ahead<Item>): { span: Span; offset: number }[] {
  return next === undefined || ahead.has(next) ? [] : [{ span: next, offset: 0 }];
}

/** Something left the list while it was read, so a record may have slipped over a page's edge: read again, in halves. */
function shrunk(first: ListPage<unknown>, further: ListPage<unknown>): boolean {
  return first.total !== undefined && further.total !== undefined && further.total < first.total;
}

function offsetsUntil({ fromOffset, total, pageSize }: { fromOffset: number; total: number; pageSize: number }) {
  const offsets: number[] = [];
  for (let offset = fromOffset; offset < total; offset += pageSize) offsets.push(offset);
  return offsets;
}
