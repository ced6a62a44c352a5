import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { TableCellHeight } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue, Panel, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type Steps, stepsConfig, withAbsent } from './colours.ts';
import { type CellLink, SERVICE_LINK } from './links.ts';
import { type PanelSpec, refId, toTargets, withBasics } from './panels.ts';

/** A column with numbers, one per row. */
export interface Column {
  readonly title: string;
  readonly expression: string;
  /** As the table's unless given. */
  readonly unit?: string;
  readonly decimals?: number;
  /** Colours the cell. */
  readonly steps?: Steps;
  readonly mappings?: readonly ValueMapping[];
  readonly link?: CellLink;
}

/** A label that makes a row, in front; each must be in all columns. */
type RowLabel = string | { readonly label: string; readonly title: string; readonly link?: CellLink };

interface TableSpec extends Omit<PanelSpec, 'queries'> {
  readonly rows: readonly RowLabel[];
  readonly columns: readonly Column[];
  /** Title of the column that orders the rows, greatest first. */
  readonly sortedBy?: string;
  /** An expression with a number for each row, which is not shown: it orders the rows, smallest first. */
  readonly order?: string;
  /** Leaves the numbers out: that there is a row says it all. */
  readonly isLabelsOnly?: boolean;
}

/** With narrower columns Grafana cuts titles and numbers. */
const COLUMN_WIDTH_MIN = 90;

function toRow(row: RowLabel): { label: string; title: string; link?: CellLink } {
  if (typeof row !== 'string') return row;
  const title = row.charAt(0).toUpperCase() + row.slice(1);
  return row === 'service' ? { label: row, title, link: SERVICE_LINK } : { label: row, title };
}

function columnProperties({ unit, decimals, steps, mappings, link }: Column): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [];
  if (unit !== undefined) properties.push({ id: 'unit', value: unit });
  if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals });
  if (mappings !== undefined) properties.push({ id: 'mappings', value: withAbsent(mappings) });
  if (steps !== undefined) properties.push({ id: 'thresholds', value: stepsConfig(steps) });
  if (steps !== undefined || mappings !== undefined) {
    properties.push({ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } });
  }
  if (link !== undefined) properties.push({ id: 'links', value: [link] });
  return properties;
}

/** A row per group of this moment, its numbers side by side; a name of a service leads to its dashboard. */
export function table(spec: TableSpec): Builder<Panel> {
  const { columns, sortedBy, order, isLabelsOnly = false } = spec;
  const rows = spec.rows.map(toRow);
  const shown = columns.map(({ title, expression }) => ({ expression, legend: title }));
  const queries = order === undefined ? shown : [...shown, { expression: order, legend: 'order' }];
  const valueField = (index: number) => (queries.length === 1 ? 'Value' : `Value #${refId(index)}`);
  const orderField = order === undefined ? undefined : valueField(columns.length);
  const names = [
    ...rows.map(({ label, title }) => [label, title]),
    ...(isLabelsOnly ? [] : columns.map(({ title }, index) => [valueField(index), title])),
  ];
  const builder = withBasics(new TableBuilder(), { height: 9, ...spec, queries })
    .targets(toTargets(queries, 'table'))
    .cellHeight(TableCellHeight.Sm)
    .minWidth(COLUMN_WIDTH_MIN)
    .filterable(false)
    .mappings(withAbsent())
    .withTransformation({ id: 'merge', options: {} });
  if (orderField !== undefined) {
    builder.withTransformation({ id: 'sortBy', options: { fields: {}, sort: [{ field: orderField }] } });
  }
  const left = ['Time', ...(isLabelsOnly ? ['Value'] : []), ...(orderField === undefined ? [] : [orderField])];
  builder.withTransformation({
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(left.map((name) => [name, true])),
      indexByName: Object.fromEntries(names.map(([name], index) => [name, index])),
      renameByName: Object.fromEntries(names),
    },
  });
  for (const column of columns) {
    const properties = columnProperties(column);
    if (properties.length > 0) builder.overrideByName(column.title, properties);
  }
  for (const { title, link } of rows) {
    if (link !== undefined) builder.overrideByName(title, [{ id: 'links', value: [link] }]);
  }
  return sortedBy === undefined ? builder : builder.sortBy([{ build: () => ({ displayName: sortedBy, desc: true }) }]);
}
