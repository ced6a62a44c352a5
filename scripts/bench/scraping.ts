import { Agent, get } from 'node:http';
import { gunzipSync } from 'node:zlib';

export interface Scraped {
  readonly status: number;
  /** As it came over the wire. */
  readonly bytes: Buffer;
  readonly isGzip: boolean;
  readonly ms: number;
}

const agent = new Agent({ keepAlive: true });

/** One GET as a scraper does it, compressed. */
export function scrape(url: string): Promise<Scraped> {
  const startedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          bytes: Buffer.concat(chunks),
          isGzip: response.headers['content-encoding'] === 'gzip',
          ms: performance.now() - startedAtMs,
        }),
      );
    });
    request.on('error', reject);
  });
}

export function textOf({ bytes, isGzip }: Scraped): string {
  return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Asks again every tenth of a second until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 100));
}

export interface Scraping {
  stop(): Promise<{ readonly count: number; readonly slowestMs: number; readonly bytes: number }>;
}

/** Scrapes in a steady rhythm until it is stopped. */
export function scrapeEvery(url: string, everyMs: number): Scraping {
  const seen = { count: 0, slowestMs: 0, bytes: 0 };
  const once = async () => {
    const { ms, bytes } = await scrape(url);
    seen.count += 1;
    seen.slowestMs = Math.max(seen.slowestMs, ms);
    seen.bytes = bytes.length;
  };
  let last = once();
  const timer = setInterval(() => {
    last = once();
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await last;
      return seen;
    },
  };
}
