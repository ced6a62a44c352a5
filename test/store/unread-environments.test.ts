import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { deploymentSettings, success, synced } from './deployment-fixtures.ts';
import { at, poll, SINCE, start } from './fixtures.ts';
import { silent, temporaryFolder } from './sqlite-location.ts';

it('an environment that the configuration does not name is in the log once, after a restart as well', async () => {
  const path = join(temporaryFolder(), 'store.db');
  const warnings: unknown[] = [];
  const log = { ...silent, warn: (_message: string, fields?: unknown) => void warnings.push(fields) };
  const open = () => createSqliteStore({ path, log, nowMs: SINCE });
  const store = await synced(open());
  const batch = (id: string) => poll(at(60), { deployments: [success(id, 10, { environment: 'qa' })] });

  store.commit(batch('1'));
  store.commit(batch('2'));
  store.close();
  const again = await start(open(), deploymentSettings());
  onTestFinished(() => again.close());
  again.commit(batch('3'));

  expect(warnings).toEqual([{ provider: 'pagerduty', environment: 'qa' }]);
  expect(again.unreadEnvironments('pagerduty')).toEqual([{ name: 'qa', deployments: 3 }]);
});
