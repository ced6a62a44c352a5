import { describe, expect, it } from 'vitest';
import {
  afterCursor,
  byOffset,
  byPageNumber,
  byWatermark,
  FIRST,
  nextLink,
  type Paging,
} from '../../../src/providers/engine/paging.ts';

const LIST = { path: '/incidents', query: { status: 'open' } };
const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: index, at: `t${index}` }));
const read = (paging: Paging, body: unknown, at = FIRST, headers: Record<string, string> = {}) =>
  paging.parse({ body, headers }, at, 'GET /incidents');

describe('paging', () => {
  it.each([
    {
      says: 'an offset',
      paging: byOffset({ items: 'data', size: 2, sizeParam: 'limit', param: 'offset', total: 'total' }),
      body: { data: rows(2), total: 5 },
      second: { path: '/incidents', query: { status: 'open', limit: 2, offset: 2 } },
    },
    {
      says: 'a page number',
      paging: byPageNumber({ items: '', size: 2, sizeParam: 'per_page', param: 'page' }),
      body: rows(2),
      second: { path: '/incidents', query: { status: 'open', per_page: 2, page: 2 } },
    },
    {
      says: 'a page number that begins at 0, with a sign that there is more',
      paging: byPageNumber({ items: 'data', size: 2, param: 'page', first: 0, more: 'meta.next' }),
      body: { data: rows(2), meta: { next: 2 } },
      second: { path: '/incidents', query: { status: 'open', page: 1 } },
    },
    {
      says: 'a cursor',
      paging: afterCursor({ items: 'data', size: 2, sizeParam: 'size', param: 'after', next: 'meta.after' }),
      body: { data: rows(2), meta: { after: 'X' } },
      second: { path: '/incidents', query: { status: 'open', size: 2, after: 'X' } },
    },
    {
      says: 'a URL in the answer, of which only the query is taken',
      paging: nextLink({ items: 'data', size: 2, next: 'links.next' }),
      body: { data: rows(2), links: { next: 'https://elsewhere.example/steal?page=2&tag=a&tag=b' } },
      second: { path: '/incidents', query: { page: '2', tag: ['a', 'b'] } },
    },
    {
      says: 'the time of the last record',
      paging: byWatermark({ items: 'data', size: 2, time: 'at', query: (from) => ({ from }) }),
      body: { data: rows(2) },
      second: { path: '/incidents', query: { status: 'open', from: 't1' } },
    },
  ])('continues by $says', ({ paging, body, second }) => {
    const { next } = read(paging, body);

    expect(next).toBeDefined();
    expect(paging.request(LIST, next ?? FIRST)).toEqual(second);
  });

  it('continues by the header Link', () => {
    const paging = nextLink({ items: '', size: 2 });
    const link = '<https://x.example/i?page=1>; rel="prev", <https://x.example/i?page=3&per_page=2>;rel="next"';

    const { next } = read(paging, rows(2), FIRST, { link });

    expect(paging.request(LIST, next ?? FIRST)).toEqual({ path: '/incidents', query: { page: '3', per_page: '2' } });
  });

  it.each([
    {
      says: 'all are read',
      paging: byOffset({ items: 'd', size: 2, param: 'o', total: 't' }),
      body: { d: rows(1), t: 1 },
    },
    { says: 'a page is not full', paging: byPageNumber({ items: 'd', size: 2, param: 'p' }), body: { d: rows(1) } },
    {
      says: 'nothing says more',
      paging: byOffset({ items: 'd', size: 2, param: 'o', more: 'm' }),
      body: { d: rows(2) },
    },
    {
      says: 'there is no cursor',
      paging: afterCursor({ items: 'd', size: 2, param: 'a', next: 'n' }),
      body: { d: rows(2), n: null },
    },
    { says: 'there is no link', paging: nextLink({ items: 'd', size: 2, next: 'n' }), body: { d: rows(2), n: '' } },
    { says: 'there is no header', paging: nextLink({ items: 'd', size: 2 }), body: { d: rows(2) } },
  ])('ends when $says', ({ paging, body }) => {
    expect(read(paging, body).next).toBeUndefined();
  });

  it.each([
    {
      says: 'a page that is shorter than requested although there is more',
      paging: byOffset({ items: 'data', size: 100, param: 'offset', total: 'total' }),
      body: { data: rows(50), total: 200 },
      error: 'a page of 50 records, expected the 100 that were requested',
    },
    {
      says: 'a total that is none',
      paging: byOffset({ items: 'data', size: 100, param: 'offset', total: 'total' }),
      body: { data: [], total: 'many' },
      error: 'total: expected a whole number',
    },
    {
      says: 'an answer without the list',
      paging: byOffset({ items: 'data', size: 100, param: 'offset' }),
      body: { error: [] },
      error: 'data: expected a list',
    },
  ])('refuses $says', ({ paging, body, error }) => {
    expect(() => read(paging, body)).toThrow(error);
  });

  it.each([
    {
      says: 'a cursor',
      paging: afterCursor({ items: 'd', size: 2, param: 'a', next: 'n' }),
      body: { d: rows(2), n: 't1' },
    },
    {
      says: 'the time of all records of a page',
      paging: byWatermark({ items: 'd', size: 2, time: 'at', query: () => ({}) }),
      body: { d: rows(2) },
    },
  ])('does not go round in circles with $says', ({ paging, body }) => {
    expect(() => read(paging, body, { offset: 2, token: 't1' })).toThrow('a page leads to itself');
  });

  it('takes short pages where records are left out after paging', () => {
    const paging = byOffset({ items: 'd', size: 100, param: 'o', total: 't', isFiltered: true });

    expect(read(paging, { d: rows(3), t: 250 }).next).toEqual({ offset: 100 });
  });
});
