import type { Answered } from './answers.ts';
import { fieldOf } from './dashboard.ts';
import { escaped, type Size } from './text.ts';
import { shown } from './values.ts';

const TALLEST = 38;

/** A bar for each series of this moment, from the least to the greatest value of the panel. */
export function bars({ panel, series, range }: Answered, size: Size): string {
  const rows = series.map(({ legend, samples }) => {
    const value = samples.at(-1)?.[1] ?? Number.NaN;
    return { legend, value, field: fieldOf(panel, legend) };
  });
  const values = rows.map(({ value }) => value);
  const { min = Math.min(...values), max = Math.max(...values) } = panel.fieldConfig.defaults;
  const share = (value: number) =>
    max === min ? Number(value > 0) : Math.min(1, Math.max(0, (value - min) / (max - min)));
  const height = Math.min(TALLEST, size.height / Math.max(1, rows.length) - 4);
  const lines = rows.map(({ legend, value, field }) => {
    const { text, colour } = shown(value, field, range.toMs);
    const bar = `<i style="width:${(100 * share(value)).toFixed(1)}%;background:${colour}"></i>`;
    return `<div class="bar" style="height:${height}px"><span>${escaped(legend)}</span><u>${bar}</u><b style="color:${colour}">${escaped(text)}</b></div>`;
  });
  return `<div class="bars">${lines.join('')}</div>`;
}
