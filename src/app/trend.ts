import type { Config } from '../config/types.ts';
import type { Core } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { readersOf, statisticsSettings } from '../core/settings.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.ts';
import { reachOf } from '../report/timeline.ts';
import { type Instants, mttrTrend, type WindowTrend } from '../report/trend.ts';
import type { TrendSeries } from '../server/status-page/view.ts';
import type { History } from '../store/history.ts';
import { targetMinutes } from './status-figures.ts';

/** What a chart has room for. */
const POINTS = 90;
const SPAN_MAX_MS = 180 * DAY_MS;
const STEP_MIN_MS = HOUR_MS;
/** A trend that somebody looked at is computed anew after this long, any other after an hour. */
const LOOKED_AT_EVERY_MS = 5 * MINUTE_MS;
const ANYHOW_EVERY_MS = HOUR_MS;

export interface TrendInput {
  readonly config: () => Config;
  readonly core: Pick<Remote<Core>, 'provider'>;
  /** Reads the store on another thread: by window, of these providers. */
  readonly read: (providers: readonly string[]) => Promise<readonly (readonly TrendSeries[])[]>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The trend of each window, computed in the background. */
export interface Trend {
  /** Of the window at this place of the configuration; undefined until it is ready. */
  of(window: number): readonly TrendSeries[] | undefined;
  /** Keeps it up to date until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function createTrend(input: TrendInput): Trend {
  const { clock, log } = input;
  let ready: { readonly series: readonly (readonly TrendSeries[])[]; readonly key: string } | undefined;
  let computedAtMs = Number.NEGATIVE_INFINITY;
  let wasLookedAt = false;
  const isDue = (key: string) => {
    const everyMs = wasLookedAt ? LOOKED_AT_EVERY_MS : ANYHOW_EVERY_MS;
    return key !== '' && (key !== ready?.key || Math.abs(clock.nowMs() - computedAtMs) >= everyMs);
  };
  const update = async () => {
    const providers = await findSynced(input);
    const key = providers.join('\n');
    if (!isDue(key)) return;
    computedAtMs = clock.nowMs();
    wasLookedAt = false;
    try {
      ready = { series: await input.read(providers), key };
    } catch (error) {
      ready = { series: ready?.series ?? [], key };
      throw error;
    }
  };
  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      await update().catch((error: unknown) => {
        if (signal.aborted) return;
        log.warn('the trend of the status page could not be computed', { error: messageOf(error) });
      });
      await clock.sleep(SECOND_MS, signal).catch(() => undefined);
    }
  };
  return {
    of: (window) => {
      wasLookedAt = true;
      return ready?.series[window];
    },
    run,
  };
}

/** Providers whose numbers are in the rows of everything: a new one changes the whole past. */
async function findSynced({ config, core }: TrendInput): Promise<string[]> {
  const overall = config().providers.filter((one) => one.overall);
  const states = await Promise.all(overall.map(({ name }) => core.provider(name)));
  return states.filter(({ isSynced }) => isSynced).map(({ name }) => name);
}

/** The trend of each window, of these providers. */
export function readTrend(
  config: Config,
  history: History,
  providers: readonly string[],
): readonly (readonly TrendSeries[])[] {
  const readers = readersOf(config);
  const { startMs, endMs } = reachOfAll(history.providers.filter(({ name }) => providers.includes(name)));
  const stepMs = Math.max(STEP_MIN_MS, Math.min(SPAN_MAX_MS, endMs - startMs) / POINTS);
  const instants: Instants = { fromMs: endMs - POINTS * stepMs, stepMs, count: POINTS + 1 };
  const trends = mttrTrend({
    history,
    settings: statisticsSettings(config),
    reader: (provider) => readers.get(provider),
    isOverall: (provider) => providers.includes(provider),
    instants,
  });
  return trends.map((trend, at) => seriesOf(trend, { config, fromMs: startMs + (config.windows[at]?.ms ?? 0) }));
}

/** From where all of them know to where the last of them was read. */
function reachOfAll(states: readonly Parameters<typeof reachOf>[0][]): { startMs: number; endMs: number } {
  const reaches = states.map(reachOf).filter((reach) => reach !== undefined);
  return {
    startMs: Math.max(...reaches.map(({ historyStartMs }) => historyStartMs)),
    endMs: Math.max(...reaches.map(({ readUntilMs }) => readUntilMs)),
  };
}

/** Windows that begin before the history would be understated: their points are left out. */
function seriesOf(
  trend: WindowTrend,
  { config, fromMs }: { readonly config: Config; readonly fromMs: number },
): TrendSeries[] {
  const named = [['All incidents', trend.all] as const, ...trend.severities];
  return named.map(([name, points]) => ({
    name,
    targetMinutes: targetMinutes(config, name),
    points: points.filter(({ atMs }) => atMs >= fromMs),
  }));
}
