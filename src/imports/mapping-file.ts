import { IANAZone } from 'luxon';
import { z } from 'zod';
import { createDiagnostics, type Diagnostics } from '../config/diagnostics.ts';
import { readDocument } from '../config/document.ts';
import { compileExpression } from '../config/field-types.ts';
import { parsePart, schemaMessages } from '../config/parse.ts';
import { builtinMappings } from './builtin-mappings.ts';
import { FIELDS, type Field, type FieldSource, type Mapping, parseFieldPath, toSource } from './mapping.ts';

const REQUIRED = ['id', 'triggered_at'] as const;

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'a string' }).transform(String);
const name = z.string().min(1);
const names = schemaFor((value) => (Array.isArray(value) ? z.array(name).min(1) : name.transform((text) => [text])));
const zone = name.refine((name) => IANAZone.isValidZone(name), 'an IANA time zone such as Europe/Berlin');

const SourceSettings = z
  .strictObject({
    from: names.optional(),
    constant: scalar.optional(),
    values: z.record(z.string(), scalar).optional(),
    prefix: z.string().optional(),
    tag: z.enum(['service', 'severity']).optional(),
    format: names.optional(),
    zone: zone.optional(),
    since_trigger: z.enum(['ms', 's', 'm', 'h']).optional(),
  })
  .refine(({ from, constant }) => (from === undefined) !== (constant === undefined), 'either from or constant in it')
  .transform(({ format, since_trigger, ...rest }) =>
    toSource({ ...rest, formats: format, sinceTrigger: since_trigger }),
  );
const SourceNames = names.transform(toSource);

const Sources = schemaFor((value) => {
  if (typeof value === 'string') return SourceNames.transform((source) => [source]);
  const isSourceList = Array.isArray(value) && value.some((item) => typeof item !== 'string');
  if (isSourceList)
    return z.array(schemaFor((item) => (typeof item === 'string' ? SourceNames : SourceSettings))).min(1);
  return (Array.isArray(value) ? SourceNames : SourceSettings).transform((source) => [source]);
});

const Conditions = z
  .record(
    z.string().min(1),
    names.transform((values, context) => values.map((value) => toPattern(value, context))),
  )
  .default({})
  .transform((columns) =>
    Object.entries(columns).map(([column, values]) => ({ path: parseFieldPath(column), values })),
  );

const File = z.strictObject({
  extends: z.enum([...builtinMappings.keys()]).optional(),
  timezone: zone.optional(),
  where: Conditions,
  skip: Conditions,
  fields: z.strictObject(Object.fromEntries(FIELDS.map((field) => [field, Sources.optional()]))),
});

/** The mapping of a YAML text; throws ConfigError with one line `path (file:line:column): …` per problem. */
export function parseMapping(text: string, filename: string): Mapping {
  const diagnostics = createDiagnostics(readDocument({ text, filename, env: {} }), new Set());
  const parsed = parsePart(File, [], diagnostics);
  const merged = new Map<Field, readonly FieldSource[]>(builtinMappings.get(parsed?.extends ?? '')?.fields);
  for (const field of FIELDS) {
    const sources = parsed?.fields[field];
    if (sources !== undefined) merged.set(field, sources);
  }
  const missing = parsed === undefined ? [] : REQUIRED.filter((field) => !merged.has(field));
  for (const field of missing)
    diagnostics.error({ path: ['fields', field], message: 'is missing', expected: 'a column or a path' });
  for (const field of FIELDS) {
    for (const source of parsed?.fields[field] ?? []) reportUnusedSettings(field, source, diagnostics);
  }
  diagnostics.throwIfAny();
  const requiredFields = FIELDS.filter((field) => parsed?.fields[field] !== undefined);
  return {
    name: filename,
    fields: merged,
    zone: parsed?.timezone,
    requiredFields,
    where: parsed?.where,
    skip: parsed?.skip,
  };
}

/** `/expression/`, or a word; both are compared without case. */
function toPattern(text: string, context: z.core.$RefinementCtx): string | RegExp {
  const source = /^\/(.+)\/$/s.exec(text)?.[1];
  if (source === undefined) return text.trim().toLowerCase();
  const compiled = compileExpression(source);
  if (compiled instanceof RegExp) return new RegExp(compiled, 'i');
  const problem = `contains ${JSON.stringify(text)}, which ${compiled.problem}`;
  context.addIssue({ code: 'custom', message: compiled.expected, params: { problem, isHidden: true } });
  return z.NEVER;
}

/** Settings that a field has no use for are errors. */
function reportUnusedSettings(field: Field, source: FieldSource, diagnostics: Diagnostics): void {
  const report = (key: string, expected: string) =>
    diagnostics.error({ path: ['fields', field], message: `has no use for ${key}`, expected });
  const isDate = field.endsWith('_at');
  const isText = !isDate && field !== 'auto_resolved' && field !== 'merged' && field !== 'intervals';
  if (source.prefix !== undefined && !isText) report('prefix', 'it on texts only');
  if (source.values !== undefined && field === 'intervals') report('values', 'it on texts, dates and flags only');
  if (source.formats !== undefined && !isDate) report('format', 'it on dates only');
  if (source.zone !== undefined && !isDate) report('zone', 'it on dates only');
  if (source.sinceTrigger !== undefined && !isDate) report('since_trigger', 'it on dates only');
}

/** A schema that depends on the value: the errors of a union would only say that nothing fits. */
function schemaFor<Output>(schemaOf: (value: unknown) => z.ZodType<Output>) {
  return z.unknown().transform((value, context): Output => {
    const parsed = schemaOf(value).safeParse(value, { error: schemaMessages });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined });
    return z.NEVER;
  });
}
