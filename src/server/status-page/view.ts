import type { UnreadEnvironment } from '../../model/deployment.ts';
/** Something that is not as it should be, or that a reader of the numbers must know. */
export interface Issue {
  /** A problem wants somebody's hand; a notice explains numbers. */
  readonly kind: 'problem' | 'notice';
  readonly text: string;
}

/** One row of windowed statistics, as `/metrics` shows it; undefined is absent there too. */
export interface WindowStats {
  readonly mttrMinutes: number | undefined;
  readonly medianMinutes: number | undefined;
  readonly p95Minutes: number | undefined;
  /** MTTR of the preceding window. */
  readonly baselineMinutes: number | undefined;
  /** Share within target, 0 to 1. */
  readonly withinTarget: number | undefined;
  /** Share of the covered window in which nothing was open, 0 to 1. */
  readonly incidentFree: number | undefined;
  /** Share of the covered window without an open incident of the severities of availability, 0 to 1. */
  readonly availability: number | undefined;
  /** What is left of it; negative when overspent. */
  readonly errorBudgetMinutes: number | undefined;
  readonly opened: number | undefined;
  readonly resolved: number | undefined;
  /** `elite`, `high`, `medium`, `low`. */
  readonly level: string | undefined;
}

/** A severity's row with its target. */
export interface SeverityStats extends WindowStats {
  readonly name: string;
  readonly title: string | undefined;
  readonly targetMinutes: number | undefined;
  /** Share of recoveries that should meet the target, 0 to 1. */
  readonly objective: number | undefined;
  readonly openNow: number;
}

/** A service's row. */
export interface ServiceStats extends WindowStats {
  readonly name: string;
  readonly openNow: number;
}

/** What a window says of the deployments of a service, or of all; undefined is absent in `/metrics` too. */
export interface DeliveryStats {
  readonly name: string;
  readonly deployments: number;
  readonly perDay: number | undefined;
  readonly leadTimeMinutes: number | undefined;
  readonly changeFailure: number | undefined;
  readonly recoveryMinutes: number | undefined;
  readonly rework: number | undefined;
  /** `elite`, `high`, `medium`, `low`. */
  readonly level: string | undefined;
}

/** A windowed mean as it stood at a time in the past. */
export interface TrendPoint {
  readonly atMs: number;
  readonly mttrMinutes: number | undefined;
  readonly resolved: number;
}

/** How the mean of everything, or of one severity, moved; points are in order of time. */
export interface TrendSeries {
  readonly name: string;
  readonly targetMinutes: number | undefined;
  readonly points: readonly TrendPoint[];
}

/** An incident that is open now; texts and link are the platform's. */
export interface OpenIncident {
  readonly provider: string;
  readonly id: string;
  readonly url: string | undefined;
  readonly service: string;
  readonly severity: string;
  readonly status: string;
  readonly triggeredAtMs: number;
  /** When it should be resolved; undefined without a target. */
  readonly dueAtMs: number | undefined;
}

/** Deliveries of a provider: webhooks, and what was pushed. */
export interface DeliveryStatus {
  readonly lastAcceptedAtMs: number | undefined;
  readonly accepted: number;
  readonly refused: number;
  /** The newest refusal, and why; of its content nothing. */
  readonly lastRefusal: { readonly atMs: number; readonly outcome: string; readonly reason: string } | undefined;
}

/** A provider's row on the status page. Texts may come from a platform; none holds a secret. */
export interface ProviderStatus {
  readonly name: string;
  readonly type: string;
  /** In words: `up`, `first sync`, `down` … */
  readonly state: string;
  /** The last failure, while it lasts. */
  readonly error: string | undefined;
  /** What came by itself since the start; absent where nothing can. */
  readonly deliveries?: DeliveryStatus | undefined;
  readonly synced: boolean;
  readonly lastSuccessAtMs: number | undefined;
  readonly countingSinceMs: number | undefined;
  /** Requests left of so many in so many milliseconds; `left` is unknown before the first request. Absent where nothing is asked of anybody. */
  readonly allowance:
    | { readonly left: number | undefined; readonly requests: number; readonly perMs: number }
    | undefined;
  /** Incidents of it in the store, also while its first sync runs. */
  readonly heldIncidents: number;
  readonly openIncidents: number;
  readonly resolvedIncidents: number;
  /** Records that were not accepted and are fetched again with each poll. */
  readonly waitingRecords: number;
  readonly rejectedRecords: number;
  /** What the platform calls severities that map to none of ours. */
  readonly unmappedSeverities: readonly string[];
  /** Environments that are not read, with the deployments there; absent where there are none. */
  readonly unreadEnvironments?: readonly UnreadEnvironment[];
}

/** All that the status page shows; the windowed numbers are those of one window. */
export interface StatusView {
  readonly version: string;
  readonly nowMs: number;
  readonly uptimeMs: number;
  /** Names of the configured windows; `window` is the one that is shown. */
  readonly windows: readonly string[];
  readonly window: string;
  /** Means that rest on fewer incidents are absent. */
  readonly minimumSample: number;
  /** Share of the time that should be free of incidents of the severities of availability; undefined when none are configured. */
  readonly availabilityObjective: number | undefined;
  readonly issues: readonly Issue[];
  /** Each is undefined while there is no row of its grouping: not configured, or no provider has synced. */
  readonly overall: WindowStats | undefined;
  readonly severities: readonly SeverityStats[] | undefined;
  readonly services: readonly ServiceStats[] | undefined;
  /** Of deployments: everything first, then each service; absent where none are read. */
  readonly delivery?: readonly DeliveryStats[] | undefined;
  /** Undefined until it is ready. */
  readonly trend: readonly TrendSeries[] | undefined;
  /** The oldest open incidents, and how many there are in all. */
  readonly open: { readonly oldest: readonly OpenIncident[]; readonly total: number };
  readonly providers: readonly ProviderStatus[];
  /** More links for the page, relative to it; the server adds its own endpoints. */
  readonly links: readonly { readonly href: string; readonly text: string }[];
}

/** Longest filter that is used; services have names of at most 128 characters. */
export const FILTER_LENGTH_MAX = 128;

/** What a reader chose by the parameters of the page's address. */
export interface ViewParams {
  readonly window: string | undefined;
  /** A column's name, descending with `-` in front. */
  readonly sort: string | undefined;
  /** A part of a service's name, in any case; empty for all. */
  readonly filter: string;
}

/** Reads `window`, `sort` and `filter` from the query of a request's target; what cannot be read is as if it was not there. */
export function parseViewParams(target: string): ViewParams {
  const start = target.indexOf('?');
  const query = new URLSearchParams(start < 0 ? '' : target.slice(start));
  return {
    window: query.get('window') ?? undefined,
    sort: query.get('sort') ?? undefined,
    filter: (query.get('filter') ?? '')
      .replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, FILTER_LENGTH_MAX),
  };
}

/** The address of the page with these parameters, relative to it, so that it holds behind any prefix. */
export function toLink({ window, sort, filter }: ViewParams, fragment: string): string {
  const query = new URLSearchParams();
  if (window !== undefined) query.set('window', window);
  if (sort !== undefined) query.set('sort', sort);
  if (filter !== '') query.set('filter', filter);
  return `?${query.toString()}#${fragment}`;
}
