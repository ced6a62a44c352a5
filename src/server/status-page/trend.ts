import { renderChart } from './chart.ts';
import { type Html, html } from './html.ts';
import { type Column, table } from './table.ts';
import { instant, minutes, NO_DATA } from './values.ts';
import type { StatusView, TrendSeries } from './view.ts';

/** A trend is another one every few minutes, and drawing it is half the work of a page. */
const drawn = new WeakMap<readonly TrendSeries[], Html>();

/** A chart for each series that has data, and the same numbers as a table for those who cannot see or want to copy them. */
export function renderTrend({ trend, window }: StatusView): Html {
  if (trend === undefined)
    return html`<p>The trend is not there yet: it is computed once a provider that counts in every grouping has synced.</p>`;
  const known = drawn.get(trend) ?? drawTrend(trend, window);
  drawn.set(trend, known);
  return known;
}

function drawTrend(trend: readonly TrendSeries[], window: string): Html {
  const figures = trend.flatMap((series) => {
    const chart = renderChart(series);
    return chart === undefined ? [] : [html`<figure><figcaption>${series.name}</figcaption>\n${chart}</figure>\n`];
  });
  if (figures.length === 0) return html`<p>Nothing was resolved in the time that the trend covers: no data.</p>`;
  return html`<p>MTTR over the ${window} before each instant.</p>
<div class="charts">
${figures}</div>
<details><summary>The trend as a table</summary>
${trendTable(trend, window)}
</details>`;
}

function trendTable(trend: readonly TrendSeries[], window: string): Html {
  const instants = [...new Set(trend.flatMap(({ points }) => points.map(({ atMs }) => atMs)))].toSorted(
    (a, b) => b - a,
  );
  const columns: readonly Column<number>[] = [
    { title: 'Instant', cell: (atMs) => instant(atMs) },
    ...trend.map(({ name, points }) => {
      const known = new Map(points.map((point) => [point.atMs, point]));
      return { title: name, cell: (atMs: number) => point(known.get(atMs)) };
    }),
  ];
  return table(`MTTR over the ${window} before each instant, and n`, columns, instants);
}

function point(known: TrendSeries['points'][number] | undefined): Html {
  if (known === undefined) return NO_DATA;
  return html`${minutes(known.mttrMinutes)} <small>n = ${known.resolved}</small>`;
}
