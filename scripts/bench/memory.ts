import { join } from 'node:path';
import { startPart } from './parts.ts';
import { PlatformUrl } from './platform.ts';
import { buildProgram, startProgram } from './program.ts';
import type { Line, RowInput } from './row.ts';
import { scrape, scrapeEvery, until } from './scraping.ts';

const SCRAPE_EVERY_MS = 15_000;
const LASTS_MS = 600_000;
const QUICK_MS = 60_000;
const MB = 1e6;

const SIZES = [
  { incidents: 10_000, services: 50, mostMb: 160 },
  { incidents: 1_000_000, services: 500, mostMb: 550 },
] as const;

/** Two exporters, each after a first sync of its own, on platforms where nothing happens any more. */
export async function memoryRow(input: RowInput): Promise<readonly Line[]> {
  const lines = await Promise.all(SIZES.map((size) => measure(size, input)));
  return lines.map((line) => (input.quick ? { ...line, raw: `${line.raw} (after one minute only)` } : line));
}

async function measure({ incidents, services, mostMb }: (typeof SIZES)[number], input: RowInput): Promise<Line> {
  const { folder, quick } = input;
  const platform = startPart('platform');
  const { url } = await platform.ask('start', { incidents, services, days: 200 }, PlatformUrl);
  const setting = { path: join(folder, `memory-${incidents}.db`), detail: 'standard', url } as const;
  const program = await startProgram(buildProgram(folder), setting);
  const readyUrl = new URL('-/ready', program.metricsUrl).href;
  await until(async () => (await scrape(readyUrl)).status === 200);
  const synced = program.residentBytes();
  const scraping = scrapeEvery(program.metricsUrl, SCRAPE_EVERY_MS);
  await new Promise((resolve) => setTimeout(resolve, quick ? QUICK_MS : LASTS_MS));
  const { count, bytes } = await scraping.stop();
  const resident = program.residentBytes();
  await program.end();
  await platform.end();
  return {
    what: `resident memory after a first sync and 10 minutes of scraping every 15 s, ${incidents.toLocaleString('en')} incidents of ${services} services`,
    measured: `${(resident / MB).toFixed(0)} MB`,
    mustReach: `≤ ${mostMb} MB`,
    isReached: resident <= mostMb * MB,
    raw: `the compiled program; ${(synced / MB).toFixed(0)} MB right after the first sync; ${count} scrapes of ${bytes} bytes`,
  };
}
