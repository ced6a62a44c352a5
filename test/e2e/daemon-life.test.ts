import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import { HOUR_MS, told } from '../metrics/stage.ts';
import type { Parsed } from './page.ts';
import { type Exporter, startExporter, temporaryFolder, until, writeIn } from './process.ts';

async function platform(): Promise<Fake> {
  const incidents = [told({ id: 'Q1', triggeredAtMs: Date.now() - 2 * HOUR_MS, resolved: 30 })];
  const fake = await startPagerdutyFake({ incidents, alarms: [] });
  onTestFinished(() => fake.close());
  return fake;
}

interface Told {
  readonly fakes: Readonly<Record<string, Fake>>;
  readonly store: string;
  readonly more?: string;
}

function configuration({ fakes, store, more = '' }: Told): string {
  const lines = Object.entries(fakes).map(
    ([name, { url }]) =>
      `  - { name: ${name}, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${url}", poll_interval: 1s, rate_limit: 100/s }`,
  );
  return `providers:\n${lines.join('\n')}\ngroupings: [all, provider]\n${more}store: { path: "${store}" }\n`;
}

interface Living {
  readonly exporter: Exporter;
  readonly folder: string;
  readonly store: string;
  readonly write: (change: Partial<Told>) => void;
}

/** An exporter whose providers have synced. */
async function live(fakes: Told['fakes'], words: readonly string[] = []): Promise<Living> {
  const folder = temporaryFolder();
  const store = join(folder, 's.db');
  const file = join(folder, 'c.yml');
  const write = (change: Partial<Told>) => void writeIn(folder, 'c.yml', configuration({ fakes, store, ...change }));
  write({});
  const exporter = await startExporter({ words: [`--config.file=${file}`, ...words], folder });
  const names = Object.keys(fakes);
  await exporter.untilPage('all are synced', (page) => names.every((name) => isShown(page, name)));
  return { exporter, folder, store, write };
}

function isShown(page: Parsed, provider: string): boolean {
  return page.value('incident_mttr_minutes', { by: 'provider', window: '7d', provider }) === 30;
}

const SUCCESSFUL = 'mttr_exporter_config_last_reload_successful';
const RELOADED_AT = 'mttr_exporter_config_last_reload_success_timestamp_seconds';
/** What SIGTERM promises. */
const STOP_MS = 5000;

async function terminate({ exporter }: Living): Promise<{ code: number | null; ms: number; stderr: string }> {
  const startedAtMs = performance.now();
  exporter.kill('SIGTERM');
  const { code, stderr } = await exporter.ended;
  return { code, ms: performance.now() - startedAtMs, stderr };
}

describe('SIGTERM ends the exporter with code 0 in time', () => {
  it('when nothing is under way', async () => {
    const living = await live({ pd: await platform() });

    const { code, ms } = await terminate(living);

    expect(code).toBe(0);
    expect(ms).toBeLessThan(STOP_MS);
  });

  it('while a platform hangs', async () => {
    const fake = await platform();
    const living = await live({ pd: fake });
    fake.faults.push({ times: Number.POSITIVE_INFINITY, answer: 'hang' });
    const before = fake.requests.length;
    await until('it asked and got no answer', () => fake.requests.length > before);

    const { code, ms, stderr } = await terminate(living);

    expect(code).toBe(0);
    expect(ms).toBeLessThan(STOP_MS);
    expect(stderr).not.toContain('poll failed');
  });

  it('while a client dawdles over its request', async () => {
    const living = await live({ pd: await platform() });
    const socket = connect(Number(new URL(living.exporter.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    await new Promise<void>((resolve) => socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n', () => resolve()));

    const { code, ms } = await terminate(living);

    expect(code).toBe(0);
    expect(ms).toBeLessThan(STOP_MS);
  });

  it('while it starts', async () => {
    const folder = temporaryFolder();
    const store = join(folder, 's.db');
    const file = writeIn(folder, 'c.yml', configuration({ fakes: { pd: await platform() }, store }));
    const exporter = await startExporter({ words: [`--config.file=${file}`], folder });

    exporter.kill('SIGTERM');
    const { code } = await exporter.ended;

    expect(code).toBe(0);
  });

  it('while it reloads', async () => {
    const living = await live({ pd: await platform() });

    living.exporter.kill('SIGHUP');
    const { code, ms } = await terminate(living);

    expect(code).toBe(0);
    expect(ms).toBeLessThan(STOP_MS);
  });
});

it('what was polled before a stop is on the first page after a start, whatever the platform does then', async () => {
  const fake = await platform();
  const living = await live({ pd: fake });
  await terminate(living);
  fake.faults.push({ times: Number.POSITIVE_INFINITY, answer: 'hang' });

  const exporter = await startExporter({ words: [`--config.file=${join(living.folder, 'c.yml')}`] });
  const page = await exporter.untilPage('there is a page', ({ text }) => text !== '');

  expect(isShown(page, 'pd')).toBe(true);
  expect(page.value('mttr_exporter_provider_up', { provider: 'pd' })).toBeUndefined();
  expect((await exporter.get('-/ready')).text).toBe('ready\npd: synced\n');
});

describe('SIGHUP', () => {
  it('adds a provider and takes one away; its data is kept and comes back with it', async () => {
    const [first, second] = [await platform(), await platform()];
    const { exporter, write } = await live({ first });
    const before = await exporter.page();

    write({ fakes: { second } });
    exporter.kill('SIGHUP');
    const without = await exporter.untilPage('the other is there', (page) => isShown(page, 'second'));
    const text = without.text;
    first.faults.push({ times: Number.POSITIVE_INFINITY, answer: 'hang' });
    write({ fakes: { first, second } });
    exporter.kill('SIGHUP');
    const again = await exporter.untilPage('it is back', (page) => isShown(page, 'first'));

    expect(text).not.toContain('"first"');
    expect(isShown(again, 'second')).toBe(true);
    expect(again.value('mttr_exporter_counting_since_timestamp_seconds', { provider: 'first' })).toBe(
      before.value('mttr_exporter_counting_since_timestamp_seconds', { provider: 'first' }),
    );
    expect(again.value(SUCCESSFUL, {})).toBe(1);
    expect(again.value(RELOADED_AT, {})).toBeGreaterThan(before.value(RELOADED_AT, {}) ?? 0);
  });

  it('with a bad file keeps the old configuration running and says what is wrong', async () => {
    const { exporter, folder, write } = await live({ pd: await platform() });
    const before = await exporter.page();

    write({ more: 'windws: [7d]\n' });
    exporter.kill('SIGHUP');
    const during = await exporter.untilPage('the reload failed', (page) => page.value(SUCCESSFUL, {}) === 0);
    const line = exporter.logged().find(({ level }) => level === 'error');
    const polls = { provider: 'pd', outcome: 'success' };
    const count = during.value('mttr_exporter_polls_total', polls) ?? 0;
    await exporter.untilPage('it polls on', (page) => (page.value('mttr_exporter_polls_total', polls) ?? 0) > count);
    write({});
    exporter.kill('SIGHUP');
    const after = await exporter.untilPage('the reload succeeded', (page) => page.value(SUCCESSFUL, {}) === 1);

    expect(isShown(during, 'pd')).toBe(true);
    expect(during.value(RELOADED_AT, {})).toBe(before.value(RELOADED_AT, {}));
    expect(line).toMatchObject({
      msg: 'configuration not reloaded, the old one stays',
      error: `windws (${join(folder, 'c.yml')}:4:1): is not a known key; did you mean windows?`,
    });
    expect(isShown(after, 'pd')).toBe(true);
  });

  it('with a provider that cannot be opened keeps the old ones running', async () => {
    const fake = await platform();
    const { exporter, folder, store } = await live({ pd: fake });

    const text = configuration({ fakes: { pd: fake }, store });
    writeIn(folder, 'c.yml', text.replace('rate_limit: 100/s', 'rate_limit: 100/s, tls: { ca_file: /not/there }'));
    exporter.kill('SIGHUP');
    const during = await exporter.untilPage('the reload failed', (page) => page.value(SUCCESSFUL, {}) === 0);
    const polls = { provider: 'pd', outcome: 'success' };
    const count = during.value('mttr_exporter_polls_total', polls) ?? 0;
    const after = await exporter.untilPage(
      'it polls on',
      (page) => (page.value('mttr_exporter_polls_total', polls) ?? 0) > count,
    );

    expect(isShown(after, 'pd')).toBe(true);
  });

  it('with other windows shows those, and counts on', async () => {
    const { exporter, write } = await live({ pd: await platform() });

    write({ more: 'windows: [1h, 7d]\n' });
    exporter.kill('SIGHUP');
    const page = await exporter.untilPage(
      'the new window is there',
      (one) => one.value('incident_window_resolved', { by: 'all', window: '1h' }) === 0,
    );

    expect(page.value('incident_window_resolved', { by: 'all', window: '30d' })).toBeUndefined();
    expect(isShown(page, 'pd')).toBe(true);
  });
});

describe('POST /-/reload', () => {
  it('is refused unless the lifecycle is enabled', async () => {
    const { exporter } = await live({ pd: await platform() });

    const answer = await exporter.get('-/reload', { method: 'POST' });

    expect(answer).toEqual({
      status: 403,
      text: 'reload over HTTP is disabled; start with --web.enable-lifecycle, or send SIGHUP\n',
    });
  });

  it('answers what came of it, and says that a changed store needs a restart as often as it is asked', async () => {
    const { exporter, folder, write } = await live({ pd: await platform() }, ['--web.enable-lifecycle']);
    const reload = () => exporter.get('-/reload', { method: 'POST' });

    const good = await reload();
    write({ store: join(folder, 'other.db') });
    const moved = [await reload(), await reload()];
    write({ more: 'history: never\n' });
    const bad = await reload();
    const page = await exporter.page();

    expect(good).toEqual({ status: 200, text: 'configuration reloaded\n' });
    const notice = { status: 200, text: 'configuration reloaded, but the changed store.path needs a restart\n' };
    expect(moved).toEqual([notice, notice]);
    expect(bad.status).toBe(500);
    expect(bad.text).toContain('history (');
    expect(bad.text).toContain('"never" is not a duration');
    expect(isShown(page, 'pd')).toBe(true);
  });
});
