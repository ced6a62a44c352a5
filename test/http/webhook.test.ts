import { createServer, type Server } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postWebhook } from '../../src/http/webhook.ts';
import { impatientClock } from '../providers/setup.ts';

const SECRET = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX';

interface Answer {
  readonly status: number;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

/** Answers one after the other, the last one for good; keeps what it was told. */
async function channel(answers: readonly Answer[]) {
  const told: { path: string; type: string; body: unknown }[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, text = '', headers = {} } = answers[Math.min(told.length, answers.length - 1)] ?? { status: 200 };
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      told.push({ path: request.url ?? '', type: request.headers['content-type'] ?? '', body });
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { told, url: `http://127.0.0.1:${port}${SECRET}` };
}

function post(url: string, message: unknown = { text: 'hello' }): Promise<void> {
  return postWebhook({ url, message, clock: impatientClock(0), env: {} });
}

describe('a message to a webhook', () => {
  it('is posted once, as JSON', async () => {
    const { told, url } = await channel([{ status: 200, text: 'ok' }]);

    await post(url, { text: 'grüße ✓' });

    expect(told).toEqual([{ path: SECRET, type: 'application/json; charset=utf-8', body: { text: 'grüße ✓' } }]);
  });

  it('is tried again when the other side is busy', async () => {
    const { told, url } = await channel([
      { status: 429, headers: { 'retry-after': '1' } },
      { status: 503 },
      { status: 200 },
    ]);

    await post(url);

    expect(told).toHaveLength(3);
  });

  it('is given up after three tries', async () => {
    const { told, url } = await channel([{ status: 500, text: 'rollup_error' }]);

    const posting = post(url);

    await expect(posting).rejects.toThrow(/^POST http:\/\/127\.0\.0\.1:\d+: 500 after 3 tries: rollup_error$/);
    expect(told).toHaveLength(3);
  });

  it('that is refused is not tried again, and the refusal is told', async () => {
    const { told, url } = await channel([{ status: 403, text: 'action_prohibited' }]);

    const posting = post(url);

    await expect(posting).rejects.toThrow(/^POST http:\/\/127\.0\.0\.1:\d+: 403: action_prohibited$/);
    expect(told).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const { told, url } = await channel([{ status: 302, headers: { location: 'https://example.org/' } }]);

    const posting = post(url);

    await expect(posting).rejects.toThrow('302: a redirect, which is not followed');
    expect(told).toHaveLength(1);
  });

  it('never shows the address, whatever the other side says', async () => {
    const { url } = await channel([{ status: 404, text: `no_service at ${SECRET} for XXXXXXXXXXXXXXXXXXXXXXXX` }]);

    const error: unknown = await post(url).catch((reason: unknown) => reason);

    expect(String(error)).toContain('no_service');
    expect(String(error)).not.toMatch(/T0000|B0000|XXXX/);
  });

  it('never shows the address when nobody is there', async () => {
    const { url } = await channel([]);
    const nobody = url.replace(/:\d+\//, ':1/');

    const error: unknown = await post(nobody).catch((reason: unknown) => reason);

    expect(String(error)).toContain('no answer after 3 tries');
    expect(String(error)).not.toMatch(/T0000|B0000|XXXX/);
  });

  it('needs a web address', async () => {
    const posting = post('slack.example/services/secret');

    await expect(posting).rejects.toThrow(
      'the address of the webhook is of no use; expected one that begins with https://',
    );
  });
});
