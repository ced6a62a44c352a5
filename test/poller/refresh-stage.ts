import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { createCore } from '../../src/core/core.ts';
import { toRemote } from '../../src/core/remote.ts';
import type { RequestObserver } from '../../src/http/request-observer.ts';
import type { Clock } from '../../src/model/time.ts';
import { createPoller, type Poller } from '../../src/poller/poller.ts';
import { createRefresh, type RefreshResult } from '../../src/poller/refresh.ts';
import { platforms } from '../../src/providers/registry.ts';
import { startCloudwatchFake } from '../../src/simulator/cloudwatch.ts';
import { INCIDENTIO_FAKE_KEY, startIncidentioFake } from '../../src/simulator/incidentio.ts';
import { JSM_FAKE_ACCOUNT, JSM_FAKE_TOKEN, startJsmFake } from '../../src/simulator/jsm.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import type { SimulatedIncident, World } from '../../src/simulator/world.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY_MS, MINUTE_MS, START_MS, told } from '../metrics/stage.ts';
import { providerConfig } from '../settings.ts';
import { settings } from '../store/fixtures.ts';

export const HISTORY_MS = 90 * DAY_MS;
export const RETENTION_MS = 400 * DAY_MS;

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** A platform of which everything is told by incidents or alarms of a world. */
export interface Kind {
  readonly says: string;
  readonly config: Partial<ProviderConfig>;
  start(world: World, options: { nowMs: () => number }): Promise<Fake>;
}

const OPSGENIE = { type: 'opsgenie', services: { tag: 'service', rename: [] } };
const WITHOUT_LIMIT = { rateLimit: { requests: 1_000_000, perMs: 1000 } };

export const KINDS: readonly Kind[] = [
  {
    says: 'PagerDuty',
    config: { type: 'pagerduty', settings: { api_key: PAGERDUTY_FAKE_KEY, region: 'us' } },
    start: startPagerdutyFake,
  },
  {
    says: 'alerts of Opsgenie',
    config: { ...OPSGENIE, settings: { api_key: OPSGENIE_FAKE_KEY, region: 'us', source: 'alerts' } },
    start: startOpsgenieFake,
  },
  {
    says: 'incidents of Opsgenie',
    config: { ...OPSGENIE, settings: { api_key: OPSGENIE_FAKE_KEY, region: 'us', source: 'incidents' } },
    start: startOpsgenieFake,
  },
  {
    says: 'alerts of Jira Service Management',
    config: {
      type: 'jsm',
      services: { tag: 'service', rename: [] },
      settings: { cloud_id: 'site', account: JSM_FAKE_ACCOUNT, api_token: JSM_FAKE_TOKEN },
    },
    start: startJsmFake,
  },
  {
    says: 'incident.io',
    config: { type: 'incidentio', settings: { api_key: INCIDENTIO_FAKE_KEY } },
    start: startIncidentioFake,
  },
];

export const CLOUDWATCH: Kind = {
  says: 'CloudWatch',
  config: {
    type: 'cloudwatch',
    services: { tag: 'service', rename: [] },
    settings: { regions: ['eu-west-1'], role_arn: '', external_id: '', profile: '' },
  },
  start: startCloudwatchFake,
};

export interface RefreshStage {
  readonly world: World;
  readonly fake: Fake;
  readonly store: Store;
  readonly poller: Poller;
  /** Goes on by so much and polls; throws what the poll failed of. */
  live(ms: number): Promise<void>;
  refresh(choice?: { spanMs?: number; isDryRun?: boolean; signal?: AbortSignal }): Promise<RefreshResult>;
  /** Does something when so many more requests were answered. */
  afterRequests(count: number, action: () => void): void;
  /** Everything in the store's tables, as text. */
  content(): string;
  revisions(): Record<string, number>;
  /** Recoveries in the totals. */
  counted(): number;
}

/** An invented account with three incidents of the past, polled into a real store. */
export async function refreshStage(kind: Kind, world: World): Promise<RefreshStage> {
  process.env['AWS_ACCESS_KEY_ID'] = 'invented';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'invented';
  const folder = mkdtempSync(join(tmpdir(), 'mttr-refresh-'));
  let nowMs = START_MS;
  const clock: Clock = { nowMs: () => nowMs, sleep: async () => undefined };
  const fake = await kind.start(world, { nowMs: () => nowMs });
  const config = providerConfig({ name: 'one', baseUrl: fake.url, ...WITHOUT_LIMIT, ...kind.config });
  let requests = 0;
  let plan: { readonly at: number; readonly action: () => void } | undefined;
  const onRequest = () => {
    requests += 1;
    if (requests === plan?.at) plan.action();
  };
  const observer: RequestObserver = { onRequest, onThrottled() {}, onBudget() {} };
  const platform = platforms.find(({ type }) => type === config.type);
  if (platform === undefined) throw new Error('there is no such platform');
  const provider = platform.create(config, { clock, observer });
  const path = join(folder, 'store.db');
  const store = createSqliteStore({ path, log: SILENT, nowMs });
  onTestFinished(async () => {
    await provider.close();
    await fake.close();
    store.close();
    rmSync(folder, { recursive: true });
  });
  const core = createCore({ store, log: SILENT });
  store.configure(
    {
      ...settings({ providers: [config], bucketsMs: [5 * MINUTE_MS, 60 * MINUTE_MS], retentionMs: RETENTION_MS }),
      capabilities: new Map([['one', provider.capabilities]]),
    },
    nowMs,
  );
  store.load(() => undefined);
  const input = { provider, core: toRemote(core), clock, historyMs: HISTORY_MS };
  const poller = createPoller({
    ...input,
    name: 'one',
    log: SILENT,
    pollIntervalMs: MINUTE_MS,
    onPolled: () => undefined,
    onFatal: () => undefined,
  });
  const refresh = createRefresh({ ...input, poller, retentionMs: RETENTION_MS, requestsMade: () => requests });
  return {
    world,
    fake,
    store,
    poller,
    live: async (ms) => {
      nowMs += ms;
      await poller.pollOnce(new AbortController().signal);
      const { error } = poller.state();
      if (error !== undefined) throw new Error(error);
    },
    refresh: ({ spanMs, isDryRun = false, signal = new AbortController().signal } = {}) =>
      refresh({ spanMs, isDryRun, signal }),
    afterRequests: (count, action) => {
      plan = { at: requests + count, action };
    },
    content: () => contentOf(path),
    revisions: () => {
      const found = store.counters().filter(({ name, value }) => name === 'revisions' && value > 0);
      return Object.fromEntries(found.map(({ label, value }) => [label, value]));
    },
    counted: () => store.labelSets().reduce((sum, { groups }) => sum + countOf(groups.recovery?.recovery), 0),
  };
}

function countOf(histogram: { readonly counts: readonly number[] } | undefined): number {
  return (histogram?.counts ?? []).reduce((sum, one) => sum + one, 0);
}

function contentOf(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
  const rows = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${String(name)}"`).all()]);
  database.close();
  return JSON.stringify(rows);
}

/** An incident that was over long ago, or is over soon after START_MS. */
export function past(id: string, triggeredAtMs: number, minutes?: number): SimulatedIncident {
  return told({ id, triggeredAtMs, ...(minutes === undefined ? {} : { acknowledged: 1, resolved: minutes }) });
}

/** The same world with other incidents in the places of those with the same id. */
export function changeIn(world: World, ...changed: readonly SimulatedIncident[]): void {
  world.incidents = world.incidents.map((one) => changed.find(({ id }) => id === one.id) ?? one);
}
