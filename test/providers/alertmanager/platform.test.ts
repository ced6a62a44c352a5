import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { ProviderConfig } from '../../../src/config/types.ts';
import { alertmanager } from '../../../src/providers/alertmanager/platform.ts';
import { platforms } from '../../../src/providers/registry.ts';
import { createMemoryKnown, pollInto } from '../memory-known.ts';
import { impatientClock, silentObserver } from '../setup.ts';
import { alertJson, at, messageJson, NOW_MS } from './stage.ts';

/** The provider's part of a configuration, as the daemon reads it. */
function configure(
  keys: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): ProviderConfig {
  const text = JSON.stringify({ providers: [{ type: 'alertmanager', ...keys }] });
  const readFile = (path: string) => files[path] ?? '';
  const { providers } = loadConfig({
    text,
    filename: 'config.yml',
    env: {},
    platforms,
    readFile,
    nowMs: NOW_MS,
  }).config;
  if (providers[0] === undefined) throw new Error('expected a provider');
  return providers[0];
}

const create = (config: ProviderConfig) => {
  const provider = alertmanager.create(config, { clock: impatientClock(NOW_MS), observer: silentObserver });
  onTestFinished(() => provider.close());
  return provider;
};

/** An Alertmanager whose list is `alerts`; what it is asked is recorded. */
async function startApi(alerts: unknown[]) {
  const asked: { readonly url: string; readonly headers: Readonly<Record<string, unknown>> }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(alerts));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, asked };
}

describe('the provider of type alertmanager', () => {
  it('is kept out of other groupings than provider, has no limits of recoveries, and knows these labels', () => {
    const config = configure({ webhook: { secret: 's' } });

    expect(config).toMatchObject({
      overall: false,
      recoveryLimits: { openWindowMs: undefined, flakyBelowMs: 0 },
      settings: { team_label: 'team', resolve_wait: 600_000 },
    });
    expect(configure({ webhook: { secret: 's' }, overall: true }).overall).toBe(true);
  });

  it('is ready at once without an API; its history begins with the oldest alert that is told', async () => {
    const provider = create(configure({ webhook: { secret: 's' } }));
    const memory = createMemoryKnown();
    await pollInto(memory, provider, { nowMs: at(1), historyStartMs: 0 });

    const received = await provider.receive?.({
      kind: '',
      body: messageJson([alertJson({ from: -30, to: -10 })]),
      nowMs: at(2),
      before: memory.end,
      stored: memory.known,
    });

    expect(memory.end).toEqual({ polledUntilMs: at(1), historyStartMs: at(1) });
    expect(received?.complete).toEqual({ polledUntilMs: at(2), historyStartMs: at(-30) });
  });

  it('reads the API that it is given later', async () => {
    const memory = createMemoryKnown();
    await pollInto(memory, create(configure({ webhook: { secret: 's' } })), { nowMs: at(1), historyStartMs: 0 });
    const api = await startApi([alertJson({ from: 0 })]);

    await pollInto(memory, create(configure({ base_url: api.url })), { nowMs: at(2), historyStartMs: 0 });

    expect(memory.incidents.size).toBe(1);
  });

  it('asks for silenced and inhibited alerts too, with the credentials, and for those of a receiver', async () => {
    const api = await startApi([alertJson({ from: 0 })]);
    const keys = { base_url: api.url, receiver: 'mttr.*', headers: { 'X-Scope-OrgID': 'shop', 'X-Key_file': '/key' } };
    const files = { '/key': 'k3y\n', '/password': 'secret\n' };
    const provider = create(configure({ ...keys, basic_auth: { username: 'me', password_file: '/password' } }, files));
    const memory = createMemoryKnown();

    await pollInto(memory, provider, { nowMs: at(5), historyStartMs: 0 });

    expect(api.asked).toHaveLength(1);
    expect(api.asked[0]?.url).toBe('/api/v2/alerts?active=true&silenced=true&inhibited=true&receiver=mttr.*');
    expect(api.asked[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
      'x-scope-orgid': 'shop',
      'x-key': 'k3y',
    });
    expect([...memory.incidents.keys()]).toEqual([`of-HighErrorRate@${NOW_MS}`]);
    expect(memory.end).toEqual({ polledUntilMs: at(5), historyStartMs: at(5) });
  });

  it.each([
    { keys: { basic_auth_file: '/auth' }, header: `Basic ${Buffer.from('me:a:b').toString('base64')}` },
    { keys: { bearer_token_file: '/token' }, header: 'Bearer t0ken' },
    { keys: { headers_file: '/headers' }, header: 'Custom x' },
  ])('reads credentials from files: $keys', async ({ keys, header }) => {
    const api = await startApi([]);
    const files = {
      '/auth': 'me:a:b',
      '/token': 't0ken',
      '/headers': 'X-Scope-OrgID: shop\nauthorization: Custom x\n',
    };
    const provider = create(configure({ base_url: api.url, ...keys }, files));

    await pollInto(createMemoryKnown(), provider, { nowMs: at(5), historyStartMs: 0 });

    expect(api.asked[0]?.headers['authorization']).toBe(header);
  });

  it.each([
    { keys: { basic_auth: { username: 'me' } }, says: 'basic_auth (config.yml:1:71): the value is not valid' },
    {
      keys: { basic_auth: { username: 'me', password: 'a', password_file: '/p' } },
      says: 'basic_auth (config.yml:1:71): the value is not valid',
    },
    { keys: { basic_auth: { username: 'me', password_file: '/empty' } }, says: 'password_file' },
    { keys: { basic_auth_file: '/headers' }, says: 'basic_auth_file' },
  ])('refuses credentials that are none: $keys', ({ keys, says }) => {
    expect(() => configure({ base_url: 'http://127.0.0.1:1', ...keys }, { '/headers': 'none', '/p': 'b' })).toThrow(
      says,
    );
  });

  it('takes severity, service and team from the labels that are named, in their order', async () => {
    const provider = create(
      configure({
        webhook: { secret: 's' },
        severity: { from: ['label:priority', 'label:severity'] },
        services: { from: ['label:app', 'service'] },
        team_label: 'squad',
      }),
    );
    const memory = createMemoryKnown();
    const alerts = [
      alertJson({ name: 'A', from: 0, labels: { priority: 'P2', app: 'shop', squad: 'red' } }),
      alertJson({ name: 'B', from: 0 }),
    ];

    const received = await provider.receive?.({
      kind: '',
      body: messageJson(alerts),
      nowMs: at(1),
      stored: memory.known,
    });

    expect(received?.incidents).toMatchObject([
      { title: 'A', severity: { tag: 'P2' }, serviceName: 'shop', team: 'red' },
      { title: 'B', severity: { tag: 'critical' }, serviceName: 'checkout', team: undefined },
    ]);
  });

  it('knows no tags and fields', () => {
    const keys = { webhook: { secret: 's' }, severity: { from: ['tag:severity'] } };

    expect(() => configure(keys)).toThrow('severity.from');
  });

  it('needs a webhook or an API', () => {
    expect(() => create(configure({}))).toThrow('it needs webhook, base_url or both');
  });

  it('says in a probe what fires and what a poll costs', async () => {
    const api = await startApi([alertJson({ from: 0 }), {}]);
    const provider = create(configure({ base_url: api.url }));
    const { signal } = new AbortController();

    const report = await provider.probe({ nowMs: at(5), historyStartMs: 0, signal });

    expect(report.probes).toMatchObject([{ call: 'GET /api/v2/alerts', outcome: 'ok' }]);
    expect(report.firstPage).toMatchObject({ incidents: [{ serviceName: 'checkout', team: 'payments' }], rejected: 1 });
    expect(report.estimate?.perPoll).toBe(1);
  });
});
