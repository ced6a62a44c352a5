import { TextDecoder } from 'node:util';

/**
 * The text of a file whose characters may lie over the edges of chunks: UTF-16 where it begins with that mark, else UTF-8;
 * without the mark. Throws for what is neither: guessed letters would be in names for good.
 */
export async function* decodedText(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    head = Buffer.concat([head, bytesOf(chunk)]);
    if (decoder === undefined && head.length < MARK_BYTES) continue;
    decoder ??= decoderOf(head);
    yield decode(decoder, head, true);
    head = Buffer.alloc(0);
  }
  yield decode(decoder ?? decoderOf(head), head, false);
}

/** The longest mark that says which of the two bytes of a character comes first. */
const MARK_BYTES = 2;
const MARKS = { 'utf-16le': Buffer.from([0xff, 0xfe]), 'utf-16be': Buffer.from([0xfe, 0xff]) } as const;

function decoderOf(head: Buffer): TextDecoder {
  const mark = head.subarray(0, MARK_BYTES);
  if (mark.equals(MARKS['utf-16le'])) return new TextDecoder('utf-16le', { fatal: true });
  if (mark.equals(MARKS['utf-16be'])) return new TextDecoder('utf-16be', { fatal: true });
  return new TextDecoder('utf-8', { fatal: true });
}

function decode(decoder: TextDecoder, bytes: Buffer, stream: boolean): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch (error) {
    throw new Error(`holds what is no ${decoder.encoding.toUpperCase()}; expected a text file saved as UTF-8`, {
      cause: error,
    });
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  return chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
}
