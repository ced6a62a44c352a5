import type { LabelMapper } from '../config/label-mapper.ts';
import { type Config, type Grouping, STAGES, type Stage } from '../config/types.ts';
import type { IncidentLabels, RecoveryRules } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';

/** Every statistic that a windowed row can have; durations are minutes, absent is NaN. */
export const STATISTICS = [
  'mttr',
  'mtta',
  'mttd',
  'mtti',
  'mttm',
  'mtbf',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'min',
  'max',
  'stddev',
  'opened',
  'resolved',
  'baseline',
  'baselineResolved',
  'withinTarget',
  'escalated',
  'reopened',
  'repeat',
  'free',
  'availability',
  'errorBudget',
  'detectionWithinTarget',
  'acknowledgementWithinTarget',
  'identificationWithinTarget',
  'mitigationWithinTarget',
  'businessMttr',
] as const;
export type Statistic = (typeof STATISTICS)[number];

/** The statistic that says how often the target of a stage is met. */
export const STAGE_STATISTICS = {
  detection: 'detectionWithinTarget',
  acknowledgement: 'acknowledgementWithinTarget',
  identification: 'identificationWithinTarget',
  mitigation: 'mitigationWithinTarget',
} as const satisfies Readonly<Record<Stage, Statistic>>;

/** The quantiles that are shown, by their statistic. */
export const QUANTILES = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99 } as const;
export const QUANTILE_STATISTICS = ['p50', 'p75', 'p90', 'p95', 'p99'] as const satisfies (keyof typeof QUANTILES)[];

const OF_SERVICES: readonly Statistic[] = [
  'mttr',
  'mtta',
  'p50',
  'p95',
  'opened',
  'resolved',
  'baseline',
  'baselineResolved',
  'withinTarget',
  'free',
  'availability',
  'errorBudget',
];
const OF_SERVICE_SEVERITIES: readonly Statistic[] = ['mttr', 'resolved'];

/** The statistics of a grouping: all configured ones, but few where there are many rows, unless `metrics.detail` is `full`. */
export function statisticsOf(grouping: Grouping, settings: StatisticsChoice): ReadonlySet<Statistic> {
  const all = STATISTICS.filter((statistic) => isConfigured(statistic, settings));
  if (settings.detail === 'full' || (grouping !== 'service' && grouping !== 'service,severity')) return new Set(all);
  const few = grouping === 'service' ? OF_SERVICES : OF_SERVICE_SEVERITIES;
  return new Set(all.filter((statistic) => few.includes(statistic)));
}

/** The part of the configuration that decides which statistics there are. */
export type StatisticsChoice = Pick<StatisticsSettings, 'detail' | 'severities' | 'availability' | 'businessHours'>;

function isConfigured(statistic: Statistic, { severities, availability, businessHours }: StatisticsChoice): boolean {
  if (statistic === 'businessMttr') return businessHours !== undefined;
  if (statistic === 'availability' || statistic === 'errorBudget') return availability !== undefined;
  const stage = STAGES.find((one) => STAGE_STATISTICS[one] === statistic);
  return stage === undefined || severities.some(({ stageTargetsMs }) => stageTargetsMs[stage] !== undefined);
}

/** The part of the configuration that decides what is computed. */
export interface StatisticsSettings extends RecoveryRules {
  readonly windows: Config['windows'];
  readonly groupings: Config['groupings'];
  readonly severities: Config['severities'];
  readonly detail: Config['metrics']['detail'];
  readonly team: boolean;
  readonly minimumSample: number;
  /** Absent: no availability. */
  readonly availability?: Config['availability'];
  /** Absent: no recovery times in business hours. */
  readonly businessHours?: Config['businessHours'];
}

export interface StatisticsInput {
  readonly settings: StatisticsSettings;
  /** Today's labels of a set of dimensions; undefined when its provider is not configured. */
  readonly labels: (dimensionsRow: number) => IncidentLabels | undefined;
  readonly labelMapper: (provider: string) => LabelMapper | undefined;
}

/** One group of incidents with its values, one line of values per window. */
export interface Row {
  readonly grouping: Grouping;
  /** The labels of the grouping, in the order of its name. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly statistics: ReadonlySet<Statistic>;
  /** By window (in the order of the configuration), then by statistic (in the order of STATISTICS). */
  readonly values: readonly Float64Array[];
  /** By statistic: rises when a value of it changes in any window. */
  readonly versions: Uint32Array;
}

/** What is open in one combination of base labels, and when the last one was resolved. */
export interface OpenRow {
  readonly provider: string;
  readonly service: string;
  readonly severity: string;
  /** Empty unless `metrics.team`. */
  readonly team: string;
  /** By status, in the order of STATUSES. */
  readonly open: readonly number[];
  readonly oldestAtMs: number | undefined;
  readonly lastResolvedAtMs: number | undefined;
  /** Rises with each change. */
  readonly version: number;
}

/** Incidents of one provider that the exporter holds. */
export interface ProviderCounts {
  readonly open: number;
  readonly resolved: number;
  /** Filtered out, merged, or set apart. */
  readonly excluded: number;
}

/** Performance levels, best first. */
export const LEVELS = ['elite', 'high', 'medium', 'low'] as const;
export type Level = (typeof LEVELS)[number];

/** The level that a mean recovery time reaches; a bound itself belongs to the level below it. */
export function levelOf(mttrMinutes: number, levels: Config['levels']): Level {
  const ms = mttrMinutes * MINUTE_MS;
  if (ms < levels.eliteMs) return 'elite';
  if (ms < levels.highMs) return 'high';
  return ms < levels.mediumMs ? 'medium' : 'low';
}
