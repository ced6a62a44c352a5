import { type Config, type Grouping, type SeverityConfig, STAGES, type Stage } from '../config/types.ts';
import { MINUTE_MS } from '../model/time.ts';
import { type Level, levelOf, type Row, type StatisticsSettings } from '../stats/rows.ts';
import type { Filter } from './filter.ts';
import { readStatistics, type StatisticValues } from './statistic-info.ts';

/** The groupings of a report, in their order. */
export const REPORTED = ['all', 'severity', 'service', 'team', 'provider'] as const satisfies readonly Grouping[];

/** One group of incidents with its statistics; durations are minutes, shares between 0 and 1. */
export interface Group {
  readonly grouping: (typeof REPORTED)[number];
  /** Empty for all. */
  readonly name: string;
  /** Of a severity that has one. */
  readonly title: string | undefined;
  /** Of a severity: 0 is the worst; undefined for one that is configured no more. */
  readonly rank: number | undefined;
  readonly statistics: StatisticValues;
  /** Of the mean recovery time; undefined without one. */
  readonly level: Level | undefined;
  /** Of a severity that has a target. */
  readonly targetMinutes: number | undefined;
  /** Of a severity: the targets of its other clocks. */
  readonly stageTargetMinutes: Readonly<Partial<Record<Stage, number>>>;
  /** Share of recoveries that should be within the target. */
  readonly objective: number | undefined;
  /** Undefined without an objective or without recoveries. */
  readonly isObjectiveMet: boolean | undefined;
}

/** The part of the configuration that a report rests on. */
export type ReportConfig = Pick<
  Config,
  'severities' | 'levels' | 'metrics' | 'recovery' | 'retentionMs' | 'providers' | 'availability' | 'businessHours'
>;

/** Everything about every group, in windows of these spans. */
export function toStatisticsSettings(
  { severities, metrics, recovery, availability, businessHours }: ReportConfig,
  spansMs: readonly number[],
  groupings: readonly Grouping[] = REPORTED,
): StatisticsSettings {
  const { team, minimumSample } = metrics;
  const windows = spansMs.map((ms) => ({ name: `${ms}ms`, ms }));
  const { reopened } = recovery;
  return {
    windows,
    groupings,
    severities,
    detail: 'full',
    team,
    minimumSample,
    reopened,
    availability,
    businessHours,
  };
}

/** What availability is of; undefined where it is not configured, or where a filter leaves out some of its severities. */
export function findAvailability({ availability }: ReportConfig, { severities }: Filter): Config['availability'] {
  const isWhole = severities.length === 0 || availability?.severities.every((name) => severities.includes(name));
  return isWhole === true ? availability : undefined;
}

/**
 * The groups of these rows in the first window: the worst severities first, the others by incidents
 * resolved and opened; those in which nothing happened are left out, but for all and the severities.
 */
export function toGroups(rows: readonly Row[], config: ReportConfig, filter: Filter): Group[] {
  return REPORTED.flatMap((grouping) => {
    const groups = rows.filter((row) => row.grouping === grouping).map((row) => toGroup(row, grouping, config));
    if (grouping === 'all') return groups;
    if (grouping === 'severity') return sortSeverities(groups, config.severities, filter);
    return groups.filter(hasIncidents).sort(compareByIncidents);
  });
}

function toGroup(row: Row, grouping: Group['grouping'], { severities, levels }: ReportConfig): Group {
  const name = row.labels.map(([, value]) => value).join();
  const statistics = readStatistics(row, 0);
  const severity = grouping === 'severity' ? severities.find((one) => one.name === name) : undefined;
  const { objective, targetMs } = severity ?? {};
  const { withinTarget, mttr } = statistics;
  return {
    grouping,
    name,
    title: severity?.title,
    rank: severity?.rank,
    statistics,
    level: mttr === undefined ? undefined : levelOf(mttr, levels),
    targetMinutes: targetMs === undefined ? undefined : targetMs / MINUTE_MS,
    stageTargetMinutes: toMinutes(severity?.stageTargetsMs ?? {}),
    objective,
    isObjectiveMet: objective === undefined || withinTarget === undefined ? undefined : withinTarget >= objective,
  };
}

function toMinutes(stageTargetsMs: SeverityConfig['stageTargetsMs']): Group['stageTargetMinutes'] {
  return Object.fromEntries(
    STAGES.flatMap((stage) => {
      const ms = stageTargetsMs[stage];
      return ms === undefined ? [] : [[stage, ms / MINUTE_MS]];
    }),
  );
}

/** The worst first, those of equal rank in the order of the configuration; one that is configured no more stands last. */
function sortSeverities(groups: readonly Group[], severities: readonly SeverityConfig[], filter: Filter): Group[] {
  const lastRank = Number.MAX_SAFE_INTEGER;
  const findPosition = ({ name }: Group) =>
    severities.findIndex((one) => one.name === name) + 1 || severities.length + 1;
  return groups
    .filter(({ name }) => filter.severities.length === 0 || filter.severities.includes(name))
    .sort((a, b) => (a.rank ?? lastRank) - (b.rank ?? lastRank) || findPosition(a) - findPosition(b));
}

function hasIncidents({ statistics }: Group): boolean {
  return (statistics.opened ?? 0) + (statistics.resolved ?? 0) > 0;
}

function compareByIncidents(a: Group, b: Group): number {
  const resolved = (b.statistics.resolved ?? 0) - (a.statistics.resolved ?? 0);
  return resolved || (b.statistics.opened ?? 0) - (a.statistics.opened ?? 0) || a.name.localeCompare(b.name, 'en');
}

/** The groups of one grouping, in their order. */
export function filterGroups(groups: readonly Group[], grouping: Group['grouping']): Group[] {
  return groups.filter((group) => group.grouping === grouping);
}

/** The group of all incidents; without any provider nothing is known of it. */
export function findTotal(groups: readonly Group[]): Pick<Group, 'statistics' | 'level'> {
  return groups.find(({ grouping }) => grouping === 'all') ?? { statistics: {}, level: undefined };
}
