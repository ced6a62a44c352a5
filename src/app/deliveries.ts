import type { ProcessMetrics } from '../metrics/self-metrics.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/time.ts';
import type { PushAnswer } from '../providers/provider.ts';
import { bearer, verifyAny, type WebhookVerifier } from '../providers/webhook.ts';
import type { DeliveryOutcome, DeliveryTarget, DeliveryTargets } from '../server/delivery-endpoints.ts';
import type { Engine, EngineProvider } from './engine.ts';
import type { OpenedPush, OpenedWebhook } from './providers.ts';

/** Signed webhooks are events of one incident; the largest that a platform documents has 256 KB. */
const WAKE_BYTES_MAX = 1024 * 1024;
const PUSH_BYTES_MAX = 5 * 1024 * 1024;
const PUSH_RECORDS_MAX = 1000;

/** What came to a provider since the start, and what was refused. */
export interface DeliveryState {
  readonly lastAcceptedAtMs: number | undefined;
  readonly accepted: number;
  readonly refused: number;
  readonly lastRefusal:
    | { readonly atMs: number; readonly outcome: DeliveryOutcome; readonly reason: string }
    | undefined;
}

/** Before the first delivery. */
export const NO_DELIVERIES: DeliveryState = {
  lastAcceptedAtMs: undefined,
  accepted: 0,
  refused: 0,
  lastRefusal: undefined,
};

/** Remembers deliveries of each provider across reloads. */
export interface DeliveryHistory {
  add(provider: string, outcome: DeliveryOutcome, reason?: string): void;
  /** Undefined before the first delivery. */
  find(provider: string): DeliveryState | undefined;
  forget(provider: string): void;
}

export function createDeliveryHistory(clock: Pick<Clock, 'nowMs'>): DeliveryHistory {
  const states = new Map<string, DeliveryState>();
  return {
    add: (provider, outcome, reason = '') => {
      const before = states.get(provider) ?? NO_DELIVERIES;
      const atMs = clock.nowMs();
      const after =
        outcome === 'accepted'
          ? { ...before, accepted: before.accepted + 1, lastAcceptedAtMs: atMs }
          : { ...before, refused: before.refused + 1, lastRefusal: { atMs, outcome, reason } };
      states.set(provider, after);
    },
    find: (provider) => states.get(provider),
    forget: (provider) => void states.delete(provider),
  };
}

export interface DeliveryTargetsInput {
  readonly engine: () => Pick<Engine, 'providers'>;
  readonly metrics: Pick<ProcessMetrics, 'delivered' | 'truncated'>;
  readonly deliveries: DeliveryHistory;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
}

/** The endpoints of the configuration in force. */
export function createDeliveryTargets(input: DeliveryTargetsInput): DeliveryTargets {
  const find = (name: string) => input.engine().providers.find(({ config }) => config.name === name);
  return {
    webhook: (name) => {
      const provider = find(name);
      return provider?.webhook && toWebhookTarget(input, provider, provider.webhook);
    },
    push: (name, kind) => {
      const provider = find(name);
      const isKind = provider?.push?.kinds.includes(kind) === true;
      return isKind && provider?.push ? toPushTarget(input, provider, { ...provider.push, kind }) : undefined;
    },
  };
}

function toWebhookTarget(input: DeliveryTargetsInput, opened: EngineProvider, webhook: OpenedWebhook): DeliveryTarget {
  const { verifier, content } = webhook;
  const { poller, config } = opened;
  const common = toCommon(input, opened, verifier);
  if (content !== undefined) {
    return {
      ...common,
      maxBytes: content.maxBytes,
      // Alertmanager tries again after 5xx only.
      busyStatus: 503,
      store: async (body) => {
        await receive(input, opened, { kind: '', body });
        return { status: 200, body: {} };
      },
    };
  }
  return {
    ...common,
    maxBytes: WAKE_BYTES_MAX,
    busyStatus: 429,
    wake: (headers, body) => {
      poller.wake();
      verifier
        .accepted?.({ headers, body, nowMs: input.clock.nowMs() })
        .catch((error: unknown) =>
          input.log.warn('webhook could not be confirmed', { provider: config.name, error: messageOf(error) }),
        );
    },
  };
}

function toPushTarget(
  input: DeliveryTargetsInput,
  opened: EngineProvider,
  { token, kind }: OpenedPush & { readonly kind: string },
): DeliveryTarget {
  return {
    ...toCommon(input, opened, verifyAny([bearer], [token])),
    maxBytes: PUSH_BYTES_MAX,
    maxRecords: PUSH_RECORDS_MAX,
    busyStatus: 429,
    store: async (body) => {
      const { answer = NOTHING } = await receive(input, opened, { kind, body });
      const { accepted, unchanged, rejected } = answer;
      return { status: rejected.length > 0 && accepted + unchanged === 0 ? 422 : 200, body: answer };
    },
  };
}

const NOTHING: PushAnswer = { accepted: 0, unchanged: 0, rejected: [] };

function toCommon(
  { metrics, deliveries, clock }: DeliveryTargetsInput,
  opened: EngineProvider,
  verifier: WebhookVerifier,
) {
  const { name } = opened.config;
  return {
    provider: name,
    refuse: (headers) => verifier.refuse(headers),
    verify: async (headers, body) => verifier.verify({ headers, body, nowMs: clock.nowMs() }),
    onDelivery: (outcome, reason) => {
      metrics.delivered(name, outcome);
      deliveries.add(name, outcome, reason);
    },
  } satisfies Partial<DeliveryTarget>;
}

async function receive(
  { metrics }: DeliveryTargetsInput,
  { receiver, config }: EngineProvider,
  delivery: { readonly kind: string; readonly body: unknown },
) {
  const received = await receiver.receive(delivery);
  if (received.truncated !== undefined && received.truncated > 0) metrics.truncated(config.name, received.truncated);
  return received;
}
