import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import type { ProviderConfig } from '../../src/config/types.ts';
import type { Deployment } from '../../src/model/deployment.ts';
import type { Incident } from '../../src/model/incident.ts';
import { explain } from '../../src/report/explain/explain.ts';
import type { Question } from '../../src/report/explain/question.ts';
import type { ReportedProvider } from '../../src/report/timeline.ts';
import type { StatisticsSettings } from '../../src/stats/rows.ts';
import { openSnapshot, type StoreSnapshot } from '../../src/store/snapshot.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { providerConfig, severities } from '../settings.ts';
import { DAY_MS, poll, settings as storeSettings } from '../store/fixtures.ts';
import { silent, temporaryFolder } from '../store/sqlite-location.ts';

/** As far as every provider has been read. */
export const NOW = Date.UTC(2026, 5, 1);
export const HISTORY_START = NOW - 300 * DAY_MS;

export const RETENTION_MS = 4000 * DAY_MS;

/** So many minutes before `NOW`. */
export function ago(minutes: number): number {
  return NOW - minutes * 60_000;
}

export const days = (count: number): number => count * 24 * 60;

export interface TestProvider {
  readonly config?: Partial<ProviderConfig>;
  readonly incidents?: readonly Incident[];
  readonly deployments?: readonly Deployment[];
  readonly deletedIds?: readonly string[];
  readonly readUntilMs?: number;
  readonly historyStartMs?: number;
  /** Its first sync goes on. */
  readonly isUnsynced?: boolean;
  /** Whether it tells of escalations and reopenings. */
  readonly tells?: boolean;
}

/** A store that holds what these providers told, and the history that is read from it. */
export interface World {
  readonly history: StoreSnapshot;
  readonly providers: readonly ReportedProvider[];
  readonly labelMapper: (provider: string) => ReturnType<typeof createLabelMapper> | undefined;
}

export function worldOf(told: readonly TestProvider[]): World {
  const path = join(temporaryFolder(), 'store.db');
  fillStore(path, told);
  const configs = told.map(({ config }) => providerConfig(config));
  const labelMappers = new Map(configs.map((config) => [config.name, createLabelMapper(config, severities)]));
  const history = openSnapshot({ path, labelMappers, maxServices: 500 });
  onTestFinished(() => history.close());
  return {
    history,
    labelMapper: (name) => labelMappers.get(name),
    providers: configs.map(({ name, overall }, place) => ({
      name,
      isOverall: overall,
      hasEscalations: told[place]?.tells !== false,
      hasReopens: told[place]?.tells !== false,
    })),
  };
}

/** Writes a store as an exporter would that was told this. */
export function fillStore(path: string, told: readonly TestProvider[]): void {
  const configs = told.map(({ config }) => providerConfig(config));
  const store = createSqliteStore({ path, log: silent, nowMs: HISTORY_START });
  const given = storeSettings({ providers: configs });
  store.configure({ ...given, retentionMs: RETENTION_MS }, HISTORY_START);
  store.load(() => undefined);
  for (const [place, one] of told.entries()) {
    const provider = configs[place]?.name ?? '';
    const {
      incidents = [],
      deployments = [],
      deletedIds = [],
      readUntilMs = NOW,
      historyStartMs = HISTORY_START,
    } = one;
    const batch = poll(readUntilMs, { provider, incidents, deployments, startedAtMs: HISTORY_START });
    const complete = { polledUntilMs: readUntilMs, historyStartMs };
    if (one.isUnsynced === true) {
      const { complete: _, ...page } = batch;
      store.commit(page);
    } else {
      store.commit({ ...batch, complete });
      if (deletedIds.length > 0) store.commit({ ...poll(readUntilMs, { provider, deletedIds }), complete });
    }
  }
  store.close();
}

export function statisticsSettings(change: Partial<StatisticsSettings> = {}): StatisticsSettings {
  return {
    windows: [{ name: '30d', ms: 30 * DAY_MS }],
    groupings: ['all', 'severity', 'service', 'service,severity'],
    severities,
    detail: 'standard',
    team: false,
    minimumSample: 1,
    reopened: 'last',
    ...change,
  };
}

/** Asks for the MTTR of 30 days, of everything, unless the question says otherwise. */
export function ask(world: World, question: Partial<Question> = {}, settings: Partial<StatisticsSettings> = {}) {
  return explain({
    ...world,
    retentionMs: RETENTION_MS,
    settings: statisticsSettings(settings),
    question: { statistic: 'mttr', labels: {}, window: { name: '30d', ms: 30 * DAY_MS }, end: 'read', ...question },
  });
}
