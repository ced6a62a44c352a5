import { expect, it } from 'vitest';
import { startServer } from '../../src/server/server.ts';
import { ask, inventPages, optionsWith, pageOf, rememberLog, serve } from './serving.ts';

it('answers 200 on /-/healthy as long as the process works', async () => {
  const { url } = await serve();

  const reply = await ask(`${url}-/healthy`);

  expect(reply).toMatchObject({ status: 200, body: 'healthy\n' });
});

it.each(['-/healthy', '-/ready'])('answers HEAD and refuses POST of /%s, whoever asks', async (path) => {
  const { url } = await serve({ bearerToken: () => 'token' });

  const [head, post] = await Promise.all(['HEAD', 'POST'].map((method) => ask(`${url}${path}`, { method })));

  expect(head).toMatchObject({ status: 200, body: '' });
  expect(Number(head?.headers['content-length'])).toBeGreaterThan(0);
  expect(post).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
});

it('gives one reason per provider on /-/ready while the program is not ready', async () => {
  const lines = ['pagerduty: first sync is running', 'aws: failed 3 times: 403 Forbidden'];
  const { url } = await serve({ readiness: () => ({ ready: false, lines }) });

  const reply = await ask(`${url}-/ready`);

  expect(reply.status).toBe(503);
  expect(reply.body).toBe('not ready\npagerduty: first sync is running\naws: failed 3 times: 403 Forbidden\n');
});

it('answers 200 on /-/ready once the program is ready', async () => {
  const { url } = await serve({ readiness: () => ({ ready: true, lines: ['pagerduty: synced'] }) });

  const reply = await ask(`${url}-/ready`);

  expect(reply).toMatchObject({ status: 200, body: 'ready\npagerduty: synced\n' });
});

it.each([
  { enableLifecycle: true, method: 'POST', ok: true, status: 200, body: 'from the reload\n', reloads: 1 },
  { enableLifecycle: true, method: 'POST', ok: false, status: 500, body: 'from the reload\n', reloads: 1 },
  {
    enableLifecycle: true,
    method: 'GET',
    ok: true,
    status: 405,
    body: 'GET is not allowed; expected POST\n',
    reloads: 0,
  },
  {
    enableLifecycle: false,
    method: 'GET',
    ok: true,
    status: 405,
    body: 'GET is not allowed; expected POST\n',
    reloads: 0,
  },
  {
    enableLifecycle: false,
    method: 'POST',
    ok: true,
    status: 403,
    body: 'reload over HTTP is disabled; start with --web.enable-lifecycle, or send SIGHUP\n',
    reloads: 0,
  },
])(
  'answers $status to $method /-/reload when the lifecycle flag is $enableLifecycle and reloading works: $ok',
  async ({ enableLifecycle, method, ok, status, body, reloads }) => {
    let reloaded = 0;
    const reload = () => {
      reloaded += 1;
      return Promise.resolve({ ok, message: 'from the reload' });
    };
    const { url } = await serve({ enableLifecycle, reload });

    const reply = await ask(`${url}-/reload`, { method });

    expect(reply).toMatchObject({ status, body });
    expect(reloaded).toBe(reloads);
  },
);

it.each(['metrics/', 'Metrics', 'favicon.ico', '-/quit', '%', '..%2fmetrics'])(
  'answers 404 in plain text for /%s',
  async (path) => {
    const { url } = await serve();

    const reply = await ask(`${url}${path}`);

    expect(reply).toMatchObject({ status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  },
);

it.each([
  { prefix: { routePrefix: '/mttr' }, base: '/mttr/' },
  { prefix: { routePrefix: 'mttr/' }, base: '/mttr/' },
  { prefix: { routePrefix: '/a/b/' }, base: '/a/b/' },
  { prefix: { externalUrl: 'https://monitoring.example.com/mttr/' }, base: '/mttr/' },
  { prefix: { externalUrl: 'https://monitoring.example.com/' }, base: '/' },
  { prefix: { externalUrl: 'https://monitoring.example.com/mttr', routePrefix: '/' }, base: '/' },
])('serves everything below $base for $prefix', async ({ prefix, base }) => {
  const { url } = await serve(prefix);
  const { origin } = new URL(url);

  const paths = ['', 'metrics', '-/healthy', '-/ready'].map((path) => ask(`${origin}${base}${path}`));

  expect(url).toBe(`${origin}${base}`);
  expect((await Promise.all(paths)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

it.each(['/', '/mttr'])('sends who asks for %s to the prefix', async (path) => {
  const { url } = await serve({ routePrefix: '/mttr' });

  const reply = await ask(new URL(path, url).href);

  expect(reply).toMatchObject({ status: 302, headers: { location: '/mttr/' } });
});

it.each(['/metrics', '/-/healthy', '/-/ready', '/-/reload'])('serves nothing at %s beside a prefix', async (path) => {
  const { url } = await serve({ routePrefix: '/mttr' });

  const reply = await ask(new URL(path, url).href);

  expect(reply.status).toBe(404);
});

it('serves the metrics where the flag says', async () => {
  const { url } = await serve({ telemetryPath: '/probe/m.txt', page: inventPages(pageOf('up 1\n')) });

  const reply = await ask(`${url}probe/m.txt`);
  const first = await ask(url);

  expect(reply.body).toBe('up 1\n');
  expect(first.body).toContain('<a href="probe/m.txt">Metrics</a>');
});

it.each([
  '/',
  '/-/healthy',
  '/-/ready',
  '/-/ready/',
  '/-/READY',
  '/-/reload',
  '/-',
  '/api',
  '/api/v1/status',
  '/API/v1',
  '/webhooks',
  '/webhooks/pagerduty',
  '/Webhooks/',
])('refuses %s as a telemetry path, as it is taken', async (telemetryPath) => {
  const starting = startServer(optionsWith({ telemetryPath, routePrefix: '/mttr' }));

  await expect(starting).rejects.toThrow(
    `"${telemetryPath}" is reserved: / is the status page, and /-/, /api/ and /webhooks/ are used by the exporter; expected another path such as /metrics`,
  );
});

it.each(['/x/../-/ready', '/./metrics', '/..', '//-/ready', '/%2d/ready', '/-/ready?x', '-/ready', '/metrics/.'])(
  'refuses %s as a telemetry path, as clients would ask for another one',
  async (telemetryPath) => {
    const starting = startServer(optionsWith({ telemetryPath }));

    await expect(starting).rejects.toThrow(`invalid path "${telemetryPath}"; expected one such as /metrics`);
  },
);

it.each(['/metrics/', '/-metrics', '/apis', '/webhooks.txt', '/my/api/v1', '/..metrics', '/m/-/ready'])(
  'serves the metrics at %s',
  async (telemetryPath) => {
    const { url } = await serve({ telemetryPath, page: inventPages(pageOf('up 1\n')) });

    const reply = await ask(`${new URL(url).origin}${telemetryPath}`);

    expect(reply).toMatchObject({ status: 200, body: 'up 1\n' });
  },
);

it('refuses a telemetry path that is none', async () => {
  const starting = startServer(optionsWith({ telemetryPath: 'metrics' }));

  await expect(starting).rejects.toThrow('invalid path "metrics"; expected one such as /metrics');
});

it('hides what went wrong inside from the client and tells the log', async () => {
  const { log, lines } = rememberLog();
  const status = () => {
    throw new Error('the store said ENOSPC');
  };
  const { url } = await serve({ status, log });

  const reply = await ask(url);

  expect(reply).toMatchObject({ status: 500, body: 'internal error; see the log of the exporter\n' });
  expect(lines).toContain('error request failed method=GET path=/ error=the store said ENOSPC');
});

it('answers 500 when a reload rejects', async () => {
  const { url } = await serve({ enableLifecycle: true, reload: () => Promise.reject(new Error('no')) });

  const reply = await ask(`${url}-/reload`, { method: 'POST' });

  expect(reply.status).toBe(500);
});
