import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config/describe.ts';
import type { PlatformSettings } from '../../src/config/types.ts';
import { invented, load, refusal, tagged } from './invented.ts';

const hooked: PlatformSettings = { ...invented, type: 'hooked', webhook: { hasSecret: true } };
const platforms = [hooked, tagged];
const entry = (webhook: string, type = 'hooked') =>
  `providers: [{ type: ${type}, ${type === 'hooked' ? 'api_key: k' : 'regions: [eu]'}, webhook: ${webhook} }]`;

function secrets(webhook: string, file = '') {
  const readFile = () => file;
  return load(entry(webhook), { platforms, readFile }).config.providers[0]?.webhook?.secrets;
}

describe('webhook', () => {
  it.each([
    { webhook: '{ secret: one }', is: ['one'] },
    { webhook: '{ secret: [new, old] }', is: ['new', 'old'] },
    { webhook: '{ secret: "${TOKEN}" }', is: ['token-of-the-environment'] },
    { webhook: '{ secret_file: /f }', file: 'one\n', is: ['one'] },
    { webhook: '{ secret_file: /f }', file: 'new\r\nold\r\n', is: ['new', 'old'] },
  ])('takes $webhook', ({ webhook, file, is }) => {
    expect(secrets(webhook, file)).toEqual(is);
  });

  it('is absent unless it is configured', () => {
    const { config } = load('providers: [{ type: hooked, api_key: k }]', { platforms });

    expect(config.providers[0]?.webhook).toBeUndefined();
  });

  it('shows no secret', () => {
    const { config } = load(entry('{ secret: [hunter2, hunter3] }'), { platforms });

    const shown = JSON.stringify(describeConfig(config, platforms));

    expect(shown).toContain('"webhook":{"secret":"<secret>"}');
    expect(shown).not.toContain('hunter');
  });

  it.each([
    ['{}', 'providers[0].webhook.secret (c.yml:1:41): is missing; expected secret or secret_file'],
    ['{ secret: "" }', 'providers[0].webhook.secret (c.yml:1:52): is empty; expected a string'],
    ['{ secret: [] }', 'providers[0].webhook.secret (c.yml:1:52): is empty; expected at least 1 item'],
    [
      '{ secret_fil: hunter2 }',
      'providers[0].webhook.secret_fil (c.yml:1:52): is not a known key; did you mean secret_file?',
    ],
    [
      '{ secret: hunter2, secret_file: /secrets/key }',
      'providers[0].webhook.secret_file (c.yml:1:69): cannot be combined with secret; expected only one of the two',
    ],
    [
      '{ secret_file: /secrets/none }',
      'providers[0].webhook.secret_file (c.yml:1:52): "/secrets/none" cannot be read: no such file; expected a file that contains the secret',
    ],
  ])('refuses %s', (webhook, message) => {
    expect(refusal(entry(webhook), { platforms })).toBe(message);
  });

  it('is an unknown key of platforms that send none', () => {
    expect(refusal(entry('{ secret: hunter2 }', 'tagged'), { platforms })).toMatch(
      /^providers\[0\]\.webhook \(c\.yml:1:44\): is not a known key; expected /,
    );
  });
});
