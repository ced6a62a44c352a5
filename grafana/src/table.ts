import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { TableCellHeight } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue, Panel, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type Steps, stepsConfig } from './colours.ts';
import { addressOfService, type PlaceName } from './links.ts';
import { asked, described, type PanelSpec, refIdAt } from './panel.ts';

/** A column with numbers, one per row. */
export interface Column {
  readonly title: string;
  readonly expression: string;
  /** As the table's unless told. */
  readonly unit?: string;
  readonly decimals?: number;
  /** Colour the cell. */
  readonly steps?: Steps;
  readonly mappings?: ValueMapping[];
}

interface TableSpec extends Omit<PanelSpec, 'queries'> {
  /** Labels that make a row, in front; each must be in all columns. */
  readonly rows: readonly string[];
  readonly columns: readonly Column[];
  /** Title of the column that orders the rows, greatest first. */
  readonly sortedBy?: string;
  readonly from: PlaceName;
}

function headed(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}

function look({ unit, decimals, steps, mappings }: Column): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [];
  if (unit !== undefined) properties.push({ id: 'unit', value: unit });
  if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals });
  if (mappings !== undefined) properties.push({ id: 'mappings', value: mappings });
  if (steps !== undefined) properties.push({ id: 'thresholds', value: stepsConfig(steps) });
  if (steps !== undefined || mappings !== undefined) {
    properties.push({ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } });
  }
  return properties;
}

/** A row per group of this moment, its numbers side by side; a name of a service leads to its page. */
export function table(spec: TableSpec): Builder<Panel> {
  const queries = spec.columns.map(({ title, expression }) => ({ expression, legend: title }));
  const columns = spec.columns.map(({ title }, place) => [
    spec.columns.length === 1 ? 'Value' : `Value #${refIdAt(place)}`,
    title,
  ]);
  const names = [...spec.rows.map((label) => [label, headed(label)]), ...columns];
  const builder = described(new TableBuilder(), { height: 9, ...spec, queries })
    .targets(asked(queries, 'table'))
    .cellHeight(TableCellHeight.Sm)
    .filterable(false)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(names.map(([name], place) => [name, place])),
        renameByName: Object.fromEntries(names),
      },
    });
  for (const column of spec.columns) {
    const properties = look(column);
    if (properties.length > 0) builder.overrideByName(column.title, properties);
  }
  if (spec.rows.includes('service')) {
    const link = { title: 'Service detail', url: addressOfService(spec.from), targetBlank: false };
    builder.overrideByName('Service', [{ id: 'links', value: [link] }]);
  }
  if (spec.sortedBy === undefined) return builder;
  const order = { displayName: spec.sortedBy, desc: true };
  return builder.sortBy([{ build: () => order }]);
}
