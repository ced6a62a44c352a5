import { DateTime } from 'luxon';
import type { Group } from '../groups.ts';
import type { Bounds, Report } from '../report.ts';
import { namedFigures } from '../statistic-info.ts';
import { membersOf } from './format.ts';

/** Rises when a key is renamed or removed. */
const FORMAT = 1;

/** The report for programs: every number unrounded, null where nothing is known; docs/report.md lists the keys. */
export function renderJson(report: Report): string {
  const { timezone, before, trend, filter } = report;
  const time = (ms: number) => DateTime.fromMillis(ms, { zone: timezone }).toISO();
  const bounds = ({ firstMs, lastMs }: Bounds) => ({ from: time(firstMs), to: time(lastMs) });
  const document = {
    format: FORMAT,
    made_at: time(report.madeAtMs),
    period: { ...bounds(report.bounds), timezone },
    filter,
    ...groupsOf(report.groups),
    open_now: report.openNow ?? null,
    before: before === undefined ? null : { ...bounds(before.bounds), ...groupsOf(before.groups) },
    trend:
      trend === undefined
        ? null
        : {
            step: trend.step,
            points: trend.points.map(({ name, isWhole, fromMs, toMs, figures }) => ({
              name,
              ...bounds({ firstMs: fromMs + 1, lastMs: toMs }),
              whole: isWhole,
              ...namedFigures(figures),
            })),
          },
    longest: report.longest.map(({ triggeredAtMs, resolvedAtMs, url, minutes, ...rest }) => ({
      ...rest,
      url: url ?? null,
      triggered_at: time(triggeredAtMs),
      resolved_at: time(resolvedAtMs),
      recovery_minutes: minutes,
    })),
    notes: report.notes,
    reasons: report.reasons,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function groupsOf(groups: readonly Group[]) {
  const [all] = membersOf(groups, 'all');
  return {
    all: all === undefined ? null : { level: all.level ?? null, ...namedFigures(all.figures) },
    severities: membersOf(groups, 'severity').map((group) => ({
      title: group.title ?? null,
      target_minutes: group.targetMinutes ?? null,
      objective_ratio: group.objective ?? null,
      objective_met: group.isObjectiveMet ?? null,
      ...named(group),
    })),
    services: membersOf(groups, 'service').map(named),
    teams: membersOf(groups, 'team').map(named),
    providers: membersOf(groups, 'provider').map(named),
  };
}

function named({ name, level, figures }: Group) {
  return { name, level: level ?? null, ...namedFigures(figures) };
}
