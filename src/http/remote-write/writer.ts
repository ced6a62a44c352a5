import { SECOND_MS } from '../../model/time.ts';
import { checkHeaders } from '../headers.ts';
import { createPosts, type PostsOptions } from '../posts.ts';
import { encodeWriteRequest, type WrittenSeries } from './message.ts';

/** A receiver that is short of breath for a minute (a limit on samples per second, a restart) is waited for; the waits double up to 30 s. */
const TRIES_MAX = 10;
const TIMEOUT_MS = 60 * SECOND_MS;

/** Where samples are sent, and with which credentials. */
export interface RemoteWriterOptions extends Pick<PostsOptions, 'headers' | 'secrets' | 'clock' | 'env'> {
  /** The receiver's whole address, such as `http://localhost:9090/api/v1/write`. */
  readonly url: string;
}

/** Sends samples by Prometheus' remote write protocol 1.0. */
export interface RemoteWriter {
  /** One request, tried again and refused as Posts says. Series of one writer are sent one call after the other. */
  write(series: readonly WrittenSeries[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Readies a writer; throws when the address, a header or a proxy's address is of no use. No request is made. */
export function createRemoteWriter({ url: address, headers, secrets, clock, env }: RemoteWriterOptions): RemoteWriter {
  const url = receiverOf(address);
  checkHeaders(headers);
  const posts = createPosts({
    url,
    shownAs: `${url.origin}${url.pathname}`,
    headers: { ...headers, ...PROTOCOL_HEADERS },
    secrets,
    timeoutMs: TIMEOUT_MS,
    triesMax: TRIES_MAX,
    clock,
    env,
  });
  return {
    write: async (series, signal) => posts.post(encodeWriteRequest(series), signal),
    close: () => posts.close(),
  };
}

/** Of protocol 1.0, whose version header says 0.1.0. */
const PROTOCOL_HEADERS = {
  accept: '*/*',
  'content-encoding': 'snappy',
  'content-type': 'application/x-protobuf',
  'x-prometheus-remote-write-version': '0.1.0',
} as const;

/** The address as a URL; throws when it is none of http or https, or holds a name or password (its text is in no message). */
function receiverOf(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error('expected an address such as http://localhost:9090/api/v1/write');
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('expected an address without name and password, as it may be shown');
  }
  return url;
}
