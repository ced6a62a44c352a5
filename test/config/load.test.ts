import { describe, expect, it } from 'vitest';
import { createLabelMapper } from '../../src/config/label-mapper.ts';
import type { ProviderConfig } from '../../src/config/types.ts';
import { load, tagged, withProvider } from './invented.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function provider(keys: string) {
  const [first] = load(`providers:\n  - { type: invented, api_key: k, ${keys} }`).config.providers;
  if (first === undefined) throw new Error('there is no provider');
  return first;
}

describe('the defaults', () => {
  it('are those of the design for everything but the providers', () => {
    const { config, warnings } = load(withProvider(''));

    const { providers, severities, dora: _, ...rest } = config;
    expect(warnings).toEqual([]);
    expect(providers).toHaveLength(1);
    expect(severities).toHaveLength(5);
    expect(rest).toEqual({
      historyMs: 210 * DAY_MS,
      windows: [
        { name: '7d', ms: 7 * DAY_MS },
        { name: '30d', ms: 30 * DAY_MS },
        { name: '90d', ms: 90 * DAY_MS },
      ],
      groupings: ['all', 'severity', 'service', 'service,severity'],
      services: { overrides: new Map(), teams: new Map() },
      recovery: { reopened: 'last', clock: 'trigger', until: 'resolved', settleMs: 0 },
      levels: { eliteMs: HOUR_MS, highMs: DAY_MS, mediumMs: 7 * DAY_MS },
      metrics: {
        detail: 'standard',
        team: false,
        maxServices: 500,
        minimumSample: 1,
        newSeriesHoldMs: 3 * MINUTE_MS,
        bucketsMs: [5, 15, 30, 60, 120, 240, 480, 1440, 2880, 10080, 43200].map((minutes) => minutes * MINUTE_MS),
      },
      retentionMs: 400 * DAY_MS,
      store: { path: 'data/mttr-exporter.db' },
      timezone: 'UTC',
      timeRange: undefined,
      web: { bearerToken: undefined, adminToken: undefined },
    });
  });

  it('are those of the design for a provider', () => {
    const found = provider('');

    expect(found).toEqual({
      name: 'invented',
      type: 'invented',
      baseUrl: undefined,
      pollIntervalMs: MINUTE_MS,
      rateLimit: { requests: 900, perMs: MINUTE_MS },
      timeoutMs: 30_000,
      proxyUrl: undefined,
      caFile: undefined,
      overall: true,
      severity: { from: ['priority', 'urgency'], tag: undefined, map: new Map(), default: 'P3' },
      services: { tag: undefined, rename: [] },
      filter: { severities: [], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 },
      settings: { api_key: 'k', region: 'us' },
    });
  });

  it('take tags and pace from the platform', () => {
    const [found] = load('providers: [{ type: tagged, regions: [eu] }]').config.providers;

    expect(found?.severity.tag).toBe('severity');
    expect(found?.services.tag).toBe('service');
    expect(found?.rateLimit).toEqual(tagged.defaultRateLimit);
    expect(found?.settings).toEqual({ regions: ['eu'], depth: 3, deep: false, passphrase: undefined });
  });
});

describe('a provider', () => {
  it('takes every key that is configured', () => {
    const found = provider(`
      name: pager, base_url: "https://api.example.com/v2", poll_interval: 1m30s, rate_limit: 10/h, timeout: 5s,
      proxy_url: "http://ada:secret@proxy:3128", tls: { ca_file: /ca.pem }, overall: false, region: eu,
      severity: { from: [urgency], tag: sev, map: { SEV-1: p1, Low: P4 }, default: p5 },
      services: { tag: svc, rename: { "/^legacy-(.*)$/": "$1", Checkout (prod): checkout } },
      filter: { severities: [p1, P2], services: [checkout], teams: [web], exclude_titles: ["^\\\\[TEST\\\\]"], shorter_than: 10s }`);

    expect(found).toEqual({
      name: 'pager',
      type: 'invented',
      baseUrl: 'https://api.example.com/v2',
      pollIntervalMs: 90_000,
      rateLimit: { requests: 10, perMs: HOUR_MS },
      timeoutMs: 5000,
      proxyUrl: 'http://ada:secret@proxy:3128',
      caFile: '/ca.pem',
      overall: false,
      severity: {
        from: ['urgency'],
        tag: 'sev',
        map: new Map([
          ['sev1', 'P1'],
          ['low', 'P4'],
        ]),
        default: 'P5',
      },
      services: {
        tag: 'svc',
        rename: [
          { match: 'Checkout (prod)', to: 'checkout' },
          { match: /^legacy-(.*)$/, to: '$1' },
        ],
      },
      filter: {
        severities: ['P1', 'P2'],
        services: ['checkout'],
        teams: ['web'],
        excludeTitles: [/^\[TEST\]/],
        shorterThanMs: 10_000,
      },
      settings: { api_key: 'k', region: 'eu' },
    });
  });

  it('keeps expressions in the order of the file, behind the exact names', () => {
    const found = provider('services: { rename: { "/b/": x, "/a/": x, z: x, "10": x, "/": x } }');

    expect(found.services.rename.map(({ match }) => String(match))).toEqual(['10', 'z', '/', '/b/', '/a/']);
  });

  it.each(['base_url', 'proxy_url'])('has no %s when that is empty', (key) => {
    const found = provider(`${key}: ""`);

    expect([found.baseUrl, found.proxyUrl]).toEqual([undefined, undefined]);
  });

  it('reads a secret from its file, without the last newline', () => {
    const { config } = load('providers: [{ type: invented, api_key_file: /secrets/key }]');

    expect(config.providers[0]?.settings).toEqual({ api_key: 'key-of-the-file', region: 'us' });
  });
});

describe('severities', () => {
  it('are P1 to P5 with their targets and built-in aliases', () => {
    const { severities } = load(withProvider('')).config;

    expect(
      severities.map(({ name, title, targetMs, stageTargetsMs, objective }) => [
        name,
        title,
        targetMs,
        stageTargetsMs.acknowledgement,
        objective,
      ]),
    ).toEqual([
      ['P1', 'Critical', 30 * MINUTE_MS, 5 * MINUTE_MS, 0.9],
      ['P2', 'High', 2 * HOUR_MS, 15 * MINUTE_MS, 0.9],
      ['P3', 'Medium', 8 * HOUR_MS, HOUR_MS, 0.9],
      ['P4', 'Low', 24 * HOUR_MS, 4 * HOUR_MS, 0.9],
      ['P5', 'Info', undefined, undefined, undefined],
    ]);
    expect(severities.map(({ aliases }) => aliases.join(' '))).toEqual([
      'sev1 sev-1 critical',
      'sev2 sev-2 high',
      'sev3 sev-3 medium',
      'sev4 sev-4 low',
      'sev5 sev-5 info',
    ]);
  });

  it('replace the default of their name as a whole, keep its aliases, and come last when they are new', () => {
    const { severities } = load(
      withProvider('severities: [{ name: page, target: 5m, objective: 0.99 }, { name: P2, aliases: [Urgent] }]'),
    ).config;

    expect(severities.map(({ name }) => name)).toEqual(['P1', 'P2', 'P3', 'P4', 'P5', 'page']);
    expect(severities[1]).toEqual({
      name: 'P2',
      title: undefined,
      aliases: ['urgent', 'sev2', 'sev-2', 'high'],
      targetMs: undefined,
      rank: 1,
      words: expect.arrayContaining(['p2', 'urgent', 'sev2', 'high']),
      stageTargetsMs: {},
      objective: undefined,
    });
    expect(severities[5]).toMatchObject({ aliases: [], targetMs: 5 * MINUTE_MS, objective: 0.99 });
  });

  it('are sorted by rank: configured, else the number in the name, else the position', () => {
    const ranked = (yaml: string) => load(withProvider(yaml)).config.severities.map(({ name, rank }) => [name, rank]);

    expect(ranked('default_severities: false\nseverities: [{ name: SEV3 }, { name: SEV1 }, { name: Sev 2 }]')).toEqual([
      ['SEV1', 0],
      ['Sev 2', 1],
      ['SEV3', 2],
    ]);
    expect(ranked('default_severities: false\nseverities: [{ name: Blocker }, { name: Minor }]')).toEqual([
      ['Blocker', 0],
      ['Minor', 1],
    ]);
    expect(ranked('severities: [{ name: P0 }, { name: Outage, rank: 0 }]').slice(0, 3)).toEqual([
      ['P0', 0],
      ['Outage', 0],
      ['P1', 1],
    ]);
  });

  it('have P3 as the default of incidents without one, and without a P3 the least severe', () => {
    const { providers } = load(
      withProvider('default_severities: false\nseverities: [{ name: SEV2 }, { name: SEV1 }]'),
    ).config;

    expect(providers[0]?.severity.default).toBe('SEV2');
  });

  it.each([
    ['P0', 'P0'],
    ['p_0', 'P0'],
    ['critical', 'P0'],
    ['Sev 1', 'P1'],
    ['SEV-1', 'P1'],
    ['sev1_critical', 'P1'],
    ['P1 - High', 'P1'],
    ['SEV-2 (High)', 'P2'],
    ['major', 'P2'],
    ['P1/P2', undefined],
    ['Sev 1 / Sev 2', undefined],
    ['sev-1 (was SEV-2)', undefined],
    ['Sev 1, sev1', 'P1'],
    ['sev 10', undefined],
    ['(none)', undefined],
  ])('a platform that says %j means %j', (priority, severity) => {
    const config = load(
      withProvider('severities: [{ name: P0, title: Critical }, { name: P2, aliases: [Major] }]'),
    ).config;
    const provider = config.providers[0] as ProviderConfig;

    const { name, unmapped } = createLabelMapper(provider, config.severities).map({
      row: 1,
      provider: provider.name,
      serviceId: 's',
      serviceName: 's',
      team: '',
      severity: { priority },
    }).severity;

    expect(unmapped === undefined ? name : undefined).toBe(severity);
  });

  it('go before a built-in alias that is the same word', () => {
    const { severities } = load(withProvider('severities: [{ name: critical }, { name: P2, aliases: [SEV3] }]')).config;

    expect(severities.map(({ aliases }) => aliases.join(' '))).toEqual([
      'sev1 sev-1',
      'sev3 sev2 sev-2 high',
      'medium',
      'sev4 sev-4 low',
      'sev5 sev-5 info',
      '',
    ]);
  });

  it('can be what providers are mapped to', () => {
    const { config } = load(
      'severities: [{ name: page }]\nproviders: [{ type: invented, api_key: k, severity: { default: PAGE } }]',
    );

    expect(config.providers[0]?.severity.default).toBe('page');
  });
});

describe('buckets', () => {
  it('are minutes or durations, in order, once each, with all targets and level bounds', () => {
    const { metrics } = load(
      withProvider(
        'metrics: { buckets: [10, 0.5, "10", 1h30m] }\nseverities: [{ name: P5, target: 7m }]\nlevels: { elite: 42m }',
      ),
    ).config;

    expect(metrics.bucketsMs.map((ms) => ms / MINUTE_MS)).toEqual([0.5, 7, 10, 30, 42, 90, 120, 480, 1440, 10080]);
  });
});

describe('spans', () => {
  it('keep the text of a window as its name', () => {
    const { windows } = load(withProvider('windows: [1w, 1d12h]')).config;

    expect(windows).toEqual([
      { name: '1w', ms: 7 * DAY_MS },
      { name: '1d12h', ms: 36 * HOUR_MS },
    ]);
  });

  it.each([
    { says: 'shorter than the largest window and 30d warns', history: '119d', warnings: 1 },
    { says: 'just the largest window warns', history: '90d', warnings: 1 },
  ])('history $says', ({ history, warnings }) => {
    const loaded = load(withProvider(`history: ${history}`));

    expect(loaded.warnings).toHaveLength(warnings);
    for (const line of loaded.warnings) {
      expect(line).toBe(
        `history (c.yml:2:1): history of ${history} is shorter than the largest window and 30d: it may miss the longest recoveries; expected history of 120d or more`,
      );
    }
  });

  it.each([
    { history: '120d', without: ['90d'] },
    { history: '209d', without: ['90d'] },
    { history: '210d', without: [] },
  ])('history of $history leaves no baseline to $without', ({ history, without }) => {
    const { warnings } = load(withProvider(`history: ${history}`));

    expect(warnings.map((line) => line.replace(/ \(.*/, ''))).toEqual(without.map(() => 'windows[2]'));
    for (const line of warnings) {
      expect(line).toContain(
        `the window 90d has no baseline, and its alerts cannot fire: history of ${history} is too short; expected history of 210d or more`,
      );
    }
  });

  it('warn when history reaches beyond retention', () => {
    const { warnings } = load(withProvider('history: 300d\nretention: 200d'));

    expect(warnings).toEqual([
      'retention (c.yml:3:1): retention of 200d is shorter than history: older incidents are fetched and then deleted; expected retention of 300d or more',
    ]);
  });
});

describe('everything else', () => {
  it('takes every key that is configured', () => {
    const { config } = load(
      withProvider(`
groupings: [team, provider]
recovery: { reopened: sum, clock: impact, until: mitigated, settle: 2m }
levels: { elite: 30m, high: 2h, medium: 3d }
metrics: { detail: full, team: true, max_services: 10, minimum_sample: 3, new_series_hold: 0s }
retention: 500d
store: { type: sqlite, path: /data/x.db }
web: { bearer_token_file: /secrets/key }`),
    );

    expect(config.groupings).toEqual(['team', 'provider']);
    expect(config.recovery).toEqual({
      reopened: 'sum',
      clock: 'impact',
      until: 'mitigated',
      settleMs: 2 * MINUTE_MS,
    });
    expect(config.levels).toEqual({ eliteMs: 30 * MINUTE_MS, highMs: 2 * HOUR_MS, mediumMs: 3 * DAY_MS });
    expect(config.metrics).toMatchObject({
      detail: 'full',
      team: true,
      maxServices: 10,
      minimumSample: 3,
      newSeriesHoldMs: 0,
    });
    expect(config.retentionMs).toBe(500 * DAY_MS);
    expect(config.store).toEqual({ path: '/data/x.db' });
    expect(config.web).toEqual({ bearerToken: 'key-of-the-file' });
  });

  it('may have sections whose keys are all commented out', () => {
    const { config } = load(
      'providers:\n  - type: invented\n    api_key: k\n    tls:\n      # ca_file: x\n    severity:\nlevels:\n',
    );

    expect(config).toEqual(load(withProvider('')).config);
  });

  it('may be used more than once through anchors', () => {
    const { config } = load(`
providers:
  - { name: a, type: invented, api_key: k, filter: &filter { teams: [web] } }
  - { name: b, type: invented, api_key: k, filter: *filter }`);

    expect(config.providers.map(({ filter }) => filter.teams)).toEqual([['web'], ['web']]);
  });

  it('may begin with a byte order mark and have lines that end as on Windows', () => {
    const { config } = load('\ufeffproviders:\r\n  - type: invented\r\n    api_key: k\r\n');

    expect(config.providers[0]?.settings['api_key']).toBe('k');
  });
});
