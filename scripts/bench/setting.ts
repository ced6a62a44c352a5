import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import { storeSettings } from '../../src/core/settings.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { Log } from '../../src/model/log.ts';
import { type Clock, DAY_MS, systemClock } from '../../src/model/time.ts';
import { writeCursor } from '../../src/providers/pagerduty/cursor.ts';
import { platforms } from '../../src/providers/registry.ts';
import { PAGERDUTY_FAKE_KEY } from '../../src/simulator/pagerduty.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Batch, Store } from '../../src/store/store.ts';
import { openTestExporter as openLifeOf, type TestExporter } from '../../test/test-exporter.ts';
import { type History, inventIncident } from './incidents.ts';

export const PROVIDER = 'pagerduty';

/** What incidents of a large store span: the default retention. */
export const RETENTION_MS = 400 * DAY_MS;

export const silent: Log = {
  debug() {},
  info() {},
  warn() {},
  error(message, fields) {
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
};

export interface Setting {
  readonly path: string;
  readonly detail: 'standard' | 'full';
  readonly url?: string | undefined;
  readonly rateLimit?: string | undefined;
}

/** A configuration file with one provider and, but for the hold, defaults. */
export function configText({ path, detail, url = 'http://127.0.0.1:9', rateLimit = '100000/s' }: Setting): string {
  return `
providers: [{ name: ${PROVIDER}, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${url}", rate_limit: ${rateLimit} }]
metrics: { detail: ${detail}, new_series_hold: 0s }
store: { path: ${JSON.stringify(path)} }
`;
}

export function configOf(setting: Setting): Config {
  const given = { text: configText(setting), filename: 'bench.yml', env: {}, platforms, nowMs: Date.now() };
  return loadConfig({ ...given, readFile: () => '' }).config;
}

/** A store that knows its provider since `sinceMs` and has synced it: everything from now on is counted at once. */
export async function openSynced(setting: Setting, sinceMs: number): Promise<Store> {
  const config = configOf(setting);
  const store = createSqliteStore({ path: setting.path, log: silent, nowMs: sinceMs });
  const labelMappers = new Map(config.providers.map((one) => [one.name, createLabelMapper(one, config.severities)]));
  const providers = config.providers.map((one) => {
    const platform = platforms.find(({ type }) => type === one.type);
    if (platform === undefined) throw new Error(`no platform is called ${one.type}`);
    const observer = { onRequest() {}, onThrottled() {}, onBudget() {} };
    return {
      config: one,
      capabilities: platform.create(one, { clock: systemClock, observer, log: silent }).capabilities,
    };
  });
  store.configure(storeSettings(config, { labelMappers, providers }), sinceMs);
  store.load(() => undefined);
  store.commit({ ...batchOf([], sinceMs), complete: { polledUntilMs: sinceMs, historyStartMs: sinceMs } });
  return store;
}

/** A whole poll that found these incidents. */
export function batchOf(incidents: readonly Incident[], nowMs: number, historyStartMs = nowMs): Batch {
  return {
    provider: PROVIDER,
    nowMs,
    startedAtMs: nowMs,
    incidents,
    stateChanges: [],
    rejected: [],
    deletedIds: [],
    replacedSubjects: [],
    cursor: writeCursor({ phase: 'polling', historyStartMs, changesUntilMs: nowMs, catalogueAtMs: nowMs }),
    complete: { polledUntilMs: nowMs, historyStartMs },
  };
}

export interface Prepared {
  readonly path: string;
  readonly history: History;
}

/** Batches of this size write a large store in a fraction of the time that pages take. */
const PREPARING_BATCH = 5000;

/** A store with counted incidents up to now; written once per folder. */
export async function prepareStore(
  folder: string,
  wanted: { incidents: number; services: number; detail: Setting['detail']; nowMs: number },
): Promise<Prepared> {
  const { incidents, services, detail, nowMs } = wanted;
  const path = join(folder, `${incidents}-${services}-${detail}.db`);
  const history = { incidents, services, fromMs: nowMs - RETENTION_MS, toMs: nowMs };
  if (existsSync(path)) return { path, history };
  const store = await openSynced({ path, detail }, history.fromMs);
  for (let place = 0; place < incidents; place += PREPARING_BATCH) {
    const size = Math.min(PREPARING_BATCH, incidents - place);
    const found = Array.from({ length: size }, (_none, at) => inventIncident(history, place + at));
    store.commit(batchOf(found, nowMs, history.fromMs));
  }
  store.release(
    store
      .labelSets()
      .flatMap(({ row }) =>
        (['recovery', 'counts', 'timings', 'changes'] as const).map((group) => ({ set: row, group })),
      ),
  );
  store.close();
  return { path, history };
}

/** The store and the engine of a setting; the first page is there when it resolves. */
export function openTestExporter(setting: Setting, clock: Clock): Promise<TestExporter> {
  return openLifeOf({ config: configOf(setting), clock, log: silent });
}
