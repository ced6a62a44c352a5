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
  const described = { title: 'Configuration of mttr-exporter', ...schema };
  const written = allowVariables(described);
  return isMapping(written) ? written : {};
}

/** The same schema, but wherever a value is wanted a text with a variable will do. */
function allowVariables(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowVariables);
  if (!isMapping(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, isContent(key) ? value : allowVariables(value)]);
  return allowHere(Object.fromEntries(entries));
}

/** Keywords whose value is data, not a schema. */
function isContent(keyword: string): boolean {
  return keyword === 'default' || keyword === 'enum' || keyword === 'const' || keyword === 'required';
}

function allowHere(schema: Mapping): Mapping {
  const { type, enum: choices, const: only, oneOf, format, ...rest } = schema;
  if (choices !== undefined || only !== undefined) {
    return { ...rest, anyOf: [{ enum: choices ?? [only] }, { type: 'string', pattern: WITH_VARIABLE }] };
  }
  const asText = ANOTHER_KIND_AS_TEXT.get(type);
  if (asText !== undefined) return { ...rest, type: [type, 'string'], pattern: asText };
  // A type that comes from a variable fits several providers.
  if (oneOf !== undefined) return { ...rest, anyOf: oneOf };
  if (typeof rest['pattern'] === 'string') return { ...rest, type, pattern: `${rest['pattern']}|${WITH_VARIABLE}` };
  if (format !== undefined) return { ...rest, type, anyOf: [{ format }, { pattern: WITH_VARIABLE }] };
  return schema;
}
