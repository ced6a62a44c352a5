import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { z } from 'zod';
import { DaemonUrl } from './daemon.ts';
import { type RunningPart, startPart } from './parts.ts';
import { PlatformUrl } from './platform.ts';
import { type Line, median, type RowInput } from './row.ts';
import { scrape, textOf, until } from './scraping.ts';
import { prepareStore } from './setting.ts';

const CONNECTIONS = 4;
const SECONDS = 8;
const ROUNDS = 3;
const SERIES_LEAST = 100_000;
const PROM_CLIENT_LEAST = 25;
/** Enough that every service has every severity in every window. */
const INCIDENTS = 200_000;

/** The full page, and a small one where the cost of a request shows, against a server that only sends the same bytes, and against prom-client. */
export async function pageRow(input: RowInput): Promise<readonly Line[]> {
  return [...(await measure(input, FULL)), ...(await measure(input, SMALL))];
}

const FULL = {
  incidents: INCIDENTS,
  services: 500,
  detail: 'full',
  bareLeast: 0.95,
  seriesLeast: SERIES_LEAST,
  hasPromClient: true,
} as const;
const SMALL = {
  incidents: 10_000,
  services: 50,
  detail: 'standard',
  bareLeast: 0.8,
  seriesLeast: 0,
  hasPromClient: false,
} as const;

async function measure({ folder, nowMs }: RowInput, size: typeof FULL | typeof SMALL): Promise<readonly Line[]> {
  const { incidents, services, detail } = size;
  const { path } = await prepareStore(folder, { incidents, services, detail, nowMs });
  const platform = startPart('platform');
  const daemon = startPart('daemon');
  const rival = startPart('rival');
  const { url } = await platform.ask('start', { incidents: 0, services: 0, days: 1 }, PlatformUrl);
  const { metricsUrl } = await daemon.ask('start', { path, detail, url }, DaemonUrl);
  await until(async () => (await scrape(metricsUrl)).status === 200);
  const page = await settledPage(metricsUrl);
  const files = { gzip: join(folder, `page-${incidents}.gz`), text: join(folder, `page-${incidents}.txt`) };
  writeFileSync(files.gzip, page.bytes);
  writeFileSync(files.text, page.text);
  const bareUrl = (await rival.ask('bare', { file: files.gzip }, RivalUrl)).url;
  const rounds: { ours: number; bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ ours: await perSecond(metricsUrl), bare: await perSecond(bareUrl) });
  }
  const series = page.text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  const lines = [bareLine(rounds, { ...size, series, bytes: page.bytes.length, text: page.text.length })];
  if (size.hasPromClient) {
    const promClientUrl = (await rival.ask('promClient', { file: files.text }, RivalUrl)).url;
    lines.push(promClientLine(rounds, await promClientPerSecond(promClientUrl)));
  }
  await endAll([daemon, rival, platform]);
  return lines;
}

export const RivalUrl = z.object({ url: z.string(), series: z.number() });

/** The first scrape ends the holds of new series; the page after that is the one that stays. */
async function settledPage(url: string): Promise<{ bytes: Buffer; text: string }> {
  let text = '';
  for (let same = 0; same < 3; ) {
    const page = await scrape(url);
    const body = textOf(page);
    const own = body.search(/^# HELP (process_|nodejs_|mttr_exporter_build_info)/m);
    const kept = own < 0 ? body.length : body.slice(0, own).length;
    if (kept === text.length) same += 1;
    else same = 0;
    text = body.slice(0, kept);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const page = await scrape(url);
  return { bytes: page.bytes, text: textOf(page) };
}

async function perSecond(url: string): Promise<number> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    headers: { 'accept-encoding': 'gzip' },
    timeout: 60,
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} wrong answers, ${result.errors} errors`);
  return result.requests.total / result.duration;
}

/** A page takes it longer than a second, so whole requests are counted instead of seconds. */
async function promClientPerSecond(url: string): Promise<number> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    amount: 6 * CONNECTIONS,
    headers: { 'accept-encoding': 'gzip' },
    timeout: 120,
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} wrong answers, ${result.errors} errors`);
  return result.requests.total / result.duration;
}

function bareLine(
  rounds: readonly { ours: number; bare: number }[],
  page: { series: number; bytes: number; text: number; bareLeast: number; seriesLeast: number; incidents: number },
): Line {
  const ratio = median(rounds.map(({ ours, bare }) => ours / bare));
  return {
    what: `GET /metrics of ${page.incidents.toLocaleString('en')} incidents (${page.series.toLocaleString('en')} series), gzip, 4 connections`,
    measured: `${ratio.toFixed(2)} ×`,
    mustReach: `≥ ${page.bareLeast} × a bare node:http server`,
    isReached: ratio >= page.bareLeast && page.series >= page.seriesLeast,
    raw: `${rounds.map(({ ours, bare }) => `${ours.toFixed(0)} against ${bare.toFixed(0)}`).join('; ')} a second; ${page.bytes} bytes, ${page.text} uncompressed`,
  };
}

function promClientLine(rounds: readonly { ours: number }[], promClient: number): Line {
  const ours = median(rounds.map((round) => round.ours));
  const ratio = ours / promClient;
  return {
    what: 'the same against registry.metrics() of prom-client and gzipSync on each request, same series',
    measured: `${ratio.toFixed(0)} ×`,
    mustReach: `≥ ${PROM_CLIENT_LEAST} ×`,
    isReached: ratio >= PROM_CLIENT_LEAST,
    raw: `${ours.toFixed(0)} against ${promClient.toFixed(2)} a second`,
  };
}

async function endAll(parts: readonly RunningPart[]): Promise<void> {
  for (const part of parts) await part.end();
}
