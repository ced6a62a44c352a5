import { z } from 'zod';
import { isMapping, type Mapping } from './object-path.ts';
import { longForm, sectionSchema, shortForm } from './schema.ts';
import type { PlatformSettings } from './types.ts';

/** A string with a variable that is not yet expanded. */
const WITH_VARIABLE = '\\$\\{';
const PATTERN_OF_TYPE: ReadonlyMap<unknown, string> = new Map([
  ['boolean', `^(true|false)$|${WITH_VARIABLE}`],
  ['integer', `^-?[0-9]+$|${WITH_VARIABLE}`],
  ['number', `^-?[0-9]+(\\.[0-9]+)?$|${WITH_VARIABLE}`],
]);

/** JSON Schema (draft 7) of both forms of the configuration file, as it is written: variables not yet expanded. */
export function jsonSchema(platforms: readonly PlatformSettings[]): Record<string, unknown> {
  const short = platforms.map((platform) => {
    const others = platforms.filter((other) => other !== platform);
    return shortForm(platform, sectionSchema(platform).prefault({}), others);
  });
  const forms = z.union([longForm(platforms), ...short]);
  const schema = z.toJSONSchema(forms, { io: 'input', target: 'draft-7' });
  const withVariables = allowVariables({ $schema: schema.$schema, title: 'Configuration of mttr-exporter', ...schema });
  return isMapping(withVariables) ? withVariables : {};
}

/** The same schema, but every value may also be a string with a variable. */
function allowVariables(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowVariables);
  if (!isMapping(schema)) return schema;
  const entries = Object.entries(schema).map(([keyword, value]) => {
    if (DATA_KEYWORDS.includes(keyword)) return [keyword, value];
    return [keyword, SCHEMA_MAPS.includes(keyword) ? allowInEach(value) : allowVariables(value)];
  });
  return allowVariable(Object.fromEntries(entries));
}

/** Keywords whose value is data, not a schema. */
const DATA_KEYWORDS: readonly string[] = ['default', 'enum', 'const', 'required'];
/** Keywords whose value is a mapping of names to schemas. */
const SCHEMA_MAPS: readonly string[] = ['properties', 'definitions'];

function allowInEach(schemas: unknown): unknown {
  if (!isMapping(schemas)) return schemas;
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, allowVariables(schema)]));
}

function allowVariable(schema: Mapping): Mapping {
  const { type, enum: choices, const: only, oneOf, format, ...rest } = withoutLengths(schema);
  if (choices !== undefined || only !== undefined) {
    return { ...rest, anyOf: [{ enum: choices ?? [only] }, { type: 'string', pattern: WITH_VARIABLE }] };
  }
  const asText = PATTERN_OF_TYPE.get(type);
  if (asText !== undefined) return { ...rest, type: [type, 'string'], pattern: asText };
  // A section whose keys are all commented out.
  if (type === 'object') return { ...rest, type: ['object', 'null'] };
  // A type that comes from a variable fits several providers.
  if (oneOf !== undefined) return { ...rest, anyOf: oneOf };
  if (typeof rest['pattern'] === 'string') return { ...rest, type, pattern: `${rest['pattern']}|${WITH_VARIABLE}` };
  if (format !== undefined) return { ...rest, type, anyOf: [{ format }, { pattern: WITH_VARIABLE }] };
  return withoutLengths(schema);
}

/** A variable's value may be longer or shorter than its name; only that it is not empty can be checked here. */
function withoutLengths(schema: Mapping): Mapping {
  const { minLength, maxLength, ...rest } = schema;
  if (minLength === undefined && maxLength === undefined) return schema;
  return minLength === undefined ? rest : { ...rest, minLength: 1 };
}
