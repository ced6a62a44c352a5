import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config/describe.ts';
import { load, platforms } from './invented.ts';

const text = `
providers:
  - name: pager
    type: invented
    api_key: hunter2-key
    proxy_url: http://ada:hunter2@proxy:3128/
    rate_limit: 2/s
    severity: { map: { SEV-1: P1 } }
    services: { rename: { a: b, "/^x-(.*)$/": "$1" } }
    filter: { exclude_titles: ["^test"] }
  - { type: tagged, regions: [eu], passphrase: hunter2- }
web: { bearer_token: hunter2-token }
metrics: { buckets: [7] }
`;

describe('the description of the configuration', () => {
  it('shows what is in effect under the keys of the file', () => {
    const { config } = load(text);

    const shown = JSON.parse(JSON.stringify(describeConfig(config, platforms)));

    expect(shown.providers[0]).toEqual({
      name: 'pager',
      type: 'invented',
      api_key: '<secret>',
      region: 'us',
      poll_interval: '1m',
      rate_limit: '2/s',
      timeout: '30s',
      proxy_url: 'http://proxy:3128/',
      tls: {},
      overall: true,
      severity: { from: ['priority', 'urgency'], map: { sev1: 'P1' }, default: 'P3' },
      services: { rename: { a: 'b', '/^x-(.*)$/': '$1' } },
      filter: { severities: [], services: [], teams: [], exclude_titles: ['^test'], shorter_than: '0s' },
    });
    expect(shown).toMatchObject({ history: '210d', windows: ['7d', '30d', '90d'], web: { bearer_token: '<secret>' } });
    expect(shown.metrics.buckets.slice(0, 3)).toEqual(['7m', '30m', '1h']);
  });

  it('shows no secret', () => {
    const { config } = load(text);

    const shown = JSON.stringify(describeConfig(config, platforms));

    expect(shown).not.toContain('hunter2');
  });

  it('shows no settings of a type that it does not know', () => {
    const { config } = load(text);

    const shown = JSON.stringify(describeConfig(config, []));

    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('<secret>","region');
  });
});
