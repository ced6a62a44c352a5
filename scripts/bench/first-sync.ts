import { join } from 'node:path';
import { z } from 'zod';
import { DAY_MS } from '../../src/model/time.ts';
import { DaemonUrl } from './daemon.ts';
import { startPart } from './parts.ts';
import { overviewEntries, PlatformUrl, Seen } from './platform.ts';
import { inShare, type Line, type RowInput } from './row.ts';
import { scrape, until } from './scraping.ts';

/** The default allowance of a PagerDuty provider. */
const PER_MINUTE = 900;
const LATENCY_MS = 100;
/** Enough for more than three minutes of requests. */
const INCIDENTS = 90_000;
const DAYS = 200;
const PAGE = 100;
const MINUTE_MS = 60_000;
const USED_LEAST = 0.97;
const REQUESTS_MOST = 1.1;
const REQUESTS_SPARE = 5;

/** How much of the allowance a first sync uses, and with how many requests it gets by. */
export async function firstSyncRow({ folder }: RowInput): Promise<readonly Line[]> {
  const platform = startPart('platform');
  const daemon = startPart('daemon');
  const world = { incidents: INCIDENTS, services: 500, days: DAYS, perMinute: PER_MINUTE, latencyMs: LATENCY_MS };
  const { url } = await platform.ask('start', world, PlatformUrl);
  const input = { path: join(folder, 'first-sync.db'), detail: 'standard', url, rateLimit: `${PER_MINUTE}/min` };
  const { readyUrl } = await daemon.ask('start', input, DaemonUrl);
  await until(async () => (await scrape(readyUrl)).status === 200);
  const seen = await platform.ask('seen', {}, Seen);
  await daemon.ask('stop', {}, z.object({}));
  await Promise.all([daemon.end(), platform.end()]);
  return [usedLine(seen), requestsLine(seen)];
}

type Counted = z.output<typeof Seen>;

/** Whole minutes from the second on. */
function usedLine({ atMs, throttled }: Counted): Line {
  const [firstMs = 0] = atMs;
  const lastMs = atMs.at(-1) ?? 0;
  const perMinute: number[] = [];
  for (let fromMs = firstMs + MINUTE_MS; fromMs + MINUTE_MS <= lastMs; fromMs += MINUTE_MS) {
    perMinute.push(atMs.filter((ms) => ms >= fromMs && ms < fromMs + MINUTE_MS).length);
  }
  const least = Math.min(...perMinute) / PER_MINUTE;
  return {
    what: `first sync of ≥ 3 R requests, R = ${PER_MINUTE} a minute, answers after ${LATENCY_MS} ms: share of R used from the second minute on`,
    measured: `${inShare(least)}, ${throttled} × 429`,
    mustReach: `≥ ${inShare(USED_LEAST)}, no 429`,
    isReached: least >= USED_LEAST && throttled === 0 && atMs.length >= 3 * PER_MINUTE,
    raw: `${perMinute.join(', ')} requests in minutes 2 to ${perMinute.length + 1}; ${atMs.length} in all`,
  };
}

function requestsLine(seen: Counted): Line {
  const toMs = Date.now();
  const history = { incidents: INCIDENTS, services: 500, fromMs: toMs - DAYS * DAY_MS, toMs };
  const pages = { incidents: INCIDENTS / PAGE, entries: Math.ceil(overviewEntries(history) / PAGE) };
  const services = 500 / PAGE;
  const least = pages.incidents + pages.entries + services + 1;
  const most = REQUESTS_MOST * least + REQUESTS_SPARE;
  return {
    what: 'requests of that first sync against the pages that there are',
    measured: `${seen.atMs.length} (${(seen.atMs.length / least).toFixed(3)} ×)`,
    mustReach: `≤ ${most.toFixed(0)}`,
    isReached: seen.atMs.length <= most,
    raw: `${seen.incidents} of ${pages.incidents} pages of incidents, ${seen.logEntries} of ${pages.entries} of log entries, ${seen.other} of the catalogue, ${seen.open} of the open set`,
  };
}
