import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { PbfReader } from 'pbf';
import { uncompress } from 'snappyjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createRemoteWriter,
  encodeWriteRequest,
  type RemoteWriter,
  type RemoteWriterOptions,
  type TimeSeries,
  toBatches,
} from '../../src/http/remote-write.ts';
import { catchReason, closeAll, instantClock, neverAborted, respondInOrder, SECRET, startServer } from './setup.ts';

const writers: RemoteWriter[] = [];
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.close();
  await closeAll();
});

const MTTR: TimeSeries = {
  labels: [
    ['__name__', 'incident_mttr_minutes'],
    ['window', '30d'],
    ['by', 'all'],
    ['job', 'größer "als"'],
  ],
  samples: [
    { timestampMs: 1_795_260_872_001, value: 87.5 },
    { timestampMs: 1_795_261_172_001, value: 1 / 3 },
  ],
};

/** Decodes a request by the protocol's own definition. */
function decode(body: Uint8Array): TimeSeries[] {
  const series: { labels: [string, string][]; samples: { timestampMs: number; value: number }[] }[] = [];
  const label = (tag: number, one: [string, string], reader: PbfReader) => {
    one[tag - 1] = reader.readString();
  };
  const sample = (tag: number, one: { timestampMs: number; value: number }, reader: PbfReader) => {
    if (tag === 1) one.value = reader.readDouble();
    else one.timestampMs = reader.readVarint(true);
  };
  const ofSeries = (tag: number, one: (typeof series)[number], reader: PbfReader) => {
    if (tag === 1) one.labels.push(reader.readMessage(label, ['', '']));
    else one.samples.push(reader.readMessage(sample, { timestampMs: 0, value: 0 }));
  };
  new PbfReader(uncompress(body)).readFields((tag, all, reader) => {
    if (tag === 1) all.push(reader.readMessage(ofSeries, { labels: [], samples: [] }));
  }, series);
  return series;
}

function open(url: string, change: Partial<RemoteWriterOptions> = {}): RemoteWriter {
  const writer = createRemoteWriter({ url, headers: {}, secrets: [], clock: instantClock(), env: {}, ...change });
  writers.push(writer);
  return writer;
}

/** A receiver that records its requests. */
async function startReceiver(answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end()) {
  const got: { method: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const handler = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    await once(request, 'end');
    got.push({ method: request.method ?? '', headers: request.headers, body: Buffer.concat(parts) });
    answer(response);
  };
  const { url } = await startServer((request, response) => void handler(request, response));
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

  it('decodes to what was encoded', () => {
    const samples = fc.array(
      fc.record({ timestampMs: fc.integer({ min: 0, max: 2 ** 48 }), value: fc.double({ noNaN: true }) }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(fc.array(samples), (lists) => {
        const series = lists.map((list, index) => ({
          labels: [['__name__', `m${index}`] as const],
          samples: list,
        }));

        expect(decode(encodeWriteRequest(series))).toEqual(series);
      }),
    );
  });
});

describe('batches', () => {
  it('are full except the last, and keep the order', () => {
    const long = (name: string, count: number): TimeSeries => ({
      labels: [['__name__', name]],
      samples: Array.from({ length: count }, (_, timestampMs) => ({ timestampMs, value: timestampMs })),
    });

    const batches = [...toBatches([long('a', 5), long('none', 0), long('b', 3), long('c', 1)], 4)];

    const shape = batches.map((batch) =>
      batch.map(({ labels, samples }) => `${labels[0]?.[1]} ${samples.map(({ timestampMs }) => timestampMs).join('')}`),
    );
    expect(shape).toEqual([['a 0123'], ['a 4', 'b 012'], ['c 0']]);
  });
});

describe('the writer', () => {
  it('sends the headers of protocol 1.0 and its user agent', async () => {
    const { url, got } = await startReceiver();
    const writer = open(url, { headers: { authorization: `Bearer ${SECRET}`, 'x-scope-orgid': 'team' } });

    await writer.write([MTTR], neverAborted());

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

  it('retries after 5xx and 429, and obeys Retry-After', async () => {
    const clock = instantClock();
    const answers = respondInOrder(
      { status: 503 },
      { status: 429, headers: { 'retry-after': '7' }, body: 'slow down' },
      { status: 204 },
    );
    const { url, requests } = await startServer(answers);

    await open(url, { clock }).write([MTTR], neverAborted());

    expect(requests).toHaveLength(3);
    expect(clock.waitsMs).toContain(7000);
  });

  it('gives up after ten tries, with the last response', async () => {
    const { url, requests } = await startServer(respondInOrder({ status: 500, body: 'no disk' }));

    const failure = await catchReason(open(url).write([MTTR], neverAborted()));

    expect(requests).toHaveLength(10);
    expect(String(failure)).toMatch(/^RequestError: POST http:\/\/127[^ ]*\/: 500 after 10 tries: no disk$/);
  });

  it("does not retry what was refused, and reports the receiver's reason without secrets", async () => {
    const { url, requests } = await startServer(
      respondInOrder({ status: 400, body: `out of order sample\nfor a token like ${SECRET}` }),
    );

    const failure = await catchReason(open(url, { secrets: [SECRET] }).write([MTTR], neverAborted()));

    expect(requests).toHaveLength(1);
    expect(String(failure)).toMatch(/400: out of order sample for a token like \[redacted\]$/);
  });

  it('follows no redirect, so credentials go to no other host', async () => {
    const { url, requests } = await startServer(
      respondInOrder({ status: 307, headers: { location: 'http://127.0.0.1:1/' } }),
    );

    const failure = await catchReason(open(url).write([MTTR], neverAborted()));

    expect(requests).toHaveLength(1);
    expect(String(failure)).toContain('307: redirects are not followed');
  });

  it.each([
    ['localhost:9090', 'expected a URL such as http://localhost:9090/api/v1/write'],
    ['ftp://localhost/', 'expected a URL such as http://localhost:9090/api/v1/write'],
    ['http://me:secret@localhost/', 'expected a URL without user name and password, as messages contain it'],
  ])('refuses %s', (url, message) => {
    expect(() => open(url)).toThrow(message);
  });

  it('refuses a token that HTTP cannot carry, without showing it', () => {
    const headers = { authorization: 'Bearer a\nb' };

    expect(() => open('http://localhost/', { headers })).toThrow(/^header authorization: the credential contains/);
  });
});
