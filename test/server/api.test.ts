import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { STATISTIC_INFO } from '../../src/report/statistic-info.ts';
import { StatisticsResponse } from '../../src/server/api/schemas.ts';
import { authenticate } from '../../src/server/auth.ts';
import type { ServerOptions } from '../../src/server/server.ts';
import { type Answered, whyNotAsPromised } from './api-conformance.ts';
import { inventApi, LAST_POLL, json as toJson } from './api-source.ts';
import { rememberLog, serve, until } from './serving.ts';

const TOKEN = 'the admin token';
const ADMIN = { authorization: `Bearer ${encodeURIComponent(TOKEN)}` };
const admins = { adminToken: () => encodeURIComponent(TOKEN) };

interface Got extends Answered {
  readonly headers: Headers;
  readonly text: string;
}

interface Api {
  readonly get: (path: string, init?: RequestInit) => Promise<Got>;
  readonly post: (path: string, init?: RequestInit) => Promise<Got>;
}

/** A server over an invented source; every answer is held against the document that servers give. */
async function start(changes: Partial<ServerOptions> = {}): Promise<Api> {
  const { url } = await serve(changes);
  const { url: openUrl } = await serve();
  const document: unknown = await fetch(`${openUrl}api/v1/openapi.json`).then((answer) => answer.json());
  const ask = async (method: string, path: string, init: RequestInit = {}): Promise<Got> => {
    const answer = await fetch(`${url}api/v1${path}`, { method, ...init });
    const text = await answer.text();
    const { status, headers } = answer;
    const isJson = /json/.test(headers.get('content-type') ?? '');
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : text;
    const got = { method, path: `/api/v1${path}`, status, type: headers.get('content-type'), body, headers, text };
    expect(method === 'HEAD' ? [] : whyNotAsPromised(document, got)).toEqual([]);
    return got;
  };
  return {
    get: (path, init) => ask(init?.method ?? 'GET', path, init),
    post: (path, init) => ask('POST', path, init),
  };
}

function json(body: unknown): RequestInit {
  return { body: JSON.stringify(body), headers: { ...ADMIN, 'content-type': 'application/json' } };
}

const Told = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ parameters: z.array(z.object({ name: z.string() })).default([]) })),
  ),
});

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { get } = await start();

    const { body } = await get('/openapi.json');

    const verdict = await new Validator().validate(JSON.parse(JSON.stringify(body)));
    expect(verdict).toEqual({ valid: true });
    expect(body).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/api/v1' }] });
  });

  it('tells every endpoint, and which parameters it takes', async () => {
    const { get } = await start();

    const { body } = await get('/openapi.json');

    const { paths } = Told.parse(body);
    const told = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { parameters }]) =>
        [method, path, ...parameters.map(({ name }) => name)].join(' '),
      ),
    );
    expect(told).toEqual([
      'get /status',
      'get /statistics window by service severity team provider',
      'get /incidents service severity team provider id status from to limit cursor',
      'get /incidents/{provider}/{id}/postmortem provider id',
      'get /dora window by service team provider',
      'get /deployments service team provider environment outcome from to limit cursor',
      'get /explain series statistic window from to service severity team provider limit',
      'get /config',
      'get /providers/{name}/last-poll name',
      'post /refresh scope dry_run max_failures',
      'get /openapi.json',
    ]);
  });

  it('names what the page about it names', async () => {
    const { get } = await start();
    const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

    const { paths } = Told.parse((await get('/openapi.json')).body);

    const words = Object.entries(paths).flatMap(([path, operations]) => [
      `/api/v1${path}\``,
      ...Object.values(operations).flatMap(({ parameters }) => parameters.map(({ name }) => `\`${name}\``)),
    ]);
    expect(words.filter((word) => !page.includes(word))).toEqual([]);
  });

  it('knows limits and defaults of parameters', async () => {
    const { get } = await start();

    const { text } = await get('/openapi.json');

    expect(text).toContain('{"default":100,"type":"integer","minimum":1,"maximum":1000}');
  });

  it('names the place that everything is served at', async () => {
    const { url } = await serve({ routePrefix: '/mttr' });

    const answer = await fetch(`${url}api/v1/openapi.json`);

    expect(await answer.json()).toMatchObject({ servers: [{ url: '/mttr/api/v1' }] });
  });
});

describe('an answer', () => {
  it.each([
    '/status',
    '/statistics',
    '/incidents',
    '/incidents/pagerduty/Q1/postmortem',
    '/explain',
    '/config',
    '/providers/pd/last-poll',
    '/openapi.json',
  ])('of %s is JSON that nobody keeps', async (path) => {
    const { get } = await start();

    const { status, headers } = await get(path);

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('to HEAD has the headers of the one to GET, and nothing else', async () => {
    const { get } = await start();

    const whole = await get('/status');
    const head = await get('/status', { method: 'HEAD' });

    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    expect(head.headers.get('content-length')).toBe(whole.headers.get('content-length'));
  });

  it('leaves out what is not known', async () => {
    const known = await inventApi().status();
    const status = { ...known, reload: { successful: true, error: undefined } };
    const { get } = await start({ api: inventApi({ status: async () => status }) });

    const { text } = await get('/status');

    expect(JSON.parse(text)).toMatchObject({ reload: { successful: true } });
    expect(text).not.toContain('error');
  });

  it.each([
    { accept: undefined, type: 'application/json' },
    { accept: '*/*', type: 'application/json' },
    { accept: 'text/html, */*;q=0.1', type: 'application/json' },
    { accept: 'image/png', type: 'application/json' },
    { accept: 'text/markdown', type: 'text/markdown' },
    { accept: 'application/json;q=0.5, text/markdown', type: 'text/markdown' },
  ])('with a review is $type for Accept: $accept', async ({ accept, type }) => {
    const asked: unknown[] = [];
    const { postmortem } = inventApi();
    const { get } = await start({
      api: inventApi({
        postmortem: async (query) => {
          asked.push(query);
          return postmortem(query);
        },
      }),
    });

    const { headers, status } = await get('/incidents/aws/arn%3Aaws%2Falarm%20%C3%BC/postmortem', {
      headers: accept === undefined ? {} : { accept },
    });

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    expect(headers.get('vary')).toBe('Accept');
    const format = type === 'text/markdown' ? 'markdown' : 'json';
    expect(asked).toEqual([{ provider: 'aws', id: 'arn:aws/alarm ü', format }]);
  });

  it('refuses a path that is no UTF-8', async () => {
    const { get } = await start();

    const { status, text } = await get('/incidents/aws/%ff/postmortem');

    expect(status).toBe(400);
    expect(text).toContain('cannot decode the path; expected UTF-8 in percent-encoding');
  });

  it('sends a long answer as it was put together', async () => {
    const rows = [{ by: 'all', window: '30d', window_seconds: 2_592_000, opened: 0 }];
    const { get } = await start({ api: inventApi({ statistics: async () => toJson({ rows, providers: [] }) }) });

    const { text, headers } = await get('/statistics');

    expect(text).toBe('{"rows":[{"by":"all","window":"30d","window_seconds":2592000,"opened":0}],"providers":[]}');
    expect(headers.get('content-type')).toContain('application/json');
  });

  it('gets its parameters checked and with their defaults', async () => {
    const asked: unknown[] = [];
    const { get } = await start({
      api: inventApi({ incidents: async (question) => (asked.push(question), toJson({ incidents: [] })) }),
    });

    await get('/incidents?severity=P1&status=open&limit=5');
    await get('/incidents');

    expect(asked).toEqual([{ severity: 'P1', status: 'open', limit: 5 }, { limit: 100 }]);
  });
});

it('a row of the statistics may have every statistic that the exporter knows', () => {
  const fields = Object.values(STATISTIC_INFO).map(({ apiField }) => [apiField, 1] as const);
  const row = { by: 'all', window: '30d', window_seconds: 1, ...Object.fromEntries(fields) };

  expect(StatisticsResponse.safeParse({ rows: [row], providers: [] }).error).toBeUndefined();
});

describe('the last poll of a provider', () => {
  it('is asked for by name, whatever the name contains', async () => {
    const asked: string[] = [];
    const lastPoll = async (name: string) => {
      asked.push(name);
      return { provider: name, state: 'pending' as const, lines: [], omitted_lines: 0 };
    };
    const { get } = await start({ api: inventApi({ lastPoll }) });

    const answers = await Promise.all(
      ['/providers/pd/last-poll', '/providers/pd%20%2F%20eu/last-poll'].map((path) => get(path)),
    );

    expect(answers.map(({ body }) => body)).toMatchObject([{ provider: 'pd' }, { provider: 'pd / eu' }]);
    expect(asked).toEqual(['pd', 'pd / eu']);
  });

  it('has every kind of line as the document promises', async () => {
    const lastPoll = async () => LAST_POLL;
    const { get } = await start({ api: inventApi({ lastPoll }) });

    const { status, body } = await get('/providers/pd/last-poll');

    expect(status).toBe(200);
    expect(body).toEqual(LAST_POLL);
  });

  it('needs the credentials of other reads, and takes no parameters', async () => {
    const { get } = await start({ bearerToken: () => 'secret' });
    const headers = { authorization: 'Bearer secret' };

    const [without, wrong, colour, post] = await Promise.all([
      get('/providers/pd/last-poll'),
      get('/providers/%E0/last-poll', { headers }),
      get('/providers/pd/last-poll?colour=red', { headers }),
      get('/providers/pd/last-poll', { method: 'DELETE', headers }),
    ]);

    expect([without, wrong, colour, post].map(({ status }) => status)).toEqual([401, 400, 400, 405]);
  });
});

describe('a request that cannot be answered', () => {
  it.each([
    { path: '/statistics?colour=red', names: ['colour'], says: 'colour: unknown parameter; expected window, by' },
    { path: '/status?window=30d', names: ['window'], says: 'window: unknown parameter; expected none' },
    { path: '/statistics?by=colour', names: ['by'], says: 'by: unknown grouping; expected one of all, severity' },
    { path: '/statistics?window=', names: ['window'], says: 'window: must not be empty' },
    { path: '/statistics?window=7d&window=30d', names: ['window'], says: 'window: given more than once' },
    { path: '/incidents?limit=0', names: ['limit'], says: 'limit: must be 1 or more' },
    { path: '/incidents?limit=1001', names: ['limit'], says: 'limit: must be 1000 or less' },
    { path: '/incidents?limit=ten', names: ['limit'], says: 'limit: expected a whole number' },
    { path: '/incidents?status=closed&limit=-1', names: ['status', 'limit'], says: 'expected open or resolved' },
    { path: `/incidents?service=${'x'.repeat(513)}`, names: ['service'], says: 'too long; expected 512' },
  ])('names the parameters that are wrong: $names of $path', async ({ path, names, says }) => {
    const { get } = await start();

    const { status, type, body } = await get(path);

    expect([status, type]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(body).toMatchObject({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: expect.stringContaining(says),
      instance: `/api/v1${path.split('?')[0] ?? ''}`,
      errors: names.map((name) => ({ name })),
    });
  });

  it.each([
    { method: 'DELETE', path: '/status', allow: 'GET, HEAD' },
    { method: 'POST', path: '/openapi.json', allow: 'GET, HEAD' },
    { method: 'GET', path: '/refresh', allow: 'POST' },
  ])('is told the methods that there are: $method $path', async ({ method, path, allow }) => {
    const { get } = await start();

    const { status, headers, body } = await get(path, { method });

    expect([status, headers.get('allow')]).toEqual([405, allow]);
    expect(body).toMatchObject({ detail: `${method} is not allowed; expected ${allow}` });
  });

  it.each(['/', '/colours', '/status/', '/Status'])('is told that there is nothing at %s', async (path) => {
    const { get } = await start();

    const { status, body } = await get(path);

    expect(status).toBe(404);
    expect(body).toMatchObject({ title: 'Not Found', instance: `/api/v1${path}` });
  });

  it('has a query that is too long', async () => {
    const { get } = await start();

    const { status } = await get(`/status?${'x'.repeat(4097)}`);

    expect(status).toBe(414);
  });

  it('fails without telling why, but in the log', async () => {
    const { lines, log } = rememberLog();
    const fails = () => Promise.reject(new Error('the disk is gone'));
    const { get } = await start({ log, api: inventApi({ incidents: fails }) });

    const { status, body } = await get('/incidents');

    expect(status).toBe(500);
    expect(body).toMatchObject({ detail: 'internal error; see the log of the exporter' });
    expect(lines).toContain('error request failed method=GET path=/api/v1/incidents error=the disk is gone');
  });
});

it('puts two long answers together at once, and asks the next client to come back', async () => {
  const waiting: (() => void)[] = [];
  const incidents = async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return toJson({ incidents: [] });
  };
  const { get } = await start({ api: inventApi({ incidents }) });
  const first = [get('/incidents'), get('/incidents')];
  await until(() => waiting.length === 2);

  const refused = await get('/explain');
  const other = await get('/status');
  for (const end of waiting) end();
  const answered = await Promise.all(first);
  const after = await get('/explain');

  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect([other.status, ...answered.map(({ status }) => status), after.status]).toEqual([200, 200, 200, 200]);
});

it('puts one answer together for all who ask the same at once', async () => {
  const waiting: (() => void)[] = [];
  const statistics = async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return toJson({ rows: [], providers: [] });
  };
  const { get } = await start({ api: inventApi({ statistics }) });
  const asked = [get('/statistics?by=all'), get('/statistics?by=severity')];
  await until(() => waiting.length === 2);
  const same = [get('/statistics?by=all'), get('/statistics?by=all')];
  // It was asked for after them, so they have come in when it is answered.
  await get('/status');
  await get('/status');

  const works = waiting.length;
  for (const end of waiting) end();
  const answered = await Promise.all([...asked, ...same]);
  const later = get('/statistics?by=all');
  await until(() => waiting.length === 3);
  waiting.at(-1)?.();

  expect(works).toBe(2);
  expect(answered.map(({ body }) => body)).toEqual(Array.from({ length: 4 }, () => ({ rows: [], providers: [] })));
  expect((await later).status).toBe(200);
});

describe('who may ask', () => {
  it('is decided as for the metrics, and told in a problem document', async () => {
    const { get } = await start({ bearerToken: () => 'secret' });

    const without = await get('/status');
    const withIt = await get('/status', { headers: { authorization: 'Bearer secret' } });

    expect([without.status, withIt.status]).toEqual([401, 200]);
    expect(without.headers.get('www-authenticate')).toBe('Bearer realm="mttr-exporter"');
    expect(without.body).toMatchObject({ title: 'Unauthorized', instance: '/api/v1/status' });
  });

  it('includes whoever has the admin token', async () => {
    const { get } = await start({ bearerToken: () => 'secret', api: inventApi(admins) });

    const { status } = await get('/status', { headers: ADMIN });

    expect(status).toBe(200);
  });

  it.each([
    { says: 'the admin token is enough', authorization: 'Bearer admin', expected: 'granted' },
    { says: 'another token is not', authorization: 'Bearer other', expected: 'denied' },
    { says: 'a password is', authorization: `Basic ${btoa('ada:pass')}`, expected: 'granted' },
  ])('where passwords are asked for, $says', async ({ authorization, expected }) => {
    const basicAuth = { authenticate: () => Promise.resolve('granted' as const) };
    const client = { address: '192.0.2.1', connection: new Socket() };

    const result = await authenticate(
      { authorization },
      { bearerToken: undefined, basicAuth, adminToken: 'admin' },
      client,
    );

    expect(result).toBe(expected);
  });

  it.each([
    { says: 'no admin token is configured', api: {}, headers: ADMIN, status: 403, detail: 'web.admin_token' },
    { says: 'none is given', api: admins, headers: {}, status: 401, detail: 'invalid admin token' },
    {
      says: 'another is given',
      api: admins,
      headers: { authorization: 'Bearer x' },
      status: 401,
      detail: 'invalid admin token',
    },
  ])('is nobody for a refresh where $says', async ({ api, headers, status, detail }) => {
    let refreshes = 0;
    const refresh = async () => {
      refreshes += 1;
      return { outcome: 'complete' as const, dry_run: false, providers: [] };
    };
    const { post } = await start({ api: inventApi({ ...api, refresh }) });

    const got = await post('/refresh?scope=all', { headers });

    expect(got.status).toBe(status);
    expect(got.body).toMatchObject({ detail: expect.stringContaining(detail) });
    expect(got.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer realm="mttr-exporter admin"' : null);
    expect(refreshes).toBe(0);
  });

  it.each([
    { says: 'alone, where nothing else is asked for', bearer: undefined, more: {}, status: 200 },
    { says: 'alone, where a token is asked for', bearer: 'secret', more: {}, status: 200 },
    { says: 'beside the token for reading', bearer: 'secret', more: { authorization: 'Bearer secret' }, status: 200 },
    { says: 'beside a wrong one', bearer: 'secret', more: { authorization: 'Bearer other' }, status: 200 },
    { says: 'with another value', bearer: undefined, more: { 'x-admin-token': 'other' }, status: 401 },
    { says: 'with the beginning of it', bearer: undefined, more: { 'x-admin-token': 'the' }, status: 401 },
    { says: 'without a value', bearer: undefined, more: { 'x-admin-token': '' }, status: 401 },
    {
      says: 'with another value, beside the token for reading',
      bearer: 'secret',
      more: { authorization: 'Bearer secret', 'x-admin-token': 'other' },
      status: 401,
    },
    {
      says: 'with another value, where a token is asked for',
      bearer: 'secret',
      more: { 'x-admin-token': 'other' },
      status: 401,
    },
    {
      says: 'with another value, beside the admin token as bearer',
      bearer: 'secret',
      more: { ...ADMIN, 'x-admin-token': 'other' },
      status: 200,
    },
  ])('may send the admin token as X-Admin-Token $says: $status', async ({ bearer, more, status }) => {
    const { post } = await start({ bearerToken: () => bearer, api: inventApi(admins) });

    const got = await post('/refresh?scope=all', {
      headers: { 'x-admin-token': encodeURIComponent(TOKEN), ...more },
    });

    expect(got.status).toBe(status);
  });

  it('may read with X-Admin-Token as with the bearer', async () => {
    const { get } = await start({ bearerToken: () => 'secret', api: inventApi(admins) });

    const right = await get('/status', { headers: { 'x-admin-token': encodeURIComponent(TOKEN) } });
    const wrong = await get('/status', { headers: { 'x-admin-token': 'other' } });

    expect([right.status, wrong.status]).toEqual([200, 401]);
  });

  it('finds no endpoint open by X-Admin-Token where no admin token is configured', async () => {
    const { get, post } = await start({ bearerToken: () => 'secret' });

    const read = await get('/status', { headers: { 'x-admin-token': '' } });
    const refresh = await post('/refresh?scope=all', {
      headers: { authorization: 'Bearer secret', 'x-admin-token': 'undefined' },
    });

    expect([read.status, refresh.status]).toEqual([401, 403]);
  });

  it('is not whoever has the token for reading, where a refresh is wanted', async () => {
    const { post } = await start({ bearerToken: () => 'secret', api: inventApi(admins) });

    const { status } = await post('/refresh?scope=all', { headers: { authorization: 'Bearer secret' } });

    expect(status).toBe(401);
  });
});

describe('a refresh', () => {
  function remembering() {
    const asked: unknown[] = [];
    const api = inventApi({
      ...admins,
      refresh: async (request) => {
        asked.push(request);
        return { outcome: 'complete', dry_run: request.dry_run, providers: [] };
      },
    });
    return { asked, api };
  }

  it.each([
    { says: 'in the query', path: '?scope=last-90d&dry_run=true&max_failures=2', init: { headers: ADMIN } },
    { says: 'in the body', path: '', init: json({ scope: 'last-90d', dry_run: true, max_failures: 2 }) },
    { says: 'in both', path: '?scope=last-90d', init: json({ dry_run: true, max_failures: 2 }) },
  ])('takes its parameters $says', async ({ path, init }) => {
    const { asked, api } = remembering();
    const { post } = await start({ api });

    const { status } = await post(`/refresh${path}`, init);

    expect(status).toBe(200);
    expect(asked).toEqual([{ scope: 'last-90d', dry_run: true, max_failures: 2 }]);
  });

  it('writes, and knows no limit of failures, unless it is told so', async () => {
    const { asked, api } = remembering();
    const { post } = await start({ api });

    await post('/refresh?scope=stale', { headers: ADMIN });

    expect(asked).toEqual([{ scope: 'stale', dry_run: false, max_failures: 0 }]);
  });

  it.each([
    { says: 'no scope', path: '', init: { headers: ADMIN }, status: 400, detail: 'scope: missing; expected all' },
    {
      says: 'another scope',
      path: '?scope=some',
      init: { headers: ADMIN },
      status: 400,
      detail: 'scope: unknown scope',
    },
    {
      says: 'no span',
      path: '?scope=last-week',
      init: { headers: ADMIN },
      status: 400,
      detail: 'scope: unknown scope',
    },
    { says: 'an empty span', path: '?scope=last-0d', init: { headers: ADMIN }, status: 400, detail: 'unknown scope' },
    {
      says: 'a word for a switch',
      path: '?scope=all&dry_run=yes',
      init: { headers: ADMIN },
      status: 400,
      detail: 'dry_run',
    },
    {
      says: 'a text for a number',
      path: '',
      init: json({ scope: 'all', max_failures: '1' }),
      status: 400,
      detail: 'max_f',
    },
    { says: 'a list', path: '', init: json(['all']), status: 400, detail: 'body: expected a JSON object' },
    { says: 'a parameter twice', path: '?scope=all', init: json({ scope: 'all' }), status: 400, detail: 'in the body' },
    {
      says: 'an unknown one',
      path: '?scope=all',
      init: json({ colour: 1 }),
      status: 400,
      detail: 'colour: unknown par',
    },
    {
      says: 'a broken body',
      path: '',
      init: { body: '{', headers: { ...ADMIN, 'content-type': 'application/json' } },
      status: 400,
      detail: 'cannot parse the body',
    },
    {
      says: 'another kind of body',
      path: '?scope=all',
      init: { body: 'scope=all', headers: { ...ADMIN, 'content-type': 'application/x-www-form-urlencoded' } },
      status: 415,
      detail: 'expected application/json',
    },
    { says: 'a large body', path: '', init: json({ scope: 'a'.repeat(5000) }), status: 413, detail: '4096 bytes' },
  ])('is refused with $says', async ({ path, init, status, detail }) => {
    const { asked, api } = remembering();
    const { post } = await start({ api });

    const got = await post(`/refresh${path}`, init);

    expect(got.status).toBe(status);
    expect(got.body).toMatchObject({ detail: expect.stringContaining(detail) });
    expect(asked).toEqual([]);
  });

  it.each([
    { outcome: 'complete' as const, status: 200 },
    { outcome: 'partial' as const, status: 207 },
  ])('that is $outcome is answered with $status', async ({ outcome, status }) => {
    const found = { requests: 1, new: 2, changed: 3, unchanged: 4, deleted: 5, rejected: 6, unverified: 7 };
    const providers = [{ provider: 'pd', outcome: 'refreshed' as const, ...found }];
    const refresh = async () => ({ outcome, dry_run: false, providers });
    const { post } = await start({ api: inventApi({ ...admins, refresh }) });

    const got = await post('/refresh?scope=all', { headers: ADMIN });

    expect(got.status).toBe(status);
    expect(got.body).toEqual({ outcome, dry_run: false, providers });
  });

  it('that failed everywhere is a problem, which says what became of each provider', async () => {
    const providers = [{ provider: 'pd', outcome: 'failed' as const, error: '503 after 5 tries' }];
    const refresh = async () => ({ outcome: 'failed' as const, dry_run: false, providers });
    const { post } = await start({ api: inventApi({ ...admins, refresh }) });

    const got = await post('/refresh?scope=all', { headers: ADMIN });

    expect([got.status, got.type]).toEqual([502, 'application/problem+json; charset=utf-8']);
    expect(got.body).toMatchObject({ title: 'Bad Gateway', refresh: { outcome: 'failed', providers } });
  });
});
