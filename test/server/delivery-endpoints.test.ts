import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/model/input-error.ts';
import type { DeliveryTarget, DeliveryTargets } from '../../src/server/delivery-endpoints.ts';
import { parseWebConfig } from '../../src/server/web-config.ts';
import { rememberLog, serve, until } from './serving.ts';

const SECRET = 'the-secret';

interface Remembered {
  readonly outcomes: string[];
  readonly stored: unknown[];
  woken: number;
  verified: number;
}

/** A webhook called `pd`, one whose content is stored called `am`, and a push called `ours`; each with the same secret. */
function invent(store: DeliveryTarget['store'] = async () => ({ status: 200, body: { accepted: 1 } })) {
  const seen: Remembered = { outcomes: [], stored: [], woken: 0, verified: 0 };
  const common: Omit<DeliveryTarget, 'maxBytes' | 'busyStatus'> = {
    provider: 'pd',
    refuse: ({ authorization }) => (authorization === `Bearer ${SECRET}` ? undefined : 'the secret is wrong'),
    verify: async () => {
      seen.verified += 1;
      return undefined;
    },
    onDelivery: (outcome) => void seen.outcomes.push(outcome),
  };
  const wake: DeliveryTarget = { ...common, maxBytes: 1000, busyStatus: 429, wake: () => void (seen.woken += 1) };
  const storing: DeliveryTarget = {
    ...common,
    maxBytes: 1000,
    busyStatus: 503,
    store: async (body) => {
      seen.stored.push(body);
      return store(body);
    },
  };
  const webhooks = new Map([
    ['pd', wake],
    ['am', storing],
    ['a/b c', wake],
  ]);
  const deliveries: DeliveryTargets = {
    webhook: (name) => webhooks.get(name),
    push: (name, kind) => {
      if (name !== 'ours' || kind !== 'incidents') return undefined;
      return { ...storing, provider: name, maxRecords: 3, busyStatus: 429 };
    },
  };
  return { seen, deliveries };
}

function post(body: string, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: 'POST', headers: { authorization: `Bearer ${SECRET}`, ...headers }, body };
}

it('answers 202 at once, whatever the body is, and wakes the poller', async () => {
  const { seen, deliveries } = invent();
  const { url } = await serve({ deliveries });

  const answers = await Promise.all(['{}', 'no JSON', ''].map((body) => fetch(`${url}webhooks/pd`, post(body))));

  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(seen).toMatchObject({ woken: 3, outcomes: ['accepted', 'accepted', 'accepted'], stored: [] });
});

it('has only the endpoints that are configured, below the prefix', async () => {
  const { deliveries } = invent();
  const { url } = await serve({ deliveries, routePrefix: '/mttr' });
  const status = async (path: string, method = 'POST') => {
    const { status: code } = await fetch(new URL(path, url), {
      ...post('{}'),
      method,
      body: method === 'GET' ? null : '{}',
    });
    return code;
  };

  expect(await status('/mttr/webhooks/pd')).toBe(202);
  expect(await status('/mttr/webhooks/a%2Fb%20c')).toBe(202);
  expect(await status('/mttr/webhooks/pd', 'GET')).toBe(405);
  for (const path of [
    '/webhooks/pd',
    '/mttr/webhooks/',
    '/mttr/webhooks/other',
    '/mttr/webhooks/pd/',
    '/mttr/webhooks/%',
  ]) {
    expect([path, await status(path)]).toEqual([path, 404]);
  }
  expect(await status('/mttr/api/v1/push/ours/incidents')).toBe(200);
  expect(await status('/mttr/api/v1/push/ours/deployments')).toBe(404);
  expect(await status('/mttr/api/v1/push/other/incidents')).toBe(404);
});

describe('a delivery without the secret', () => {
  it('is refused with 401 before its body is read', async () => {
    const { seen, deliveries } = invent();
    const { url } = await serve({ deliveries });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));

    // The body is announced, and never comes.
    socket.write('POST /webhooks/pd HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{');
    await until(() => answer.includes('\r\n\r\n') || socket.closed);
    socket.destroy();

    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer).toMatch(/connection: close/i);
    expect(seen).toMatchObject({ outcomes: ['unauthorized'], verified: 0, woken: 0 });
  });

  it('has one line in the log without content, however many there are', async () => {
    const { deliveries } = invent();
    const { log, lines } = rememberLog();
    const { url } = await serve({ deliveries, log });

    for (let count = 0; count < 3; count += 1) {
      await fetch(`${url}webhooks/pd`, post('{"title":"hunter2"}', { authorization: 'Bearer hunter3' }));
    }

    expect(lines.filter((line) => line.includes('delivery refused'))).toHaveLength(1);
    expect(lines.join('\n')).not.toMatch(/hunter/);
  });
});

it('refuses short deliveries without ending the connection: a flood needs no new ones', async () => {
  const { seen, deliveries } = invent();
  const { url } = await serve({ deliveries });
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answers = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answers += text));
  const forged = 'POST /webhooks/pd HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';

  socket.write(forged.repeat(3));
  await until(() => answers.split('HTTP/1.1 401 ').length === 4 || socket.closed);
  socket.destroy();

  expect(answers).not.toMatch(/connection: close/i);
  expect(seen.outcomes).toEqual(['unauthorized', 'unauthorized', 'unauthorized']);
});

describe('the credentials of the server and those of deliveries', () => {
  const users = 'basic_auth_users: { ada: $2b$04$2KlH1LHj0j3u1wlLFhXYeuXnDYgxnTQjNo3eQpIIUNCIG9n8z2Oxu }';

  it('neither open nor close each other', async () => {
    const { deliveries } = invent();
    const web = { config: parseWebConfig(users, 'web.yml'), file: 'web.yml' };
    const { url } = await serve({ deliveries, web, bearerToken: () => 'for-people' });
    const status = async (path: string, init: RequestInit) => (await fetch(`${url}${path}`, init)).status;

    expect(await status('webhooks/pd', post('{}'))).toBe(202);
    expect(await status('webhooks/pd', post('{}', { authorization: 'Bearer for-people' }))).toBe(401);
    expect(await status('metrics', { headers: { authorization: `Bearer ${SECRET}` } })).toBe(401);
    expect(await status('metrics', { headers: { authorization: 'Bearer for-people' } })).toBe(200);
    expect(await status('webhooks/other', post('{}'))).toBe(401);
  });

  it('do not share a rate limit: a flood of deliveries leaves scrapes theirs', async () => {
    const { deliveries } = invent();
    const web = { config: parseWebConfig('rate_limit: { interval: 1h, burst: 1 }', 'web.yml'), file: 'web.yml' };
    const { url } = await serve({ deliveries, web });

    await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}webhooks/pd`, post('{}'))));

    expect((await fetch(`${url}metrics`)).status).toBe(200);
  });
});

describe('limits', () => {
  it.each(['webhooks/pd', 'webhooks/am', 'api/v1/push/ours/incidents'])('refuses a larger body of %s', async (path) => {
    const { seen, deliveries } = invent();
    const { url } = await serve({ deliveries });
    const chunked = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let part = 0; part < 20; part += 1) controller.enqueue(Buffer.alloc(100, ' '));
        controller.close();
      },
    });

    const announced = await fetch(`${url}${path}`, post('x'.repeat(1001)));
    const streamed = await fetch(`${url}${path}`, { ...post(''), body: chunked, duplex: 'half' } as RequestInit);
    const compressed = await fetch(`${url}${path}`, post('{}', { 'content-encoding': 'gzip' }));

    expect([announced, streamed, compressed].map(({ status }) => status)).toEqual([413, 413, 415]);
    expect(seen.outcomes).toEqual(['malformed', 'malformed', 'malformed']);
    expect(seen).toMatchObject({ verified: 0, woken: 0, stored: [] });
  });

  it.each([
    { says: 'too large', headers: '', status: 413 },
    { says: 'too large, on a connection that ends', headers: 'Connection: close\r\n', status: 413 },
    { says: 'compressed', headers: 'Content-Encoding: gzip\r\n', status: 415 },
  ])('answers a sender that reads nothing before it has sent a body that is $says', async ({ headers, status }) => {
    const { deliveries } = invent();
    const { url } = await serve({ deliveries });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const length = 8 * 1024 * 1024;
    let answer = '';
    let failure: unknown;
    socket.on('error', (error) => (failure = error));
    socket.pause();

    socket.write(
      `POST /webhooks/pd HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\n${headers}Content-Length: ${length}\r\n\r\n`,
    );
    let isSent = false;
    socket.write(Buffer.alloc(length), () => (isSent = true));
    await until(() => isSent || failure !== undefined);
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.resume();
    await until(() => answer.includes('\r\n\r\n') || failure !== undefined);
    socket.destroy();

    expect(failure).toBeUndefined();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('closes the connection of a sender whose refused body does not end', async () => {
    const { deliveries } = invent();
    const { url } = await serve({ deliveries });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined).resume();
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000), Buffer.from('\r\n')]);
    let sent = 0;

    socket.write(
      `POST /webhooks/pd HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const send = () => {
      sent += 1;
      if (!socket.destroyed && sent < 1000) socket.write(chunk, send);
    };
    send();
    await until(() => socket.closed || sent >= 1000);
    socket.destroy();

    expect(sent).toBeLessThan(1000);
  });

  it('reads 50 deliveries at once, and no more: the others are told to come back', async () => {
    const { seen, deliveries } = invent();
    const { url } = await serve({ deliveries });
    const count = 200;
    const send = (path: string) => Array.from({ length: count }, () => fetch(`${url}${path}`, post('{}')));

    const startedAt = performance.now();
    const [webhooks, content] = await Promise.all([Promise.all(send('webhooks/pd')), Promise.all(send('webhooks/am'))]);
    const seconds = (performance.now() - startedAt) / 1000;

    const limited = webhooks.filter(({ status }) => status === 429);
    const accepted = webhooks.filter(({ status }) => status === 202);
    expect(limited.length + accepted.length).toBe(count);
    expect(accepted.length).toBeGreaterThanOrEqual(50);
    expect(accepted.length).toBeLessThanOrEqual(50 + Math.ceil(50 * seconds));
    expect(limited.every(({ headers }) => headers.get('retry-after') === '1')).toBe(true);
    // Alertmanager tries again after 5xx only.
    expect(content.filter(({ status }) => status !== 200).every(({ status }) => status === 503)).toBe(true);
    expect(seen.outcomes.filter((one) => one === 'limited').length).toBeGreaterThanOrEqual(limited.length);
  });

  it('are not used up by forged deliveries', async () => {
    const { deliveries } = invent();
    const { url } = await serve({ deliveries });

    const forged = await Promise.all(
      Array.from({ length: 100 }, () => fetch(`${url}webhooks/pd`, post('{}', { authorization: 'Bearer no' }))),
    );
    const real = await fetch(`${url}webhooks/pd`, post('{}'));

    expect(new Set(forged.map(({ status }) => status))).toEqual(new Set([401]));
    expect(real.status).toBe(202);
  });
});

describe('content', () => {
  it.each([
    { says: 'an object', body: '{"id":1}', stored: { id: 1 } },
    { says: 'a list', body: '[{"id":1},{"id":2}]', stored: [{ id: 1 }, { id: 2 }] },
    { says: 'lines', body: '{"id":1}\n\n{"id":2}\r\n', stored: [{ id: 1 }, { id: 2 }] },
    { says: 'lines of which one is broken', body: '{"id":1}\n{"id', stored: [{ id: 1 }, undefined] },
    { says: 'a byte order mark', body: '\uFEFF{"id":1}', stored: { id: 1 } },
  ])('of a push may be $says', async ({ body, stored }) => {
    const { seen, deliveries } = invent();
    const { url } = await serve({ deliveries });

    const answer = await fetch(`${url}api/v1/push/ours/incidents`, post(body));

    expect(await answer.json()).toEqual({ accepted: 1 });
    expect(seen.stored).toEqual([stored]);
  });

  it('of one line is a list where its type says lines', async () => {
    const { seen, deliveries } = invent();
    const { url } = await serve({ deliveries });

    await fetch(`${url}api/v1/push/ours/incidents`, post('{"id":1}', { 'content-type': 'application/x-ndjson' }));

    expect(seen.stored).toEqual([[{ id: 1 }]]);
  });

  it.each([
    { path: 'api/v1/push/ours/incidents', body: 'no JSON', status: 400 },
    { path: 'api/v1/push/ours/incidents', body: '', status: 400 },
    { path: 'api/v1/push/ours/incidents', body: '[1,2,3,4]', status: 413 },
    { path: 'api/v1/push/ours/incidents', body: '1\n2\n3\n4', status: 413 },
    { path: 'webhooks/am', body: '{}\n{}', status: 400 },
  ])('$body is answered $status by $path', async ({ path, body, status }) => {
    const { seen, deliveries } = invent();
    const { url } = await serve({ deliveries });

    const answer = await fetch(`${url}${path}`, post(body));

    expect(answer.status).toBe(status);
    expect(seen).toMatchObject({ stored: [], outcomes: ['malformed'] });
  });

  it('of another shape is answered 400 with what was expected, and logged without its value', async () => {
    const { seen, deliveries } = invent(async () => {
      throw new InputError({ field: 'version', value: 'hunter2', problem: 'is not supported', expected: '"4"' });
    });
    const { log, lines } = rememberLog();
    const { url } = await serve({ deliveries, log });

    const answer = await fetch(`${url}webhooks/am`, post('{}'));

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: 'version: is not supported; expected "4"' });
    expect(lines.join('\n')).not.toContain('hunter2');
    expect(seen.outcomes).toEqual(['malformed']);
  });

  it('that could not be stored is answered 503, and counted as nothing', async () => {
    const { seen, deliveries } = invent(async () => {
      throw new Error('the disk is full');
    });
    const { url } = await serve({ deliveries });

    const answer = await fetch(`${url}webhooks/am`, post('{}'));

    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(seen.outcomes).toEqual([]);
  });

  it('is answered only after it was stored', async () => {
    const stored = Promise.withResolvers<{ status: number; body: object }>();
    const { deliveries } = invent(() => stored.promise);
    const { url } = await serve({ deliveries });
    let isAnswered = false;

    const answer = fetch(`${url}webhooks/am`, post('{}')).then((response) => {
      isAnswered = true;
      return response.status;
    });
    await fetch(`${url}-/healthy`);
    const before = isAnswered;
    stored.resolve({ status: 200, body: {} });

    expect(before).toBe(false);
    expect(await answer).toBe(200);
  });
});
