import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import type { ProviderConfig, SeverityConfig } from '../../src/config/types.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { ReportConfig } from '../../src/report/groups.ts';
import { type PeriodInput, parsePeriod } from '../../src/report/period.ts';
import { makeReport, type Report, type ReportInput } from '../../src/report/report.ts';
import { openSnapshot } from '../../src/store/snapshot.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { providerConfig, severities } from '../settings.ts';
import { DAY_MS, HOUR_MS, poll, settings as storeSettings } from '../store/fixtures.ts';
import { silent, temporaryFolder } from '../store/sqlite-location.ts';

/** As far as providers have been read; a Monday. */
export const NOW = Date.parse('2026-06-01T12:00:00Z');
export const HISTORY_START = NOW - 210 * DAY_MS;

/** What a provider told, and how far it was read. */
export interface ToldProvider {
  readonly config?: Partial<ProviderConfig>;
  readonly incidents?: readonly Incident[];
  readonly deletedIds?: readonly string[];
  readonly readUntilMs?: number;
  readonly historyStartMs?: number;
  /** Its first sync goes on. */
  readonly isUnsynced?: boolean;
}

export interface Asking extends Partial<Omit<PeriodInput, 'nowMs'>> {
  readonly filter?: Partial<ReportInput['filter']>;
  readonly step?: ReportInput['step'];
  readonly isCompared?: boolean;
  readonly minimumSample?: number;
  readonly retentionMs?: number;
  readonly config?: Partial<Pick<ReportConfig, 'availability' | 'businessHours' | 'severities'>>;
}

/** The built-in severities with titles. */
const TITLES: Readonly<Record<string, string>> = { P1: 'Critical', P2: 'High', P3: 'Medium', P4: 'Low', P5: 'Info' };
const titled: readonly SeverityConfig[] = severities.map((one) => ({ ...one, title: TITLES[one.name] }));

/** A store with what these providers told, for any number of reports. */
export function stageReports(told: readonly ToldProvider[]): (asking?: Asking) => Report {
  const configs = told.map(({ config }) => providerConfig(config));
  const path = join(temporaryFolder(), 'store.db');
  const store = createSqliteStore({ path, log: silent, nowMs: HISTORY_START });
  store.configure({ ...storeSettings({ providers: configs }), retentionMs: 4000 * DAY_MS }, HISTORY_START);
  store.load(() => undefined);
  for (const [place, one] of told.entries()) {
    const provider = configs[place]?.name ?? '';
    const {
      incidents = [],
      deletedIds = [],
      readUntilMs = NOW,
      historyStartMs = HISTORY_START,
      isUnsynced = false,
    } = one;
    const { complete: _, ...page } = poll(readUntilMs, { provider, incidents, deletedIds, startedAtMs: HISTORY_START });
    store.commit(isUnsynced ? page : { ...page, complete: { polledUntilMs: readUntilMs, historyStartMs } });
  }
  store.close();
  const labelMappers = new Map(configs.map((config) => [config.name, createLabelMapper(config, titled)]));
  const history = openSnapshot({ path, labelMappers, maxServices: 500 });
  onTestFinished(() => history.close());
  return ({ config, filter, step, isCompared, minimumSample = 1, retentionMs = 400 * DAY_MS, ...period } = {}) =>
    makeReport({
      history,
      labelMapper: (name) => labelMappers.get(name),
      providers: configs.map(({ name, overall }) => ({
        name,
        isOverall: overall,
        hasEscalations: true,
        hasReopens: true,
      })),
      config: { ...reportConfig(configs, { minimumSample, retentionMs }), ...config },
      period: parsePeriod({ from: '30d', to: 'now', nowMs: NOW, timezone: 'UTC', ...period }),
      filter: { severities: [], services: [], teams: [], ...filter },
      step,
      isCompared: isCompared ?? false,
      nowMs: NOW,
    });
}

function reportConfig(
  providers: readonly ProviderConfig[],
  { minimumSample, retentionMs }: { readonly minimumSample: number; readonly retentionMs: number },
): ReportConfig {
  return {
    providers,
    severities: titled,
    levels: { eliteMs: HOUR_MS, highMs: DAY_MS, mediumMs: 7 * DAY_MS },
    metrics: {
      detail: 'standard',
      team: false,
      maxServices: 500,
      minimumSample,
      newSeriesHoldMs: 0,
      bucketsMs: [HOUR_MS],
    },
    recovery: { reopened: 'last', clock: 'trigger', until: 'resolved', settleMs: 0 },
    retentionMs,
    availability: undefined,
    businessHours: undefined,
  };
}

/** The statistics of one group; undefined when the report has none of that name. */
export function figuresIn({ groups }: Pick<Report, 'groups'>, grouping: string, name = '') {
  return groups.find((group) => group.grouping === grouping && group.name === name)?.statistics;
}
