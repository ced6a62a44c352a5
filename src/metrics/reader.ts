import { constants, crc32, deflateRawSync } from 'node:zlib';
import { DEFLATE_LEVEL } from './blocks.ts';
import type { Format } from './exposition.ts';
import type { RenderedPage } from './page.ts';

/** A page ready to be sent: plain, and as one gzip member. */
export interface WholePage {
  readonly body: readonly Buffer[];
  readonly gzip: readonly Buffer[];
  readonly version: number;
}

/** Scrapes that come within this time of each other share one reading of the process' own metrics. */
const SHARED_MS = 100;
/** RFC 1952: magic, deflate, no flags, no time, no hints, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

export interface PageReader {
  /** Replaces what stands before the process' own metrics; returns the version of the page from now on. */
  show(pages: Record<Format, RenderedPage>): number;
  /** The newest page; undefined before the first one. */
  read(format: Format): Promise<WholePage | undefined> | WholePage | undefined;
}

/** Joins the kept families with the process' own metrics, which are read for each scrape. */
export function createPageReader(processText: (format: Format) => Promise<string>): PageReader {
  let pages: Record<Format, RenderedPage> | undefined;
  let version = 0;
  const ready = new Map<Format, { readonly page: RenderedPage; readonly whole: WholePage; readonly atMs: number }>();
  const assemble = async (format: Format) => {
    const text = await processText(format);
    const page = pages?.[format];
    if (page === undefined) return undefined;
    const rest = Buffer.from(format === 'openmetrics' ? `${text}# EOF\n` : text);
    const whole = { ...join(page, rest), version };
    ready.set(format, { page, whole, atMs: performance.now() });
    return whole;
  };
  return {
    show: (next) => {
      pages = next;
      version += 1;
      return version;
    },
    read: (format) => {
      const page = pages?.[format];
      if (page === undefined) return undefined;
      const known = ready.get(format);
      const isFresh = known?.page === page && performance.now() - known.atMs < SHARED_MS;
      return isFresh ? known.whole : assemble(format);
    },
  };
}

/** One gzip member: the kept blocks, the last block, and a trailer over all of it. */
function join(page: RenderedPage, rest: Buffer): Pick<WholePage, 'body' | 'gzip'> {
  const last = deflateRawSync(rest, { level: DEFLATE_LEVEL, finishFlush: constants.Z_FINISH });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(rest, page.crc), 0);
  trailer.writeUInt32LE((page.bytes + rest.length) % 2 ** 32, 4);
  return {
    body: [...page.plain, rest],
    gzip: [GZIP_HEADER, ...page.deflated, last, trailer],
  };
}
