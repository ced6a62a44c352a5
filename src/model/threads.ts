import { extname } from 'node:path';

/** The concatenated bytes in shared memory, which another thread reads without a copy. */
export function sharedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(parts.reduce((sum, { length }) => sum + length, 0)));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** JSON in UTF-8 in shared memory. */
export function sharedJson(value: unknown): Uint8Array {
  return sharedBytes([Buffer.from(JSON.stringify(value))]);
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The URL of a worker's module, named without its extension and relative to the module of `metaUrl`
 * (`import.meta.url`): `.ts` in the sources, `.js` where the caller was compiled. The compiler rewrites the extensions of
 * imports, but not those of URLs.
 */
export function workerUrl(name: string, metaUrl: string): URL {
  return new URL(`${name}${extname(new URL(metaUrl).pathname)}`, metaUrl);
}
