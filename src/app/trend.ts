import type { Config } from '../config/types.ts';
import type { Core } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { createLabelMappers, statisticsSettings } from '../core/settings.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.ts';
import { computeMttrTrend, type TimeGrid, type WindowTrend } from '../report/mttr-trend.ts';
import { findCoverage } from '../report/timeline.ts';
import type { TrendSeries } from '../server/status-page/view.ts';
import type { StoreSnapshot } from '../store/snapshot.ts';

/** As many as a chart has room for. */
const POINTS = 90;
const RANGE_MAX_MS = 180 * DAY_MS;
const STEP_MIN_MS = HOUR_MS;
/** A trend that was requested is computed again after this long, any other after an hour. */
const REQUESTED_EVERY_MS = 5 * MINUTE_MS;
const IDLE_EVERY_MS = HOUR_MS;

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
  /** Of the window at this index of the configuration; undefined until it is ready. */
  findSeries(window: number): readonly TrendSeries[] | undefined;
  /** Keeps it up to date until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export function createTrend(input: TrendInput): Trend {
  const { clock, log } = input;
  let ready: { readonly series: readonly (readonly TrendSeries[])[]; readonly key: string } | undefined;
  let computedAtMs = Number.NEGATIVE_INFINITY;
  let wasRequested = false;
  const isDue = (key: string) => {
    const everyMs = wasRequested ? REQUESTED_EVERY_MS : IDLE_EVERY_MS;
    return key !== '' && (key !== ready?.key || Math.abs(clock.nowMs() - computedAtMs) >= everyMs);
  };
  const update = async () => {
    const providers = await findSynced(input);
    const key = providers.join('\n');
    if (!isDue(key)) return;
    computedAtMs = clock.nowMs();
    wasRequested = false;
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
        log.warn('cannot compute the trend of the status page', { error: messageOf(error) });
      });
      await clock.sleep(SECOND_MS, signal).catch(() => undefined);
    }
  };
  return {
    findSeries: (window) => {
      wasRequested = true;
      return ready?.series[window];
    },
    run,
  };
}

/** Synced providers that count in every grouping: a new one changes the whole past. */
async function findSynced({ config, core }: TrendInput): Promise<string[]> {
  const overall = config().providers.filter((one) => one.overall);
  const states = await Promise.all(overall.map(({ name }) => core.provider(name)));
  return states.filter(({ isSynced }) => isSynced).map(({ name }) => name);
}

/** The trend of each window, of these providers. */
export function readTrend(
  config: Config,
  history: StoreSnapshot,
  providers: readonly string[],
): readonly (readonly TrendSeries[])[] {
  const labelMappers = createLabelMappers(config);
  const { startMs, endMs } = findCommonCoverage(history.providers.filter(({ name }) => providers.includes(name)));
  const stepMs = Math.max(STEP_MIN_MS, Math.min(RANGE_MAX_MS, endMs - startMs) / POINTS);
  const times: TimeGrid = { fromMs: endMs - POINTS * stepMs, stepMs, count: POINTS + 1 };
  const trends = computeMttrTrend({
    history,
    settings: statisticsSettings(config),
    labelMapper: (provider) => labelMappers.get(provider),
    isOverall: (provider) => providers.includes(provider),
    times,
  });
  return trends.map((trend, index) => toSeries(trend, config, startMs + (config.windows[index]?.ms ?? 0)));
}

/** From where the history of all of them has begun to where the last of them was read. */
function findCommonCoverage(states: readonly Parameters<typeof findCoverage>[0][]): { startMs: number; endMs: number } {
  const coverages = states.map(findCoverage).filter((coverage) => coverage !== undefined);
  return {
    startMs: Math.max(...coverages.map(({ historyStartMs }) => historyStartMs)),
    endMs: Math.max(...coverages.map(({ readUntilMs }) => readUntilMs)),
  };
}

/** Windows that begin before the history would be understated: their points are left out. */
function toSeries(trend: WindowTrend, config: Config, fromMs: number): TrendSeries[] {
  const named = [['All incidents', trend.all] as const, ...trend.severities];
  return named.map(([name, points]) => ({
    name,
    targetMinutes: findTargetMinutes(config, name),
    points: points.filter(({ atMs }) => atMs >= fromMs),
  }));
}

/** Minutes in which an incident of this severity should be resolved; undefined without a target. */
export function findTargetMinutes({ severities }: Config, severity: string): number | undefined {
  const targetMs = severities.find(({ name }) => name === severity)?.targetMs;
  return targetMs === undefined ? undefined : targetMs / MINUTE_MS;
}
