import type { Query } from './door.ts';
import { RequestError } from './errors.ts';

/** Checks a base URL: http or https, without credentials; throws an error that says what was expected. */
export function baseUrlOf(text: string): URL {
  const base = URL.canParse(text) ? new URL(text) : undefined;
  if (base === undefined || !['http:', 'https:'].includes(base.protocol)) {
    throw new Error('base_url: expected an address that begins with http:// or https://');
  }
  if (base.username !== '' || base.password !== '') {
    throw new Error('base_url: expected an address without user name and password');
  }
  return base;
}

/**
 * Where a request goes: `path` below the base URL's own path, or an absolute URL of the same origin.
 * Throws RequestError for any other origin, before anything leaves.
 */
export function targetOf(base: URL, path: string, query: Query): URL {
  const url = isAbsolute(path)
    ? absolute(base, path)
    : new URL(`${base.origin}${prefixOf(base)}/${path.replace(/^\/+/, '')}`);
  if (url.origin !== base.origin) {
    throw new RequestError(`GET ${url.origin}: refused, as requests only go to ${base.origin}`);
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url;
}

/** How a request is called in messages: its path below the base URL, without the query. */
export function labelOf(base: URL, url: URL): string {
  const prefix = prefixOf(base);
  return `GET ${url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : url.pathname}`;
}

function isAbsolute(path: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|[/\\]{2})/i.test(path);
}

function absolute(base: URL, path: string): URL {
  if (!URL.canParse(path, base.href))
    throw new RequestError(`GET: refused, as the address of the next request is not a URL`);
  return new URL(path, base);
}

function prefixOf(base: URL): string {
  return base.pathname.replace(/\/+$/, '');
}
