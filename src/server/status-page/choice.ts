/** Longest filter that is looked at; services have names of at most 128 characters. */
export const FILTER_LENGTH_MAX = 128;

/** What a reader of the page chose by the parameters of its address. */
export interface Choice {
  readonly window: string | undefined;
  /** A column's name as it was asked for, descending with `-` in front. */
  readonly sort: string | undefined;
  /** A part of a service's name, in any case; empty for all. */
  readonly filter: string;
}

/** Reads `window`, `sort` and `filter` from the query of a request's target; what cannot be read is as if it was not there. */
export function readChoice(target: string): Choice {
  const at = target.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : target.slice(at));
  return {
    window: query.get('window') ?? undefined,
    sort: query.get('sort') ?? undefined,
    filter: (query.get('filter') ?? '')
      .replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, FILTER_LENGTH_MAX),
  };
}

/** The address of the page with a choice, relative to it, so that it holds behind any prefix. */
export function linkTo({ window, sort, filter }: Choice, fragment: string): string {
  const query = new URLSearchParams();
  if (window !== undefined) query.set('window', window);
  if (sort !== undefined) query.set('sort', sort);
  if (filter !== '') query.set('filter', filter);
  return `?${query.toString()}#${fragment}`;
}
