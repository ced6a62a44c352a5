import { STATUS_CODES } from 'node:http';
import { type Clock, SECOND_MS } from '../../model/time.ts';
import { agentsFor, proxySecrets } from '../agents.ts';
import { allowanceOf } from '../allowance.ts';
import type { Attempted } from '../attempts.ts';
import { createCalls } from '../calls.ts';
import { AttemptFailure } from '../failure.ts';
import { checkHeaders } from '../headers.ts';
import { createPace } from '../pace.ts';
import { createRedactor } from '../redact.ts';
import { type Sent, send } from '../send.ts';
import { encodeWriteRequest, type WrittenSeries } from './message.ts';

/** A receiver that is short of breath for a minute (a limit on samples per second, a restart) is waited for; the waits double up to 30 s. */
const TRIES_MAX = 10;
const TIMEOUT_MS = 60 * SECOND_MS;

/** Requests leave one after the other; this only keeps a receiver that answers at once from being asked without any pause. */
const RATE_LIMIT = { requests: 100, perMs: SECOND_MS };

export interface RemoteWriterOptions {
  /** The receiver's whole address, such as `http://localhost:9090/api/v1/write`. */
  readonly url: string;
  /** Sent with each request, credentials included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Removed from every message. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Sends samples by Prometheus' remote write protocol 1.0. */
export interface RemoteWriter {
  /**
   * One request; 5xx, 429 and silence are tried again as `Retry-After` or else backoff says. Throws RequestError with the
   * receiver's own text when it refused, or when all tries failed. Series of one writer are sent one call after the other.
   */
  write(series: readonly WrittenSeries[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Readies a writer; throws when the address, a header or a proxy's address is of no use. No request is made. */
export function createRemoteWriter({ url: address, headers, secrets, clock, env }: RemoteWriterOptions): RemoteWriter {
  const url = receiverOf(address);
  checkHeaders(headers);
  const route = { proxyUrl: undefined, caFile: undefined, env };
  const agents = agentsFor(route);
  const redactor = createRedactor([...secrets, url.search.slice(1), ...proxySecrets(route)]);
  const pace = createPace({ rateLimit: RATE_LIMIT, clock });
  const closing = new AbortController();
  const observer = { onRequest: () => undefined, onThrottled: () => undefined, onBudget: () => undefined };
  const options = { pace, clock, observer, redactor, timeoutMs: TIMEOUT_MS, closing: closing.signal };
  const call = createCalls({ ...options, triesMax: TRIES_MAX });
  const allHeaders = { ...headers, ...PROTOCOL_HEADERS };
  return {
    async write(series, signal) {
      const body = encodeWriteRequest(series);
      const attempt = async (attemptSignal: AbortSignal) =>
        readAnswer(await send({ url, headers: allHeaders, agents, signal: attemptSignal, body }), clock.nowMs());
      await call({ label: `POST ${url.origin}${url.pathname}`, attempt, signal });
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort(new Error('the connection to the receiver was closed'));
      await pace.close();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
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

/** Any 2xx is a yes; the text of anything else is the receiver's reason. */
function readAnswer({ status, headers, text }: Sent, nowMs: number): Attempted<undefined> {
  const allowance = allowanceOf({ status, headers, nowMs });
  if (status >= 200 && status < 300) return { value: undefined, status, allowance };
  const isRedirect = status >= 300 && status < 400;
  const reason = text.trim() === '' ? (STATUS_CODES[status] ?? 'no reason given') : text;
  throw new AttemptFailure(isRedirect ? 'a redirect, which is not followed' : reason, {
    status,
    retry: status === 429 || status >= 500,
    throttled: status === 429,
    allowance,
  });
}
