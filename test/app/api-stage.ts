import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { IncidentsInput } from '../../src/app/api/incidents.ts';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import { loadConfig } from '../../src/config/load.ts';
import { storeSettings } from '../../src/core/settings.ts';
import type { Incident } from '../../src/model/incident.ts';
import { platforms } from '../../src/providers/registry.ts';
import { openSnapshot } from '../../src/store/snapshot.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { page, START_MS } from '../poller/stage.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const TRAITS = { statuses: [], started: false, identified: false, acknowledged: true, mitigated: false } as const;

export interface StoredIncidents {
  /** Everything that is in the store now. */
  open(): IncidentsInput;
  tell(incidents: readonly Incident[], deletedIds?: readonly string[]): void;
}

/** A store of one synced provider; `more` are further lines of its configuration. */
export function storeOf(incidents: readonly Incident[], more = ''): StoredIncidents {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-api-'));
  const path = join(folder, 's.db');
  const text = `providers: [{ type: pagerduty, api_key: k${more} }]\nstore: { path: "${path}" }`;
  const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: START_MS });
  const store = createSqliteStore({ path, log: SILENT, nowMs: START_MS });
  const labelMappers = new Map(config.providers.map((one) => [one.name, createLabelMapper(one, config.severities)]));
  const capabilities = { ...TRAITS, escalations: true, reopens: true };
  const providers = config.providers.map((one) => ({ config: one, capabilities }));
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });
  store.configure(storeSettings(config, { labelMappers, providers }), START_MS);
  store.load(() => undefined);
  const tell: StoredIncidents['tell'] = (told, deletedIds = []) => {
    const complete = { polledUntilMs: START_MS, historyStartMs: 0 };
    store.commit({
      provider: 'pagerduty',
      nowMs: START_MS,
      ...page('c', { incidents: told, deletedIds, complete }),
    });
  };
  tell(incidents);
  return {
    tell,
    open: () => {
      const history = openSnapshot({ path, labelMappers, maxServices: config.metrics.maxServices });
      onTestFinished(() => history.close());
      return { config, history, labelMappers, nowMs: START_MS };
    },
  };
}
