import { expect, it } from 'vitest';
import { startExporter, temporaryFolder, writeIn } from './process.ts';

const MINUTE_MS = 60_000;
/** Longer than a slow machine needs; what holds, holds at once. */
const PATIENT = { timeout: 30_000 };

function configure(more = ''): { readonly folder: string; readonly file: string } {
  const folder = temporaryFolder();
  const text = `
providers:
  - { name: ours, type: push, token: the-token }
${more}
store: { path: ${folder}/store.db }
metrics: { new_series_hold: 0s }
web: { bearer_token: for-people }
`;
  return { folder, file: writeIn(folder, 'c.yml', text) };
}

const READ = { headers: { authorization: 'Bearer for-people' } };

function post(body: unknown, token = 'the-token'): RequestInit {
  return { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body) };
}

it('counts what is pushed once it is answered, and is ready before anything was pushed', async () => {
  const { folder, file } = configure();
  const exporter = await startExporter({ words: [`--config.file=${file}`], folder });
  const path = 'api/v1/push/ours/incidents';
  await expect.poll(async () => (await exporter.get('-/ready')).status, PATIENT).toBe(200);
  const atMs = Date.now();
  const iso = (ms: number) => new Date(atMs + ms).toISOString();
  const record = { id: 'A', service: 'checkout', severity: 'P1', triggeredAt: iso(-20 * MINUTE_MS) };

  const opened = await exporter.get(path, post(record));
  const resolved = await exporter.get(path, post([{ ...record, resolvedAt: iso(0) }, { id: 'B' }]));
  const again = await exporter.get(path, post({ ...record, resolvedAt: iso(0) }));
  const late = await exporter.get(path, post(record));

  const answers = [opened, resolved, again, late].map(({ status, text }) => ({ status, body: JSON.parse(text) }));
  expect(answers).toMatchObject([
    { status: 200, body: { accepted: 1, unchanged: 0, rejected: [] } },
    { status: 200, body: { accepted: 1, unchanged: 0, rejected: [{ index: 1, field: 'triggeredAt' }] } },
    { status: 200, body: { accepted: 0, unchanged: 1, rejected: [] } },
    { status: 200, body: { accepted: 0, unchanged: 1, rejected: [] } },
  ]);
  await expect
    .poll(async () => (await exporter.get('metrics', READ)).text, PATIENT)
    .toMatch(/incident_recovery_time_minutes_count\{[^}]*provider="ours"[^}]*\} 1\n/);
  const page = (await exporter.get('metrics', READ)).text;
  expect(page).toMatch(/mttr_exporter_webhooks_total\{provider="ours",outcome="accepted"\} 4\n/);
});

it('is guarded by its own token, and exists only for types that take pushes', async () => {
  const { folder, file } = configure('  - { name: files, type: import }');
  const exporter = await startExporter({ words: [`--config.file=${file}`], folder });
  const ask = async (path: string, init?: RequestInit) => (await exporter.get(path, init)).status;

  const statuses = [
    await ask('api/v1/push/ours/incidents', post({ id: 'A' }, 'wrong')),
    await ask('api/v1/push/ours/incidents', post({ id: 'A' }, 'for-people')),
    await ask('api/v1/push/ours/incidents', { method: 'POST', body: '{}' }),
    await ask('api/v1/push/ours/incidents', READ),
    await ask('api/v1/push/ours/incidents', { ...post({ id: 'A' }), body: 'no JSON' }),
    await ask('api/v1/push/ours/incidents', post([{ id: 'A' }])),
    await ask('api/v1/push/ours/alarms', { ...post({}), headers: READ.headers }),
    await ask('api/v1/push/files/incidents', { ...post({}), headers: READ.headers }),
    await ask('webhooks/ours', { ...post({}), headers: READ.headers }),
    await ask('metrics', { headers: { authorization: 'Bearer the-token' } }),
  ];

  expect(statuses).toEqual([401, 401, 401, 405, 400, 422, 404, 404, 404, 401]);
});

it('takes deployments, whose failures are recoveries', async () => {
  const { folder, file } = configure();
  const exporter = await startExporter({ words: [`--config.file=${file}`], folder });
  const path = 'api/v1/push/ours/deployments';
  const atMs = Date.now() + 2000;
  const iso = (minutes: number) => new Date(atMs + minutes * MINUTE_MS).toISOString();
  const deployment = { service: 'checkout', environment: 'prod', sha: 'a84d88e', ref: 'main' };
  await expect.poll(async () => (await exporter.get('-/ready')).status, PATIENT).toBe(200);

  const running = await exporter.get(path, post({ ...deployment, id: '1', startedAt: iso(-1) }));
  const ended = await exporter.get(
    path,
    post([
      { ...deployment, id: '1', startedAt: iso(-1), finishedAt: iso(0), outcome: 'failure' },
      { ...deployment, id: '2', startedAt: iso(1), finishedAt: iso(8), outcome: 'success' },
      { ...deployment, id: '3', environment: 'staging', startedAt: iso(0), finishedAt: iso(1), outcome: 'success' },
      { ...deployment, id: '4', startedAt: iso(0), outcome: 'success' },
      { ...deployment, id: '5', startedAt: iso(0), finishedAt: iso(-1), outcome: 'success' },
      { ...deployment, id: '6', startedAt: iso(0), finishedAt: iso(0), outcome: 'done' },
      { ...deployment, id: '7', environment: undefined, startedAt: iso(0) },
    ]),
  );

  expect(JSON.parse(running.text)).toEqual({ accepted: 1, unchanged: 0, rejected: [] });
  expect(JSON.parse(ended.text)).toMatchObject({
    accepted: 2,
    unchanged: 1,
    rejected: [
      { index: 3, field: 'finishedAt', reason: 'end_unknown' },
      { index: 4, field: 'finishedAt', reason: 'negative_duration' },
      { index: 5, field: 'outcome', reason: 'malformed' },
      { index: 6, field: 'environment', reason: 'malformed' },
    ],
  });
  await expect
    .poll(async () => (await exporter.get('metrics', READ)).text, PATIENT)
    .toMatch(/incident_recovery_time_minutes_sum\{[^}]*provider="ours"[^}]*\} 8\n/);
  const page = (await exporter.get('metrics', READ)).text;
  expect(page).toContain('mttr_exporter_deployments_unmapped_total{provider="ours"} 1\n');
});
