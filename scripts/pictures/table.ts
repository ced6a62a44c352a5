import type { Answered } from './answers.ts';
import { columnsOf, fieldOf, overridesOf, type Panel } from './dashboard.ts';
import { escaped } from './text.ts';
import { shown } from './values.ts';

type Row = Map<string, string | number>;

/** Answers with the same labels make one row, as Grafana's transformation `merge` does. */
function merged({ panel, series }: Answered): Row[] {
  const rows = new Map<string, Row>();
  const isSingle = panel.targets.length === 1;
  const labels = columnsOf(panel).map(({ from }) => from);
  for (const one of series) {
    const own = Object.entries(one.labels).filter(([label]) => labels.includes(label));
    const key = JSON.stringify(own.toSorted(([a], [b]) => a.localeCompare(b)));
    const row = rows.get(key) ?? new Map<string, string | number>(own);
    row.set(isSingle ? 'Value' : `Value #${one.refId}`, one.samples.at(-1)?.[1] ?? Number.NaN);
    rows.set(key, row);
  }
  return [...rows.values()];
}

function sorted(panel: Panel, rows: readonly Row[]): Row[] {
  const [order] = panel.options.sortBy;
  const from = columnsOf(panel).find(({ title }) => title === order?.displayName)?.from;
  if (from === undefined) return rows.toSorted((a, b) => firstOf(a).localeCompare(firstOf(b)));
  const numberOf = (row: Row) => Number(row.get(from) ?? Number.NEGATIVE_INFINITY);
  return rows.toSorted((a, b) => (order?.desc === true ? numberOf(b) - numberOf(a) : numberOf(a) - numberOf(b)));
}

const firstOf = (row: Row) => String([...row.values()][0] ?? '');

/** A row per group of this moment, columns as the panel orders and colours them. */
export function table(answered: Answered): string {
  const { panel } = answered;
  const columns = columnsOf(panel);
  const head = columns.map(({ title }) => `<th>${escaped(title)}</th>`).join('');
  const rows = sorted(panel, merged(answered)).map((row) => {
    const cells = columns.map(({ from, title }) => cell({ answered, title, value: row.get(from) }));
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

interface Cell {
  readonly answered: Answered;
  readonly title: string;
  readonly value: string | number | undefined;
}

function cell({ answered: { panel, range }, title, value }: Cell): string {
  const own = overridesOf(panel, title);
  if (value === undefined || Number.isNaN(value)) return `<td>${escaped(panel.fieldConfig.defaults.noValue)}</td>`;
  if (typeof value === 'string') return `<td${own.has('links') ? ' class="link"' : ''}>${escaped(value)}</td>`;
  const { text, colour } = shown(value, fieldOf(panel, title), range.toMs);
  const style = own.has('custom.cellOptions') ? ` class="judged" style="background:${colour}"` : '';
  return `<td${style}>${escaped(text)}</td>`;
}
