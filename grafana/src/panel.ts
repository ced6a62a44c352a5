import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { DashboardLink, DataSourceRef, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { type PlaceName, panelLink } from './links.ts';
import { DATASOURCE } from './variables.ts';

/** One expression of a panel and what its series are called. */
export interface Query {
  readonly expression: string;
  /** Text with labels in double braces. */
  readonly legend: string;
}

/** What every panel says. */
export interface PanelSpec {
  /** Stays with the panel for good: links and comments of users name it. */
  readonly id: number;
  readonly title: string;
  /** What it shows; what it follows is added. */
  readonly description: string;
  readonly unit: string;
  readonly decimals?: number;
  /** Of 24 columns. */
  readonly width: number;
  /** Of some 30 pixels; the factory has a default. */
  readonly height?: number;
  readonly queries: readonly Query[];
  /** Where to read on. */
  readonly link: PlaceName;
}

/** The parts of the library's builders that all kinds of panels share. */
interface AnyPanelBuilder extends Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  span(columns: number): this;
  height(rows: number): this;
  links(links: Builder<DashboardLink>[]): this;
  unit(unit: string): this;
  decimals(decimals: number): this;
  noValue(text: string): this;
}

const INCIDENT_VARIABLES = ['window', 'provider', 'service', 'severity', 'team'];

/** Which variables reach the expressions of a panel, in words. */
function followed(queries: readonly Query[]): string {
  const isUsed = (name: string) => queries.some(({ expression }) => expression.includes(`$${name}"`));
  const used = INCIDENT_VARIABLES.filter(isUsed);
  return used.length === 0 ? '' : ` Follows the variables: ${used.join(', ')}.`;
}

/** Says about a panel what all panels say; its queries are left to its kind. */
export function described<B extends AnyPanelBuilder>(builder: B, spec: PanelSpec & { from: PlaceName }): B {
  const { id, title, description, unit, decimals, width, height = 8, queries, link, from } = spec;
  builder
    .id(id)
    .title(title)
    .description(`${description}${followed(queries)}`)
    .datasource(DATASOURCE)
    .span(width)
    .height(height)
    .unit(unit)
    .noValue('no data')
    .links([panelLink(link, from)]);
  return decimals === undefined ? builder : builder.decimals(decimals);
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The name of a query within its panel, by its place. */
export function refIdAt(place: number): string {
  const letter = LETTERS[place];
  if (letter === undefined) throw new Error(`a panel has at most ${LETTERS.length} queries`);
  return letter;
}

/** How a kind of panel asks. */
export type Asking = 'now' | 'over time' | 'table' | 'heatmap';

/** Prometheus queries with names that stay. */
export function asked(queries: readonly Query[], how: Asking): DataqueryBuilder[] {
  return queries.map(({ expression, legend }, place) => {
    const query = new DataqueryBuilder()
      .refId(refIdAt(place))
      .datasource(DATASOURCE)
      .expr(expression)
      .legendFormat(legend);
    if (how === 'now') return query.instant();
    if (how === 'table') return query.instant().format(PromQueryFormat.Table);
    if (how === 'heatmap') return query.range().format(PromQueryFormat.Heatmap).exemplar(true);
    return query.range().format(PromQueryFormat.TimeSeries);
  });
}
