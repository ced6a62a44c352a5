import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { load, refusal } from './invented.ts';

const keyOf = (text: string, env: Record<string, string>) =>
  load(text, { env }).config.providers[0]?.settings['api_key'];

describe('a variable', () => {
  it.each([
    { where: 'unquoted inside braces', text: 'providers: [{ type: invented, api_key: ${KEY} }]', key: 'v: #1' },
    { where: 'in double quotes', text: 'providers: [{ type: invented, api_key: "${KEY}" }]', key: 'v: #1' },
    { where: 'in single quotes', text: "providers: [{ type: invented, api_key: '${KEY}' }]", key: 'v: #1' },
    { where: 'in a block scalar', text: 'providers:\n  - type: invented\n    api_key: |-\n      ${KEY}', key: 'v: #1' },
    { where: 'between other text', text: 'providers: [{ type: invented, api_key: a${KEY}b }]', key: 'av: #1b' },
    { where: 'twice in a row', text: 'providers: [{ type: invented, api_key: ${KEY}${KEY} }]', key: 'v: #1v: #1' },
    { where: 'beside another', text: 'providers: [{ type: invented, api_key: ${KEY}${EMPTY}${B} }]', key: 'v: #1b' },
  ])('may stand $where', ({ text, key }) => {
    const found = keyOf(text, { KEY: 'v: #1', EMPTY: '', B: 'b' });

    expect(found).toBe(key);
  });

  it.each([
    { says: 'is used when the variable is not set', env: {}, key: 'a default, {with: braces' },
    { says: 'is used when the variable is empty', env: { KEY: '' }, key: 'a default, {with: braces' },
    { says: 'is not used when the variable is set', env: { KEY: 'k' }, key: 'k' },
  ])('has a default that $says', ({ env, key }) => {
    const found = keyOf('providers: [{ type: invented, api_key: ${KEY:-a default, {with: braces} }]', env);

    expect(found).toBe(key);
  });

  it('may have an empty default', () => {
    const { config } = load('providers: [{ type: invented, api_key: k, proxy_url: ${PROXY:-} }]', { env: {} });

    expect(config.providers[0]?.proxyUrl).toBeUndefined();
  });

  it('can be a number, true or false, a choice, a duration or a list item', () => {
    const { config } = load(
      'providers: [{ type: tagged, regions: [${R}], depth: ${FIVE}, deep: ${YES}, overall: ${NO}, poll_interval: ${FIVE}m }]\nmetrics: { detail: ${DETAIL}, buckets: [${FIVE}] }\nseverities: [{ name: P1, target: 5m, objective: ${HALF} }]',
      { env: { R: 'eu', FIVE: '5', YES: 'true', NO: 'false', DETAIL: 'full', HALF: '0.5' } },
    );

    const [provider] = config.providers;
    expect(provider?.settings).toEqual({ regions: ['eu'], depth: 5, deep: true, passphrase: undefined });
    expect(provider?.overall).toBe(false);
    expect(provider?.pollIntervalMs).toBe(300_000);
    expect(config.metrics.detail).toBe('full');
    expect(config.metrics.bucketsMs[0]).toBe(300_000);
    expect(config.severities[0]?.objective).toBe(0.5);
  });

  it('is not looked for in comments', () => {
    const found = keyOf('# ${NOT_SET} and ${KEY}\nproviders: [{ type: invented, api_key: ${KEY} }] # ${NOT_SET}', {
      KEY: 'k',
    });

    expect(found).toBe('k');
  });

  it('is not looked for in the value of another', () => {
    const found = keyOf('providers: [{ type: invented, api_key: ${KEY} }]', { KEY: '${OTHER}', OTHER: 'o' });

    expect(found).toBe('${OTHER}');
  });

  it('is plain text after a second dollar sign', () => {
    const found = keyOf('providers: [{ type: invented, api_key: "$${KEY} $$ $KEY" }]', { KEY: 'k' });

    expect(found).toBe('${KEY} $$ $KEY');
  });

  it('is told apart from private-use characters that the file itself holds', () => {
    const found = keyOf('providers: [{ type: invented, api_key: "\ue000${KEY}\ue001${B}" }]', { KEY: 'k', B: 'b' });

    expect(found).toBe('\ue000k\ue001b');
  });

  it('leaves lines and columns as they are in the file', () => {
    const message = refusal('providers: [{ api_key: ${A_LONG_NAME:-x}, type: invented, regon: us }]');

    expect(message).toBe('providers[0].regon (c.yml:1:59): is not a known key; did you mean region?');
  });

  it('is not taken from what every object has', () => {
    const message = refusal('providers: [{ type: invented, api_key: ${constructor} }]');

    expect(message).toContain('the environment variable constructor is not set');
  });
});

/** Any text that can be in the environment, those that YAML or our own marks would trip over more often. */
const secret = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\0')),
  fc.string({
    minLength: 1,
    unit: fc.constantFrom(
      ': ',
      '#',
      '${',
      '}',
      '$',
      "'",
      '"',
      '\\',
      '\n',
      '\t',
      '{',
      '[',
      '!',
      '&',
      '*',
      '\ue000',
      '-',
      'x',
    ),
  }),
);
const places = ['${SECRET}', '"${SECRET}"', "'${SECRET}'"];

describe('a secret in a variable', () => {
  it('reaches the settings of its provider unchanged, whatever its characters', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...places), (text, place) => {
        const found = keyOf(`providers: [{ type: invented, api_key: ${place} }]`, { SECRET: text });

        expect(found).toBe(text);
      }),
    );
  });

  it('is in no error, wherever it stands', () => {
    const marked = secret.map((text) => `hunter2${text}`);
    const wrong = [
      'region: ${SECRET}',
      'poll_interval: ${SECRET}',
      'rate_limit: ${SECRET}',
      'base_url: ${SECRET}',
      'base_url: "https://x:${SECRET}@example.com"',
      'proxy_url: ${SECRET}',
      'overall: ${SECRET}',
      'tls: ${SECRET}',
      'colour: ${SECRET}',
      'filter: ${SECRET}',
      'filter: { severities: ["${SECRET}"] }',
      'filter: { exclude_titles: ["(${SECRET}"] }',
      'severity: { default: "${SECRET}" }',
      'severity: { map: { low: "${SECRET}" } }',
      'severity: { from: ["${SECRET}"] }',
      'type: ${SECRET}',
      'api_key_file: ${SECRET}',
    ];
    fc.assert(
      fc.property(marked, fc.constantFrom(...wrong), (text, key) => {
        const type = key.startsWith('type') ? '' : 'type: invented,';
        const own = key.startsWith('api_key') ? '' : 'api_key: ${SECRET},';

        const message = refusal(`providers: [{ ${type} ${own} ${key} }]`, { env: { SECRET: text } });

        expect(message).toMatch(/; expected /);
        expect(message).not.toContain('hunter2');
      }),
    );
  });
});
