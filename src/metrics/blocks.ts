import { promisify } from 'node:util';
import { constants, deflateRaw } from 'node:zlib';
import type { Format } from './exposition.ts';
import type { Fragment } from './fragment.ts';

/** Measured: level 3 takes a third of the time of level 6 for 3 % more bytes. */
export const DEFLATE_LEVEL = 3;

/** Few enough that a change rewrites little, enough that blocks compress well (20 to 200 kB each). */
const FRAGMENTS_PER_BLOCK = 64;

const deflate = promisify(deflateRaw);

/** Fragments that share their bytes; replaced when one of them is another. */
export interface Block {
  readonly fragments: readonly Fragment[];
  /** One buffer for both formats where they agree. */
  readonly bytes: Readonly<Record<Format, Buffer>>;
  /** Absent until it is wanted. */
  deflated: Readonly<Record<Format, Buffer>> | undefined;
}

export function newBlock(fragments: readonly Fragment[]): Block {
  const text = Buffer.from(fragments.map((fragment) => fragment.text).join(''));
  const isShared = fragments.every((fragment) => fragment.text === fragment.openmetrics);
  const openmetrics = isShared ? text : Buffer.from(fragments.map((fragment) => fragment.openmetrics).join(''));
  return { fragments, bytes: { text, openmetrics }, deflated: undefined };
}

/** Blocks of these fragments in order; those in which nothing changed stay the same objects. */
export function regroup(before: readonly Block[], fragments: readonly Fragment[]): Block[] {
  const blocks: Block[] = [];
  for (let from = 0; from < fragments.length; from += FRAGMENTS_PER_BLOCK) {
    const known = before[blocks.length];
    const size = Math.min(FRAGMENTS_PER_BLOCK, fragments.length - from);
    const isSame =
      known?.fragments.length === size && known.fragments.every((fragment, at) => fragment === fragments[from + at]);
    blocks.push(isSame ? known : newBlock(fragments.slice(from, from + size)));
  }
  return blocks;
}

/** Deflates a block, off the main thread, unless it is already. */
export async function deflated(block: Block): Promise<Readonly<Record<Format, Buffer>>> {
  if (block.deflated !== undefined) return block.deflated;
  const { bytes } = block;
  const text = await deflateRun(bytes.text);
  block.deflated = { text, openmetrics: bytes.openmetrics === bytes.text ? text : await deflateRun(bytes.openmetrics) };
  return block.deflated;
}

/** A run of deflate's blocks that ends on a byte and is not the last: such runs may be put one after the other (RFC 1951). */
function deflateRun(bytes: Buffer): Promise<Buffer> {
  return deflate(bytes, { level: DEFLATE_LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
}
