import { formatIsoTime } from '../../model/format.ts';
import { toDeliveryGroups } from '../dora/render-groups.ts';
import { filterGroups, type Group } from '../groups.ts';
import type { Bounds } from '../period.ts';
import type { Report } from '../report.ts';
import { toReportFields } from '../statistic-info.ts';
import { formatTimeOfDay } from './format.ts';
import { isAvailabilityMet } from './objectives.ts';

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
    availability: toAvailabilityFields(report),
    business_hours: toBusinessFields(report),
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
    delivery: report.delivery === undefined ? null : toDeliveryGroups(report.delivery),
    notes: report.notes,
    reasons: report.hints,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Null where it is not configured; its numbers are with those of the groups. */
function toAvailabilityFields(report: Report) {
  const { availability } = report;
  if (availability === undefined) return null;
  const { severities, objective } = availability;
  return { severities, objective_ratio: objective, objective_met: isAvailabilityMet(report) ?? null };
}

/** Null where none are configured; `days` are ISO weekdays, 1 is Monday. */
function toBusinessFields({ businessHours }: Report) {
  if (businessHours === undefined) return null;
  const { timezone, days, fromMinute, toMinute } = businessHours;
  return { timezone, days, from: formatTimeOfDay(fromMinute), to: formatTimeOfDay(toMinute) };
}

function toGroupFields(groups: readonly Group[]) {
  const [all] = filterGroups(groups, 'all');
  return {
    all: all === undefined ? null : { level: all.level ?? null, ...toReportFields(all.statistics) },
    severities: filterGroups(groups, 'severity').map((group) => ({
      title: group.title ?? null,
      rank: group.rank ?? null,
      target_minutes: group.targetMinutes ?? null,
      stage_target_minutes: group.stageTargetMinutes,
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
