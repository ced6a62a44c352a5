import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { uncompress } from 'snappyjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DAY_MS, MINUTE_MS, START_MS, stageEngine, told } from '../metrics/stage.ts';
import { backfill, folderForTest } from './backfill-stage.ts';

interface Receiver {
  readonly url: string;
  readonly got: { readonly headers: IncomingHttpHeaders; readonly names: Set<string> }[];
}

/** Answers each request in turn, the last answer again and again. */
async function receiver(...answers: readonly (readonly [status: number, text: string])[]): Promise<Receiver> {
  const got: { headers: IncomingHttpHeaders; names: Set<string> }[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    await once(request, 'end');
    const text = Buffer.from(uncompress(Buffer.concat(parts))).toString('latin1');
    const names = new Set([...text.matchAll(/(?:incident|mttr_exporter)_[a-z_]+/g)].map(([name]) => name));
    got.push({ headers: request.headers, names });
    const [status, body] = answers[got.length - 1] ?? answers.at(-1) ?? [204, ''];
    response.writeHead(status).end(body);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write?key=t0ken`, got };
}

/** Runs `backfill --remote-write` over a day of one incident. */
async function push(url: string, words: readonly string[] = [], from = '1d') {
  const stage = await stageEngine({
    incidents: [told({ id: 'Q1', triggeredAtMs: START_MS - 3 * DAY_MS, resolved: 9 })],
  });
  await stage.live(MINUTE_MS);
  const all = [`--remote-write=${url}`, `--from=${from}`, ...words];
  return backfill({ configuration: stage.configuration, nowMs: stage.nowMs(), words: all });
}

/** A file with this text. */
function fileOf(text: string): string {
  const path = join(folderForTest(), 'secret');
  writeFileSync(path, text);
  return path;
}

describe('backfill by remote write', () => {
  it('sends everything in a few requests and says where, without the query of the address', async () => {
    const { url, got } = await receiver();

    const { code, text } = await push(url);

    expect(code).toBe(0);
    expect(got.length).toBeGreaterThan(1);
    expect(got.length).toBeLessThan(20);
    const names = new Set(got.flatMap((one) => [...one.names]));
    expect(names).toContain('incident_mttr_minutes');
    expect(names).toContain('incident_last_resolved_timestamp_seconds');
    expect([...names].filter((name) => /_total|_bucket|_count/.test(name))).toEqual([]);
    expect(text).toContain(`  sent to   ${url.replace('?key=t0ken', '')}\n`);
    expect(text).not.toContain('t0ken');
    expect(text).toContain('--storage.tsdb.retention.time=2d or more');
  });

  it.each([
    {
      says: 'a token',
      words: () => [`--remote-write.bearer-token-file=${fileOf('t0ken\n')}`],
      headers: { authorization: 'Bearer t0ken' },
    },
    {
      says: 'a name and a password',
      words: () => ['--remote-write.username=me', `--remote-write.password-file=${fileOf('s3cret')}`],
      headers: { authorization: `Basic ${Buffer.from('me:s3cret').toString('base64')}` },
    },
    {
      says: 'a tenant and further headers',
      words: () => ['--remote-write.tenant=shop', `--remote-write.header-file=${fileOf('X-Key: a b\n\nX-More:c')}`],
      headers: { 'x-scope-orgid': 'shop', 'x-key': 'a b', 'x-more': 'c' },
    },
  ])('carries $says', async ({ words, headers }) => {
    const { url, got } = await receiver();

    await push(url, words(), '10m');

    expect(got[0]?.headers).toMatchObject(headers);
  });

  it('tells a line of headers that is none by its number, as it may hold a secret', async () => {
    const file = fileOf('X-Key: a\ns3cret');

    const { failure } = await push('http://127.0.0.1:1/', [`--remote-write.header-file=${file}`]);

    expect(String(failure)).toContain(`--remote-write.header-file: ${file}:2: expected a line such as`);
    expect(String(failure)).not.toContain('s3cret');
  });

  it('ends at the first refusal, with the reason, what to do and how much was taken, and no secret', async () => {
    const { url, got } = await receiver([204, ''], [400, 'out of order sample (t0ken)']);

    const { failure, text } = await push(url, [`--remote-write.bearer-token-file=${fileOf('t0ken')}`]);

    expect(got).toHaveLength(2);
    expect(String(failure)).toContain('400: out of order sample ([redacted]); Prometheus accepts old samples only');
    expect(String(failure)).toMatch(/10000 samples were accepted before; it is safe to send them again$/);
    expect(String(failure)).not.toContain('t0ken');
    expect(text).toBe('');
  });
});
