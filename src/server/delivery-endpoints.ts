import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../model/error-message.ts';
import { InputError } from '../model/input-error.ts';
import type { Log } from '../model/log.ts';
import { MINUTE_MS, SECOND_MS } from '../model/time.ts';
import { requestPath } from './addresses.ts';
import { BodyError, discardBody, parseBody, readBody } from './request-body.ts';
import { RequestProblem, send, sendMethodNotAllowed, sendProblem } from './responses.ts';
import { createRateLimiter } from './web-settings.ts';

/** How a delivery ended, as `mttr_exporter_webhooks_total` counts it. */
export type DeliveryOutcome = 'accepted' | 'unauthorized' | 'limited' | 'malformed';

/** One endpoint that a provider's deliveries come to. */
export interface DeliveryTarget {
  readonly provider: string;
  /** A body that is longer is refused unread. */
  readonly maxBytes: number;
  /** Most records of a body; absent: a body is one JSON document, of any content. */
  readonly maxRecords?: number | undefined;
  /** Why the headers alone are enough to refuse it; undefined when they are not. */
  refuse(headers: IncomingMessage['headers']): string | undefined;
  /** Why a delivery is not authentic; undefined when it is. */
  verify(headers: IncomingMessage['headers'], body: Buffer): Promise<string | undefined>;
  /** A delivery whose content is not read: it is answered 202, and nobody waits for what follows. */
  readonly wake?: ((headers: IncomingMessage['headers'], body: Buffer) => void) | undefined;
  /** Stores the content of a delivery; throws `InputError` for content of another shape. */
  readonly store?: ((body: unknown) => Promise<DeliveryAnswer>) | undefined;
  /** What a delivery is answered that comes too fast: 429, or 503 where the sender tries again only then. */
  readonly busyStatus: 429 | 503;
  /** Each delivery once; with the reason where it was refused. */
  onDelivery(outcome: DeliveryOutcome, reason?: string): void;
}

/** What a delivery is answered when its content is stored. */
export interface DeliveryAnswer {
  readonly status: number;
  readonly body: object;
}

/** The endpoints that are configured. */
export interface DeliveryTargets {
  webhook(provider: string): DeliveryTarget | undefined;
  push(provider: string, kind: string): DeliveryTarget | undefined;
}

/** Deliveries in all that are read within a second; each kind has its own allowance, so that none starves another. */
const DELIVERIES_PER_SECOND = 50;
/** Dropping so many bytes is cheaper than a new connection for each refused delivery of a flood. */
const DROPPED_BYTES_MAX = 64 * 1024;
/** One line in so long for each provider and reason: whoever sends forged deliveries must not fill the log. */
const LOG_EVERY_MS = MINUTE_MS;

/** Answers a delivery; false when there is no such endpoint. */
export type DeliveryHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface DeliveryHandlerInput {
  readonly targets: DeliveryTargets;
  /** Of all paths. */
  readonly prefix: string;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly steadyMs?: () => number;
}

/**
 * `POST /webhooks/PROVIDER` and `POST /api/v1/push/PROVIDER/KIND`, as far as they are configured. They have credentials of
 * their own: neither the bearer token nor the users of the web configuration open or close them.
 */
export function createDeliveryHandler(input: DeliveryHandlerInput): DeliveryHandler {
  const { targets, prefix, log, steadyMs = () => performance.now() } = input;
  const createLimiter = () =>
    createRateLimiter({ intervalMs: SECOND_MS / DELIVERIES_PER_SECOND, burst: DELIVERIES_PER_SECOND });
  const limiters = { wake: createLimiter(), store: createLimiter() };
  const logRefusal = createRefusalLog(log, steadyMs);
  const isWithinLimit = (target: DeliveryTarget) =>
    (target.store === undefined ? limiters.wake : limiters.store)(steadyMs());
  return (request, response) => {
    const path = requestPath(request);
    const target = findTarget(targets, prefix, path);
    if (target === undefined) return false;
    if (request.method !== 'POST') {
      sendMethodNotAllowed(request, response, 'POST');
      return true;
    }
    const refuse = (refusal: Refusal) => {
      const { outcome, status, reason, retryAfterSeconds } = refusal;
      // Node drops the rest of a body before the next request; of a long one by somebody unknown it must not have to.
      if (status === 401 && !(Number(request.headers['content-length']) <= DROPPED_BYTES_MAX)) {
        response.setHeader('Connection', 'close');
      }
      target.onDelivery(outcome, reason);
      logRefusal(target.provider, refusal);
      if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="mttr-exporter"');
      const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
      const reply = () => {
        if (!response.destroyed) sendProblem(response, new RequestProblem(status, reason, options), path);
      };
      if (status === 401) reply();
      else void discardBody(request).then(reply);
    };
    answer(target, request, response, { refuse, isWithinLimit: () => isWithinLimit(target) }).catch(
      (error: unknown) => {
        if (response.destroyed) return;
        log.error('delivery could not be stored', { provider: target.provider, error: messageOf(error) });
        response.setHeader('Retry-After', 1);
        sendProblem(response, new RequestProblem(503, 'it could not be stored; send it again'), path);
      },
    );
    return true;
  };
}

/** Why a delivery is refused; the reason names nothing of its content. */
interface Refusal {
  readonly outcome: Exclude<DeliveryOutcome, 'accepted'>;
  readonly status: number;
  readonly reason: string;
  readonly retryAfterSeconds?: number;
}

interface Answering {
  readonly refuse: (refusal: Refusal) => void;
  readonly isWithinLimit: () => boolean;
}

/** Credentials in headers come first, then the rate limit, then the body and its signature: what is forged costs least. */
async function answer(
  target: DeliveryTarget,
  request: IncomingMessage,
  response: ServerResponse,
  { refuse, isWithinLimit }: Answering,
): Promise<void> {
  const { headers } = request;
  const unauthorized = target.refuse(headers);
  if (unauthorized !== undefined) {
    refuse({ outcome: 'unauthorized', status: 401, reason: unauthorized });
    return;
  }
  if (!isWithinLimit()) {
    const reason = `more than ${DELIVERIES_PER_SECOND} deliveries a second`;
    refuse({ outcome: 'limited', status: target.busyStatus, reason, retryAfterSeconds: 1 });
    return;
  }
  let body: Buffer;
  try {
    body = await readBody(request, target.maxBytes);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    refuse({ outcome: 'malformed', status: error.status, reason: error.message });
    return;
  }
  const forged = await target.verify(headers, body);
  if (forged !== undefined) {
    refuse({ outcome: 'unauthorized', status: 401, reason: forged });
    return;
  }
  if (target.store === undefined) {
    target.onDelivery('accepted');
    send(response, 202, { type: 'application/json', body: '{}' });
    target.wake?.(headers, body);
    return;
  }
  try {
    const stored = await target.store(parseBody(body, headers, target.maxRecords));
    target.onDelivery('accepted');
    send(response, stored.status, { type: 'application/json', body: JSON.stringify(stored.body) });
  } catch (error) {
    if (!(error instanceof InputError) && !(error instanceof BodyError)) throw error;
    const status = error instanceof BodyError ? error.status : 400;
    refuse({ outcome: 'malformed', status, reason: toReason(error) });
  }
}

/** What is wrong, without the value that is: the log must not repeat content. */
function toReason(error: InputError | BodyError): string {
  if (error instanceof BodyError) return error.message;
  const { field, problem, expected } = error;
  return new InputError({ field, problem, expected }).message;
}

function findTarget(targets: DeliveryTargets, prefix: string, path: string): DeliveryTarget | undefined {
  if (!path.startsWith(`${prefix}/`)) return undefined;
  const segments = path
    .slice(prefix.length + 1)
    .split('/')
    .map(decodeSegment);
  if (segments.length === 2 && segments[0] === 'webhooks') return targets.webhook(segments[1] ?? '');
  const isPush = segments.length === 5 && segments.slice(0, 3).join('/') === 'api/v1/push';
  return isPush ? targets.push(segments[3] ?? '', segments[4] ?? '') : undefined;
}

/** An encoded slash belongs to a name; what is wrongly encoded is the name of nothing. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

/** One line per provider and outcome in a minute, with the number of refusals that had none. */
function createRefusalLog(log: Log, steadyMs: () => number): (provider: string, refusal: Refusal) => void {
  const logged = new Map<string, { atMs: number; unlogged: number }>();
  return (provider, { outcome, status, reason }) => {
    const key = `${provider}\n${outcome}`;
    const last = logged.get(key);
    if (last !== undefined && steadyMs() - last.atMs < LOG_EVERY_MS) {
      last.unlogged += 1;
      return;
    }
    logged.set(key, { atMs: steadyMs(), unlogged: 0 });
    log.warn('delivery refused', { provider, outcome, status, reason, refused_since_last_line: last?.unlogged });
  };
}
