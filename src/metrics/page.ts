import { constants, crc32, deflateRawSync } from 'node:zlib';
import { sharedBytes } from '../model/threads.ts';
import { FORMATS, type Format, type Fragment, headerText } from './exposition.ts';
import type { AnyFamily, FamilySettings, PageSource, RenderCache } from './family.ts';

/** Measured: level 3 takes a third of the time of level 6 for 3 % more bytes. */
export const DEFLATE_LEVEL = 3;

/** Few enough that a change rewrites little, enough that blocks compress well (20 to 200 kB each). */
const FRAGMENTS_PER_BLOCK = 64;

/** Bytes that are never changed, on shared memory: another thread sends them as they are. */
export interface PageBlock {
  /** Unique within the process. */
  readonly id: number;
  /** The same array for both formats where they agree. */
  readonly bytes: Readonly<Record<Format, Uint8Array>>;
}

/** The rendered families of one format, compressed. */
interface CompressedPage {
  /** A run of deflate without its final block, on shared memory. */
  readonly deflated: Uint8Array;
  /** Length and CRC-32 of the plain bytes, as gzip's trailer wants them. */
  readonly length: number;
  readonly crc: number;
}

/** The rendered families in both formats. */
export interface RenderedPage {
  readonly blocks: readonly PageBlock[];
  readonly compressed: Readonly<Record<Format, CompressedPage>>;
}

/** A run of fragments whose bytes are joined; a changed fragment makes a new block. */
interface Block extends PageBlock {
  readonly fragments: readonly Fragment[];
  /** Absent until it is first needed. */
  deflated: Readonly<Record<Format, Uint8Array>> | undefined;
}

/** One family as it was rendered last. */
interface RenderedFamily extends RenderCache {
  readonly header: Block;
  blocks: readonly Block[];
}

/** Caches the page as one fragment of text per family and item, and renders only what changed. */
export class Page {
  readonly #families: readonly { readonly family: AnyFamily; readonly cache: RenderedFamily }[];
  readonly #settings: FamilySettings;

  constructor(families: readonly AnyFamily[], settings: FamilySettings) {
    this.#families = families.map((family) => ({ family, cache: newFamily(family) }));
    this.#settings = settings;
  }

  /** The page in both formats. */
  render(source: PageSource): RenderedPage {
    this.renderPlain(source);
    return this.compress();
  }

  /** The first half of `render`: all text is up to date, nothing is compressed yet. */
  renderPlain(source: PageSource): void {
    for (const { family, cache } of this.#families) {
      const before = cache.fragments;
      family.render(source, this.#settings, cache);
      if (cache.fragments !== before) cache.blocks = reuseBlocks(cache.blocks, cache.fragments);
    }
  }

  /** The second half: compresses what changed and puts the page together. */
  compress(): RenderedPage {
    const blocks = this.#families.flatMap(({ cache }) => [cache.header, ...cache.blocks]);
    for (const block of blocks) block.deflated ??= deflateBlock(block);
    const [text, openmetrics] = FORMATS.map((format) => compressedPage(blocks, format));
    if (text === undefined || openmetrics === undefined) throw new Error('a format is missing');
    return { blocks, compressed: { text, openmetrics } };
  }
}

function compressedPage(blocks: readonly Block[], format: Format): CompressedPage {
  const deflated = sharedBytes(blocks.map((block) => block.deflated?.[format] ?? new Uint8Array()));
  let length = 0;
  let crc = 0;
  for (const { bytes } of blocks) {
    length += bytes[format].length;
    crc = crc32(bytes[format], crc);
  }
  return { deflated, length, crc };
}

function newFamily(family: AnyFamily): RenderedFamily {
  const text = headerText(family, 'text');
  const openmetrics = headerText(family, 'openmetrics');
  const header = newBlock([{ version: 0, text, openmetrics }]);
  return { header, fragmentsByKey: new WeakMap(), items: [], fragments: [], blocks: [] };
}

let lastBlock = 0;

function newBlock(fragments: readonly Fragment[]): Block {
  lastBlock += 1;
  const text = sharedText(fragments.map((fragment) => fragment.text));
  const isSame = fragments.every((fragment) => fragment.text === fragment.openmetrics);
  const openmetrics = isSame ? text : sharedText(fragments.map((fragment) => fragment.openmetrics));
  return { id: lastBlock, fragments, bytes: { text, openmetrics }, deflated: undefined };
}

/** Blocks of these fragments in order; those in which nothing changed stay the same objects. */
function reuseBlocks(before: readonly Block[], fragments: readonly Fragment[]): Block[] {
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

/** Runs of deflate's blocks that end on a byte and are not the last may be put one after the other (RFC 1951). */
function deflateBlock({ bytes }: PageBlock): Readonly<Record<Format, Uint8Array>> {
  const run = (plain: Uint8Array) =>
    deflateRawSync(plain, { level: DEFLATE_LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
  const text = run(bytes.text);
  return { text, openmetrics: bytes.openmetrics === bytes.text ? text : run(bytes.openmetrics) };
}

function sharedText(texts: readonly string[]): Uint8Array {
  return sharedBytes([Buffer.from(texts.join(''))]);
}
