import { formatIsoTime } from '../../model/format.ts';
import type { Group } from '../groups.ts';
import type { Bounds } from '../period.ts';
import type { Report } from '../report.ts';
import { type StatisticValues, toReportFields } from '../statistic-info.ts';

const HEAD = ['grouping', 'name', 'title', 'period', 'from', 'to', 'level', 'target_minutes', 'objective_met'] as const;

/** A spreadsheet would run these as a formula; the quote tells it not to. */
const FORMULA = /^[=+\-@\t\r]/;

/** One line per group, per group of the preceding period, and per step of a trend; empty cells where nothing is known. RFC 4180. */
export function renderCsv({ timezone, bounds, groups, before, trend }: Report): string {
  const toSpan = ({ firstMs, lastMs }: Bounds) => [firstMs, lastMs].map((ms) => formatIsoTime(ms, timezone));
  const toLine = (cells: readonly Value[], statistics: StatisticValues) =>
    formatCsvLine([...cells, ...Object.values(toReportFields(statistics))]);
  const toGroupLine = (group: Group, period: string, of: Bounds) => {
    const { grouping, name, title, level, targetMinutes, isObjectiveMet, statistics } = group;
    return toLine([grouping, name, title, period, ...toSpan(of), level, targetMinutes, isObjectiveMet], statistics);
  };
  const lines = [
    [...HEAD, ...Object.keys(toReportFields({}))].join(','),
    ...groups.map((group) => toGroupLine(group, 'now', bounds)),
    ...(before === undefined ? [] : before.groups.map((group) => toGroupLine(group, 'before', before.bounds))),
    ...(trend?.points ?? []).map(({ name, fromMs, toMs, statistics }) => {
      const span = toSpan({ firstMs: fromMs + 1, lastMs: toMs });
      return toLine([trend?.step, name, '', 'now', ...span, '', '', ''], statistics);
    }),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** One line of cells without its end. */
export function formatCsvLine(cells: readonly Value[]): string {
  return cells.map(toCell).join(',');
}

type Value = string | number | boolean | null | undefined;

function toCell(value: Value): string {
  if (typeof value !== 'string') return value === null || value === undefined ? '' : String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
