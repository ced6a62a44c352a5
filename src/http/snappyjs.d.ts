declare module 'snappyjs' {
  /** Snappy's block format (no frames). */
  export function compress(bytes: Uint8Array): Uint8Array;
  /** The reverse; throws when the bytes are not of that format. */
  export function uncompress(bytes: Uint8Array): Uint8Array;
}
