import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BarGaugeValueMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DataSourceRef,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  CellValuesBuilder,
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { NEUTRAL, type Steps, severityOverrides, stepsBuilder, withAbsent } from './colours.ts';
import { DATASOURCE } from './variables.ts';

/** One expression of a panel and what its series are called. */
export interface Query {
  readonly expression: string;
  /** Text with labels in double braces. */
  readonly legend: string;
}

/** What every panel has. */
export interface PanelSpec {
  /** Stays with the panel for good: links and comments of users name it. */
  readonly id: number;
  readonly title: string;
  /** What it shows; which variables it follows is added. */
  readonly description: string;
  readonly unit: string;
  readonly decimals?: number;
  /** Of 24 columns. */
  readonly width: number;
  /** In rows of the grid, of some 38 pixels each. */
  readonly height?: number;
  readonly queries: readonly Query[];
  /** Shown where no query has an answer. */
  readonly emptyText?: string;
}

/** The parts of the library's builders that all kinds of panels share. */
interface AnyPanelBuilder extends Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  span(columns: number): this;
  height(rows: number): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  noValue(text: string): this;
  overrideByRegexp(regexp: string, properties: DynamicConfigValue[]): this;
}

const INCIDENT_VARIABLES = ['window', 'provider', 'service', 'severity', 'team'];

/** Names the variables that reach the expressions of a panel. */
function namesFollowed(queries: readonly Query[]): string {
  const isUsed = (name: string) => queries.some(({ expression }) => expression.includes(`$${name}"`));
  const used = INCIDENT_VARIABLES.filter(isUsed);
  return used.length === 0 ? '' : ` Follows the variables: ${used.join(', ')}.`;
}

/** Sets what all panels have; the queries are left to each kind. */
export function withBasics<B extends AnyPanelBuilder>(builder: B, spec: PanelSpec): B {
  const { id, title, description, unit, decimals, width, height = 8, queries, emptyText = 'no data' } = spec;
  builder
    .id(id)
    .title(title)
    .description(`${description}${namesFollowed(queries)}`)
    .datasource(DATASOURCE)
    .span(width)
    .height(height)
    .unit(unit)
    .noValue(emptyText);
  return decimals === undefined ? builder : builder.decimals(decimals);
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The name of a query within its panel, by its index. */
export function refId(index: number): string {
  const letter = LETTERS[index];
  if (letter === undefined) throw new Error(`a panel has at most ${LETTERS.length} queries`);
  return letter;
}

/** How a kind of panel queries. */
type QueryMode = 'now' | 'over time' | 'table' | 'heatmap';

/** Prometheus queries with names that stay. */
export function toTargets(queries: readonly Query[], mode: QueryMode): DataqueryBuilder[] {
  return queries.map(({ expression, legend }, index) => {
    const query = new DataqueryBuilder()
      .refId(refId(index))
      .datasource(DATASOURCE)
      .expr(expression)
      .legendFormat(legend);
    if (mode === 'now') return query.instant();
    if (mode === 'table') return query.instant().format(PromQueryFormat.Table);
    if (mode === 'heatmap') return query.range().format(PromQueryFormat.Heatmap).exemplar(true);
    return query.range().format(PromQueryFormat.TimeSeries);
  });
}

const latest = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
const colour = (mode: FieldColorModeId) => new FieldColorBuilder().mode(mode);

/** Whether the series of a panel are severities. */
function isBySeverity({ queries }: PanelSpec): boolean {
  return queries.some(({ legend }) => legend.startsWith('{{severity}}'));
}

function withSeverityColours<B extends AnyPanelBuilder>(builder: B, spec: PanelSpec): B {
  if (!isBySeverity(spec)) return builder;
  for (const { pattern, properties } of severityOverrides()) builder.overrideByRegexp(pattern, properties);
  return builder;
}

interface JudgedSpec extends PanelSpec {
  /** Bounds of verdicts; without them nothing is judged. */
  readonly steps?: Steps;
  readonly mappings?: readonly ValueMapping[];
}

interface StatSpec extends JudgedSpec {
  /** Shows the names of the series and not their values. */
  readonly isNameOnly?: boolean;
  /** What single series show otherwise, by their name. */
  readonly overrides?: Readonly<Record<string, readonly DynamicConfigValue[]>>;
}

/** Big numbers of this moment; a background is a verdict. */
export function stat(spec: StatSpec): Builder<Panel> {
  const { queries, steps, mappings, isNameOnly = false, overrides = {} } = spec;
  const isJudged = steps !== undefined || (mappings ?? []).some((one) => JSON.stringify(one).includes('"color"'));
  const isSeveral = queries.length > 1 || queries.some(({ legend }) => legend.includes('{{'));
  const named = isSeveral ? BigValueTextMode.ValueAndName : BigValueTextMode.Value;
  const builder = withBasics(new StatBuilder(), { height: 4, ...spec })
    .targets(toTargets(queries, 'now'))
    .thresholds(stepsBuilder(steps))
    .mappings(withAbsent(mappings))
    .colorScheme(colour(FieldColorModeId.Thresholds))
    .colorMode(isJudged ? BigValueColorMode.BackgroundSolid : BigValueColorMode.None)
    .graphMode(BigValueGraphMode.None)
    .textMode(isNameOnly ? BigValueTextMode.Name : named)
    .reduceOptions(latest());
  for (const [name, properties] of Object.entries(overrides)) builder.overrideByName(name, [...properties]);
  return builder;
}

interface BarSpec extends JudgedSpec {
  /** The values at both ends; all bars of a panel share them. */
  readonly min?: number;
  readonly max?: number;
}

/** A bar per series of this moment; its colour is a verdict, or else that of its severity. */
export function bars(spec: BarSpec): Builder<Panel> {
  const builder = withBasics(new BarGaugeBuilder(), spec)
    .targets(toTargets(spec.queries, 'now'))
    .thresholds(stepsBuilder(spec.steps))
    .mappings(withAbsent(spec.mappings))
    .colorScheme(colour(FieldColorModeId.Thresholds))
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .valueMode(BarGaugeValueMode.Text)
    .showUnfilled(true)
    .reduceOptions(latest());
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  return spec.steps === undefined ? withSeverityColours(builder, spec) : builder;
}

function legendBelow(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([]);
}

/** Minutes at which a logarithmic axis of durations has lines: 5 min, 30 min, 1 h, 4 h, 1 d, 1 w. */
export const DURATION_MARKS = [5, 30, 60, 240, 1440, 10_080] as const;
const MARK_COLOUR = 'rgba(128, 128, 128, 0.45)';

function durationMarks(): ThresholdsConfigBuilder {
  const marks = DURATION_MARKS.map((value) => ({ value, color: MARK_COLOUR }));
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: 'transparent' }, ...marks]);
}

interface TrendSpec extends PanelSpec {
  /** A pattern of the names of series that are limits: thin and dashed. */
  readonly dashed?: string;
  /** For durations in minutes that are far apart. */
  readonly isLogarithmic?: boolean;
  /** Where each point is costly: a span that is long beside the distance of points. */
  readonly pointsMax?: number;
}

/** Lines over the time range, severities in their colours. */
export function trend(spec: TrendSpec): Builder<Panel> {
  const builder = withBasics(new TimeseriesBuilder(), spec)
    .targets(toTargets(spec.queries, 'over time'))
    .colorScheme(colour(FieldColorModeId.PaletteClassicByName))
    .lineWidth(2)
    .fillOpacity(spec.isLogarithmic === true ? 0 : 5)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(false)
    .legend(legendBelow())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (spec.isLogarithmic === true) {
    builder
      .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10))
      .thresholds(durationMarks())
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Line));
  } else {
    builder.axisSoftMin(0);
  }
  if (spec.pointsMax !== undefined) builder.maxDataPoints(spec.pointsMax);
  withSeverityColours(builder, spec);
  if (spec.dashed === undefined) return builder;
  return builder.overrideByRegexp(spec.dashed, [
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
    { id: 'custom.lineWidth', value: 1 },
    { id: 'custom.fillOpacity', value: 0 },
  ]);
}

/** States over the time range in the colours of their mappings; equal ones that follow each other are one. */
export function timeline(spec: PanelSpec & { readonly mappings: readonly ValueMapping[] }): Builder<Panel> {
  return (
    withBasics(new TimelineBuilder(), spec)
      .targets(toTargets(spec.queries, 'over time'))
      .mappings(withAbsent(spec.mappings))
      // With colours by threshold Grafana merges by threshold, and shows bounds in the place of the mappings' words.
      .colorScheme(colour(FieldColorModeId.Fixed).fixedColor(NEUTRAL))
      .thresholds(stepsBuilder(undefined))
      .showValue(VisibilityMode.Auto)
      .mergeValues(true)
      .rowHeight(0.8)
      .legend(legendBelow())
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None))
  );
}

/** Cells that are a few pixels wide; each point of a panel like this costs Prometheus a sum over all buckets. */
const HEATMAP_POINTS_MAX = 240;

/** A cumulative histogram by `le` over the time range, with exemplars: the unit is that of the axis, cells are counts. */
export function heatmap(spec: PanelSpec): Builder<Panel> {
  return withBasics(new HeatmapBuilder(), { height: 10, ...spec, unit: 'none' })
    .targets(toTargets(spec.queries, 'heatmap'))
    .maxDataPoints(HEATMAP_POINTS_MAX)
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .steps(32)
        .exponent(0.5)
        .fill('dark-orange'),
    )
    .cellValues(new CellValuesBuilder().unit('none').decimals(1))
    .yAxis(new YAxisConfigBuilder().unit(spec.unit))
    .exemplarsColor('rgba(31,120,255,0.9)');
}
