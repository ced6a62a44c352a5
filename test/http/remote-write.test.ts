import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { PbfReader } from 'pbf';
import { uncompress } from 'snappyjs';
import { afterEach, describe, expect, it } from 'vitest';
import { batchesOf } from '../../src/http/remote-write/batches.ts';
import { encodeWriteRequest, type WrittenSeries } from '../../src/http/remote-write/message.ts';
import { createRemoteWriter, type RemoteWriter, type RemoteWriterOptions } from '../../src/http/remote-write/writer.ts';
import { closeAll, failureOf, inTurn, never, quickClock, SECRET, serve } from './setup.ts';

const writers: RemoteWriter[] = [];
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.close();
  await closeAll();
});

const MTTR: WrittenSeries = {
  labels: [
    ['__name__', 'incident_mttr_minutes'],
    ['window', '30d'],
    ['by', 'all'],
    ['job', 'größer "als"'],
  ],
  samples: [
    { atMs: 1_795_260_872_001, value: 87.5 },
    { atMs: 1_795_261_172_001, value: 1 / 3 },
  ],
};

/** Reads a request as the protocol's own definition has it. */
function decode(body: Uint8Array): WrittenSeries[] {
  const series: { labels: [string, string][]; samples: { atMs: number; value: number }[] }[] = [];
  const label = (tag: number, one: [string, string], reader: PbfReader) => {
    one[tag - 1] = reader.readString();
  };
  const sample = (tag: number, one: { atMs: number; value: number }, reader: PbfReader) => {
    if (tag === 1) one.value = reader.readDouble();
    else one.atMs = reader.readVarint(true);
  };
  const ofSeries = (tag: number, one: (typeof series)[number], reader: PbfReader) => {
    if (tag === 1) one.labels.push(reader.readMessage(label, ['', '']));
    else one.samples.push(reader.readMessage(sample, { atMs: 0, value: 0 }));
  };
  new PbfReader(uncompress(body)).readFields((tag, all, reader) => {
    if (tag === 1) all.push(reader.readMessage(ofSeries, { labels: [], samples: [] }));
  }, series);
  return series;
}

function open(url: string, change: Partial<RemoteWriterOptions> = {}): RemoteWriter {
  const writer = createRemoteWriter({ url, headers: {}, secrets: [], clock: quickClock(), env: {}, ...change });
  writers.push(writer);
  return writer;
}

/** A receiver that keeps what it got. */
async function receiver(answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end()) {
  const got: { method: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const handler = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    await once(request, 'end');
    got.push({ method: request.method ?? '', headers: request.headers, body: Buffer.concat(parts) });
    answer(response);
  };
  const { url } = await serve((request, response) => void handler(request, response));
  return { url: `${url}/api/v1/write`, got };
}

describe('a request of remote write', () => {
  it('holds series with their labels in order of names, values to the last bit and milliseconds', () => {
    const [series, ...others] = decode(encodeWriteRequest([MTTR]));

    expect(others).toEqual([]);
    expect(series?.labels.map(([name]) => name)).toEqual(['__name__', 'by', 'job', 'window']);
    expect(Object.fromEntries(series?.labels ?? [])).toEqual(Object.fromEntries(MTTR.labels));
    expect(series?.samples).toEqual(MTTR.samples);
  });

  it('is read back as it was, whatever is in it', () => {
    const samples = fc.array(
      fc.record({ atMs: fc.integer({ min: 0, max: 2 ** 48 }), value: fc.double({ noNaN: true }) }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(fc.array(samples), (lists) => {
        const series = lists.map((list, place) => ({
          labels: [['__name__', `m${place}`] as const],
          samples: list,
        }));

        expect(decode(encodeWriteRequest(series))).toEqual(series);
      }),
    );
  });
});

describe('batches', () => {
  it('are full but for the last, and lose nothing of the order', () => {
    const long = (name: string, count: number): WrittenSeries => ({
      labels: [['__name__', name]],
      samples: Array.from({ length: count }, (_, atMs) => ({ atMs, value: atMs })),
    });

    const batches = [...batchesOf([long('a', 5), long('none', 0), long('b', 3), long('c', 1)], 4)];

    const shape = batches.map((batch) =>
      batch.map(({ labels, samples }) => `${labels[0]?.[1]} ${samples.map(({ atMs }) => atMs).join('')}`),
    );
    expect(shape).toEqual([['a 0123'], ['a 4', 'b 012'], ['c 0']]);
  });
});

describe('the writer', () => {
  it('says what protocol 1.0 wants said, and who we are', async () => {
    const { url, got } = await receiver();
    const writer = open(url, { headers: { authorization: `Bearer ${SECRET}`, 'x-scope-orgid': 'team' } });

    await writer.write([MTTR], never());

    expect(got).toHaveLength(1);
    expect(got[0]?.method).toBe('POST');
    expect(got[0]?.headers).toMatchObject({
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
      'user-agent': 'mttr-exporter',
      authorization: `Bearer ${SECRET}`,
      'x-scope-orgid': 'team',
    });
    expect(decode(got[0]?.body ?? new Uint8Array())).toHaveLength(1);
  });

  it('tries again after 5xx and 429, as long as Retry-After says', async () => {
    const clock = quickClock();
    const answers = inTurn(
      { status: 503 },
      { status: 429, headers: { 'retry-after': '7' }, body: 'slow down' },
      { status: 204 },
    );
    const { url, requests } = await serve(answers);

    await open(url, { clock }).write([MTTR], never());

    expect(requests).toHaveLength(3);
    expect(clock.waitsMs).toContain(7000);
  });

  it('gives up in the end, with the last answer', async () => {
    const { url, requests } = await serve(inTurn({ status: 500, body: 'no disk' }));

    const failure = await failureOf(open(url).write([MTTR], never()));

    expect(requests).toHaveLength(10);
    expect(String(failure)).toMatch(/^RequestError: POST http:\/\/127[^ ]*\/: 500 after 10 tries: no disk$/);
  });

  it("does not try again what was refused, and tells the receiver's own reason without secrets", async () => {
    const { url, requests } = await serve(
      inTurn({ status: 400, body: `out of order sample\nfor a token like ${SECRET}` }),
    );

    const failure = await failureOf(open(url, { secrets: [SECRET] }).write([MTTR], never()));

    expect(requests).toHaveLength(1);
    expect(String(failure)).toMatch(/400: out of order sample for a token like \[redacted\]$/);
  });

  it('follows no redirect: credentials go to nobody else', async () => {
    const { url, requests } = await serve(inTurn({ status: 307, headers: { location: 'http://127.0.0.1:1/' } }));

    const failure = await failureOf(open(url).write([MTTR], never()));

    expect(requests).toHaveLength(1);
    expect(String(failure)).toContain('307: a redirect, which is not followed');
  });

  it.each([
    ['localhost:9090', 'expected an address such as http://localhost:9090/api/v1/write'],
    ['ftp://localhost/', 'expected an address such as http://localhost:9090/api/v1/write'],
    ['http://me:secret@localhost/', 'expected an address without name and password, as it may be shown'],
  ])('refuses %s', (url, message) => {
    expect(() => open(url)).toThrow(message);
  });

  it('refuses a token that HTTP cannot carry, without showing it', () => {
    const headers = { authorization: 'Bearer a\nb' };

    expect(() => open('http://localhost/', { headers })).toThrow(/^header authorization: the credential holds/);
  });
});
