import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bisectRange,
  type ListPage,
  type RangePage,
  rangesAfter,
  readRanges,
  splitRange,
  type TimeRange,
} from '../../src/providers/time-ranges.ts';

const SECOND = 1000;

interface ListOptions {
  readonly pageSize: number;
  readonly cap: number;
  readonly total?: boolean;
  readonly newestFirst?: boolean;
}

/** A list of instants as a platform shows it: windows, offsets, a cap on `offset + limit`, and what it was asked. */
function listOf(instantsMs: readonly number[], options: ListOptions) {
  const list = [...instantsMs];
  const asked: { range: TimeRange; offset: number }[] = [];
  const counts = { now: 0, most: 0 };
  const read = async (range: TimeRange, offset: number): Promise<ListPage<number>> => {
    asked.push({ range, offset });
    if (offset + options.pageSize > options.cap) throw new Error(`asked beyond the cap: offset ${offset}`);
    counts.now += 1;
    counts.most = Math.max(counts.most, counts.now);
    await new Promise((resolve) => setImmediate(resolve));
    counts.now -= 1;
    const found = list.filter((ms) => ms >= range.fromMs && ms < range.toMs).toSorted((one, other) => one - other);
    if (options.newestFirst === true) found.reverse();
    const end = offset + options.pageSize;
    const total = options.total === false ? undefined : found.length;
    return { records: found.slice(offset, end), total, more: found.length > end };
  };
  return { list, asked, counts, read, pageSize: options.pageSize, cap: options.cap };
}

type List = ReturnType<typeof listOf>;

async function readAll(list: List, ranges: readonly TimeRange[]): Promise<RangePage<number>[]> {
  const pages: RangePage<number>[] = [];
  const { read, pageSize, cap } = list;
  for await (const page of readRanges({ ranges, pageSize, cap, read })) pages.push(page);
  return pages;
}

const recordsOf = (pages: readonly RangePage<number>[]) => new Set(pages.flatMap((page) => page.records));
const seconds = (count: number) => Array.from({ length: count }, (_, index) => index * SECOND);

describe('cutting a range', () => {
  it('gives pieces that touch, none too long, and together the whole', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e5), fc.integer({ min: 1000, max: 1e5 }), (fromMs, lengthMs, longestMs) => {
        const pieces = splitRange({ fromMs, toMs: fromMs + lengthMs }, longestMs);

        const edges = [fromMs, ...pieces.map((piece) => piece.toMs)];
        expect(pieces.map((piece) => piece.fromMs)).toEqual(edges.slice(0, -1));
        expect(edges.at(-1)).toBe(fromMs + lengthMs);
        for (const piece of pieces) expect(piece.toMs - piece.fromMs).toBeLessThanOrEqual(longestMs);
      }),
    );
  });
});

describe('halving a range', () => {
  it('meets on a whole number of seconds', () => {
    expect(bisectRange({ fromMs: 500, toMs: 5500 })).toEqual([
      { fromMs: 500, toMs: 2500 },
      { fromMs: 2500, toMs: 5500 },
    ]);
  });

  it('ends at one second with an error that names it', () => {
    expect(() => bisectRange({ fromMs: 0, toMs: 1999 })).toThrow(
      'more records within one second (1970-01-01T00:00:00.000Z) than the platform lets anyone list',
    );
  });
});

describe('reading ranges', () => {
  it.each([true, false])('finds every record and never asks beyond the cap (total reported: %s)', async (total) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(200), { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 7, max: 30 }),
        async (atSeconds, pageSize, cap) => {
          const instants = atSeconds.map((second, index) => second * SECOND + index);
          const perSecond = Math.max(
            0,
            ...Map.groupBy(instants, (ms) => Math.floor(ms / SECOND))
              .values()
              .map((all) => all.length),
          );
          fc.pre(Math.ceil(perSecond / pageSize) * pageSize <= cap);
          const list = listOf(instants, { pageSize, cap, total });

          const pages = await readAll(list, splitRange({ fromMs: 0, toMs: 256 * SECOND }, 64 * SECOND));

          expect(recordsOf(pages)).toEqual(new Set(instants));
          expect(pages.at(-1)).toMatchObject({ rangesLeft: [], isWithin: false });
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    { total: true, newestFirst: false },
    { total: false, newestFirst: false },
    { total: true, newestFirst: true },
  ])(
    'goes on after any page from what is left in time, though records left the list ($total, $newestFirst)',
    async (how) => {
      const list = listOf(seconds(60), { pageSize: 4, cap: 20, ...how });
      const ranges = splitRange({ fromMs: 0, toMs: 64 * SECOND }, 32 * SECOND);
      const pages = await readAll(list, ranges);

      for (const [index, page] of pages.entries()) {
        const before = recordsOf(pages.slice(0, index + 1));
        const gone = [...before].slice(0, 3);
        const shrunk = listOf(
          seconds(60).filter((ms) => !gone.includes(ms)),
          { pageSize: 4, cap: 20, ...how },
        );

        const rest = await readAll(shrunk, rangesAfter(page, page.records, SECOND));

        expect(new Set([...before, ...recordsOf(rest)]).size).toBe(60);
        const again = rest.flatMap(({ records }) => records).filter((ms) => before.has(ms));
        // Without a total a window is halved after it was begun, and begun again.
        expect(again.length).toBeLessThanOrEqual(how.total ? 2 : 20);
      }
      expect(pages.length).toBeGreaterThan(10);
    },
  );

  it.each([
    { says: 'all at one time', timesMs: [5, 5, 5] },
    { says: 'in no order of time', timesMs: [5, 9, 7, 10] },
    { says: 'none that can be read', timesMs: [] },
  ])('reads a range again after a page of records that are $says', ({ timesMs }) => {
    const range = { fromMs: 5, toMs: 100 };
    const later = { fromMs: 100, toMs: 200 };

    const left = rangesAfter({ records: [], rangesLeft: [range, later], isWithin: true }, timesMs, 0);

    expect(left).toEqual([range, later]);
  });

  it('asks for each page once, with four under way, when the platform reports the total', async () => {
    const list = listOf(seconds(100), { pageSize: 5, cap: 1000 });

    await readAll(list, [{ fromMs: 0, toMs: 100 * SECOND }]);

    expect(list.asked.map((request) => request.offset)).toEqual(Array.from({ length: 20 }, (_, index) => index * 5));
    expect(list.counts.most).toBe(4);
  });

  it('asks a window that does not fit only once before it is halved', async () => {
    const list = listOf(seconds(64), { pageSize: 4, cap: 40 });

    await readAll(list, [{ fromMs: 0, toMs: 64 * SECOND }]);

    expect(list.asked.filter(({ range }) => range.toMs - range.fromMs === 64 * SECOND)).toHaveLength(1);
    expect(list.asked).toHaveLength(1 + 8 + 8);
  });

  it('halves a window whose last page would reach beyond the cap', async () => {
    const list = listOf(seconds(10), { pageSize: 3, cap: 10 });

    const pages = await readAll(list, [{ fromMs: 0, toMs: 10 * SECOND }]);

    expect(recordsOf(pages).size).toBe(10);
  });

  it('reads a window again in halves when records left it meanwhile', async () => {
    const list = listOf(seconds(20), { pageSize: 5, cap: 100 });
    const read: List['read'] = async (range, offset) => {
      const page = await list.read(range, offset);
      if (list.asked.length === 1) list.list.shift();
      return page;
    };

    const pages = await readAll({ ...list, read }, [{ fromMs: 0, toMs: 20 * SECOND }]);

    expect(recordsOf(pages)).toEqual(new Set(seconds(20)));
  });

  it('goes on when records were added meanwhile', async () => {
    const list = listOf(seconds(20), { pageSize: 5, cap: 100 });
    const read: List['read'] = async (range, offset) => {
      const page = await list.read(range, offset);
      if (list.asked.length === 1) list.list.push(...seconds(7).map((ms) => ms + 19_001));
      return page;
    };

    const pages = await readAll({ ...list, read }, [{ fromMs: 0, toMs: 30 * SECOND }]);

    expect(recordsOf(pages).size).toBe(27);
  });

  it('throws when one second holds more than the platform lists', async () => {
    const list = listOf(
      Array.from({ length: 30 }, (_, index) => index),
      { pageSize: 5, cap: 20 },
    );

    const reading = readAll(list, [{ fromMs: 0, toMs: 60 * SECOND }]);

    await expect(reading).rejects.toThrow('more records within one second (1970-01-01T00:00:00.000Z)');
  });

  it('throws what a request threw, and asks no more', async () => {
    const list = listOf(seconds(100), { pageSize: 5, cap: 1000 });
    const read: List['read'] = async (range, offset) => {
      if (offset === 10) throw new Error('503');
      return list.read(range, offset);
    };

    const reading = readAll({ ...list, read }, [{ fromMs: 0, toMs: 100 * SECOND }]);

    await expect(reading).rejects.toThrow('503');
    expect(list.asked.length).toBeLessThanOrEqual(6);
  });
});
