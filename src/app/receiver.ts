import { type Core, CoreFailure } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { createMutex } from '../model/mutex.ts';
import { validatePage } from '../model/validity.ts';
import { type PollerCore, toPollCoverage, toStoredState } from '../poller/poller.ts';
import type { Delivery, Provider, Received } from '../providers/provider.ts';

/** Deliveries that wait for the one before them; the sender of a further one tries again later. */
const WAITING_MAX = 20;

export interface ReceiverInput {
  readonly name: string;
  readonly provider: Pick<Provider, 'receive'>;
  readonly core: PollerCore & Pick<Remote<Core>, 'commitDelivery'>;
  readonly nowMs: () => number;
  /** A delivery was stored. */
  readonly onStored: () => void;
  /** The core cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

/** Stores what comes to a provider by itself. */
export interface Receiver {
  /** From now on deliveries are stored; before it, and after `stop`, they are refused. */
  start(): void;
  /** Stores one delivery, in the order of the calls; throws when it is not stored. */
  receive(delivery: Pick<Delivery, 'kind' | 'body'>): Promise<Received>;
  /** Ends when the delivery under way is stored. */
  stop(): Promise<void>;
}

export function createReceiver({ name, provider, core, nowMs, onStored, onFatal }: ReceiverInput): Receiver {
  const runExclusive = createMutex();
  let isOpen = false;
  let waiting = 0;
  const store = async (delivery: Pick<Delivery, 'kind' | 'body'>): Promise<Received> => {
    if (!isOpen) throw new Error('the exporter starts, stops or reloads');
    if (provider.receive === undefined) throw new TypeError(`provider ${name} receives nothing`);
    const atMs = nowMs();
    const stored = toStoredState(core, { provider: name, withPoll: false });
    const before = toPollCoverage(await core.provider(name));
    const received = await provider.receive({ ...delivery, nowMs: atMs, before, stored });
    const { cursor: _cursor, ...page } = validatePage({ ...received, cursor: '' }, atMs);
    const { truncated: _truncated, answer: _answer, ...batch } = { ...received, ...page };
    await core.commitDelivery({ ...batch, provider: name, startedAtMs: atMs, nowMs: atMs });
    onStored();
    return received;
  };
  return {
    start: () => {
      isOpen = true;
    },
    receive: async (delivery) => {
      if (waiting === WAITING_MAX) throw new Error(`${WAITING_MAX} deliveries are waiting already`);
      waiting += 1;
      try {
        return await runExclusive(() => store(delivery));
      } catch (error) {
        if (error instanceof CoreFailure) onFatal(error);
        throw error;
      } finally {
        waiting -= 1;
      }
    },
    stop: async () => {
      isOpen = false;
      await runExclusive(() => undefined);
    },
  };
}
