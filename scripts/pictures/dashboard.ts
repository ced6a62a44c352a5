import { z } from 'zod';

const Mapping = z.object({
  options: z.record(z.string(), z.object({ text: z.string(), color: z.string() })),
});
export type Mapping = z.infer<typeof Mapping>;

const Step = z.object({ value: z.number().nullable(), color: z.string() });

const Thresholds = z.object({ steps: Step.array() });
export type Thresholds = z.infer<typeof Thresholds>;

const Field = z.object({
  unit: z.string().default('none'),
  decimals: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  noValue: z.string().default(''),
  thresholds: Thresholds.optional(),
  mappings: Mapping.array().default([]),
});
/** How the values of a panel or of one of its columns are written and judged. */
export type Field = z.infer<typeof Field>;

const Override = z.object({
  matcher: z.object({ id: z.enum(['byName', 'byRegexp']), options: z.string() }),
  properties: z.object({ id: z.string(), value: z.unknown() }).array(),
});
export type Override = z.infer<typeof Override>;

const Target = z.object({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string(),
  instant: z.boolean().default(false),
  exemplar: z.boolean().default(false),
});
export type Target = z.infer<typeof Target>;

const Organize = z.object({
  id: z.literal('organize'),
  options: z.object({ indexByName: z.record(z.string(), z.number()), renameByName: z.record(z.string(), z.string()) }),
});

const Panel = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: Target.array().default([]),
  fieldConfig: z
    .object({ defaults: Field, overrides: Override.array() })
    .default({ defaults: { unit: 'none', noValue: '', mappings: [] }, overrides: [] }),
  options: z
    .looseObject({
      textMode: z.string().optional(),
      sortBy: z.object({ displayName: z.string(), desc: z.boolean() }).array().default([]),
      exemplars: z.object({ color: z.string() }).optional(),
    })
    .default({ sortBy: [] }),
  transformations: z
    .union([Organize, z.object({ id: z.string() })])
    .array()
    .default([]),
});
/** A panel with what decides how it looks; headings are panels too, of the type `row`. */
export type Panel = z.infer<typeof Panel>;

/** The parts of a dashboard of Grafana that its picture shows. */
export const Dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  panels: Panel.array(),
  templating: z.object({ list: z.object({ name: z.string(), label: z.string(), type: z.string() }).array() }),
});
export type Dashboard = z.infer<typeof Dashboard>;

/** The names of the columns of a table in their order, each with the name that Grafana gives it before. */
export function columnsOf({ transformations }: Panel): { from: string; title: string }[] {
  const organize = transformations.flatMap((one) => ('options' in one ? [one] : []))[0];
  if (organize === undefined) return [];
  const { indexByName, renameByName } = organize.options;
  return Object.entries(renameByName)
    .map(([from, title]) => ({ from, title }))
    .toSorted((a, b) => (indexByName[a.from] ?? 0) - (indexByName[b.from] ?? 0));
}

/** What the panel says of one of its fields, by the name under which it is shown; the last word counts. */
export function overridesOf({ fieldConfig }: Panel, name: string): ReadonlyMap<string, unknown> {
  const isMeant = ({ matcher }: Override) =>
    matcher.id === 'byName' ? matcher.options === name : new RegExp(matcher.options.slice(1, -1)).test(name);
  const properties = fieldConfig.overrides.filter(isMeant).flatMap((override) => override.properties);
  return new Map(properties.map(({ id, value }) => [id, value]));
}

/** The field of that name with what is special to it. */
export function fieldOf(panel: Panel, name: string): Field {
  const own = Object.fromEntries(overridesOf(panel, name));
  return Field.parse({ ...panel.fieldConfig.defaults, ...own });
}
