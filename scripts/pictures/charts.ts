import { type EChartsOption, init } from 'echarts';
import type { Answered, Sample, Series } from './answers.ts';
import { fieldOf, overridesOf } from './dashboard.ts';
import type { Size } from './text.ts';
import { seriesColour, shown, written } from './values.ts';

const QUIET = 'rgba(204, 204, 220, 0.65)';
const LINE = 'rgba(204, 204, 220, 0.12)';
const FONT = 11;
const AXIS = { axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: LINE } } };
const LABEL = { color: QUIET, fontSize: FONT };

function drawn(option: EChartsOption, size: Size): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption({ animation: false, backgroundColor: 'transparent', ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const twoDigits = (value: number) => String(value).padStart(2, '0');

function clock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

const TIME = (range: Answered['range']) =>
  ({
    type: 'time',
    min: range.fromMs,
    max: range.toMs,
    ...AXIS,
    axisLabel: { ...LABEL, hideOverlap: true, formatter: clock },
  }) as const;

const BELOW = {
  bottom: 0,
  left: 0,
  itemWidth: 14,
  itemHeight: 4,
  icon: 'rect',
  itemGap: 22,
  type: 'scroll',
  textStyle: { color: '#ccccdc', fontSize: FONT },
} as const;

const GRID = { top: 10, left: 82, right: 14, bottom: 46 };

/** The line with a hole where no sample came for more than a step. */
function withHoles(samples: readonly Sample[], stepMs: number): (readonly [number, number | null])[] {
  return samples.flatMap((sample, place) => {
    const before = samples[place - 1];
    const isApart = before !== undefined && sample[0] - before[0] > 1.5 * stepMs;
    return isApart ? [[sample[0] - stepMs, null] as const, sample] : [sample];
  });
}

/** Lines over the range. */
export function trend({ panel, series, range }: Answered, size: Size): string {
  const option: EChartsOption = {
    grid: GRID,
    legend: { ...BELOW, data: series.map(({ legend }) => legend) },
    xAxis: TIME(range),
    yAxis: {
      type: 'value',
      min: ({ min }) => Math.min(0, min),
      minInterval: panel.fieldConfig.defaults.decimals === 0 ? 1 : 0,
      ...AXIS,
      axisLabel: { ...LABEL, formatter: (value: number) => written(value, panel.fieldConfig.defaults, range.toMs) },
    },
    series: series.map(({ legend, samples }, place) => {
      const own = overridesOf(panel, legend);
      const isDashed = own.has('custom.lineStyle');
      const color = seriesColour(place);
      return {
        type: 'line',
        name: legend,
        color,
        showSymbol: samples.length < 2,
        lineStyle: { width: isDashed ? 1 : 2, type: isDashed ? 'dashed' : 'solid' },
        areaStyle: { opacity: isDashed ? 0 : 0.05 },
        data: withHoles(samples, range.stepMs).map((point) => [...point]),
      };
    }),
  };
  return drawn(option, size);
}

/** Spans in which a series kept its value. */
function spansOf({ samples }: Series, stepMs: number): { fromMs: number; toMs: number; value: number }[] {
  const spans: { fromMs: number; toMs: number; value: number }[] = [];
  for (const [atMs, value] of samples) {
    const last = spans.at(-1);
    const isNext = last !== undefined && last.value === value && atMs - last.toMs <= 1.5 * stepMs;
    if (isNext) last.toMs = atMs;
    else spans.push({ fromMs: last === undefined ? atMs : Math.max(last.toMs, atMs - stepMs), toMs: atMs, value });
  }
  return spans;
}

/** States in their colours over the range, a line for each series. */
export function timeline({ panel, series, range }: Answered, size: Size): string {
  const states = series.flatMap((one, row) =>
    spansOf(one, range.stepMs).map((span) => ({
      ...span,
      row,
      ...shown(span.value, fieldOf(panel, one.legend), range.toMs),
    })),
  );
  const seen = new Map(states.map(({ text, colour }) => [text, colour]));
  const option: EChartsOption = {
    grid: GRID,
    legend: { ...BELOW, data: [...seen.keys()] },
    xAxis: { ...TIME(range), splitLine: { show: false } },
    yAxis: { type: 'category', inverse: true, data: series.map(({ legend }) => legend), ...AXIS, axisLabel: LABEL },
    series: [...seen].map(([text, color]) => ({
      type: 'custom',
      name: text,
      color,
      data: states.filter((state) => state.text === text).map(({ fromMs, toMs, row }) => [fromMs, toMs, row]),
      renderItem: (_, api) => {
        const [left = 0, middle = 0] = api.coord([api.value(0), api.value(2)]);
        const [right = 0] = api.coord([api.value(1), api.value(2)]);
        const bands = api.size?.([0, 1]);
        const height = 0.8 * (Array.isArray(bands) ? (bands[1] ?? 0) : 0);
        return {
          type: 'rect',
          shape: { x: left, y: middle - height / 2, width: Math.max(2, right - left), height },
          style: { fill: color, opacity: 0.8 },
          textContent: { type: 'text', style: { text, fill: '#111217', fontSize: FONT } },
          textConfig: { position: 'insideLeft' },
        };
      },
    })),
  };
  return drawn(option, size);
}

/** From few to many, on dark. */
const ORANGES = ['#4a1d06', '#8c2d04', '#d94801', '#fd8d3c', '#fdd0a2'];

/** Cells of a cumulative histogram by `le`: how many fell into each bucket alone, where there were any. */
function cellsOf(buckets: readonly Series[]): [column: number, row: number, count: number][] {
  const columns = [...new Set(buckets.flatMap(({ samples }) => samples.map(([atMs]) => atMs)))].toSorted(
    (a, b) => a - b,
  );
  const counts = buckets.map(({ samples }) => new Map(samples));
  return columns.flatMap((atMs) =>
    buckets.flatMap((_, row): [number, number, number][] => {
      const count = (counts[row]?.get(atMs) ?? 0) - (counts[row - 1]?.get(atMs) ?? 0);
      return count > 1e-9 ? [[atMs, row, count]] : [];
    }),
  );
}

/** How many fell into each bucket over the range, and single incidents as diamonds. */
export function heatmap({ panel, series, exemplars, range }: Answered, size: Size): string {
  const bound = ({ labels }: Series) => Number((labels['le'] ?? '').replace('+Inf', 'Infinity'));
  const buckets = series.toSorted((a, b) => bound(a) - bound(b));
  const bounds = buckets.map(bound);
  const times = Array.from(
    { length: 1 + Math.round((range.toMs - range.fromMs) / range.stepMs) },
    (_, place) => range.fromMs + place * range.stepMs,
  );
  const columnAt = (atMs: number) => Math.round((atMs - range.fromMs) / range.stepMs);
  const cells = cellsOf(buckets).map(([atMs, row, count]) => [columnAt(atMs), row, count]);
  const option: EChartsOption = {
    grid: { ...GRID, bottom: 56 },
    xAxis: { type: 'category', data: times.map(clock), ...AXIS, axisLabel: { ...LABEL, hideOverlap: true } },
    yAxis: {
      type: 'category',
      data: bounds.map((to) => (Number.isFinite(to) ? written(to, panel.fieldConfig.defaults, range.toMs) : '+Inf')),
      ...AXIS,
      axisLabel: LABEL,
    },
    visualMap: {
      min: 0,
      max: Math.max(1, ...cells.map(([, , count = 0]) => count)),
      seriesIndex: 0,
      calculable: false,
      orient: 'horizontal',
      left: 0,
      bottom: 0,
      itemWidth: 8,
      itemHeight: 160,
      precision: 1,
      text: ['many', 'few'],
      textStyle: LABEL,
      inRange: { color: ORANGES },
    },
    series: [
      { type: 'heatmap', data: cells, itemStyle: { borderColor: '#181b1f', borderWidth: 1 } },
      {
        type: 'scatter',
        symbol: 'diamond',
        symbolSize: 9,
        itemStyle: { color: panel.options.exemplars?.color ?? 'blue', borderColor: '#ffffff', borderWidth: 0.5 },
        data: exemplars.map(([atMs, value]) => [columnAt(atMs), bounds.findIndex((to) => value <= to)]),
      },
    ],
  };
  return drawn(option, size);
}
