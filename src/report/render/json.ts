import { formatIsoTime } from '../../model/format.ts';
import { filterGroups, type Group } from '../groups.ts';
import type { Bounds, Report } from '../report.ts';
import { toReportFields } from '../statistic-info.ts';

/** Rises when a key is renamed or removed. */
const FORMAT = 1;

/** The report for programs: every number unrounded, null where nothing is known; docs/report.md lists the keys. */
export function renderJson(report: Report): string {
  const { timezone, before, trend, filter } = report;
  const toTime = (ms: number) => formatIsoTime(ms, timezone);
  const toSpan = ({ firstMs, lastMs }: Bounds) => ({ from: toTime(firstMs), to: toTime(lastMs) });
  const points = trend?.points.map(({ name, isWhole, fromMs, toMs, statistics }) => ({
    name,
    ...toSpan({ firstMs: fromMs + 1, lastMs: toMs }),
    whole: isWhole,
    ...toReportFields(statistics),
  }));
  const document = {
    format: FORMAT,
    made_at: toTime(report.madeAtMs),
    period: { ...toSpan(report.bounds), timezone },
    filter,
    ...toGroupFields(report.groups),
    open_now: report.openNow ?? null,
    before: before === undefined ? null : { ...toSpan(before.bounds), ...toGroupFields(before.groups) },
    trend: trend === undefined ? null : { step: trend.step, points },
    longest: report.longest.map(({ triggeredAtMs, resolvedAtMs, url, minutes, ...rest }) => ({
      ...rest,
      url: url ?? null,
      triggered_at: toTime(triggeredAtMs),
      resolved_at: toTime(resolvedAtMs),
      recovery_minutes: minutes,
    })),
    notes: report.notes,
    reasons: report.hints,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function toGroupFields(groups: readonly Group[]) {
  const [all] = filterGroups(groups, 'all');
  return {
    all: all === undefined ? null : { level: all.level ?? null, ...toReportFields(all.statistics) },
    severities: filterGroups(groups, 'severity').map((group) => ({
      title: group.title ?? null,
      target_minutes: group.targetMinutes ?? null,
      objective_ratio: group.objective ?? null,
      objective_met: group.isObjectiveMet ?? null,
      ...toNamed(group),
    })),
    services: filterGroups(groups, 'service').map(toNamed),
    teams: filterGroups(groups, 'team').map(toNamed),
    providers: filterGroups(groups, 'provider').map(toNamed),
  };
}

function toNamed({ name, level, statistics }: Group) {
  return { name, level: level ?? null, ...toReportFields(statistics) };
}
