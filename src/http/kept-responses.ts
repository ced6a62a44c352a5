import type { HttpResponse } from './response.ts';

/** Answers are kept up to this size together: some hundred pages of a list. */
const KEPT_MAX_BYTES = 8 * 1024 * 1024;

/** Answers with their `ETag`, by URL; those that were asked for longest ago are dropped first. */
export interface KeptResponses {
  /** The header that asks for a change since the kept answer; none without one. */
  condition(url: URL): Readonly<Record<string, string>>;
  find(url: URL): HttpResponse | undefined;
  /** Keeps an answer that has an `ETag`. */
  keep(url: URL, response: HttpResponse, bytes: number): void;
}

export function createKeptResponses(): KeptResponses {
  const kept = new Map<string, { readonly response: HttpResponse; readonly etag: string; readonly bytes: number }>();
  let keptBytes = 0;

  function drop(href: string): void {
    keptBytes -= kept.get(href)?.bytes ?? 0;
    kept.delete(href);
  }

  return {
    condition: ({ href }) => {
      const etag = kept.get(href)?.etag;
      return etag === undefined ? {} : { 'if-none-match': etag };
    },
    find: ({ href }) => {
      const found = kept.get(href);
      if (found === undefined) return undefined;
      kept.delete(href);
      kept.set(href, found);
      return found.response;
    },
    keep: ({ href }, response, bytes) => {
      drop(href);
      const etag = response.headers['etag'];
      if (etag === undefined || bytes > KEPT_MAX_BYTES) return;
      kept.set(href, { response, etag, bytes });
      keptBytes += bytes;
      for (const oldest of kept.keys()) {
        if (keptBytes <= KEPT_MAX_BYTES) break;
        drop(oldest);
      }
    },
  };
}
