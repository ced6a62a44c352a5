import type { Config, Grouping, SeverityConfig } from '../config/types.ts';
import { MINUTE_MS } from '../model/time.ts';
import { type Level, levelOf, type Row, type StatisticsSettings } from '../stats/rows.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { Filter } from './filter.ts';

/** The groupings of a report, in their order. */
export const REPORTED = ['all', 'severity', 'service', 'team', 'provider'] as const satisfies readonly Grouping[];

/** One group of incidents with what is said of it; durations are minutes, shares between 0 and 1. */
export interface Group {
  readonly grouping: (typeof REPORTED)[number];
  /** Empty for all. */
  readonly name: string;
  /** Of a severity that has one. */
  readonly title: string | undefined;
  readonly figures: Figures;
  /** Of the mean recovery time; undefined without one. */
  readonly level: Level | undefined;
  /** Of a severity that has a target. */
  readonly targetMinutes: number | undefined;
  /** Share of recoveries that should be within the target. */
  readonly objective: number | undefined;
  /** Undefined without an objective or without recoveries. */
  readonly isObjectiveMet: boolean | undefined;
}

/** The part of the configuration that a report rests on. */
export type ReportConfig = Pick<Config, 'severities' | 'levels' | 'metrics' | 'recovery' | 'retentionMs' | 'providers'>;

/** Everything about every group, in windows of these spans. */
export function reportSettings(
  { severities, metrics, recovery }: ReportConfig,
  spansMs: readonly number[],
  groupings: readonly Grouping[] = REPORTED,
): StatisticsSettings {
  const { team, minimumSample } = metrics;
  const windows = spansMs.map((ms) => ({ name: `${ms}ms`, ms }));
  return { windows, groupings, severities, detail: 'full', team, minimumSample, reopened: recovery.reopened };
}

/**
 * The groups of these rows in the first window: severities in the order of the configuration, the others by incidents
 * resolved and opened; those in which nothing happened are left out, but for all and the severities.
 */
export function groupsOf(rows: readonly Row[], config: ReportConfig, filter: Filter): Group[] {
  const groups = rows.flatMap((row) => {
    const grouping = REPORTED.find((one) => one === row.grouping);
    return grouping === undefined ? [] : [groupOf(row, grouping, config)];
  });
  return REPORTED.flatMap((grouping) => {
    const members = groups.filter((group) => group.grouping === grouping);
    if (grouping === 'all') return members;
    return grouping === 'severity'
      ? inOrder(members, config.severities, filter)
      : members.filter(isTouched).sort(byIncidents);
  });
}

function groupOf(row: Row, grouping: Group['grouping'], { severities, levels }: ReportConfig): Group {
  const name = row.labels.map(([, value]) => value).join();
  const figures = figuresOf(row, 0);
  const severity = grouping === 'severity' ? severities.find((one) => one.name === name) : undefined;
  const { objective, targetMs } = severity ?? {};
  const { withinTarget, mttr } = figures;
  return {
    grouping,
    name,
    title: severity?.title,
    figures,
    level: mttr === undefined ? undefined : levelOf(mttr, levels),
    targetMinutes: targetMs === undefined ? undefined : targetMs / MINUTE_MS,
    objective,
    isObjectiveMet: objective === undefined || withinTarget === undefined ? undefined : withinTarget >= objective,
  };
}

/** A severity that is configured no more stands last. */
function inOrder(groups: readonly Group[], severities: readonly SeverityConfig[], filter: Filter): Group[] {
  const placeOf = ({ name }: Group) => severities.findIndex((one) => one.name === name) + 1 || severities.length + 1;
  return groups
    .filter(({ name }) => filter.severities.length === 0 || filter.severities.includes(name))
    .sort((a, b) => placeOf(a) - placeOf(b));
}

function isTouched({ figures }: Group): boolean {
  return (figures.opened ?? 0) + (figures.resolved ?? 0) > 0;
}

function byIncidents(a: Group, b: Group): number {
  const resolved = (b.figures.resolved ?? 0) - (a.figures.resolved ?? 0);
  return resolved || (b.figures.opened ?? 0) - (a.figures.opened ?? 0) || a.name.localeCompare(b.name, 'en');
}
