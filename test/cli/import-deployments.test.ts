import { expect, it } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { silent } from '../test-exporter.ts';
import { NOW_MS, stageImport } from './run-import.ts';

const DEPLOYMENT = { repository: 'acme/checkout', environment: 'prod', sha: 'a84d88e' };
const LINES = [
  { ...DEPLOYMENT, id: '1', startedAt: '2026-10-01T08:50:00Z', finishedAt: '2026-10-01T08:55:00Z', outcome: 'failure' },
  { ...DEPLOYMENT, id: '2', startedAt: '2026-10-01T09:30:00Z', finishedAt: '2026-10-01T09:36:15Z', outcome: 'success' },
  { ...DEPLOYMENT, id: '2', startedAt: '2026-10-01T09:30:00Z' },
];
const ndjson = LINES.map((one) => JSON.stringify(one)).join('\n');

function stored(path: string) {
  const store = createSqliteStore({ path, log: silent, nowMs: NOW_MS });
  try {
    return [...store.stored('ours').deployments(['1', '2', '3']).values()];
  } finally {
    store.close();
  }
}

it.each(['import', 'push'])('imports deployments into a provider of type %s, once', async (type) => {
  const token = type === 'push' ? ', token: t' : '';
  const { run, write, path } = stageImport(`providers: [{ name: ours, type: ${type}${token} }]`);
  const file = write('deployments.ndjson', ndjson);

  const dry = await run(['--deployments', '--dry-run', file]);
  const first = await run(['--deployments', file]);
  const again = await run(['--deployments', file]);

  expect(dry.text).toContain('Dry run, nothing was written. Import into ours: 2 new deployments, 0 known\n');
  expect(first.text).toContain('Imported into ours: 2 new deployments, 0 known\n');
  expect(again.text).toContain('Imported into ours: 0 new deployments, 2 known\n');
  expect([dry.code, first.code, again.code]).toEqual([0, 0, 0]);
  expect(stored(path('store.db'))).toMatchObject([
    { id: '1', outcome: 'failure', serviceName: 'checkout', imported: true },
    { id: '2', outcome: 'success', finishedAtMs: Date.parse('2026-10-01T09:36:15Z') },
  ]);
});

it('reads the same records from CSV and from a list below deployments', async () => {
  const { run, write } = stageImport('providers: [{ name: ours, type: import }]');
  const csv = write(
    'a.csv',
    'id,service,environment,startedAt,finishedAt,outcome,author\n1,checkout,production,2026-10-01 08:50:00,2026-10-01 08:55:00,success,Ada\n',
  );
  const json = write('b.json', JSON.stringify({ deployments: [LINES[1]] }));

  const { text, code } = await run(['--deployments', csv, json]);

  expect(text).toContain('2 new deployments');
  expect(text).toContain("Ignored fields (no person's name is imported): author");
  expect(code).toBe(0);
});

it('says what it does not read, as the environment has no name of ours', async () => {
  const { run, write } = stageImport('providers: [{ name: ours, type: import }]');
  const review = { ...LINES[1], id: '9', environment: 'review/7' };
  const file = write('a.ndjson', `${JSON.stringify(review)}\n${JSON.stringify(LINES[1])}\n`);

  const { text } = await run(['--deployments', file]);

  expect(text).toContain('1 new deployments, 0 known');
  expect(text).toContain('Not read, as environments does not name them: review/7 (1)');
});

it('rejects records with their line, and counts them for the exit code', async () => {
  const { run, write } = stageImport('providers: [{ name: ours, type: import }]');
  const file = write('a.ndjson', `${ndjson}\n{"id":"3"}\nno JSON\n`);

  const { text, code } = await run(['--deployments', file]);

  expect(text).toContain('2 new deployments, 0 known, 2 rejected');
  expect(text).toContain('a.ndjson:4: malformed: service: expected a service, or a repository');
  expect(code).toBe(1);
});

it('is refused for a provider without deployments, and with a mapping', async () => {
  const { run, write } = stageImport('providers: [{ name: pd, type: pagerduty, api_key: k }]');
  const file = write('a.ndjson', ndjson);
  const other = stageImport('providers: [{ name: ours, type: import }]');

  await expect(run(['--deployments', file])).rejects.toThrow('--deployments: provider pd has no deployments');
  await expect(other.run(['--deployments', '--mapping', 'jira', file])).rejects.toThrow(
    '--mapping: cannot be combined',
  );
});
