/** These bytes one after the other in one piece of shared memory: another thread reads them without a copy. */
export function sharedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(parts.reduce((sum, { length }) => sum + length, 0)));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** JSON in UTF-8 on shared memory. */
export function sharedJson(value: unknown): Uint8Array {
  return sharedBytes([Buffer.from(JSON.stringify(value))]);
}

/** A view; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
