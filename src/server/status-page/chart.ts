import { scaleLinear, scaleUtc } from 'd3-scale';
import { line } from 'd3-shape';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../model/time.ts';
import {
  type Column,
  formatMinutes,
  formatUtc,
  type Html,
  html,
  NO_DATA,
  renderMinutes,
  renderTable,
  renderTime,
} from './html.ts';
import type { StatusView, TrendPoint, TrendSeries } from './view.ts';

/** The trend changes every few minutes only, and drawing it is half the work of a page. */
const drawn = new WeakMap<readonly TrendSeries[], Html>();

/** A chart for each series that has data, and the same numbers as a table for those who cannot see or want to copy them. */
export function renderTrend({ trend, window, nowMs }: StatusView): Html {
  if (trend === undefined)
    return html`<p class="empty">No trend yet: it is computed in the background after the first sync of a provider that counts in all groupings.</p>`;
  const known = drawn.get(trend) ?? drawTrend(trend, window, nowMs);
  drawn.set(trend, known);
  return known;
}

function drawTrend(trend: readonly TrendSeries[], window: string, nowMs: number): Html {
  const figures = trend.flatMap((series) => {
    const chart = renderChart(series);
    return chart === undefined ? [] : [html`<figure>${figureCaption(series)}\n${chart}</figure>\n`];
  });
  if (figures.length === 0)
    return html`<p class="empty">No data: nothing was resolved in the time that the trend covers.</p>`;
  return html`<div class="charts">
${figures}</div>
<details id="trend-table"><summary>The trend as a table</summary>
${trendTable(trend, window, nowMs)}
</details>`;
}

function figureCaption({ name, targetMinutes }: TrendSeries): Html {
  const target =
    targetMinutes === undefined
      ? undefined
      : html` <small><span class="dash" aria-hidden="true"></span> target ${formatMinutes(targetMinutes)}</small>`;
  return html`<figcaption>${name}${target}</figcaption>`;
}

function trendTable(trend: readonly TrendSeries[], window: string, nowMs: number): Html {
  const times = [...new Set(trend.flatMap(({ points }) => points.map(({ atMs }) => atMs)))].toSorted((a, b) => b - a);
  const columns: readonly Column<number>[] = [
    { title: 'Time (UTC)', cell: (atMs) => renderTime(atMs, nowMs) },
    ...trend.map(({ name, points }) => {
      const byTime = new Map(points.map((point) => [point.atMs, point]));
      return { title: name, cell: (atMs: number) => renderPoint(byTime.get(atMs)), isNumber: true };
    }),
  ];
  return renderTable({
    caption: `MTTR over the ${window} before each time, with n resolved incidents`,
    columns,
    rows: times,
  });
}

function renderPoint(point: TrendPoint | undefined): Html {
  if (point === undefined) return NO_DATA;
  return html`${renderMinutes(point.mttrMinutes)} <small>n = ${point.resolved}</small>`;
}

const WIDTH = 420;
const HEIGHT = 170;
const MARGIN = { top: 12, right: 12, bottom: 24, left: 56 } as const;
/** How near the pointer must come for a point to show its value. */
const HOVER_RADIUS = 5;

/** As many dates have room below the axis. */
const X_TICKS_MAX = 6;

const SECONDS = { name: 's', minutes: 1 / 60 } as const;
/** Units of the axis, largest first: the first that fits in twice. */
const UNITS = [
  { name: 'd', minutes: DAY_MS / MINUTE_MS },
  { name: 'h', minutes: HOUR_MS / MINUTE_MS },
  { name: 'min', minutes: 1 },
] as const;

interface Measured extends TrendPoint {
  readonly mttrMinutes: number;
}

/** One series as a drawing that also says what it shows; undefined when no point of it has a mean. */
function renderChart({ name, targetMinutes, points }: TrendSeries): Html | undefined {
  const measured = points.filter(isMeasured);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || measured.length === 0) return undefined;
  const tops = [targetMinutes ?? 0, ...measured.map(({ mttrMinutes }) => mttrMinutes)];
  const unit = UNITS.find((one) => Math.max(...tops) >= 2 * one.minutes) ?? SECONDS;
  const x = scaleUtc([first.atMs, last.atMs], [MARGIN.left, WIDTH - MARGIN.right]);
  const scale = scaleLinear([0, Math.max(...tops) / unit.minutes], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(4);
  const y = (mttrMinutes: number) => scale(mttrMinutes / unit.minutes);
  const path = line<TrendPoint>()
    .defined(isMeasured)
    .x(({ atMs }) => x(atMs))
    .y(({ mttrMinutes }) => y(mttrMinutes ?? 0))
    .digits(1);
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${describe(name, measured, targetMinutes)}">
${yAxis(scale, unit.name)}
${xAxis(x)}
<path class="line" d="${path(points) ?? ''}"/>
${targetMinutes === undefined ? undefined : targetLine(y(targetMinutes))}
${measured.map((point) => dot(point, x(point.atMs), y(point.mttrMinutes)))}
</svg>`;
}

function isMeasured(point: TrendPoint): point is Measured {
  return point.mttrMinutes !== undefined;
}

function yAxis(y: ReturnType<typeof scaleLinear<number>>, unit: string): Html {
  const ticks = y.ticks(4).map((value) => {
    const at = y(value).toFixed(1);
    return html`<path class="grid" d="M${MARGIN.left} ${at}H${WIDTH - MARGIN.right}"/><text class="y" x="${MARGIN.left - 6}" y="${at}">${value === 0 ? '0' : `${value} ${unit}`}</text>`;
  });
  return html`${ticks}`;
}

function xAxis(x: ReturnType<typeof scaleUtc<number>>): Html {
  const dates = x.ticks(5);
  const step = Math.ceil(dates.length / X_TICKS_MAX);
  const ticks = dates
    .filter((_, index) => index % step === 0)
    .map((date) => {
      const text = x.tickFormat(5, date.getUTCHours() === 0 ? '%-d %b' : '%H:%M')(date);
      return html`<text class="x" x="${x(date).toFixed(1)}" y="${HEIGHT - 6}">${text}</text>`;
    });
  return html`${ticks}`;
}

function targetLine(at: number): Html {
  return html`<path class="target" d="M${MARGIN.left} ${at.toFixed(1)}H${WIDTH - MARGIN.right}"/>`;
}

function dot({ atMs, mttrMinutes, resolved }: Measured, x: number, y: number): Html {
  const text = `${formatUtc(atMs)}: ${formatMinutes(mttrMinutes)}, n = ${resolved}`;
  return html`<circle class="dot" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${HOVER_RADIUS}"><title>${text}</title></circle>\n`;
}

function describe(name: string, measured: readonly Measured[], targetMinutes: number | undefined): string {
  const toText = (point: Measured | undefined) =>
    point === undefined ? '' : `${formatMinutes(point.mttrMinutes)} on ${formatUtc(point.atMs).slice(0, 10)}`;
  const target = targetMinutes === undefined ? '' : `, target ${formatMinutes(targetMinutes)}`;
  return `MTTR of ${name}: from ${toText(measured[0])} to ${toText(measured.at(-1))}${target}`;
}
