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

/** A page for another thread: all of it, but bytes only of blocks that it does not have yet. */
export interface PageUpdate extends Pick<RenderedPage, 'compressed'> {
  readonly version: number;
  /** Ids of all blocks, in order. */
  readonly order: readonly number[];
  readonly newBlocks: readonly PageBlock[];
}

/** Scrapes that come within this time of each other share one copy of the process' own metrics. */
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
  /** Replaces the rendered families; the process' own metrics follow them. */
  show(update: PageUpdate): void;
  /** The newest page; undefined before the first one. */
  read(format: Format): Promise<WholePage | undefined> | WholePage | undefined;
}

interface CurrentPage {
  readonly version: number;
  readonly blocks: readonly PageBlock[];
  readonly compressed: RenderedPage['compressed'];
}

/** Joins the rendered families with the process' own metrics, which are read for each scrape. */
export function createPageReader(processText: (format: Format) => Promise<string>): PageReader {
  let current: CurrentPage | undefined;
  const ready = new Map<Format, { readonly page: CurrentPage; readonly whole: WholePage; readonly atMs: number }>();
  const assemble = async (format: Format) => {
    const text = await processText(format);
    const page = current;
    if (page === undefined) return undefined;
    const rest = Buffer.from(format === 'openmetrics' ? `${text}# EOF\n` : text);
    const whole = join(page, format, rest);
    ready.set(format, { page, whole, atMs: performance.now() });
    return whole;
  };
  return {
    show: ({ version, order, newBlocks, compressed }) => {
      const byId = new Map([...(current?.blocks ?? []), ...newBlocks].map((block) => [block.id, block]));
      const blocks = order.map((id) => {
        const block = byId.get(id);
        if (block === undefined) throw new Error(`block ${id} of the page was never received`);
        return block;
      });
      current = { version, blocks, compressed };
    },
    read: (format) => {
      if (current === undefined) return undefined;
      const known = ready.get(format);
      const isFresh = known?.page === current && performance.now() - known.atMs < SHARED_MS;
      return isFresh ? known.whole : assemble(format);
    },
  };
}

/** The page as it is sent. Its gzip form is one member: the blocks as they were compressed, the last block, and a trailer over all of it. */
function join({ version, blocks, compressed }: CurrentPage, format: Format, rest: Buffer): WholePage {
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
