import { describe, expect, it } from 'vitest';
import { load, NOW_MS, refusal } from './invented.ts';

const DAY_MS = 86_400_000;
const short = (rest: string) => `incident_source: invented\ninvented: { api_key: $\{TOKEN} }\n${rest}`;

describe('the short form', () => {
  it('is one provider named after its type, with the keys of its section', () => {
    const { config } = load(
      'incident_source: invented\ninvented: { api_key_file: /secrets/key, region: eu, poll_interval: 5m, filter: { teams: [web] } }',
    );

    const [provider, ...others] = config.providers;
    expect(others).toEqual([]);
    expect(provider).toMatchObject({
      name: 'invented',
      type: 'invented',
      pollIntervalMs: 300_000,
      filter: { teams: ['web'] },
      settings: { api_key: 'key-of-the-file', region: 'eu' },
    });
  });

  it('reads as in the documentation', () => {
    const { config, warnings } = load(
      short('time_range: { start_date: "30d", end_date: "now" }\nseverity_filter: ["P1", "p2"]'),
    );

    expect(config.providers[0]?.filter.severities).toEqual(['P1', 'P2']);
    expect(config.providers[0]?.settings['api_key']).toBe('token-of-the-environment');
    expect(config.windows).toEqual([
      { name: '7d', ms: 7 * DAY_MS },
      { name: '30d', ms: 30 * DAY_MS },
    ]);
    expect(config.historyMs).toBe(90 * DAY_MS);
    expect(warnings).toEqual([]);
  });

  it('begins 30 days ago and keeps all severities where it does not say', () => {
    const { config } = load(short(''));

    expect(config.windows.map(({ name }) => name)).toEqual(['7d', '30d']);
    expect(config.providers[0]?.filter.severities).toEqual([]);
  });

  it.each([
    { start: '180d', windows: ['7d', '30d', '90d', '180d'], days: 180 },
    { start: '4w', windows: ['7d', '4w'], days: 28 },
    { start: '168h', windows: ['168h'], days: 7 },
    { start: '1d', windows: ['1d'], days: 1 },
    { start: '2026-07-06', windows: ['7d', '30d', '48d'], days: 48 },
    { start: '2026-08-22', windows: ['1d'], days: 1 },
  ])('has the default windows shorter than a start of $start, and the start itself', ({ start, windows, days }) => {
    const { config } = load(short(`time_range: { start_date: ${start} }`));

    expect(config.windows.map(({ name }) => name)).toEqual(windows);
    expect(config.windows.at(-1)?.ms).toBe(days * DAY_MS);
    expect(config.historyMs).toBe((2 * days + 30) * DAY_MS);
  });

  it('keeps what a long start needs for its baseline, unless retention is configured', () => {
    const start = 'time_range: { start_date: 365d }';

    expect(load(short(start)).config).toMatchObject({ historyMs: 760 * DAY_MS, retentionMs: 760 * DAY_MS });
    expect(refusal(short(`${start}\nretention: 400d`))).toContain('retention of 400d is shorter than twice');
  });

  it('names the section of another source as unused', () => {
    const { warnings } = load(short('tagged: { regions: [eu] }'));

    expect(warnings).toEqual([
      'tagged (c.yml:3:1): is not used: incident_source is invented; expected incident_source: tagged, or both in providers',
    ]);
  });

  it('counts a date exactly when it starts at midnight', () => {
    const { config } = load(short('time_range: { start_date: 2026-07-06 }'), { nowMs: NOW_MS - DAY_MS / 2 });

    expect(config.windows.at(-1)).toEqual({ name: '47d', ms: 47 * DAY_MS });
  });

  it('can be combined with the keys that both forms have', () => {
    const { config } = load(
      short('metrics: { detail: full }\nretention: 500d\nseverities: [{ name: page }]\nseverity_filter: [page]'),
    );

    expect(config.metrics.detail).toBe('full');
    expect(config.retentionMs).toBe(500 * DAY_MS);
    expect(config.providers[0]?.filter.severities).toEqual(['page']);
  });

  it('keeps the filter of its section when there is no severity_filter', () => {
    const { config } = load('incident_source: invented\ninvented: { api_key: k, filter: { severities: [P3] } }');

    expect(config.providers[0]?.filter.severities).toEqual(['P3']);
  });

  it('may take its type from a variable', () => {
    const { config } = load('incident_source: ${SOURCE}\ntagged: { regions: [eu] }', { env: { SOURCE: 'tagged' } });

    expect(config.providers[0]?.name).toBe('tagged');
  });

  it('must end now', () => {
    const message = refusal(short('time_range: { end_date: 2026-08-01 }'));

    expect(message).toBe('time_range.end_date (c.yml:3:15): "2026-08-01" is for reports only; expected now');
  });

  it('may end at any time for a report, which has its own --from and --to', () => {
    const { config } = load(short('time_range: { start_date: 2026-07-01, end_date: 2026-08-01 }'), { hasAnyEnd: true });

    expect(config.timeRange).toEqual({ start: '2026-07-01', end: '2026-08-01' });
  });
});
