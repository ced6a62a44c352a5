import { constants, crc32, deflateRawSync } from 'node:zlib';
import { asBuffer } from '../model/threads.ts';
import type { Format } from './exposition.ts';
import { DEFLATE_LEVEL, type PageBlock, type RenderedPage } from './page.ts';

/** A page ready to be sent: plain, and as one gzip member. */
export interface WholePage {
  readonly body: readonly Buffer[];
  readonly gzip: readonly Buffer[];
  readonly version: number;
}

/** What another thread has to hear of a page: all of it, but bytes only of blocks that it does not have yet. */
export interface PageUpdate extends Pick<RenderedPage, 'compressed'> {
  readonly version: number;
  /** Ids of all blocks, in order. */
  readonly order: readonly number[];
  readonly newBlocks: readonly PageBlock[];
}

/** Scrapes that come within this time of each other share one reading of the process' own metrics. */
const SHARED_MS = 100;
/** RFC 1952: magic, deflate, no flags, no time, no hints, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/** Turns rendered pages into updates; one receiver gets all of them, in order. */
export function createPageUpdates(): (page: RenderedPage) => PageUpdate {
  let sent = new Set<number>();
  let version = 0;
  return ({ blocks, compressed }) => {
    version += 1;
    const order = blocks.map(({ id }) => id);
    const newBlocks = blocks.filter(({ id }) => !sent.has(id)).map(({ id, bytes }) => ({ id, bytes }));
    sent = new Set(order);
    return { version, order, newBlocks, compressed };
  };
}

export interface PageReader {
  /** Replaces what stands before the process' own metrics. */
  show(update: PageUpdate): void;
  /** The newest page; undefined before the first one. */
  read(format: Format): Promise<WholePage | undefined> | WholePage | undefined;
}

interface ShownPage {
  readonly version: number;
  readonly blocks: readonly PageBlock[];
  readonly compressed: RenderedPage['compressed'];
}

/** Joins the rendered families with the process' own metrics, which are read for each scrape. */
export function createPageReader(processText: (format: Format) => Promise<string>): PageReader {
  let shown: ShownPage | undefined;
  const ready = new Map<Format, { readonly page: ShownPage; readonly whole: WholePage; readonly atMs: number }>();
  const assemble = async (format: Format) => {
    const text = await processText(format);
    const page = shown;
    if (page === undefined) return undefined;
    const rest = Buffer.from(format === 'openmetrics' ? `${text}# EOF\n` : text);
    const whole = join(page, format, rest);
    ready.set(format, { page, whole, atMs: performance.now() });
    return whole;
  };
  return {
    show: ({ version, order, newBlocks, compressed }) => {
      const byId = new Map([...(shown?.blocks ?? []), ...newBlocks].map((block) => [block.id, block]));
      const blocks = order.map((id) => {
        const block = byId.get(id);
        if (block === undefined) throw new Error(`block ${id} of the page was never received`);
        return block;
      });
      shown = { version, blocks, compressed };
    },
    read: (format) => {
      if (shown === undefined) return undefined;
      const known = ready.get(format);
      const isFresh = known?.page === shown && performance.now() - known.atMs < SHARED_MS;
      return isFresh ? known.whole : assemble(format);
    },
  };
}

/** One gzip member: the kept blocks, the last block, and a trailer over all of it. */
function join({ version, blocks, compressed }: ShownPage, format: Format, rest: Buffer): WholePage {
  const { deflated, length, crc } = compressed[format];
  const last = deflateRawSync(rest, { level: DEFLATE_LEVEL, finishFlush: constants.Z_FINISH });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(rest, crc), 0);
  trailer.writeUInt32LE((length + rest.length) % 2 ** 32, 4);
  return {
    body: [...blocks.map(({ bytes }) => asBuffer(bytes[format])), rest],
    gzip: [GZIP_HEADER, asBuffer(deflated), last, trailer],
    version,
  };
}
