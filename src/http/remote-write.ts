import { PbfWriter } from 'pbf';
import { compress } from 'snappyjs';
import { SECOND_MS } from '../model/time.ts';
import { createPostClient, type PostClientOptions } from './post-client.ts';
import { checkHeaders } from './transport.ts';

/** Some 200 kB before compression: far below what receivers refuse, and enough that latency matters little. */
const SAMPLES_PER_REQUEST = 10_000;

/** A receiver that is overloaded for a minute (a limit on samples per second, a restart) is waited for; waits double up to 30 s. */
const TRIES_MAX = 10;
const TIMEOUT_MS = 60 * SECOND_MS;

/** Protocol 1.0, whose version header says 0.1.0. */
const PROTOCOL_HEADERS = {
  accept: '*/*',
  'content-encoding': 'snappy',
  'content-type': 'application/x-protobuf',
  'x-prometheus-remote-write-version': '0.1.0',
} as const;

/** Field numbers of `prometheus.WriteRequest` (remote write 1.0, https://prometheus.io/docs/specs/prw/remote_write_spec/). */
const FIELDS = {
  request: { series: 1 },
  series: { label: 1, sample: 2 },
  label: { name: 1, value: 2 },
  sample: { value: 1, timestamp: 2 },
} as const;

/** One sample of a series; the timestamp is in milliseconds since the Unix epoch. */
export interface Sample {
  readonly timestampMs: number;
  readonly value: number;
}

/** A series with samples in order of time. Labels in any order, the metric's name among them as `__name__`. */
export interface TimeSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples: readonly Sample[];
}

/** Where samples are sent, and with which credentials. */
export interface RemoteWriterOptions extends Pick<PostClientOptions, 'headers' | 'secrets' | 'clock' | 'env'> {
  /** The receiver's whole URL, such as `http://localhost:9090/api/v1/write`. */
  readonly url: string;
}

/** Sends samples by Prometheus' remote write protocol 1.0. */
export interface RemoteWriter {
  /** One request, retried and refused as by PostClient. Await each call before the next, so that series stay in order. */
  write(series: readonly TimeSeries[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Creates a writer; throws when the URL, a header or a proxy URL is invalid. No request is made. */
export function createRemoteWriter({ url: address, headers, secrets, clock, env }: RemoteWriterOptions): RemoteWriter {
  const url = parseReceiverUrl(address);
  checkHeaders(headers);
  const client = createPostClient({
    url,
    displayUrl: `${url.origin}${url.pathname}`,
    headers: { ...headers, ...PROTOCOL_HEADERS },
    secrets,
    timeoutMs: TIMEOUT_MS,
    triesMax: TRIES_MAX,
    clock,
    env,
  });
  return {
    write: async (series, signal) => client.post(encodeWriteRequest(series), signal),
    close: () => client.close(),
  };
}

/** Groups series into full requests; a series that does not fit continues in the next one, so its samples stay in order. */
export function* toBatches(
  series: Iterable<TimeSeries>,
  samplesMax: number = SAMPLES_PER_REQUEST,
): Generator<readonly TimeSeries[]> {
  let batch: TimeSeries[] = [];
  let free = samplesMax;
  for (const { labels, samples } of series) {
    for (let from = 0; from < samples.length; ) {
      const part = samples.slice(from, from + free);
      batch.push({ labels, samples: part });
      from += part.length;
      free -= part.length;
      if (free > 0) continue;
      yield batch;
      batch = [];
      free = samplesMax;
    }
  }
  if (batch.length > 0) yield batch;
}

/** The body of one request: protobuf in snappy's block format. Labels are sorted by name, as receivers require. */
export function encodeWriteRequest(series: readonly TimeSeries[]): Uint8Array {
  const writer = new PbfWriter();
  for (const one of series) writer.writeMessage(FIELDS.request.series, writeSeries, one);
  return compress(writer.finish());
}

function writeSeries({ labels, samples }: TimeSeries, writer: PbfWriter): void {
  const sorted = labels.toSorted(([one], [other]) => (one < other ? -1 : 1));
  for (const label of sorted) writer.writeMessage(FIELDS.series.label, writeLabel, label);
  for (const sample of samples) writer.writeMessage(FIELDS.series.sample, writeSample, sample);
}

function writeLabel([name, value]: TimeSeries['labels'][number], writer: PbfWriter): void {
  writer.writeStringField(FIELDS.label.name, name);
  writer.writeStringField(FIELDS.label.value, value);
}

function writeSample({ timestampMs, value }: Sample, writer: PbfWriter): void {
  writer.writeDoubleField(FIELDS.sample.value, value);
  writer.writeVarintField(FIELDS.sample.timestamp, timestampMs);
}

/** Requires http or https without credentials, as messages contain the URL; the errors do not. */
function parseReceiverUrl(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error('expected a URL such as http://localhost:9090/api/v1/write');
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('expected a URL without user name and password, as messages contain it');
  }
  return url;
}
