import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PAGERDUTY_FAKE_KEY, type PagerdutyFakeOptions, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake, Fault } from '../../src/simulator/platform.ts';
import type { SimulatedIncident, World } from '../../src/simulator/world.ts';
import { HOUR_MS, MINUTE_MS, told } from '../metrics/stage.ts';
import { editAnswers } from './editing.ts';
import type { Parsed } from './page.ts';
import { startExporter, temporaryFolder, until, writeIn } from './process.ts';

interface Account {
  readonly world: World;
  readonly fake: Fake;
}

async function account(incidents: SimulatedIncident[], options: PagerdutyFakeOptions = {}): Promise<Account> {
  const world: World = { incidents, alarms: [] };
  const fake = await startPagerdutyFake(world, options);
  onTestFinished(() => fake.close());
  return { world, fake };
}

/** One line of the configuration. */
function provider(name: string, url: string, more = ''): string {
  return `  - { name: ${name}, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${url}", poll_interval: 1s, rate_limit: 100/s${more} }`;
}

function start(lines: readonly string[]) {
  const folder = temporaryFolder();
  const text = `providers:\n${lines.join('\n')}\ngroupings: [provider]\nmetrics: { new_series_hold: 0s }\nstore: { path: "${join(folder, 's.db')}" }\n`;
  return startExporter({ words: [`--config.file=${writeIn(folder, 'c.yml', text)}`], folder });
}

const past = () => told({ id: 'Q1', triggeredAtMs: Date.now() - 2 * HOUR_MS, resolved: 30 });
const isSynced = (page: Parsed, name: string) => page.value('mttr_exporter_provider_synced', { provider: name }) === 1;
const polls = (page: Parsed, name: string, outcome: string) =>
  page.value('mttr_exporter_polls_total', { provider: name, outcome }) ?? 0;
const isUp = (page: Parsed, name: string) => page.value('mttr_exporter_provider_up', { provider: name });
const mean = (page: Parsed, name: string) =>
  page.value('incident_mttr_minutes', { by: 'provider', window: '7d', provider: name });

const HTML = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Please log in</body></html>' };
const TROUBLES: Readonly<Record<string, { readonly answer: Fault['answer']; readonly error: RegExp }>> = {
  unauthorised: { answer: { status: 401, body: { error: { message: 'Authentication Failed' } } }, error: /401/ },
  forbidden: { answer: { status: 403, body: { error: { message: 'Access Denied' } } }, error: /403/ },
  broken: { answer: { status: 500, body: 'oops' }, error: /500 after 5 tries/ },
  hanging: { answer: 'hang', error: /timed out after 0\.3 s/ },
  reset: { answer: 'reset', error: /no answer after 5 tries/ },
  throttled: { answer: { status: 429, body: '' }, error: /429/ },
  truncated: { answer: 'truncate', error: /JSON/ },
  html: { answer: HTML, error: /JSON/ },
};

it('what a platform does wrong harms neither its good data, nor others, and is over by itself', async () => {
  const names = Object.keys(TROUBLES);
  const accounts = new Map<string, Account>();
  for (const name of [...names, 'healthy']) accounts.set(name, await account([past()]));
  const lines = [...accounts].map(([name, { fake }]) => provider(name, fake.url, ', timeout: 300ms'));
  const exporter = await start(lines);
  await exporter.untilPage('all are synced', (page) => [...accounts.keys()].every((name) => isSynced(page, name)));

  for (const name of names) {
    const answer = TROUBLES[name]?.answer ?? 'reset';
    accounts.get(name)?.fake.faults.push({ times: Number.POSITIVE_INFINITY, answer });
  }
  const during = await exporter.untilPage('all have failed', (page) => names.every((name) => isUp(page, name) === 0));
  const ready = await exporter.get('-/ready');
  const status = await exporter.get('/');

  for (const name of names) {
    expect({ name, mean: mean(during, name) }).toEqual({ name, mean: 30 });
    const line = ready.text.split('\n').find((one) => one.startsWith(`${name}: `)) ?? '';
    expect(line).toMatch(/: down, synced: /);
    expect(line).toMatch(TROUBLES[name]?.error ?? /^$/);
  }
  expect(ready.status).toBe(200);
  expect(ready.text).toContain('healthy: up\n');
  expect(isUp(during, 'healthy')).toBe(1);
  expect(status.text).toContain('down');
  expect(during.sum('mttr_exporter_api_requests_total', { provider: 'unauthorised', code: '401' })).toBeGreaterThan(0);
  expect(during.sum('mttr_exporter_api_requests_total', { provider: 'reset', code: 'error' })).toBeGreaterThan(4);
  expect(during.value('mttr_exporter_api_throttled_total', { provider: 'throttled' })).toBeGreaterThan(0);
  expect(during.value('mttr_exporter_api_throttled_total', { provider: 'broken' })).toBe(0);

  for (const { world, fake } of accounts.values()) {
    fake.faults.length = 0;
    world.incidents = [...world.incidents, told({ id: 'Q2', triggeredAtMs: Date.now() - HOUR_MS, resolved: 10 })];
  }
  const after = await exporter.untilPage('all are well', (page) =>
    [...accounts.keys()].every((name) => mean(page, name) === 20),
  );

  for (const name of names) expect([name, isUp(after, name)]).toEqual([name, 1]);
  expect(polls(after, 'healthy', 'failure')).toBe(0);
});

it('a provider that answers nobody delays neither the others nor a scrape, and keeps the exporter unready', async () => {
  const [silent, healthy] = [await account([past()]), await account([past()])];
  silent.fake.faults.push({ times: Number.POSITIVE_INFINITY, answer: 'hang' });

  const exporter = await start([provider('silent', silent.fake.url), provider('healthy', healthy.fake.url)]);
  const page = await exporter.untilPage('the other polled thrice', (one) => polls(one, 'healthy', 'success') >= 3);
  const ready = await exporter.get('-/ready');

  expect(mean(page, 'healthy')).toBe(30);
  expect(isUp(page, 'silent')).toBeUndefined();
  expect(ready).toEqual({ status: 503, text: 'not ready\nsilent: first sync is not complete\nhealthy: up\n' });
});

it('whoever scrapes once the exporter is ready finds every provider with its numbers', async () => {
  const accounts = await Promise.all([account([past()]), account([past()]), account([past()])]);
  const names = accounts.map((_, index) => `account-${index}`);
  const exporter = await start(accounts.map(({ fake }, index) => provider(names[index] ?? '', fake.url)));
  await until('it is ready', async () => (await exporter.get('-/ready')).status === 200);

  const page = await exporter.page();

  expect(names.map((name) => [isSynced(page, name), mean(page, name)])).toEqual(names.map(() => [true, 30]));
});

it('a first sync that is refused makes the exporter unready, with the reason, until it failed three times', async () => {
  const { fake } = await account([past()], { apiKey: 'another' });
  const exporter = await start([provider('refused', fake.url)]);

  await until('it failed once', async () => (await exporter.get('-/ready')).text.includes('down'));
  const early = await exporter.get('-/ready');
  const later = await exporter.untilPage('it failed thrice', (page) => polls(page, 'refused', 'failure') >= 3);
  const late = await exporter.get('-/ready');

  expect(early.status).toBe(503);
  expect(early.text).toMatch(/^not ready\nrefused: down, first sync is not complete: .*401/);
  expect(late.status).toBe(200);
  expect(isUp(later, 'refused')).toBe(0);
  expect(isSynced(later, 'refused')).toBe(false);
  expect(mean(later, 'refused')).toBeUndefined();
});

it('records that make no sense are counted by their reason, once, and taken as soon as they do', async () => {
  const now = Date.now();
  const open = (id: string, triggeredAtMs = now - HOUR_MS) => told({ id, triggeredAtMs });
  const odd = {
    malformed: await account([past(), open('QBAD')]),
    missing_id: await account([past(), open('QBAD')]),
    negative_duration: await account([past(), told({ id: 'QBAD', triggeredAtMs: now - HOUR_MS, resolved: -30 })]),
    future: await account([past(), open('QBAD', now + 20 * MINUTE_MS)], {
      nowMs: () => Date.now() + 21 * MINUTE_MS,
      // Else the exporter would take the platform's time.
      dateMs: () => Date.now(),
    }),
  };
  const pondering = await editAnswers(odd.malformed.fake.url, (_path, body) =>
    edited(body, (one) => ({ ...one, status: 'pondering' })),
  );
  const nameless = await editAnswers(odd.missing_id.fake.url, (path, body) =>
    path === '/log_entries' ? { ...body, log_entries: [] } : edited(body, ({ id: _id, ...one }) => one),
  );
  const urls = {
    malformed: pondering.url,
    missing_id: nameless.url,
    negative_duration: odd.negative_duration.fake.url,
    future: odd.future.fake.url,
  };
  const names = Object.keys(odd);
  const exporter = await start(Object.entries(urls).map(([name, url]) => provider(name, url)));

  const during = await exporter.untilPage('all polled thrice', (page) =>
    names.every((name) => polls(page, name, 'success') >= 3),
  );
  pondering.edit = (_path, body) => body;
  nameless.edit = (_path, body) => body;
  odd.negative_duration.world.incidents = [past(), told({ id: 'QBAD', triggeredAtMs: now - HOUR_MS, resolved: 10 })];
  odd.future.world.incidents = [past(), open('QBAD')];
  const isThere = (page: Parsed, name: string) =>
    page.value('incident_window_opened', { by: 'provider', window: '7d', provider: name }) === 2;
  const after = await exporter.untilPage('all are taken', (page) => names.every((name) => isThere(page, name)));

  for (const name of names) {
    const rejected = (page: Parsed) => page.sum('mttr_exporter_incidents_rejected_total', { provider: name });
    expect([name, mean(during, name), rejected(during)]).toEqual([name, 30, 1]);
    expect(during.value('mttr_exporter_incidents_rejected_total', { provider: name, reason: name })).toBe(1);
    expect([name, rejected(after)]).toEqual([name, 1]);
    expect([name, polls(after, name, 'failure')]).toEqual([name, 0]);
  }
});

/** Changes the record QBAD wherever it is sent whole. */
function edited(body: Record<string, unknown>, change: (one: Record<string, unknown>) => Record<string, unknown>) {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const visited = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, visit(one)]));
    return visited['id'] === 'QBAD' && 'status' in visited ? change(visited) : visited;
  };
  return visit(body) as Record<string, unknown>;
}
