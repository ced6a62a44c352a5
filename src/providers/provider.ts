import type { PlatformSettings, ProviderConfig } from '../config/types.ts';
import type { RequestObserver } from '../http/request-observer.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { RejectionReason } from '../model/incident.ts';
import type { Log } from '../model/log.ts';
import type { Page, PollCoverage, StoredState } from '../model/poll.ts';
import type { Clock } from '../model/time.ts';
import type { ProbeReport, ProbeRequest } from './probes.ts';
import type { Webhook } from './webhook.ts';

/** Parameters of one poll. */
export interface PollRequest {
  /** The provider's own text from the last committed page; absent before the first. */
  readonly cursor: string | undefined;
  /**
   * When this poll began, by the platform's clock as far as the caller knows it; nothing later is requested. The only "now"
   * of cursors, ranges, `polledUntilMs` and judgements: the provider's own `clock` is for waiting and limits.
   */
  readonly nowMs: number;
  /** How far back history is wanted, by creation. */
  readonly historyStartMs: number;
  /** The coverage of the last complete poll of this provider, or of an import; absent before the first. */
  readonly before?: PollCoverage | undefined;
  readonly stored: StoredState;
  /**
   * Most stored open records missing from all lists that one poll requests by id, the others in later polls; 100 by default.
   * A refresh needs all at once and passes more.
   */
  readonly maxMissing?: number | undefined;
  readonly signal: AbortSignal;
}

/** What came by itself: a notification of Alertmanager, pushed records. */
export interface Delivery {
  /** What follows the provider's name in the path of a push (`incidents`, `deployments`); empty for a webhook. */
  readonly kind: string;
  /** The parsed JSON body; of JSON lines an array. */
  readonly body: unknown;
  /** When it arrived. */
  readonly nowMs: number;
  /** What the store covers of this provider; absent before its first poll or delivery. */
  readonly before?: PollCoverage | undefined;
  readonly stored: StoredState;
}

/** What a delivery amounts to, committed in one transaction. */
export interface Received extends Omit<Page, 'cursor'> {
  /** Records that the sender says it left out; they are counted. */
  readonly truncated?: number | undefined;
  /** What a push is answered. */
  readonly answer?: PushAnswer | undefined;
}

/** What became of the records of a push. */
export interface PushAnswer {
  readonly accepted: number;
  /** Known already, or older than what is known. */
  readonly unchanged: number;
  readonly rejected: readonly RejectedRecord[];
}

/** A pushed record that was rejected; of its values `detail` names only dates. */
export interface RejectedRecord {
  readonly index: number;
  /** Undefined where it is no single one. */
  readonly field?: string | undefined;
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** One configured source of incidents. */
export interface Provider {
  readonly capabilities: Capabilities;
  /**
   * Yields everything that is new since `cursor`, the last page with `complete`; throws when it cannot promise that.
   * Before the first `complete` (first sync) pages are committed one by one, and a new call with the last committed
   * cursor continues from there; later polls are committed as a whole.
   */
  poll(request: PollRequest): AsyncIterable<Page>;
  /**
   * Tries each kind of request that polls make, in its smallest form, and reads the newest incidents. What the platform
   * refuses or cannot answer is in the report; it throws nothing, also when the signal aborts it.
   */
  probe(request: ProbeRequest): Promise<ProbeReport>;
  /**
   * What a delivery amounts to, to be committed in one transaction; throws `InputError` for a body of another shape. Only
   * for providers whose records come by themselves: the deliveries of a polled platform are never read, they start a poll.
   */
  receive?(delivery: Delivery): Promise<Received>;
  /**
   * Local clock minus platform clock in milliseconds as the newest answer showed it: positive when the local clock is
   * ahead, 0 below 2 s, undefined before the first answer. Polls take `nowMs` of their request for the time, never this.
   */
  clockSkewMs(): number | undefined;
  close(): Promise<void>;
}

export interface ProviderDependencies {
  readonly clock: Clock;
  readonly observer: RequestObserver;
  /** For problems of a provider as a whole, such as a missing permission. */
  readonly log?: Pick<Log, 'warn'>;
}

/** A platform: the only place outside its folder that knows it is the list in `registry.ts`. */
export interface Platform extends PlatformSettings {
  /** Its incidents come from files alone: no requests are made, and nothing is ever counted. */
  readonly isImportedOnly?: true;
  /** How its webhooks are authenticated, and whether they are content; absent where it sends none. */
  readonly webhook?: Webhook;
  /** Records are pushed to `/api/v1/push/NAME/KIND`; the setting of that name is the bearer token. */
  readonly push?: { readonly kinds: readonly string[]; readonly tokenSetting: string };
  create(config: ProviderConfig, dependencies: ProviderDependencies): Provider;
}
