import type { Config, Grouping } from '../config/types.ts';
import type { Core, CoreStatus } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { type Clock, DAY_MS } from '../model/time.ts';
import { readStatistics } from '../report/statistic-info.ts';
import type { DeliveryStats, StatusView, WindowStats } from '../server/status-page/view.ts';
import { findLevel } from '../stats/dora/rows.ts';
import { levelOf, type Row } from '../stats/rows.ts';
import type { DeliveryHistory } from './deliveries.ts';
import type { Engine } from './engine.ts';
import { findIssues, toProviderStatuses } from './health.ts';
import type { PageLoop } from './page-loop.ts';
import { findTargetMinutes, type Trend } from './trend.ts';

/** Open incidents on the page; the platform lists the rest. */
const OPEN_SHOWN_MAX = 50;
const DEFAULT_WINDOW_MS = 30 * DAY_MS;

export interface StatusInput {
  readonly engine: () => Engine;
  readonly core: Pick<Remote<Core>, 'status'>;
  readonly pageLoop: PageLoop;
  readonly trend: Pick<Trend, 'findSeries'>;
  readonly version: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly startedAtMs: number;
  readonly deliveries: Pick<DeliveryHistory, 'find'>;
  /** Why the last reload failed. */
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

/** The status of the core, or an empty one while it reads the store. */
export async function readCoreStatus({ core, pageLoop }: Pick<StatusInput, 'core' | 'pageLoop'>): Promise<CoreStatus> {
  return pageLoop.hasPage() ? core.status(['all', 'severity', 'service'], OPEN_SHOWN_MAX) : EMPTY_STATUS;
}

/** What the status page shows, for the window of that name, or the default one when none has it. */
export async function readStatusView(input: StatusInput, windowName: string | undefined): Promise<StatusView> {
  const { version, startedAtMs, pageLoop, trend, clock } = input;
  const core = await readCoreStatus(input);
  const engine = input.engine();
  const { config } = engine;
  const nowMs = clock.nowMs();
  const window = findWindow(config, windowName);
  const providers = toProviderStatuses(engine, core, input.deliveries);
  return {
    version,
    nowMs,
    uptimeMs: nowMs - startedAtMs,
    windows: config.windows.map(({ name }) => name),
    window: config.windows[window]?.name ?? '',
    minimumSample: config.metrics.minimumSample,
    availabilityObjective: config.availability?.objective,
    issues: findIssues({
      config,
      core,
      providers,
      held: engine.providers,
      capabilities: engine.setup.capabilities,
      nowMs: (name) => engine.providers.find((one) => one.config.name === name)?.poller.nowMs() ?? nowMs,
      hasPage: pageLoop.hasPage(),
      pageFailure: pageLoop.failure(),
      reloadFailure: input.reloadFailure(),
    }),
    ...toWindowStatistics(config, core, window),
    delivery: toDelivery(core, window),
    trend: trend.findSeries(window),
    open: {
      oldest: core.open.oldest.map(({ clockStartMs, targetMs, ...one }) => ({
        ...one,
        dueAtMs: targetMs === undefined ? undefined : clockStartMs + targetMs,
      })),
      total: core.open.total,
    },
    providers,
    links: [{ href: 'api/v1/openapi.json', text: 'API' }],
  };
}

/** Everything first, then services by name; undefined where no deployments are read. */
function toDelivery({ doraRows = [] }: Pick<CoreStatus, 'doraRows'>, window: number): StatusView['delivery'] {
  const shown = doraRows.filter(({ grouping }) => grouping === 'all' || grouping === 'service');
  const stats = shown.flatMap(({ grouping, labels, values }) => {
    const found = values[window];
    if (found === undefined) return [];
    const known = (value: number) => (Number.isNaN(value) ? undefined : value);
    const delivery: DeliveryStats = {
      name: grouping === 'all' ? 'all' : (labels[0]?.[1] ?? ''),
      deployments: found.deployments,
      perDay: known(found.frequencyPerDay),
      leadTimeMinutes: known(found.leadTimeMedian),
      changeFailure: known(found.changeFailure),
      recoveryMinutes: known(found.recoveryMedian),
      rework: known(found.rework),
      level: findLevel(found, 'overall'),
    };
    return [{ delivery, isTotal: grouping === 'all' }];
  });
  stats.sort((a, b) => Number(b.isTotal) - Number(a.isTotal) || a.delivery.name.localeCompare(b.delivery.name, 'en'));
  return stats.length === 0 ? undefined : stats.map(({ delivery }) => delivery);
}

/** The index of the window of that name, else of the one nearest to a month. */
function findWindow({ windows }: Config, name: string | undefined): number {
  const named = windows.findIndex((window) => window.name === name);
  if (named >= 0) return named;
  const distances = windows.map(({ ms }) => Math.abs(ms - DEFAULT_WINDOW_MS));
  return distances.indexOf(Math.min(...distances));
}

/** The windowed rows of the status page, with the values of `/metrics`; undefined without a row of the grouping. */
function toWindowStatistics(
  config: Config,
  { rows, openNow }: Pick<CoreStatus, 'rows' | 'openNow'>,
  window: number,
): Pick<StatusView, 'overall' | 'severities' | 'services'> {
  const ranks = new Map(config.severities.map(({ name, rank }) => [name, rank]));
  const rankOf = (name: string) => ranks.get(name) ?? Number.MAX_SAFE_INTEGER;
  const byRank = (one: { readonly name: string }, other: { readonly name: string }) =>
    rankOf(one.name) - rankOf(other.name);
  const select = (grouping: Grouping) => rows.filter((row) => row.grouping === grouping);
  const toStats = (row: Row): WindowStats => {
    const { mttr, p50, p95, baseline, withinTarget, free, opened, resolved, ...values } = readStatistics(row, window);
    return {
      mttrMinutes: mttr,
      medianMinutes: p50,
      p95Minutes: p95,
      baselineMinutes: baseline,
      withinTarget,
      incidentFree: free,
      availability: values.availability,
      errorBudgetMinutes: values.errorBudget,
      opened,
      resolved,
      level: mttr === undefined ? undefined : levelOf(mttr, config.levels),
    };
  };
  const severities = select('severity').map((row) => {
    const name = findOnlyLabel(row);
    const severity = config.severities.find((one) => one.name === name);
    return {
      ...toStats(row),
      name,
      title: severity?.title,
      targetMinutes: findTargetMinutes(config, name),
      objective: severity?.objective,
      openNow: openNow.severity.get(name) ?? 0,
    };
  });
  const services = select('service').map((row) => {
    const name = findOnlyLabel(row);
    return { ...toStats(row), name, openNow: openNow.service.get(name) ?? 0 };
  });
  const [all] = select('all');
  return {
    overall: all && toStats(all),
    severities: severities.length === 0 ? undefined : severities.toSorted(byRank),
    services: config.groupings.includes('service') && rows.length > 0 ? services : undefined,
  };
}

/** The only label of a row by severity or by service. */
function findOnlyLabel({ labels }: Row): string {
  return labels[0]?.[1] ?? '';
}
