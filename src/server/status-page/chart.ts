import { scaleLinear, scaleUtc } from 'd3-scale';
import { line } from 'd3-shape';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../model/time.ts';
import { type Html, html } from './html.ts';
import { spokenInstant, spokenMinutes } from './values.ts';
import type { TrendPoint, TrendSeries } from './view.ts';

const WIDTH = 420;
const HEIGHT = 170;
const MARGIN = { top: 12, right: 12, bottom: 24, left: 56 } as const;
/** Half the size of what the pointer must meet for a point to say its value. */
const REACH = 5;

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

/** One series as a drawing with its words beside it; undefined when no point of it has a mean. */
export function renderChart({ name, targetMinutes, points }: TrendSeries): Html | undefined {
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
  const place = ({ atMs, mttrMinutes }: Measured) => ({ cx: x(atMs).toFixed(1), cy: y(mttrMinutes).toFixed(1) });
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${spoken(name, measured, targetMinutes)}">
${yAxis(scale, unit.name)}
${xAxis(x)}
<path class="line" d="${path(points) ?? ''}"/>
${targetMinutes === undefined ? undefined : targetLine(y(targetMinutes))}
${measured.map((point) => dot(point, place(point)))}
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
  const ticks = x.ticks(5).map((date) => {
    const text = x.tickFormat(5, date.getUTCHours() === 0 ? '%-d %b' : '%H:%M')(date);
    return html`<text class="x" x="${x(date).toFixed(1)}" y="${HEIGHT - 6}">${text}</text>`;
  });
  return html`${ticks}`;
}

function targetLine(at: number): Html {
  const y = at.toFixed(1);
  const textY = (at - 4).toFixed(1);
  return html`<path class="target" d="M${MARGIN.left} ${y}H${WIDTH - MARGIN.right}"/><text class="target-name" x="${WIDTH - MARGIN.right}" y="${textY}">target</text>`;
}

function dot(
  { atMs, mttrMinutes, resolved }: Measured,
  { cx, cy }: { readonly cx: string; readonly cy: string },
): Html {
  const text = `${spokenInstant(atMs)}: ${spokenMinutes(mttrMinutes)}, n = ${resolved}`;
  return html`<circle class="dot" cx="${cx}" cy="${cy}" r="${REACH}"><title>${text}</title></circle>\n`;
}

function spoken(name: string, measured: readonly Measured[], targetMinutes: number | undefined): string {
  const say = (point: Measured | undefined) =>
    point === undefined ? '' : `${spokenMinutes(point.mttrMinutes)} on ${spokenInstant(point.atMs).slice(0, 10)}`;
  const target = targetMinutes === undefined ? '' : `, target ${spokenMinutes(targetMinutes)}`;
  return `MTTR of ${name}: from ${say(measured[0])} to ${say(measured.at(-1))}${target}`;
}
