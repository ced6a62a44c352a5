import { IANAZone } from 'luxon';
import { z } from 'zod';
import { createDiagnostics } from '../config/diagnostics.ts';
import { readDocument } from '../config/document.ts';
import { parsePart, schemaMessages } from '../config/parse.ts';
import { FIELDS, type Field, type Mapping, type Source, sourceOf } from './mapping.ts';
import { namedMappings } from './named.ts';

const NEEDED = ['id', 'triggered_at'] as const;

const word = z.union([z.string(), z.number(), z.boolean()], { error: 'a string' }).transform(String);
const one = z.string().min(1);
const oneOrSeveral = chosen((value) => (Array.isArray(value) ? z.array(one).min(1) : one.transform((text) => [text])));
const zone = one.refine((name) => IANAZone.isValidZone(name), 'an IANA time zone such as Europe/Berlin');

const LongForm = z
  .strictObject({
    from: oneOrSeveral.optional(),
    constant: word.optional(),
    values: z.record(z.string(), word).optional(),
    prefix: z.string().optional(),
    tag: z.enum(['service', 'severity']).optional(),
    format: oneOrSeveral.optional(),
    zone: zone.optional(),
    since_trigger: z.enum(['ms', 's', 'm', 'h']).optional(),
  })
  .refine(({ from, constant }) => (from === undefined) !== (constant === undefined), 'either from or constant in it')
  .transform(({ format, since_trigger, ...rest }) =>
    sourceOf({ ...rest, formats: format, sinceTrigger: since_trigger }),
  );
const ShortForm = oneOrSeveral.transform(sourceOf);

const Sources = chosen((value) => {
  if (typeof value === 'string') return ShortForm.transform((source) => [source]);
  const isSeveral = Array.isArray(value) && value.some((item) => typeof item !== 'string');
  if (isSeveral) return z.array(chosen((item) => (typeof item === 'string' ? ShortForm : LongForm))).min(1);
  return (Array.isArray(value) ? ShortForm : LongForm).transform((source) => [source]);
});

const File = z.strictObject({
  extends: z.enum([...namedMappings.keys()]).optional(),
  fields: z.strictObject(Object.fromEntries(FIELDS.map((field) => [field, Sources.optional()]))),
});

/** The mapping of a YAML text; throws ConfigError with one line `path (file:line:column): …` per problem. */
export function parseMapping(text: string, filename: string): Mapping {
  const diagnostics = createDiagnostics(readDocument({ text, filename, env: {} }), new Set());
  const parsed = parsePart(File, [], diagnostics);
  const merged = new Map<Field, readonly Source[]>(namedMappings.get(parsed?.extends ?? '')?.fields);
  for (const field of FIELDS) {
    const sources = parsed?.fields[field];
    if (sources !== undefined) merged.set(field, sources);
  }
  const missing = parsed === undefined ? [] : NEEDED.filter((field) => !merged.has(field));
  for (const field of missing)
    diagnostics.error({ path: ['fields', field], message: 'is missing', expected: 'a column or a path' });
  diagnostics.throwIfAny();
  return { name: filename, fields: merged };
}

/** A schema that depends on the form of the value: of a union zod would only tell that nothing fits. */
function chosen<Output>(schemaOf: (value: unknown) => z.ZodType<Output>) {
  return z.unknown().transform((value, context): Output => {
    const parsed = schemaOf(value).safeParse(value, { error: schemaMessages });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
    return z.NEVER;
  });
}
