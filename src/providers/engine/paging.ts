import type { Query } from '../../http/client.ts';
import type { HttpResponse } from '../../http/response.ts';

/** One GET, without the parameters of paging. */
export interface ListRequest {
  readonly path: string;
  readonly query?: Query;
}

/** Where a page begins: by number of records, or by the platform's own token. */
export interface Position {
  readonly offset: number;
  readonly token?: string;
}

/** The first page of any list. */
export const FIRST: Position = { offset: 0 };

export interface ListedPage {
  readonly records: readonly unknown[];
  /** Of the whole list, where the platform reports it. */
  readonly total: number | undefined;
  /** Undefined on the last page. */
  readonly next: Position | undefined;
}

/** How the pages of a list are requested and read. */
export interface Paging {
  readonly size: number;
  /** Most records of one list that the platform lets anyone read. */
  readonly cap: number;
  /** Pages can be requested in any order. */
  readonly isRandomAccess: boolean;
  request(list: ListRequest, at: Position): ListRequest;
  /** Throws when the answer has another shape; `what` names the request. */
  parse(response: Pick<HttpResponse, 'body' | 'headers'>, at: Position, what: string): ListedPage;
  /** How a list of more than one page is counted before more of it is read, where its pages do not tell. */
  readonly count?: ListCount | undefined;
}

export interface ListCount {
  request(list: ListRequest): ListRequest;
  /** The number of records, any beyond the cap for more than that; undefined where it is not known and within the cap. */
  parse(body: unknown): number | undefined;
}

interface Common {
  /** Path of the records in the answer, such as `data`; empty when the answer is the list itself. */
  readonly items: string;
  readonly size: number;
  readonly sizeParam?: string;
}

interface Numbered extends Common {
  readonly param: string;
  readonly cap?: number;
  /** Path of the total number of records. */
  readonly total?: string;
  /** Path of anything that is there while there are more pages. Without it and `total` a page that is not full is the last. */
  readonly more?: string;
  /** Records may be left out after paging, so pages may be short; needs `total` or `more`. */
  readonly isFiltered?: boolean;
  readonly count?: ListCount | undefined;
}

/** `?offset=200&limit=100` */
export function byOffset(options: Numbered): Paging {
  return numbered(options, (offset) => offset);
}

/** `?page=3&per_page=100`, where the first page is `first` (1 by default). */
export function byPageNumber(options: Numbered & { readonly first?: number }): Paging {
  return numbered(options, (offset) => (options.first ?? 1) + Math.floor(offset / options.size));
}

function numbered(options: Numbered, toParam: (offset: number) => number): Paging {
  const { items, size, sizeParam, param, total: totalAt, more: moreAt, isFiltered = false, count } = options;
  return {
    size,
    cap: options.cap ?? Number.POSITIVE_INFINITY,
    isRandomAccess: totalAt !== undefined || count !== undefined,
    count,
    request: (list, { offset }) => withQuery(list, { [param]: toParam(offset), ...sized(sizeParam, size) }),
    parse({ body }, { offset }, what) {
      const records = itemsAt(body, items, what);
      const total = totalAt === undefined ? undefined : wholeNumber(valueAt(body, totalAt), totalAt, what);
      const isMore =
        moreAt === undefined ? offset + size < (total ?? offset + records.length + 1) : isThere(valueAt(body, moreAt));
      const isFull = records.length >= size;
      const hasNext = moreAt === undefined && total === undefined ? isFull : isMore;
      if (hasNext && !isFull && !isFiltered) {
        throw new Error(`${what}: a page of ${records.length} records, expected the ${size} that were requested`);
      }
      return { records, total, next: hasNext ? { offset: offset + size } : undefined };
    },
  };
}

/**
 * `?after=TOKEN`, where each answer has the token of the next page at the path `next`; the last page may say so at the path `last`
 * and have a token nevertheless.
 */
export function afterCursor(
  options: Common & { readonly param: string; readonly next: string; readonly last?: string; readonly total?: string },
): Paging {
  const { items, size, sizeParam, param, next, last, total } = options;
  return sequential(options, {
    request: (list, { token }) => withQuery(list, { ...sized(sizeParam, size), [param]: token }),
    token: ({ body }) =>
      last !== undefined && valueAt(body, last) === true ? undefined : tokenText(valueAt(body, next)),
    records: (body, what) => itemsAt(body, items, what),
    total: ({ body }) => {
      const value = total === undefined ? undefined : valueAt(body, total);
      return typeof value === 'number' ? value : undefined;
    },
  });
}

/**
 * A URL of the next page in the answer (at the path `next`), or in the header `Link` (`rel="next"`) without that path. Only its
 * query is taken: the path and the host stay ours. A header may have the total.
 */
export function nextLink(options: Common & { readonly next?: string; readonly totalHeader?: string }): Paging {
  const { items, size, sizeParam, next, totalHeader = '' } = options;
  return sequential(options, {
    request: (list, { token }) =>
      token === undefined ? withQuery(list, sized(sizeParam, size)) : { path: list.path, query: queryOf(token) },
    token: ({ body, headers }) => (next === undefined ? linkOf(headers['link']) : tokenText(valueAt(body, next))),
    records: (body, what) => itemsAt(body, items, what),
    total: ({ headers }) => {
      const total = headers[totalHeader] ?? '';
      return /^\d{1,15}$/.test(total) ? Number(total) : undefined;
    },
  });
}

interface Sequence {
  readonly request: (list: ListRequest, at: Position) => ListRequest;
  readonly token: (response: Pick<HttpResponse, 'body' | 'headers'>) => string | undefined;
  readonly records: (body: unknown, what: string) => readonly unknown[];
  readonly total: (response: Pick<HttpResponse, 'body' | 'headers'>) => number | undefined;
}

function sequential({ size }: Common, { request, token, records, total }: Sequence): Paging {
  return {
    size,
    cap: Number.POSITIVE_INFINITY,
    isRandomAccess: false,
    request,
    parse(response, at, what) {
      const found = records(response.body, what);
      const next = token(response);
      if (next !== undefined && next === at.token) throw new Error(`${what}: a page leads to itself`);
      return {
        records: found,
        total: total(response),
        next: next === undefined ? undefined : { offset: at.offset + found.length, token: next },
      };
    },
  };
}

/**
 * Pages that continue at the time of the last record, in a list that is sorted by it: `query` gives the parameters of the list
 * from that time on. Records of that time come twice; a page of a single time cannot be passed and is an error.
 */
export function byWatermark(
  options: Common & { readonly time: string; readonly query: (time: string) => Query },
): Paging {
  const { items, size, sizeParam, time, query } = options;
  const paging = sequential(options, {
    request: (list, { token }) =>
      withQuery(list, { ...sized(sizeParam, size), ...(token === undefined ? {} : query(token)) }),
    token: ({ body }) => {
      const records = itemsAt(body, items, 'GET');
      return records.length < size ? undefined : tokenText(valueAt(records.at(-1), time));
    },
    records: (body, what) => itemsAt(body, items, what),
    total: () => undefined,
  });
  return {
    ...paging,
    parse(response, at, what) {
      const page = paging.parse(response, at, what);
      if (page.records.length >= size && page.next === undefined) {
        throw new Error(`${what}: the answer has another shape: ${time}: expected the time of the last record`);
      }
      return page;
    },
  };
}

/** All records in one answer. */
export function singlePage({ items }: Pick<Common, 'items'>): Paging {
  return {
    size: Number.POSITIVE_INFINITY,
    cap: Number.POSITIVE_INFINITY,
    isRandomAccess: false,
    request: (list) => list,
    parse: ({ body }, _at, what) => ({ records: itemsAt(body, items, what), total: undefined, next: undefined }),
  };
}

/** What stands at a path such as `meta.after`; undefined where there is nothing. */
export function valueAt(body: unknown, path: string): unknown {
  if (path === '') return body;
  return path.split('.').reduce((value: unknown, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return Object.entries(value).find(([name]) => name === key)?.[1];
  }, body);
}

function itemsAt(body: unknown, path: string, what: string): readonly unknown[] {
  const items = valueAt(body, path);
  if (Array.isArray(items)) return items;
  throw new Error(
    `${what}: the answer has another shape: ${path === '' ? 'expected a list' : `${path}: expected a list`}`,
  );
}

function wholeNumber(value: unknown, path: string, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new Error(`${what}: the answer has another shape: ${path}: expected a whole number`);
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

function tokenText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function sized(param: string | undefined, size: number): Query {
  return param === undefined ? {} : { [param]: size };
}

function withQuery({ path, query }: ListRequest, more: Query): ListRequest {
  return { path, query: { ...query, ...more } };
}

/** Parameters of a link; a name that is there several times keeps all of its values. */
function queryOf(link: string): Query {
  const { searchParams } = new URL(link, 'http://link.invalid');
  return Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => {
      const values = searchParams.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

/** The link to the next page in a header `Link` (RFC 8288). */
function linkOf(header: string | undefined): string | undefined {
  const links = (header ?? '').matchAll(/<([^>]*)>([^,<]*)/g);
  for (const [, url, parameters] of links) if (/;\s*rel="?next"?/i.test(parameters ?? '')) return url;
  return undefined;
}
