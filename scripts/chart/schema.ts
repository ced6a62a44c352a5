import { isMapping, type Mapping } from '../../src/config/object-path.ts';

/** What `${VAR}` looks like in a value: its word is known only to the exporter. */
const WITH_VARIABLE = { type: 'string', pattern: '\\$\\{' };

/** `--set` hands over decimals as text. */
const NUMBER = { type: ['number', 'string'], pattern: '^[0-9]+(\\.[0-9]+)?$' };

export interface Completion {
  /** The exporter's own configuration schema: draft 7, as scripts/schema.ts writes it. */
  readonly config: Mapping;
  /** The names of the alerts' thresholds. */
  readonly thresholds: readonly string[];
}

/**
 * The chart's values schema with what others know: the configuration's keys and the thresholds' names. Choices between forms of the
 * configuration and between types of providers are made by their word, so that an error speaks of the form that was meant.
 */
export function completed(values: Mapping, { config, thresholds }: Completion): Mapping {
  const { words, name } = mapping(values['definitions']);
  const [long, ...short] = branches(config);
  const properties = mapping(values['properties']);
  const rule = mapping(properties['prometheusRule']);
  const numbers = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(thresholds.map((threshold) => [threshold, NUMBER])),
  };
  const bySource = byWord(short, 'incident_source');
  const form = { if: { required: ['incident_source'] }, then: bySource, else: typed(long) };
  return {
    ...values,
    properties: {
      ...properties,
      config: { type: 'object', if: { minProperties: 1 }, then: form },
      prometheusRule: { ...rule, properties: { ...mapping(rule['properties']), thresholds: numbers } },
    },
    definitions: { words, name, ...mapping(config['definitions']) },
  };
}

/** The long form, with each provider judged by its type. */
function typed(long: Mapping | undefined): Mapping {
  const properties = mapping(long?.['properties']);
  const providers = mapping(properties['providers']);
  const items = byWord(branches(mapping(providers['items'])), 'type');
  return { ...long, properties: { ...properties, providers: { ...providers, items } } };
}

/** One of these schemas, chosen by what stands under `word`. */
function byWord(schemas: readonly Mapping[], word: string): Mapping {
  const choices = schemas.map((schema) => ({ known: knownWord(schema, word), schema }));
  const anyOf = [{ enum: choices.flatMap(({ known }) => known) }, WITH_VARIABLE];
  return {
    type: 'object',
    required: [word],
    properties: { [word]: { anyOf } },
    allOf: choices.map(({ known, schema }) => ({
      if: { required: [word], properties: { [word]: { enum: known } } },
      then: schema,
    })),
  };
}

function knownWord(schema: Mapping, word: string): unknown[] {
  const [first] = branches(mapping(mapping(schema['properties'])[word]));
  const known = first?.['enum'];
  if (!Array.isArray(known)) throw new Error(`the configuration's schema lists no values of ${word}`);
  return known;
}

function branches(schema: Mapping): Mapping[] {
  const anyOf = schema['anyOf'];
  if (!Array.isArray(anyOf)) throw new Error('the configuration has one form only; expected a choice');
  return anyOf.map(mapping);
}

function mapping(value: unknown): Mapping {
  if (!isMapping(value)) throw new Error(`expected a mapping in the schema, found ${JSON.stringify(value)}`);
  return value;
}
