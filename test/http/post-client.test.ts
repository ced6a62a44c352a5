import { createServer, type Server } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { postWebhook } from '../../src/http/post-client.ts';
import { impatientClock } from '../providers/setup.ts';

const SECRET = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX';

interface Scripted {
  readonly status: number;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

/** A webhook that sends the scripted responses, the last one again and again, and records what was posted. */
async function startWebhook(responses: readonly Scripted[]) {
  const posted: { path: string; type: string; body: unknown }[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const {
        status,
        text = '',
        headers = {},
      } = responses[Math.min(posted.length, responses.length - 1)] ?? { status: 200 };
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      posted.push({ path: request.url ?? '', type: request.headers['content-type'] ?? '', body });
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { posted, url: `http://127.0.0.1:${port}${SECRET}` };
}

function post(url: string, message: unknown = { text: 'hello' }): Promise<void> {
  return postWebhook({ url, message, clock: impatientClock(0), env: {} });
}

describe('a message to a webhook', () => {
  it('is posted once, as JSON', async () => {
    const { posted, url } = await startWebhook([{ status: 200, text: 'ok' }]);

    await post(url, { text: 'grüße ✓' });

    expect(posted).toEqual([{ path: SECRET, type: 'application/json; charset=utf-8', body: { text: 'grüße ✓' } }]);
  });

  it('is retried when the receiver is busy', async () => {
    const { posted, url } = await startWebhook([
      { status: 429, headers: { 'retry-after': '1' } },
      { status: 503 },
      { status: 200 },
    ]);

    await post(url);

    expect(posted).toHaveLength(3);
  });

  it('fails after three tries', async () => {
    const { posted, url } = await startWebhook([{ status: 500, text: 'rollup_error' }]);

    const posting = post(url);

    await expect(posting).rejects.toThrow(/^POST http:\/\/127\.0\.0\.1:\d+: 500 after 3 tries: rollup_error$/);
    expect(posted).toHaveLength(3);
  });

  it('that is refused is not retried, and the error has the reason', async () => {
    const { posted, url } = await startWebhook([{ status: 403, text: 'action_prohibited' }]);

    const posting = post(url);

    await expect(posting).rejects.toThrow(/^POST http:\/\/127\.0\.0\.1:\d+: 403: action_prohibited$/);
    expect(posted).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const { posted, url } = await startWebhook([{ status: 302, headers: { location: 'https://example.org/' } }]);

    const posting = post(url);

    await expect(posting).rejects.toThrow('302: redirects are not followed');
    expect(posted).toHaveLength(1);
  });

  it('never shows the URL, whatever the receiver answers', async () => {
    const { url } = await startWebhook([{ status: 404, text: `no_service at ${SECRET} for XXXXXXXXXXXXXXXXXXXXXXXX` }]);

    const error: unknown = await post(url).catch((reason: unknown) => reason);

    expect(String(error)).toContain('no_service');
    expect(String(error)).not.toMatch(/T0000|B0000|XXXX/);
  });

  it('never shows the URL when nobody listens', async () => {
    const { url } = await startWebhook([]);
    const nobody = url.replace(/:\d+\//, ':1/');

    const error: unknown = await post(nobody).catch((reason: unknown) => reason);

    expect(String(error)).toContain('no answer after 3 tries');
    expect(String(error)).not.toMatch(/T0000|B0000|XXXX/);
  });

  it('needs an http or https URL', async () => {
    const posting = post('slack.example/services/secret');

    await expect(posting).rejects.toThrow('invalid webhook URL: expected one that begins with https://');
  });
});
