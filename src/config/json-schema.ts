import { z } from 'zod';
import { longForm, sectionSchema, shortForm } from './forms-schema.ts';
import { isMapping, type Mapping } from './tree.ts';
import type { PlatformSettings } from './types.ts';

/** A text with a variable in it, before it is expanded. */
const WITH_VARIABLE = '\\$\\{';
const ANOTHER_KIND_AS_TEXT: ReadonlyMap<unknown, string> = new Map([
  ['boolean', `^(true|false)$|${WITH_VARIABLE}`],
  ['integer', `^-?[0-9]+$|${WITH_VARIABLE}`],
  ['number', `^-?[0-9]+(\\.[0-9]+)?$|${WITH_VARIABLE}`],
]);

/** JSON Schema (draft 7) of both forms of the configuration file, as it is written: variables not yet expanded. */
export function jsonSchema(platforms: readonly PlatformSettings[]): Record<string, unknown> {
  const short = platforms.map((platform) => shortForm(platform, sectionSchema(platform).prefault({})));
  const forms = z.union([longForm(platforms), ...short]);
  const schema = z.toJSONSchema(forms, { io: 'input', target: 'draft-7' });
  const written = allowVariables({ $schema: schema.$schema, title: 'Configuration of mttr-exporter', ...schema });
  return isMapping(written) ? written : {};
}

/** The same schema, but wherever a value is wanted a text with a variable will do. */
function allowVariables(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowVariables);
  if (!isMapping(schema)) return schema;
  const entries = Object.entries(schema).map(([keyword, value]) => {
    if (CONTENT.includes(keyword)) return [keyword, value];
    return [keyword, NAMED.includes(keyword) ? allowInEach(value) : allowVariables(value)];
  });
  return allowHere(Object.fromEntries(entries));
}

/** Keywords whose value is data, not a schema. */
const CONTENT: readonly string[] = ['default', 'enum', 'const', 'required'];
/** Keywords whose value is schemas by names of our own. */
const NAMED: readonly string[] = ['properties', 'definitions'];

function allowInEach(schemas: unknown): unknown {
  if (!isMapping(schemas)) return schemas;
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, allowVariables(schema)]));
}

function allowHere(schema: Mapping): Mapping {
  const { type, enum: choices, const: only, oneOf, format, ...rest } = withoutLengths(schema);
  if (choices !== undefined || only !== undefined) {
    return { ...rest, anyOf: [{ enum: choices ?? [only] }, { type: 'string', pattern: WITH_VARIABLE }] };
  }
  const asText = ANOTHER_KIND_AS_TEXT.get(type);
  if (asText !== undefined) return { ...rest, type: [type, 'string'], pattern: asText };
  // A section whose keys are all commented out.
  if (type === 'object') return { ...rest, type: ['object', 'null'] };
  // A type that comes from a variable fits several providers.
  if (oneOf !== undefined) return { ...rest, anyOf: oneOf };
  if (typeof rest['pattern'] === 'string') return { ...rest, type, pattern: `${rest['pattern']}|${WITH_VARIABLE}` };
  if (format !== undefined) return { ...rest, type, anyOf: [{ format }, { pattern: WITH_VARIABLE }] };
  return withoutLengths(schema);
}

/** What a variable expands to may be longer or shorter than its name; only emptiness shows before. */
function withoutLengths(schema: Mapping): Mapping {
  const { minLength, maxLength, ...rest } = schema;
  if (minLength === undefined && maxLength === undefined) return schema;
  return minLength === undefined ? rest : { ...rest, minLength: 1 };
}
