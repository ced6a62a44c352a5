import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { platforms } from '../../src/providers/registry.ts';
import * as own from './invented.ts';

const read = (name: string) => readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8');
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
const example = read('mttr-exporter.example.yml');
const variables = [...example.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => [name, 'a']);
const env: Record<string, string> = Object.fromEntries(variables);

describe('the JSON Schema in config/', () => {
  it('is what scripts/schema.ts makes of the platforms and keys of today', () => {
    const committed = JSON.parse(read('mttr-exporter.schema.json'));

    expect(committed).toEqual(JSON.parse(JSON.stringify(jsonSchema(platforms))));
  });

  it('describes every key of a provider and of the top', () => {
    const text = read('mttr-exporter.schema.json');

    for (const { type, shape } of platforms) {
      for (const word of [type, ...Object.keys(shape)]) expect(text).toContain(`"${word}"`);
    }
  });
});

describe('the annotated example', () => {
  it('is a configuration without problems', () => {
    const { config, warnings } = own.load(example, { platforms, env });

    expect(warnings).toEqual([]);
    const types = new Set(config.providers.map(({ type }) => type));
    expect([...types].toSorted()).toEqual(platforms.map(({ type }) => type).toSorted());
  });

  it('fits the schema that its first line names', () => {
    const validate = ajv.compile(JSON.parse(read('mttr-exporter.schema.json')));

    const isValid = validate(parse(example));

    expect(validate.errors).toBeNull();
    expect(isValid).toBe(true);
    expect(example.split('\n')[0]).toBe('# yaml-language-server: $schema=mttr-exporter.schema.json');
  });

  it('shows the defaults where it does not say that it is an example', () => {
    const short = 'providers: [{ type: pagerduty, api_key: p }]';

    const [shown, defaults] = [example, short].map((text) => own.load(text, { platforms, env }).config);

    const { providers: _, ...shownRest } = shown ?? {};
    const { providers: __, ...defaultRest } = defaults ?? {};
    expect(shownRest).toEqual(defaultRest);
  });

  it('names every key', () => {
    const schema = JSON.stringify(jsonSchema(platforms));

    const keys = [...schema.matchAll(/"([a-z_]+)":\{"/g)].map(([, key]) => key ?? '');

    const structure = [
      'properties',
      'definitions',
      'items',
      'not',
      'severity',
      ...keys.filter((key) => key.startsWith('provider_')),
    ];
    const missing = keys.filter((key) => !structure.includes(key) && !new RegExp(`\\b${key}\\b`).test(example));
    expect(keys.length).toBeGreaterThan(40);
    expect(missing).toEqual([]);
  });
});

describe('the schema of the invented platforms', () => {
  const validate = ajv.compile(JSON.parse(JSON.stringify(jsonSchema(own.platforms))));

  it.each([
    'providers: [{ type: invented, api_key: k }]',
    'providers: [{ type: invented, api_key_file: /k }]',
    'providers: [{ type: "${T}", api_key: "${K}", region: "${R}", poll_interval: "${P}", overall: "${O}", rate_limit: "${N}/s" }]',
    'providers: [{ type: tagged, regions: ["${R}"], depth: "${D}", deep: "true", passphrase: "${P}" }]\nmetrics: { max_services: "10", buckets: [5, "${B}", 1h], detail: "${X}" }\nwindows: ["${W}"]\nstore: { type: "${S}" }',
    'severities: [{ name: x, target: "${T}", objective: "${O}" }]\nproviders: [{ type: invented, api_key: k, severity: { map: { a: x }, default: "${D}" } }]',
    'incident_source: invented\ninvented: { api_key: k }\ntime_range: { start_date: 2026-01-31, end_date: now }\nseverity_filter: [P1]',
    'incident_source: invented\ninvented: { api_key: k }\ntagged: { regions: [eu] }',
    'incident_source: "${S}"\ntagged: { regions: [eu] }\nmetrics: { team: true }',
  ])('takes what the program takes: %s', (text) => {
    const isValid = validate(parse(text));

    expect(validate.errors).toBeNull();
    expect(isValid).toBe(true);
  });

  it.each([
    'providers: []',
    'providers: [{ type: other }]',
    'providers: [{ type: invented }]',
    'providers: [{ type: invented, api_key: k, api_key_file: /k }]',
    'providers: [{ type: invented, api_key: k, colour: red }]',
    'providers: [{ type: invented, api_key: k, poll_interval: 5 minutes }]',
    'providers: [{ type: invented, api_key: k, overall: "yes" }]',
    'providers: [{ type: invented, api_key: k }]\ntimezone: 3',
    'providers: [{ type: invented, api_key: k }]\nstore: { type: postgres }',
    'providers: [{ type: invented, api_key: k }]\nseverity_filter: [P1]',
    'incident_source: invented\ninvented: { api_key: k }\nwindows: [7d]',
    'incident_source: invented\ninvented: { api_key: k, name: x }',
  ])('refuses what the program refuses: %s', (text) => {
    const isValid = validate(parse(text));

    expect(isValid).toBe(false);
    expect(own.refusal(text)).not.toBe('it was accepted');
  });
});
