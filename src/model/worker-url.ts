import { extname } from 'node:path';

/**
 * The URL of a worker's module, named without its extension and relative to the module of `metaUrl`
 * (`import.meta.url`): `.ts` in the sources, `.js` where the caller was compiled. The compiler rewrites the extensions of
 * imports, but not those of URLs.
 */
export function workerUrl(name: string, metaUrl: string): URL {
  return new URL(`${name}${extname(new URL(metaUrl).pathname)}`, metaUrl);
}
