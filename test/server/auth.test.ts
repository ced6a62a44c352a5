import { createServer } from 'node:http';
import { hashSync } from 'bcryptjs';
import { expect, it, onTestFinished } from 'vitest';
import { createAuthMiddleware } from '../../src/server/auth.ts';
import type { WebConfig } from '../../src/server/web-config.ts';
import { createRateLimiter } from '../../src/server/web-settings.ts';
import { ask, serve } from './serving.ts';

/** The least cost that bcrypt knows, for the speed of the tests. */
const COST = 4;
const USERS = new Map([
  ['prometheus', hashSync('scrape me', COST)],
  ['grafana', hashSync('pass:with:colons', COST)],
]);
const TOKEN = 'token-of-the-tests';
const BASIC = 'Basic realm="mttr-exporter", charset="UTF-8"';
const BEARER = 'Bearer realm="mttr-exporter"';

function webWith(changes: Partial<WebConfig>): { config: WebConfig; file: string } {
  const config = { tls: undefined, headers: {}, users: new Map<string, string>(), rateLimit: undefined };
  return { config: { ...config, ...changes }, file: '/nowhere/web.yml' };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

const right = basic('prometheus', 'scrape me');

it.each([
  { has: 'nothing', users: false, token: false, sends: undefined, status: 200 },
  { has: 'nothing', users: false, token: false, sends: basic('any', 'thing'), status: 200 },
  { has: 'users', users: true, token: false, sends: undefined, status: 401 },
  { has: 'users', users: true, token: false, sends: right, status: 200 },
  { has: 'users', users: true, token: false, sends: right.replace('Basic', 'bASIC'), status: 200 },
  { has: 'users', users: true, token: false, sends: basic('grafana', 'pass:with:colons'), status: 200 },
  { has: 'users', users: true, token: false, sends: basic('prometheus', 'scrape m'), status: 401 },
  { has: 'users', users: true, token: false, sends: basic('prometheus', ''), status: 401 },
  { has: 'users', users: true, token: false, sends: basic('grafana', 'scrape me'), status: 401 },
  { has: 'users', users: true, token: false, sends: basic('nobody', 'scrape me'), status: 401 },
  { has: 'users', users: true, token: false, sends: basic('__proto__', 'x'), status: 401 },
  { has: 'users', users: true, token: false, sends: 'Basic !!!', status: 401 },
  { has: 'users', users: true, token: false, sends: 'Basic', status: 401 },
  { has: 'users', users: true, token: false, sends: `Bearer ${TOKEN}`, status: 401 },
  { has: 'a token', users: false, token: true, sends: undefined, status: 401 },
  { has: 'a token', users: false, token: true, sends: `Bearer ${TOKEN}`, status: 200 },
  { has: 'a token', users: false, token: true, sends: `bearer ${TOKEN}`, status: 200 },
  { has: 'a token', users: false, token: true, sends: `Bearer ${TOKEN}x`, status: 401 },
  { has: 'a token', users: false, token: true, sends: `Bearer ${TOKEN.slice(0, -1)}`, status: 401 },
  { has: 'a token', users: false, token: true, sends: 'Bearer', status: 401 },
  { has: 'a token', users: false, token: true, sends: TOKEN, status: 401 },
  { has: 'a token', users: false, token: true, sends: right, status: 401 },
  { has: 'both', users: true, token: true, sends: undefined, status: 401 },
  { has: 'both', users: true, token: true, sends: right, status: 200 },
  { has: 'both', users: true, token: true, sends: `Bearer ${TOKEN}`, status: 200 },
  { has: 'both', users: true, token: true, sends: 'Bearer wrong', status: 401 },
  { has: 'both', users: true, token: true, sends: basic('prometheus', 'wrong'), status: 401 },
])('with $has configured answers $status to "$sends"', async ({ users, token, sends, status }) => {
  const web = users ? webWith({ users: USERS }) : undefined;
  const { url } = await serve({ web, bearerToken: () => (token ? TOKEN : undefined) });

  const reply = await ask(`${url}metrics`, { headers: sends === undefined ? {} : { Authorization: sends } });

  expect(reply.status).toBe(status);
});

it.each([
  { has: 'users', users: true, token: false, challenge: BASIC },
  { has: 'a token', users: false, token: true, challenge: BEARER },
  { has: 'both', users: true, token: true, challenge: `${BASIC}, ${BEARER}` },
])('tells who is refused how to log in with $has', async ({ users, token, challenge }) => {
  const web = users ? webWith({ users: USERS }) : undefined;
  const { url } = await serve({ web, bearerToken: () => (token ? TOKEN : undefined) });

  const reply = await ask(`${url}metrics`);

  expect(reply.headers['www-authenticate']).toBe(challenge);
});

it.each([
  { path: '', method: 'GET', status: 401 },
  { path: 'metrics', method: 'HEAD', status: 401 },
  { path: '-/reload', method: 'POST', status: 401 },
  { path: 'nothing-here', method: 'GET', status: 401 },
  { path: '-/healthy', method: 'GET', status: 200 },
  { path: '-/ready', method: 'GET', status: 200 },
  { path: '-/ready?verbose', method: 'GET', status: 200 },
  { path: '-/ready/', method: 'GET', status: 401 },
])('without credentials answers $status to $method /$path', async ({ path, method, status }) => {
  const { url } = await serve({ bearerToken: () => TOKEN, routePrefix: '/mttr' });

  const reply = await ask(`${url}${path}`, { method });

  expect(reply.status).toBe(status);
});

it('takes a new bearer token after a reload', async () => {
  let token = 'old';
  const { url } = await serve({ bearerToken: () => token });

  token = 'new';
  const replies = await Promise.all(
    ['old', 'new'].map((one) => ask(`${url}metrics`, { headers: { Authorization: `Bearer ${one}` } })),
  );

  expect(replies.map(({ status }) => status)).toEqual([401, 200]);
});

it('answers 429 when too many logins wait, and 500 when passwords cannot be compared', async () => {
  const answers = [() => 'busy' as const, () => Promise.reject(new Error('no thread'))];
  const basicAuth = { authenticate: () => answers.shift()?.() ?? 'denied' };
  const authenticate = createAuthMiddleware({
    credentials: () => ({ bearerToken: undefined, basicAuth }),
    rateLimit: () => undefined,
    apiBase: '/api/v1',
  });
  const server = createServer((request, response) =>
    authenticate(request, response, (error) => response.end(`next: ${String(error)}`)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();

  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  const busy = await ask(url, { headers: { Authorization: right } });
  const failed = await ask(url, { headers: { Authorization: right } });

  expect(busy).toMatchObject({ status: 429, body: 'too many logins are waiting; try again later\n' });
  expect(failed.body).toBe('next: Error: no thread');
});

it('lets a burst of requests pass, then one per interval, and never more than a burst', () => {
  const mayPass = createRateLimiter({ intervalMs: 100, burst: 2 });
  const instants = [0, 0, 0, 99, 100, 100, 150, 200, 10_000, 10_000, 10_000];

  const passed = instants.map((nowMs) => mayPass(nowMs));

  expect(passed).toEqual([true, true, false, false, true, false, false, true, true, true, false]);
});

it('answers 429 above the configured limit, but never to probes', async () => {
  const { url } = await serve({ web: webWith({ rateLimit: { intervalMs: 3_600_000, burst: 1 } }) });

  const first = await ask(`${url}metrics`);
  const second = await ask(`${url}metrics`);
  const probe = await ask(`${url}-/healthy`);

  expect([first.status, second.status, probe.status]).toEqual([200, 429, 200]);
});

it('adds the configured headers to every answer, its own policy for the first page giving way', async () => {
  const headers = { 'X-Frame-Options': 'deny', 'Content-Security-Policy': "default-src 'self'" };
  const { url } = await serve({ web: webWith({ headers }) });

  const replies = await Promise.all(['', 'metrics', '-/ready', 'nothing'].map((path) => ask(`${url}${path}`)));

  for (const reply of replies) {
    expect(reply.headers).toMatchObject({ 'x-frame-options': 'deny', 'content-security-policy': "default-src 'self'" });
  }
});
