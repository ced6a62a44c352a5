import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BarGaugeValueMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { PLAIN, type Steps, stepsBuilder } from './colours.ts';
import type { PlaceName } from './links.ts';
import { asked, described, type PanelSpec } from './panel.ts';

interface Judged extends PanelSpec {
  readonly steps?: Steps;
  readonly mappings?: ValueMapping[];
  /** For `bars`: the values at both ends, where the data do not decide. */
  readonly min?: number;
  readonly max?: number;
}

/** Makes the panels of one dashboard. */
export interface Kinds {
  /** Big numbers of this moment. */
  readonly number: (spec: Judged) => Builder<Panel>;
  /** A bar per series of this moment. */
  readonly bars: (spec: Judged) => Builder<Panel>;
  /** Lines over the time range. */
  readonly trend: (spec: PanelSpec & { readonly dashed?: string }) => Builder<Panel>;
  /** States in their colours over the time range. */
  readonly timeline: (spec: PanelSpec & { readonly mappings: ValueMapping[] }) => Builder<Panel>;
  /** A cumulative histogram by `le` over the time range, with exemplars. */
  readonly heatmap: (spec: PanelSpec) => Builder<Panel>;
}

const latest = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
const byThreshold = () => new FieldColorBuilder().mode(FieldColorModeId.Thresholds);
const byName = () => new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName);

/** The kinds of panels for the dashboard that they stand on. */
export function kindsOf(from: PlaceName): Kinds {
  return {
    number: (spec) =>
      described(new StatBuilder(), { height: 4, ...spec, from })
        .targets(asked(spec.queries, 'now'))
        .thresholds(stepsBuilder(spec.steps ?? PLAIN))
        .mappings(spec.mappings ?? [])
        .colorScheme(byThreshold())
        .colorMode(BigValueColorMode.Background)
        .graphMode(BigValueGraphMode.None)
        .textMode(
          spec.queries.length > 1 || spec.queries.some(({ legend }) => legend.includes('{{'))
            ? BigValueTextMode.ValueAndName
            : BigValueTextMode.Value,
        )
        .reduceOptions(latest()),
    bars: (spec) => bars(spec, from),
    trend: (spec) => trend(spec, from),
    timeline: (spec) =>
      described(new TimelineBuilder(), { ...spec, from })
        .targets(asked(spec.queries, 'over time'))
        .mappings(spec.mappings)
        .colorScheme(byThreshold())
        .thresholds(stepsBuilder(PLAIN))
        .showValue(VisibilityMode.Auto)
        .mergeValues(true)
        .rowHeight(0.8)
        .legend(legendBelow())
        .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None)),
    heatmap: (spec) =>
      described(new HeatmapBuilder(), { height: 10, ...spec, from })
        .targets(asked(spec.queries, 'heatmap'))
        .calculate(false)
        .color(
          new HeatmapColorOptionsBuilder()
            .mode(HeatmapColorMode.Scheme)
            .scheme('Oranges')
            .steps(32)
            .exponent(0.5)
            .fill('dark-orange'),
        )
        .yAxis(new YAxisConfigBuilder().unit(spec.unit))
        .exemplarsColor('rgba(31,120,255,0.9)'),
  };
}

function legendBelow(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([]);
}

function bars(spec: Judged, from: PlaceName): Builder<Panel> {
  const builder = described(new BarGaugeBuilder(), { ...spec, from })
    .targets(asked(spec.queries, 'now'))
    .thresholds(stepsBuilder(spec.steps ?? PLAIN))
    .mappings(spec.mappings ?? [])
    .colorScheme(byThreshold())
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .valueMode(BarGaugeValueMode.Color)
    .showUnfilled(true)
    .reduceOptions(latest());
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  return builder;
}

function trend(spec: PanelSpec & { readonly dashed?: string }, from: PlaceName): Builder<Panel> {
  const builder = described(new TimeseriesBuilder(), { ...spec, from })
    .targets(asked(spec.queries, 'over time'))
    .colorScheme(byName())
    .lineWidth(2)
    .fillOpacity(5)
    .axisSoftMin(0)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(false)
    .legend(legendBelow())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (spec.dashed === undefined) return builder;
  return builder.overrideByRegexp(spec.dashed, [
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
    { id: 'custom.lineWidth', value: 1 },
    { id: 'custom.fillOpacity', value: 0 },
  ]);
}
