import type { z } from 'zod';
import type { ProviderConfig, RateLimit, SourceKind } from '../../config/types.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { EndKnownFrom, Incident, Interval, SeveritySources, Status } from '../../model/incident.ts';
import type { ProbeReport } from '../probes.ts';
import type { TimeRange } from '../time-ranges.ts';
import type { Webhook } from '../webhook.ts';
import type { Auth } from './auth.ts';
import type { AdoptedCursor, CursorFormat } from './cursor.ts';
import type { ListRequest, Paging } from './paging.ts';

/** What a platform's record says, as its schema gives it. The engine makes an incident of it. */
export interface PlatformRecord {
  /** Unique within the provider. */
  readonly id: string;
  /** Set by the engine: what the platform calls the record, where the store has it under another id. */
  readonly platformId?: string | undefined;
  /** Lists by creation go by this time. */
  readonly createdAtMs: number;
  /** Lists by change go by this time. */
  readonly updatedAtMs: number;
  readonly title: string;
  readonly url?: string | undefined;
  readonly status: Status;
  /** When the recovery clock starts; the creation without it. */
  readonly triggeredAtMs?: number | undefined;
  readonly startedAtMs?: number | undefined;
  readonly acknowledgedAtMs?: number | undefined;
  readonly identifiedAtMs?: number | undefined;
  readonly mitigatedAtMs?: number | undefined;
  /** A resolved record without it is rejected as `end_unknown`: an end is never guessed. */
  readonly resolvedAtMs?: number | undefined;
  /** `resolve_event` without it. */
  readonly endKnownFrom?: EndKnownFrom | undefined;
  /** Where the platform reports reopenings; else one interval from trigger to end. */
  readonly intervals?: readonly Interval[] | undefined;
  /** When it was reopened, ascending; absent where the platform does not report it. */
  readonly reopenedAtMs?: readonly number[] | undefined;
  /** Statuses that `withStatuses` wants to know the category of. */
  readonly statusIds?: readonly string[] | undefined;
  readonly serviceId?: string | undefined;
  /** Without it the service is named by the list `names.services`. */
  readonly serviceName?: string | undefined;
  readonly teamId?: string | undefined;
  /** Without it the team is named by the list `names.teams`. */
  readonly team?: string | undefined;
  readonly severity: SeveritySources;
  /** Its tags, labels or custom fields by name, for `tag:NAME` and `label:NAME`; only what the configuration asks for is kept. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly merged?: boolean | undefined;
  /** The platform's own flag for what was no incident: maintenance, test, drill, duplicate, cancelled. */
  readonly isExcluded?: boolean | undefined;
  /** The platform's deduplication key; else service and title. */
  readonly fingerprint?: string | undefined;
}

/** The range that a list shall cover; `from` and `to` are the same as ISO 8601 in UTC. */
export interface ListRange extends TimeRange {
  readonly from: string;
  readonly to: string;
  /** How to sort, where the platform can. */
  readonly order: 'asc' | 'desc';
}

/** A further list per record: log entries, notes, updates. `details` makes one. */
export interface RecordDetails<Item extends PlatformRecord> {
  readonly impact: string;
  /** A record that needs them is rejected where they answer 404; else it is taken without. */
  readonly isRequired: boolean;
  /** True where the record alone is incomplete; a stored record that has not changed is not asked about again. */
  isNeeded(record: Item): boolean;
  request(record: Pick<Item, 'id'>): ListRequest;
  readonly paging: Paging;
  /** The record with what the entries tell; throws when they have another shape. */
  apply(record: Item, entries: readonly unknown[], what: string): Item;
  /** The record with what the entries reported before; `isUnchanged`: the record is as it was then. */
  keep(record: Item, stored: Incident, isUnchanged: boolean): Item;
}

/** The lists that incidents are read from. A list may hold more than was requested, never less. */
export interface IncidentLists<Item extends PlatformRecord> {
  /** Records created in the range. Without it the first sync reads `changed`. */
  readonly created?: ((range: ListRange) => ListRequest) | undefined;
  /**
   * Records changed in the range. Without it, changes of records that were closed before go unseen. Lists by offset or
   * page number need a total, or `isNewestFirst`: a record that moves while they are read shifts the others.
   */
  readonly changed?: ((range: ListRange) => ListRequest) | undefined;
  /**
   * `changed` (where there is none, `created`) cannot be limited to a range: it has the newest first and is read until older
   * ones come.
   */
  readonly isNewestFirst?: boolean | undefined;
  /** Lists may show a change so much later than five minutes after it happened. */
  readonly lagMs?: number | undefined;
  /**
   * Everything open, however old, in one list or several, and nothing else: what is closed is taken as well. With a range, only
   * what was created in it (needed beyond a cap). Without `open`, the first sync reads all that ever was and keeps what is open;
   * later polls request each open record by its id.
   */
  readonly open?: ((range?: ListRange) => ListRequest | readonly ListRequest[]) | undefined;
  /** One record: 404 means deleted, 403 means that it stays as it was. */
  readonly one: (id: string) => ListRequest;
  /** Path of the record in the answer to `one`; the answer itself without it. */
  readonly oneAt?: string | undefined;
  /** Path of a list in the answer to `one` whose only element is the record: an empty list means deleted. */
  readonly oneIn?: string | undefined;
  readonly paging: Paging;
  /** Of the lists of open records, where it is another. */
  readonly openPaging?: Paging | undefined;
  /** The longest range that the platform accepts. */
  readonly longestRangeMs?: number | undefined;
  readonly record: z.ZodType<Item>;
  /** Path of a record's id as the platform sends it, or what finds the id in a record; `id` without it. */
  readonly idAt?: string | ((record: unknown) => unknown) | undefined;
  readonly details?: RecordDetails<Item> | undefined;
  /** `updatedAtMs` is only the newest time that a record tells, and an edit may lower it: what is read last is the truth. */
  readonly hasNoChangeTimes?: boolean | undefined;
  /** The record with what its changes of status mean; `categoryOf` gives the name of a status in `names.statuses`. */
  readonly withStatuses?: ((record: Item, categoryOf: (id: string) => string | undefined) => Item) | undefined;
  /** Whatever the configuration makes of records besides labels; when it changes, the history is read again. */
  readonly readWith?: readonly string[] | undefined;
  /**
   * The history's start and newest change in a cursor that another platform wrote for the same records, for a provider that moved
   * from there; undefined for any other.
   */
  readonly adoptCursor?: ((cursor: unknown) => AdoptedCursor | undefined) | undefined;
  readonly cursorFormat?: CursorFormat | undefined;
  /** Other ids that the store may have a record under, for a provider that moved from another platform. */
  readonly storedIds?: ((record: Item) => readonly string[]) | undefined;
  /** Other ids that the platform may know a stored record by: it is deleted when all answer 404. */
  readonly platformIds?: ((storedId: string) => readonly string[]) | undefined;
}

/** A list of names by id; refused (402, 403, 404), the names are unknown. */
export interface NameList {
  readonly request: ListRequest;
  readonly paging: Paging;
  readonly record: z.ZodType<{ readonly id: string; readonly name: string }>;
  readonly impact: string;
}

/** The lists of names that records refer to by id. */
export interface Names {
  readonly teams?: NameList;
  readonly services?: NameList;
  readonly statuses?: NameList;
}

/** A platform whose API consists of lists. */
export interface PlatformDefinition<Shape extends z.ZodRawShape, Item extends PlatformRecord> {
  /** The word after `type:`; also the name of its folder and its page. */
  readonly type: string;
  /** Its own keys; those made by `secret()` also have a `_file` form. */
  readonly settings: Shape;
  /** Environment variables that are configuration enough, by setting. All without a default must be set. */
  readonly environment?: Readonly<Record<string, (keyof Shape & string) | 'base_url'>>;
  /** Without it the configuration must have a `base_url`. */
  readonly baseUrl?: (settings: Settings<Shape>) => string;
  readonly auth: (settings: Settings<Shape>) => Auth;
  readonly headers?: Readonly<Record<string, string>>;
  readonly capabilities: Capabilities | ((settings: Settings<Shape>) => Capabilities);
  /** Some less than the platform allows: others may use the same key. */
  readonly rateLimit: RateLimit;
  /** How its webhooks are authenticated; absent where it sends none. */
  readonly webhook?: Webhook;
  /** Requests whose path begins so have a limit of their own, apart from `rateLimit`. */
  readonly ownRateLimit?: { readonly path: string; readonly rateLimit: RateLimit };
  readonly defaultTags?: { readonly service?: string; readonly severity?: string };
  /** What `from` of severity, services and team may name here; everything without it. */
  readonly sources?: readonly SourceKind[];
  readonly names?: Names | ((settings: Settings<Shape>) => Names);
  /** For `doctor`: what the address that is asked is called, and a hint for refused credentials; its host without it. */
  readonly region?: (settings: Settings<Shape>, baseUrl: string | undefined) => ProbeReport['region'];
  /**
   * For platforms that answer wrong credentials with empty lists: a request that they refuse then. Each poll begins with it; a
   * 404 is no refusal.
   */
  readonly session?: (settings: Settings<Shape>) => ListRequest;
  readonly incidents: (settings: Settings<Shape>, config: ProviderConfig) => IncidentLists<Item>;
}

export type Settings<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;
