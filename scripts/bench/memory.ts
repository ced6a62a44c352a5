import { z } from 'zod';
import { startPart } from './parts.ts';
import { PlatformUrl } from './platform.ts';
import { buildProgram, startProgram } from './program.ts';
import { type Line, type RowInput } from './row.ts';
import { scrape, scrapeEvery, until } from './scraping.ts';
import { prepareStore } from './setting.ts';

const SCRAPE_EVERY_MS = 15_000;
const LASTS_MS = 600_000;
const QUICK_MS = 60_000;
const MB = 1e6;

const SIZES = [
  { incidents: 10_000, services: 50, mostMb: 160 },
  { incidents: 1_000_000, services: 500, mostMb: 550 },
] as const;

/** Two exporters side by side, restarted on a store that is full already, on a platform where nothing happens. */
export async function memoryRow(input: RowInput): Promise<readonly Line[]> {
  const { folder, nowMs, quick } = input;
  for (const { incidents, services } of SIZES) {
    const preparing = startPart('preparing');
    await preparing.ask('prepare', { folder, nowMs, incidents, services, detail: 'standard' }, z.object({}));
    await preparing.end();
  }
  const platform = startPart('platform');
  const { url } = await platform.ask('start', { incidents: 0, services: 0, days: 1 }, PlatformUrl);
  const lines = await Promise.all(SIZES.map((size) => measure(size, { ...input, url })));
  await platform.end();
  return lines.map((line) => (quick ? { ...line, raw: `${line.raw} (after one minute only)` } : line));
}

async function measure(
  { incidents, services, mostMb }: (typeof SIZES)[number],
  { folder, nowMs, quick, url }: RowInput & { url: string },
): Promise<Line> {
  const { path } = await prepareStore(folder, { incidents, services, detail: 'standard', nowMs });
  const program = await startProgram(buildProgram(folder), { path, detail: 'standard', url });
  await until(async () => (await scrape(program.metricsUrl)).status === 200);
  const scraping = scrapeEvery(program.metricsUrl, SCRAPE_EVERY_MS);
  await new Promise((resolve) => setTimeout(resolve, quick ? QUICK_MS : LASTS_MS));
  const { count, bytes } = await scraping.stop();
  const resident = program.residentBytes();
  await program.end();
  return {
    what: `resident memory after 10 minutes of scraping every 15 s, ${incidents.toLocaleString('en')} incidents of ${services} services`,
    measured: `${(resident / MB).toFixed(0)} MB`,
    mustReach: `≤ ${mostMb} MB`,
    isReached: resident <= mostMb * MB,
    raw: `the compiled program; ${count} scrapes of ${bytes} bytes`,
  };
}
