import { createLabelMapper } from '../../src/config/label-mapper.ts';
import { createPageSource } from '../../src/core/page-renderer.ts';
import {
  activeProvider,
  familySettings,
  statisticsSettings,
  storeSettings,
  toPageProvider,
} from '../../src/core/settings.ts';
import { families } from '../../src/metrics/families.ts';
import { Page } from '../../src/metrics/page.ts';
import type { Incident } from '../../src/model/incident.ts';
import { MINUTE_MS, systemClock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import { createStatistics, type Statistics } from '../../src/stats/statistics.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import type { CommitResult, Store } from '../../src/store/store.ts';
import { type History, inventIncident } from './incidents.ts';
import { collectGarbage, inShare, inTime, type Line, median, type RowInput, timed } from './row.ts';
import { batchOf, configOf, PROVIDER, prepareStore, type Setting, silent } from './setting.ts';

const INCIDENTS = 1_000_000;
const CHANGES = 10;
const ROUNDS = 7;
const CHANGES_MOST = 0.01;
const MINUTE_MOST = { standard: 0.005, full: 0.01 } as const;

/** Ten changes, and a minute without any, against putting statistics and page together anew. */
export async function changesRow({ folder, nowMs }: RowInput): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const detail of ['standard', 'full'] as const) {
    const { path, history } = await prepareStore(folder, { incidents: INCIDENTS, services: 500, detail, nowMs });
    const stage = await openStage({ path, detail }, nowMs);
    const rebuilt = await timesOf(3, () => rebuild(stage));
    collectGarbage();
    const minute = await timesOf(ROUNDS, () => passMinute(stage));
    const changes = await timesOf(ROUNDS, (round) => changeTen(stage, history, round));
    stage.store.close();
    lines.push(...linesOf({ detail, rebuilt, minute, changes }));
  }
  return lines;
}

interface Stage {
  readonly store: Store;
  readonly statistics: Statistics;
  readonly page: Page;
  readonly fresh: () => Page;
  readonly source: ReturnType<typeof createPageSource>;
  readonly coverage: () => NonNullable<ReturnType<typeof activeProvider>>;
  nowMs: number;
}

export async function openStage(setting: Setting, nowMs: number): Promise<Stage> {
  const config = configOf(setting);
  const store = createSqliteStore({ path: setting.path, log: silent, nowMs });
  const labelMappers = new Map(config.providers.map((one) => [one.name, createLabelMapper(one, config.severities)]));
  const observer = { onRequest() {}, onThrottled() {}, onBudget() {} };
  const providers = config.providers.map((one) => {
    const platform = platforms.find(({ type }) => type === one.type);
    if (platform === undefined) throw new Error(`no platform is called ${one.type}`);
    return {
      config: one,
      capabilities: platform.create(one, { clock: systemClock, observer, log: silent }).capabilities,
    };
  });
  const statistics = createStatistics({
    settings: statisticsSettings(config),
    labels: (dimensionsRow) => store.labels(dimensionsRow),
    labelMapper: (name) => labelMappers.get(name),
  });
  store.configure(storeSettings(config, { labelMappers, providers }), nowMs);
  store.load((incident) => statistics.put(incident));
  const coverage = () => {
    const active = providers.map((one) => activeProvider(store.provider(PROVIDER), one))[0];
    if (active === undefined) throw new Error('the prepared store is not synced');
    return active;
  };
  statistics.advance(coverage());
  statistics.rebuild();
  statistics.refresh();
  const fresh = () => new Page(families, familySettings(config));
  const page = fresh();
  const source = createPageSource({ store, statistics, dora: undefined, providers: providers.map(toPageProvider) });
  page.render(source());
  return { store, statistics, page, fresh, source, coverage, nowMs };
}

interface Times {
  readonly plain: number;
  readonly deflated: number;
}

async function rebuild({ statistics, fresh, source }: Stage): Promise<Times> {
  const page = fresh();
  const plain = await timed(() => {
    statistics.rebuild();
    statistics.refresh();
    page.renderPlain(source());
  });
  return { plain, deflated: await timed(() => page.compress()) };
}

async function passMinute(stage: Stage): Promise<Times> {
  stage.nowMs += MINUTE_MS;
  const committed = stage.store.commit(batchOf([], stage.nowMs, stage.coverage().historyStartMs));
  return show(stage, committed);
}

/** New resolutions, corrected ones, one that is open again. */
async function changeTen(stage: Stage, history: History, round: number): Promise<Times> {
  stage.nowMs += MINUTE_MS;
  const { nowMs, coverage } = stage;
  const incidents = Array.from({ length: CHANGES }, (_none, at): Incident => {
    // Spread over the last quarter of the history, and none of them twice.
    const known = inventIncident(history, history.incidents - 1 - round * CHANGES - at * 25_000);
    if (at < 6)
      return resolvedAt(
        { ...known, id: `QNEW${round}X${at}`, triggeredAtMs: nowMs - (at + 2) * 7 * MINUTE_MS },
        nowMs - at * 1000,
      );
    if (at < 9) return resolvedAt(known, (known.resolvedAtMs ?? 0) + 1000);
    const { resolvedAtMs, endKnownFrom: _end, ...open } = known;
    return {
      ...open,
      status: 'triggered',
      reopenedAtMs: [nowMs],
      intervals: [{ openedAtMs: known.triggeredAtMs, closedAtMs: resolvedAtMs }, { openedAtMs: nowMs }],
    };
  });
  return show(stage, stage.store.commit(batchOf(incidents, nowMs, coverage().historyStartMs)));
}

function resolvedAt(incident: Incident, resolvedAtMs: number): Incident {
  const { triggeredAtMs } = incident;
  return {
    ...incident,
    resolvedAtMs,
    acknowledgedAtMs: undefined,
    reopenedAtMs: [],
    intervals: [{ openedAtMs: triggeredAtMs, closedAtMs: resolvedAtMs }],
    updatedAtMs: resolvedAtMs,
  };
}

/** What follows a commit, up to the page. */
async function show(stage: Stage, committed: CommitResult): Promise<Times> {
  const { statistics, coverage, page, source } = stage;
  const plain = await timed(() => {
    for (const incident of committed.changed) statistics.put(incident);
    statistics.advance(coverage());
    statistics.refresh();
    page.renderPlain(source());
  });
  return { plain, deflated: await timed(() => page.compress()) };
}

async function timesOf(rounds: number, work: (round: number) => Promise<Times>): Promise<Times[]> {
  const times: Times[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await work(round));
  return times;
}

interface Found {
  readonly detail: 'standard' | 'full';
  readonly rebuilt: readonly Times[];
  readonly minute: readonly Times[];
  readonly changes: readonly Times[];
}

function linesOf({ detail, rebuilt, minute, changes }: Found): Line[] {
  const whole = median(rebuilt.map(({ plain }) => plain));
  const line = (what: string, times: readonly Times[], most: number): Line => {
    const plain = median(times.map((one) => one.plain));
    return {
      what: `${what}, \`metrics.detail: ${detail}\``,
      measured: inShare(plain / whole),
      mustReach: `≤ ${inShare(most)} of rebuilding both`,
      isReached: plain / whole <= most,
      raw: `${inTime(plain)} (worst ${inTime(Math.max(...times.map((one) => one.plain)))}) against ${inTime(whole)}`,
    };
  };
  const gzip = (times: readonly Times[]) => inTime(median(times.map(({ deflated }) => deflated)));
  return [
    line('statistics and uncompressed page after 10 changes among 1,000,000 incidents', changes, CHANGES_MOST),
    line('windows moving by one minute without any change, 1,000,000 incidents', minute, MINUTE_MOST[detail]),
    {
      what: `gzip of what changed, \`metrics.detail: ${detail}\``,
      measured: `${gzip(changes)} after 10 changes, ${gzip(minute)} after a minute`,
      mustReach: '(its own line)',
      raw: `${gzip(rebuilt)} for all of a new page`,
    },
  ];
}
