/** Something that is not as it should be, or that a reader of the numbers must know. */
export interface Trouble {
  /** A problem wants somebody's hand; a notice explains numbers. */
  readonly kind: 'problem' | 'notice';
  readonly text: string;
}

/** One row of windowed statistics, as `/metrics` shows it; undefined is absent there too. */
export interface Figures {
  readonly mttrMinutes: number | undefined;
  readonly medianMinutes: number | undefined;
  readonly p95Minutes: number | undefined;
  /** MTTR of the window before. */
  readonly baselineMinutes: number | undefined;
  /** Share within target, 0 to 1. */
  readonly withinTarget: number | undefined;
  /** Share of the covered window in which nothing was open, 0 to 1. */
  readonly free: number | undefined;
  readonly opened: number | undefined;
  readonly resolved: number | undefined;
  /** `elite`, `high`, `medium`, `low`. */
  readonly level: string | undefined;
}

/** A severity's row with what is wanted of it. */
export interface SeverityFigures extends Figures {
  readonly name: string;
  readonly title: string | undefined;
  readonly targetMinutes: number | undefined;
  /** Share of recoveries that should meet the target, 0 to 1. */
  readonly objective: number | undefined;
  readonly openNow: number;
}

/** A service's row. */
export interface ServiceFigures extends Figures {
  readonly name: string;
  readonly openNow: number;
}

/** A windowed mean as it stood at one instant of the past. */
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
  readonly targetMinutes: number | undefined;
}

/** A provider's row on the status page. Texts may come from a platform; none holds a secret. */
export interface ProviderStatus {
  readonly name: string;
  readonly type: string;
  /** In words: `up`, `first sync`, `down` … */
  readonly state: string;
  /** The last failure, while it lasts. */
  readonly error: string | undefined;
  readonly synced: boolean;
  readonly lastSuccessAtMs: number | undefined;
  readonly countingSinceMs: number | undefined;
  /** Requests left of so many in so many milliseconds; `left` is unknown before the first request. Absent where nothing is asked of anybody. */
  readonly allowance:
    | { readonly left: number | undefined; readonly requests: number; readonly perMs: number }
    | undefined;
  /** Incidents that the store holds of it, also while its first sync runs. */
  readonly heldIncidents: number;
  readonly openIncidents: number;
  readonly resolvedIncidents: number;
  /** Records that were not taken and are fetched again with each poll. */
  readonly waitingRecords: number;
  readonly rejectedRecords: number;
  /** What the platform calls severities that map to none of ours. */
  readonly unmappedSeverities: readonly string[];
}

/** All that the first page shows; the windowed numbers are those of one window. */
export interface StatusView {
  readonly version: string;
  readonly nowMs: number;
  readonly uptimeMs: number;
  /** Names of the configured windows; `window` is the one that is shown. */
  readonly windows: readonly string[];
  readonly window: string;
  /** Means that rest on fewer incidents are absent. */
  readonly minimumSample: number;
  readonly troubles: readonly Trouble[];
  /** Each is undefined while there is no row of its grouping: not configured, or no provider has synced. */
  readonly overall: Figures | undefined;
  readonly severities: readonly SeverityFigures[] | undefined;
  readonly services: readonly ServiceFigures[] | undefined;
  /** Undefined until it is ready. */
  readonly trend: readonly TrendSeries[] | undefined;
  /** The oldest open incidents, and how many there are in all. */
  readonly open: { readonly oldest: readonly OpenIncident[]; readonly total: number };
  readonly providers: readonly ProviderStatus[];
  /** More links for the page, relative to it; the server adds its own endpoints. */
  readonly links: readonly { readonly href: string; readonly text: string }[];
}
