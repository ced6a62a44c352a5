import type { Config } from '../config/types.ts';
import { DAY_MS } from '../model/time.ts';
import type { Readiness } from '../server/options.ts';
import type { StatusView } from '../server/status-page/view.ts';
import type { Store } from '../store/store.ts';
import type { Engine, EngineProvider } from './engine.ts';
import { providerStatuses } from './provider-status.ts';
import { statusFigures, targetMinutes } from './status-figures.ts';
import { troublesOf } from './troubles.ts';

/** A first sync that failed this often in a row no longer keeps the exporter unready. */
const FAILURES_UNTIL_READY = 3;
/** Open incidents on the page; whoever has more of them open has another page for that. */
const OPEN_SHOWN_MAX = 50;
const USUAL_WINDOW_MS = 30 * DAY_MS;

/** Ready when every provider's first sync is done, or has failed three times in a row; a line per provider says which. */
export function readinessOf(providers: readonly EngineProvider[], store: Store): Readiness {
  const states = providers.map(({ config, poller }) => {
    const { isSynced } = store.provider(config.name);
    const { failuresInRow } = poller.state();
    return {
      line: `${config.name}: ${stateOf(poller, isSynced)}`,
      isReady: isSynced || failuresInRow >= FAILURES_UNTIL_READY,
    };
  });
  return { ready: states.every(({ isReady }) => isReady), lines: states.map(({ line }) => line) };
}

function stateOf(poller: EngineProvider['poller'], isSynced: boolean): string {
  const { isUp, error } = poller.state();
  const phase = isSynced ? 'synced' : 'first sync is not complete';
  if (isUp === false) return `down, ${phase}: ${error ?? 'unknown reason'}`;
  return isUp === true && isSynced ? 'up' : phase;
}

export interface StatusInput {
  readonly engine: Engine;
  readonly config: Config;
  readonly store: Store;
  readonly version: string;
  readonly nowMs: number;
  readonly startedAtMs: number;
  /** The window that was asked for; any that is not configured means the usual one. */
  readonly window: string | undefined;
  readonly isOpen: boolean;
  readonly pageTrouble: string | undefined;
  readonly reloadFailure: string | undefined;
}

/** What the first page shows. */
export function statusOf(input: StatusInput): StatusView {
  const { engine, config, store, version, nowMs, startedAtMs } = input;
  const window = windowPlace(config, input.window);
  const providers = providerStatuses(engine, store);
  const { oldest, total } = store.openIncidents(OPEN_SHOWN_MAX);
  return {
    version,
    nowMs,
    uptimeMs: nowMs - startedAtMs,
    windows: config.windows.map(({ name }) => name),
    window: config.windows[window]?.name ?? '',
    minimumSample: config.metrics.minimumSample,
    troubles: troublesOf({ ...input, providers }),
    ...statusFigures({ config, shown: engine.shown(), window }),
    trend: engine.trend.of(window),
    open: { oldest: oldest.map((one) => ({ ...one, targetMinutes: targetMinutes(config, one.severity) })), total },
    providers,
    links: [{ href: 'api/v1/openapi.json', text: 'API' }],
  };
}

/** The window of that name, else the one that is nearest to a month. */
function windowPlace({ windows }: Config, name: string | undefined): number {
  const asked = windows.findIndex((window) => window.name === name);
  if (asked >= 0) return asked;
  const distance = ({ ms }: { readonly ms: number }) => Math.abs(ms - USUAL_WINDOW_MS);
  return windows.reduce((best, window, at) => (distance(window) < distance(windows[best] ?? window) ? at : best), 0);
}
