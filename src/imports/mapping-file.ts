import { IANAZone } from 'luxon';
import { z } from 'zod';
import { ConfigError, pathText } from '../config/problems.ts';
import { parseYaml } from '../config/yaml.ts';
import { FIELDS, type Field, lowerCased, type Mapping, type Source, UNITS_MS } from './mapping.ts';
import { namedMappings } from './named.ts';
import { placeOf } from './paths.ts';

/** No mapping comes near; a larger file is something else. */
const TEXT_LENGTH_MAX = 100_000;

const word = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const where = z.union([
  z
    .string()
    .min(1)
    .transform((one) => [one]),
  z.array(z.string().min(1)).min(1),
]);
const LongForm = z
  .strictObject({
    from: where.optional(),
    constant: word.optional(),
    values: z.record(z.string(), word).optional(),
    prefix: z.string().optional(),
    tag: z.enum(['service', 'severity']).optional(),
    format: where.optional(),
    zone: z
      .string()
      .refine((name) => IANAZone.isValidZone(name), 'expected the name of a time zone, such as Europe/Berlin')
      .optional(),
    since_trigger: z.enum(['ms', 's', 'm', 'h']).optional(),
  })
  .refine((one) => (one.from === undefined) !== (one.constant === undefined), 'expected one of from and constant')
  .transform(
    (one): Source => ({
      places: (one.from ?? []).map(placeOf),
      constant: one.constant,
      values: one.values === undefined ? undefined : lowerCased(one.values),
      prefix: one.prefix,
      tag: one.tag,
      formats: one.format,
      zone: one.zone,
      sinceTrigger: one.since_trigger,
    }),
  );
const OneSource = z.union([where.transform((from): Source => ({ places: from.map(placeOf) })), LongForm]);
const Sources = z.union([OneSource.transform((one) => [one]), z.array(OneSource).min(1)], {
  error: `expected a column, several of them, or a mapping with from (or constant), values, prefix, tag, format, zone and since_trigger (${Object.keys(UNITS_MS).join(', ')})`,
});
const File = z.strictObject({
  extends: z.enum([...namedMappings.keys()]).optional(),
  fields: z.partialRecord(z.enum(FIELDS), Sources),
});

/** The mapping of a YAML text; throws ConfigError with a line `filename:line:column: path: what was expected` per problem. */
export function parseMapping(text: string, filename: string): Mapping {
  if (text.length > TEXT_LENGTH_MAX) {
    throw new ConfigError([`${filename}: is too large; expected at most ${TEXT_LENGTH_MAX} characters`]);
  }
  const yaml = parseYaml(text, filename);
  const parsed = File.safeParse(yaml.value);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map(({ path, message }) => {
        const steps = path.map((step) => (typeof step === 'number' ? step : String(step)));
        return `${filename}:${yaml.place(steps)}: ${pathText(steps)}: ${message}`;
      }),
    );
  }
  const { extends: base, fields } = parsed.data;
  const merged = new Map<Field, readonly Source[]>(base === undefined ? [] : namedMappings.get(base)?.fields);
  for (const field of FIELDS) {
    const sources = fields[field];
    if (sources !== undefined) merged.set(field, sources);
  }
  const missing = (['id', 'triggered_at'] as const).filter((field) => !merged.has(field));
  if (missing.length > 0) throw new ConfigError(missing.map((field) => `${filename}: fields.${field} is missing`));
  return { name: filename, fields: merged };
}
