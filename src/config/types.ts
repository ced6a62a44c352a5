import type { z } from 'zod';
import type { Glob } from '../model/glob.ts';
import { DAY_MS } from '../model/time.ts';

/** At most `requests` in any `perMs` milliseconds. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** What the configuration needs to know about the webhooks of a platform. */
export interface WebhookSettings {
  /** False where deliveries are signed with a key that the platform publishes. */
  readonly hasSecret: boolean;
  /** Keys of the section `webhook` beside the secret. */
  readonly shape?: z.ZodRawShape;
}

/** What the configuration needs to know about a platform. */
export interface PlatformSettings {
  /** The value of `type:`; also the name of its folder and of its page in docs/providers/. */
  readonly type: string;
  /** The platform's own keys (strict, on top of those that every provider has). Values reach it as `settings`. */
  readonly shape: z.ZodRawShape;
  /** The keys of `shape` that are secrets: each may instead be read from the file that `<key>_file` names. */
  readonly secrets: readonly string[];
  readonly defaultRateLimit: RateLimit;
  /** It has no address of its own: the configuration must have a `base_url`. */
  readonly isBaseUrlRequired?: boolean;
  /** Absent for platforms that send no webhooks: then the section `webhook` is an unknown key. */
  readonly webhook?: WebhookSettings;
  /** The tag that `services.tag` / `severity.tag` fall back to, for platforms with tags. */
  readonly defaultTags: { readonly service?: string; readonly severity?: string };
  /** What `from` of severity, services and team may name; `priority` and `urgency` without it. */
  readonly sources?: readonly SourceKind[] | undefined;
  /** What `overall` is where it is not configured; true without it. */
  readonly isOverallByDefault?: boolean | undefined;
  /** Its records are state changes (alarms): `open_window` and `flaky_below` are keys of its providers. */
  readonly hasStateChanges?: true | undefined;
  /** It yields deployments: `always`, or with its own key `source: deployments`; their keys are keys of its providers. */
  readonly deployments?: 'source' | 'always' | undefined;
  /** The provider entry (as in YAML) of these environment variables; undefined when they are not set. */
  fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> | undefined;
}

/** The kinds of places that `severity.from`, `services.from` and `team.from` may name. */
export type SourceKind = 'priority' | 'urgency' | 'tag' | 'label' | 'field';

export interface RenameRule {
  /** An exact name, or an expression. */
  readonly match: string | RegExp;
  readonly to: string;
}

/** The section `webhook` of a provider. */
export interface WebhookConfig {
  /** Each of them is valid: there are several while one is rotated. Empty where the platform uses none. */
  readonly secrets: readonly string[];
  /** The platform's own keys of the section. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A name of the platform for an environment, or a pattern for some, and our name. */
export interface EnvironmentRule {
  readonly match: Glob;
  readonly to: string;
}

/** Within which times a success is a recovery of the failure before it. */
export interface RecoveryLimits {
  /** A success later than this after the first failure closes it as expired; absent: no limit. */
  readonly openWindowMs: number | undefined;
  /** A shorter recovery is flaky. */
  readonly flakyBelowMs: number;
}

/** What is read of the deployments of a provider, and how. */
export interface DeploymentSettings {
  /** Exact names first, then patterns, each in the order of the file; what matches none is not read. */
  readonly environments: readonly EnvironmentRule[];
  /** Our environment that the file names first. */
  readonly firstEnvironment?: string | undefined;
  /** Where the lead time of a change begins; `off`: changes are not read. */
  readonly leadTime: 'commits' | 'pull_requests' | 'off';
  /** It may as well bring incidents alone, as push and import do. */
  readonly isOptional?: boolean | undefined;
}

export interface ProviderConfig {
  readonly name: string;
  readonly type: string;
  readonly baseUrl: string | undefined;
  readonly pollIntervalMs: number;
  readonly rateLimit: RateLimit;
  readonly timeoutMs: number;
  readonly proxyUrl: string | undefined;
  readonly caFile: string | undefined;
  readonly overall: boolean;
  readonly severity: {
    /** Sources, tried in order: `priority`, `urgency`, `tag:NAME`, `label:NAME`, `field:PATH`. */
    readonly from: readonly string[];
    readonly tag: string | undefined;
    /** The platform's words, as `normalizeSeverity` gives them, to our severities. */
    readonly map: ReadonlyMap<string, string>;
    readonly default: string;
  };
  readonly services: {
    readonly tag: string | undefined;
    /** Sources of the service, `service` being the platform's own; absent: its own. */
    readonly from?: readonly string[] | undefined;
    readonly rename: readonly RenameRule[];
  };
  /** Sources of the team, `team` being the platform's own; absent: its own. */
  readonly team?: { readonly from: readonly string[] } | undefined;
  readonly filter: {
    readonly severities: readonly string[];
    readonly services: readonly string[];
    readonly teams: readonly string[];
    readonly excludeTitles: readonly RegExp[];
    readonly shorterThanMs: number;
  };
  /** Absent: it has no webhook endpoint. */
  readonly webhook?: WebhookConfig | undefined;
  /** Absent for a provider whose records are neither state changes nor deployments. */
  readonly recoveryLimits: RecoveryLimits | undefined;
  /** Absent for a provider that yields no deployments. */
  readonly deployments: DeploymentSettings | undefined;
  /** The platform's own keys as its `shape` parsed them, secrets read from their files. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The clocks of an incident beside its recovery. */
export const STAGES = ['detection', 'acknowledgement', 'identification', 'mitigation'] as const;
export type Stage = (typeof STAGES)[number];

export interface SeverityConfig {
  readonly name: string;
  /** 0 is the worst; severities of equal rank are equally bad. */
  readonly rank: number;
  readonly title: string | undefined;
  /** Lower case, built-ins included. */
  readonly aliases: readonly string[];
  /** Everything that stands for it, normalized: name, aliases and title. */
  readonly words: readonly string[];
  readonly targetMs: number | undefined;
  /** Targets of the other clocks; those without one are absent. */
  readonly stageTargetsMs: Readonly<Partial<Record<Stage, number>>>;
  /** Share of recoveries that should meet the target; only with one. */
  readonly objective: number | undefined;
}

export interface WindowConfig {
  /** As written in the configuration: the value of the `window` label. */
  readonly name: string;
  readonly ms: number;
}

export const GROUPINGS = ['all', 'severity', 'service', 'service,severity', 'team', 'provider'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** The hours of a week in which recoveries are expected. */
export interface BusinessHours {
  /** IANA name. */
  readonly timezone: string;
  /** ISO weekdays, 1 is Monday. */
  readonly days: readonly number[];
  /** Minutes after local midnight, the end after the start. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** Local days without business hours, as `YYYY-MM-DD`. */
  readonly holidays: readonly string[];
}

/**
 * A baseline is shown only where history begins at least this much before it: history is fetched by creation and windows
 * count by resolution, so a shorter reach loses the longest recoveries (DESIGN §5).
 */
export const BASELINE_MARGIN_MS = 30 * DAY_MS;

/** History that the baseline of a window needs: the window, the one before it, and the margin. */
export function baselineHistoryMs(windowMs: number): number {
  return 2 * windowMs + BASELINE_MARGIN_MS;
}

/** Targets and teams of services by their labels. */
export interface ServiceSettings {
  readonly overrides: ReadonlyMap<string, ServiceOverride>;
  /** Teams of services whose platform knows none. */
  readonly teams: ReadonlyMap<string, string>;
}

export interface ServiceOverride {
  /** Recovery targets by severity, instead of those of the severities. */
  readonly targetsMs: ReadonlyMap<string, number>;
  /** Instead of the platform's team. */
  readonly team: string | undefined;
}

/** What may make a deployment a failed change. */
export const FAILURE_REASONS = ['deployment', 'rollback', 'incident'] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** Bounds of levels: the first one that is met decides, and what meets none is low. */
export interface LevelBounds {
  readonly elite: number;
  readonly high: number;
  readonly medium: number;
}

/** The statistics of deployments (DESIGN §6b). */
export interface DoraConfig {
  /** Our names of the environments that count. */
  readonly environments: readonly string[];
  /** An incident this soon after a successful deployment of its service makes that a failed change. */
  readonly incidentWithinMs: number;
  readonly failureFrom: readonly FailureReason[];
  /** Deployments of matching refs are rework. */
  readonly reworkRefs: readonly Glob[];
  readonly minimumSample: number;
  readonly levels: {
    /** Longest time per deployment in milliseconds, included. */
    readonly deploymentFrequencyMs: LevelBounds;
    /** Shorter than this. */
    readonly leadTimeMs: LevelBounds;
    /** At most this share. */
    readonly changeFailureRatio: LevelBounds;
    /** Shorter than this. */
    readonly recoveryTimeMs: LevelBounds;
  };
}

/** The whole configuration, every default applied. */
export interface Config {
  readonly providers: readonly ProviderConfig[];
  readonly severities: readonly SeverityConfig[];
  /** What is particular to services, by our names. */
  readonly services: ServiceSettings;
  readonly historyMs: number;
  readonly windows: readonly WindowConfig[];
  readonly groupings: readonly Grouping[];
  readonly recovery: {
    readonly reopened: 'last' | 'first' | 'sum';
    readonly clock: 'trigger' | 'impact';
    readonly until: 'resolved' | 'mitigated';
    readonly settleMs: number;
  };
  readonly levels: { readonly eliteMs: number; readonly highMs: number; readonly mediumMs: number };
  readonly dora: DoraConfig;
  readonly metrics: {
    readonly detail: 'standard' | 'full';
    readonly team: boolean;
    readonly maxServices: number;
    readonly minimumSample: number;
    readonly newSeriesHoldMs: number;
    /** Upper bounds in ascending order, targets and level bounds joined, without +Inf. */
    readonly bucketsMs: readonly number[];
  };
  readonly retentionMs: number;
  readonly store: { readonly path: string };
  /** Availability of everything, and what is promised; undefined when no severities are configured for it. */
  readonly availability: { readonly severities: readonly string[]; readonly objective: number } | undefined;
  readonly businessHours: BusinessHours | undefined;
  /** IANA name; for reports only. */
  readonly timezone: string;
  /** The short form's default period of reports, as written. */
  readonly timeRange: { readonly start: string; readonly end: string } | undefined;
  readonly web: { readonly bearerToken: string | undefined; readonly adminToken: string | undefined };
}
