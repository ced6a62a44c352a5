import type { Config } from '../config/types.ts';
import type { Core, CoreStatus } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { type Clock, DAY_MS } from '../model/time.ts';
import type { Readiness } from '../server/options.ts';
import type { StatusView } from '../server/status-page/view.ts';
import type { Engine, EngineProvider } from './engine.ts';
import type { PageLoop } from './page-loop.ts';
import { providerStatuses } from './provider-status.ts';
import { statusFigures, targetMinutes } from './status-figures.ts';
import type { Trend } from './trend.ts';
import { troublesOf } from './troubles.ts';

/** A first sync that failed this often in a row no longer keeps the exporter unready. */
const FAILURES_UNTIL_READY = 3;
/** Open incidents on the page; whoever has more of them open has another page for that. */
const OPEN_SHOWN_MAX = 50;
const USUAL_WINDOW_MS = 30 * DAY_MS;

/** What readiness asks of a provider. */
interface PolledProvider {
  readonly config: Pick<EngineProvider['config'], 'name'>;
  readonly poller: Pick<EngineProvider['poller'], 'state'>;
}

/**
 * Ready when the page that is served carries the numbers of every provider, or its first sync has failed three times in a
 * row; a line per provider says which.
 */
export function readinessOf(
  providers: readonly PolledProvider[],
  pageLoop: Pick<PageLoop, 'hasPage' | 'shows'>,
): Readiness {
  const states = providers.map(({ config: { name }, poller }) => {
    const isShown = pageLoop.shows(name);
    const isReady = isShown || poller.state().failuresInRow >= FAILURES_UNTIL_READY;
    return { line: `${name}: ${readinessText(poller, isShown)}`, isReady };
  });
  const isReady = pageLoop.hasPage() && states.every((state) => state.isReady);
  return { ready: isReady, lines: states.map(({ line }) => line) };
}

function readinessText(poller: PolledProvider['poller'], isShown: boolean): string {
  const { isUp, error } = poller.state();
  const phase = isShown ? 'synced' : 'first sync is not complete';
  if (isUp === false) return `down, ${phase}: ${error ?? 'unknown reason'}`;
  return isUp === true && isShown ? 'up' : phase;
}

export interface StatusInput {
  readonly engine: () => Engine;
  readonly core: Pick<Remote<Core>, 'status'>;
  readonly pageLoop: PageLoop;
  readonly trend: Pick<Trend, 'of'>;
  readonly version: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly startedAtMs: number;
  readonly reloadFailure: () => string | undefined;
}

/** Before the store has been read nothing is known of it, and the core is busy with reading. */
const EMPTY_STATUS: CoreStatus = {
  providers: [],
  rows: [],
  openNow: { service: new Map(), severity: new Map() },
  open: { oldest: [], total: 0 },
  servicesOverflowed: 0,
  storeBytes: 0,
};

/** What the core says, or nothing while it reads the store. */
export async function readCoreStatus({ core, pageLoop }: Pick<StatusInput, 'core' | 'pageLoop'>): Promise<CoreStatus> {
  return pageLoop.hasPage() ? core.status(['all', 'severity', 'service'], OPEN_SHOWN_MAX) : EMPTY_STATUS;
}

/** What the first page shows; a window that is not configured means the usual one. */
export async function statusOf(input: StatusInput, windowName: string | undefined): Promise<StatusView> {
  const { version, startedAtMs, pageLoop, trend, clock } = input;
  const core = await readCoreStatus(input);
  const engine = input.engine();
  const { config } = engine;
  const nowMs = clock.nowMs();
  const window = findWindow(config, windowName);
  const providers = providerStatuses(engine, core);
  return {
    version,
    nowMs,
    uptimeMs: nowMs - startedAtMs,
    windows: config.windows.map(({ name }) => name),
    window: config.windows[window]?.name ?? '',
    minimumSample: config.metrics.minimumSample,
    issues: troublesOf({
      config,
      core,
      providers,
      nowMs: (name) => engine.providers.find((one) => one.config.name === name)?.poller.nowMs() ?? nowMs,
      isOpen: pageLoop.hasPage(),
      pageTrouble: pageLoop.trouble(),
      reloadFailure: input.reloadFailure(),
    }),
    ...statusFigures({ config, core, window }),
    trend: trend.of(window),
    open: {
      oldest: core.open.oldest.map((one) => ({ ...one, targetMinutes: targetMinutes(config, one.severity) })),
      total: core.open.total,
    },
    providers,
    links: [{ href: 'api/v1/openapi.json', text: 'API' }],
  };
}

/** The window of that name, else the one that is nearest to a month. */
function findWindow({ windows }: Config, name: string | undefined): number {
  const asked = windows.findIndex((window) => window.name === name);
  if (asked >= 0) return asked;
  const distance = ({ ms }: { readonly ms: number }) => Math.abs(ms - USUAL_WINDOW_MS);
  return windows.reduce((best, window, at) => (distance(window) < distance(windows[best] ?? window) ? at : best), 0);
}
