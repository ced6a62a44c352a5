import { DateTime } from 'luxon';
import type { Group } from '../groups.ts';
import type { Bounds, Report } from '../report.ts';
import { FIGURE_KEYS, type Figures, namedFigures } from '../statistic-info.ts';

const HEAD = ['grouping', 'name', 'title', 'period', 'from', 'to', 'level', 'target_minutes', 'objective_met'] as const;

/** A spreadsheet would run these as a formula; the quote tells it not to. */
const FORMULA = /^[=+\-@\t\r]/;

/** One line per group, per group of the period before, and per step of a trend; empty cells where nothing is known. RFC 4180. */
export function renderCsv({ timezone, bounds, groups, before, trend }: Report): string {
  const time = (ms: number) => DateTime.fromMillis(ms, { zone: timezone }).toISO() ?? '';
  const span = ({ firstMs, lastMs }: Bounds) => [time(firstMs), time(lastMs)];
  const line = (cells: readonly Value[], figures: Figures) =>
    [...cells, ...Object.values(namedFigures(figures))].map(cell).join(',');
  const groupLine = (group: Group, period: string, of: Bounds) => {
    const { grouping, name, title, level, targetMinutes, isObjectiveMet, figures } = group;
    return line([grouping, name, title, period, ...span(of), level, targetMinutes, isObjectiveMet], figures);
  };
  const lines = [
    [...HEAD, ...Object.keys(FIGURE_KEYS)].join(','),
    ...groups.map((group) => groupLine(group, 'now', bounds)),
    ...(before === undefined ? [] : before.groups.map((group) => groupLine(group, 'before', before.bounds))),
    ...(trend?.points ?? []).map(({ name, fromMs, toMs, figures }) =>
      line([trend?.step, name, '', 'now', ...span({ firstMs: fromMs + 1, lastMs: toMs }), '', '', ''], figures),
    ),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

type Value = string | number | boolean | null | undefined;

function cell(value: Value): string {
  if (typeof value !== 'string') return value === null || value === undefined ? '' : String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
