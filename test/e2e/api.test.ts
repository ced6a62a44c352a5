import { expect, it } from 'vitest';
import { z } from 'zod';
import { told } from '../metrics/stage.ts';
import { ADMIN_TOKEN, type ApiClient, startWithApi } from './api-platforms.ts';
import type { Parsed } from './page.ts';
import { until } from './process.ts';
import { liveOn } from './three-platforms.ts';

const Row = z.record(z.string(), z.union([z.string(), z.number()]));
const Rows = z.object({ rows: z.array(Row) }).transform(({ rows }) => rows);
const Incident = z.object({
  provider: z.string(),
  id: z.string(),
  status: z.string(),
  triggered_at: z.string(),
  resolved_at: z.string().optional(),
  recovery_minutes: z.number().optional(),
});
const Incidents = z.object({ incidents: z.array(Incident), next_cursor: z.string().optional() });
const Refreshed = z.object({
  outcome: z.string(),
  providers: z.array(z.record(z.string(), z.union([z.string(), z.number()]))),
});

const LABELS = ['by', 'window', 'provider', 'service', 'severity', 'team'];

/** Each number of the statistics, and the sample of the page of metrics that is to be the same. */
const METRICS: Readonly<Record<string, string>> = {
  opened: 'incident_window_opened',
  resolved: 'incident_window_resolved',
  mttr_minutes: 'incident_mttr_minutes',
  mtta_minutes: 'incident_mtta_minutes',
  mtbf_minutes: 'incident_mtbf_minutes',
  recovery_min_minutes: 'incident_recovery_min_minutes',
  recovery_max_minutes: 'incident_recovery_max_minutes',
  recovery_stddev_minutes: 'incident_recovery_stddev_minutes',
  baseline_mttr_minutes: 'incident_mttr_baseline_minutes',
  baseline_resolved: 'incident_baseline_resolved',
  within_target_ratio: 'incident_within_target_ratio',
  escalated_ratio: 'incident_escalated_ratio',
  reopened_ratio: 'incident_reopened_ratio',
  repeat_ratio: 'incident_repeat_ratio',
  free_ratio: 'incident_free_ratio',
  availability_ratio: 'incident_availability_ratio',
  error_budget_minutes: 'incident_error_budget_minutes',
  mttr_business_minutes: 'incident_mttr_business_minutes',
};
const STAGES: Readonly<Record<string, string>> = {
  detection_within_target_ratio: 'detection',
  acknowledgement_within_target_ratio: 'acknowledgement',
  identification_within_target_ratio: 'identification',
  mitigation_within_target_ratio: 'mitigation',
};
const QUANTILES: Readonly<Record<string, string>> = {
  recovery_p50_minutes: '0.5',
  recovery_p75_minutes: '0.75',
  recovery_p90_minutes: '0.9',
  recovery_p95_minutes: '0.95',
  recovery_p99_minutes: '0.99',
};

function onPage(page: Parsed, name: string, labels: Record<string, string>): number | undefined {
  const quantile = QUANTILES[name];
  if (quantile !== undefined) return page.value('incident_recovery_quantile_minutes', { ...labels, quantile });
  const stage = STAGES[name];
  if (stage !== undefined) return page.value('incident_stage_within_target_ratio', { ...labels, stage });
  return page.value(METRICS[name] ?? name, labels);
}

async function allIncidents({ get }: ApiClient, query: string, from = ''): Promise<z.infer<typeof Incident>[]> {
  const found: z.infer<typeof Incident>[] = [];
  for (let cursor = from; ; ) {
    const page = Incidents.parse((await get(`/incidents?${query}${cursor}`)).body);
    found.push(...page.incidents);
    if (page.next_cursor === undefined) return found;
    cursor = `&cursor=${page.next_cursor}`;
  }
}

it('statistics, incidents and explanations tell the numbers of the page of metrics', async () => {
  const client = await startWithApi();
  const page = await client.exporter.page();

  const rows = Rows.parse((await client.get('/statistics')).body);
  const some = Rows.parse((await client.get('/statistics?by=severity&window=30d&severity=Critical')).body);
  const incidents = await allIncidents(client, 'limit=1000');
  const explained = await client.get('/explain?severity=P1&window=30d&limit=1');

  const numbers = rows.flatMap((row) => {
    const labels = Object.fromEntries(LABELS.flatMap((label) => (label in row ? [[label, String(row[label])]] : [])));
    const names = Object.keys(row).filter((name) => name in METRICS || name in QUANTILES || name in STAGES);
    return names.map((name) => ({ name, labels, value: row[name] }));
  });
  const differing = numbers.filter(({ name, labels, value }) => onPage(page, name, labels) !== value);
  const samples = page.text.split('\n').filter((line) => /^incident_\w+\{by=/.test(line) && !line.includes('level='));
  expect(differing).toEqual([]);
  expect(numbers).toHaveLength(samples.length);
  expect(numbers.length).toBeGreaterThan(500);
  expect(some).toHaveLength(1);
  expect(explained.body).toMatchObject({ value: some[0]?.['mttr_minutes'], counted: some[0]?.['resolved'] });
  expect(incidents).toHaveLength(page.sum('mttr_exporter_incidents', {}));
  expect(incidents.filter(({ status }) => status !== 'resolved')).toHaveLength(page.sum('incident_open', {}));
});

it('pages of incidents hold each one once, also when others come meanwhile', async () => {
  const client = await startWithApi();
  const before = await allIncidents(client, 'provider=pd&limit=1000');
  const first = Incidents.parse((await client.get('/incidents?provider=pd&limit=333')).body);
  liveOn(client.worlds, 0);
  await client.refresh('scope=last-1d');

  const rest = await allIncidents(client, 'provider=pd&limit=333', `&cursor=${first.next_cursor ?? ''}`);

  const ids = [...first.incidents, ...rest].map(({ id }) => id);
  expect(ids).toEqual(before.map(({ id }) => id));
  expect(new Set(ids).size).toBe(700);
  const triggers = before.map((one) => Date.parse(one.triggered_at));
  expect(triggers).toEqual(triggers.toSorted((a, b) => b - a));
});

it('incidents can be asked for by labels, status and time', async () => {
  const client = await startWithApi();
  const all = await allIncidents(client, 'limit=1000');

  const open = await allIncidents(client, 'status=open');
  const checkout = await allIncidents(client, 'service=checkout&severity=P1&provider=og');
  const lately = await allIncidents(client, 'from=7d&limit=1000');
  const earlier = await client.get('/incidents?to=2020-01-01');
  const wrong = await client.get('/incidents?service=chekout&severity=P9');
  const { next_cursor: cursor } = Incidents.parse((await client.get('/incidents?limit=1')).body);
  const foreign = await client.get(`/incidents?status=open&cursor=${cursor ?? ''}`);

  const weekAgo = Date.now() - 7 * 86_400_000;
  expect(open).toEqual(all.filter(({ status }) => status !== 'resolved'));
  // Every fourth is of this service, every third of this severity.
  expect(checkout).toHaveLength(Math.ceil(700 / 12));
  expect(lately).toEqual(all.filter((one) => Date.parse(one.triggered_at) > weekAgo));
  expect(earlier.body).toEqual({ incidents: [] });
  expect(wrong).toMatchObject({ status: 400, body: { errors: [{ name: 'service' }, { name: 'severity' }] } });
  expect(foreign).toMatchObject({ status: 400, body: { errors: [{ name: 'cursor' }] } });
});

it('every incident has a review, and is found by its id', async () => {
  const client = await startWithApi();
  const all = await allIncidents(client, 'limit=1000');
  const chosen = ['pd', 'og', 'aws'].flatMap((name) => all.find(({ provider }) => provider === name) ?? []);
  const toPath = ({ provider, id }: (typeof chosen)[number]) =>
    `/incidents/${provider}/${encodeURIComponent(id)}/postmortem`;

  const reviews = await Promise.all(chosen.slice(0, 2).map((one) => client.get(toPath(one))));
  const last = await Promise.all(chosen.slice(2).map((one) => client.get(toPath(one))));
  const byId = await Promise.all(
    chosen.slice(0, 2).map(({ id }) => allIncidents(client, `id=${encodeURIComponent(id)}`)),
  );
  const none = await client.get('/incidents/pd/none/postmortem');

  expect(chosen).toHaveLength(3);
  expect([...reviews, ...last].map(({ body }) => body)).toMatchObject(
    chosen.map(({ provider, id, recovery_minutes }) => ({
      incident: { provider, id },
      resolution: recovery_minutes === undefined ? { state: 'open' } : { state: 'resolved', recovery_minutes },
    })),
  );
  expect(byId).toEqual(chosen.slice(0, 2).map((one) => [one]));
  expect(none.status).toBe(404);
});

it('a refresh finds what polls have not seen, counts it once, and takes nothing back', async () => {
  const client = await startWithApi();
  liveOn(client.worlds, 0);
  const ended = Math.ceil(Date.now() / 1000) * 1000 + 1000;
  await until('it is over', () => Date.now() > ended);

  const dry = await client.refresh('scope=last-1d&dry_run=true');
  const untouched = await client.exporter.page();
  const real = await client.refresh('scope=last-1d');
  const counted = await client.exporter.untilPage('all is counted', (page) => countOf(page) === 3);
  const [first, ...others] = client.worlds.pagerduty.incidents.toReversed();
  client.worlds.pagerduty.incidents = [...others, { ...(first ?? told({ id: '', triggeredAtMs: 0 })), priority: 'P2' }];
  const corrected = await client.refresh('scope=last-1d');
  const after = await client.exporter.untilPage(
    'the correction shows',
    (page) => page.value('incident_revisions_total', { provider: 'pd', change: 'severity' }) === 1,
  );

  const news = (answer: typeof dry) =>
    Refreshed.parse(answer.body).providers.map((one) => [one['new'], one['changed']]);
  expect([dry.status, real.status, corrected.status]).toEqual([200, 200, 200]);
  expect([news(dry), news(real)]).toEqual([
    news(real),
    [
      [1, 0],
      [1, 0],
      [1, 0],
    ],
  ]);
  expect(news(corrected)).toEqual([
    [0, 1],
    [0, 0],
    [0, 0],
  ]);
  expect([countOf(untouched), countOf(counted), countOf(after)]).toEqual([0, 3, 3]);
});

it('a refresh needs the admin token, and says which providers failed', async () => {
  // Each answer of a platform takes its time, so that two refreshes meet.
  const client = await startWithApi({ latencyMs: 20 });
  const without = await fetch(new URL('api/v1/refresh?scope=all', client.exporter.url), { method: 'POST' });

  const [one, two] = await Promise.all([client.refresh('scope=all'), client.refresh('scope=all')]);
  const stale = await client.refresh('scope=stale');

  expect(without.status).toBe(401);
  expect(new Set([one?.status, two?.status])).toEqual(new Set([200, 409]));
  expect(stale.body).toMatchObject({ outcome: 'complete', providers: [{ outcome: 'skipped' }, {}, {}] });
});

it('a stop ends a refresh, whose client is told so', async () => {
  const client = await startWithApi();
  for (const { faults } of client.fakes) faults.push({ times: Number.POSITIVE_INFINITY, answer: 'hang' });
  const asked = client.fakes.map(({ requests }) => requests.length);
  const refreshing = client.refresh('scope=all');
  await until('all are asked', () => client.fakes.every(({ requests }, at) => requests.length > (asked[at] ?? 0)));

  client.exporter.kill('SIGTERM');
  const answer = await refreshing;
  const { code } = await client.exporter.ended;

  expect(answer.status).toBe(502);
  expect(answer.body).toMatchObject({ refresh: { providers: [{ outcome: 'ended' }, { outcome: 'ended' }, {}] } });
  expect(code).toBe(0);
});

it('no answer holds a secret', async () => {
  const client = await startWithApi();

  const answers = await Promise.all(['/status', '/config', '/openapi.json'].map((path) => client.get(path)));

  const text = JSON.stringify(answers);
  expect(text).not.toContain(ADMIN_TOKEN);
  expect(text).toContain('<secret>');
});

function countOf(page: Parsed): number {
  return page.sum('incident_recovery_time_minutes_count', {});
}
