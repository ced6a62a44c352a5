import { describe, expect, it } from 'vitest';
import { toEnvironment } from '../../src/config/deployments.ts';
import { describeConfig } from '../../src/config/describe.ts';
import { load, platforms, refusal, withProvider } from './invented.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const deployments = (keys = '', rest = '') =>
  load(`providers: [{ type: deploying, source: deployments${keys} }]\n${rest}`);
const provider = (keys = '') => deployments(keys).config.providers[0];

describe('a provider of deployments', () => {
  it('has an open window of 7d, takes less than 5m for flaky, and is not overall', () => {
    expect(provider()).toMatchObject({
      recoveryLimits: { openWindowMs: 7 * DAY_MS, flakyBelowMs: 300_000 },
      overall: false,
    });
  });

  it('takes what is configured instead', () => {
    const found = provider(', open_window: 3d, flaky_below: 0s, overall: true, lead_time: off');

    expect(found).toMatchObject({ recoveryLimits: { openWindowMs: 3 * DAY_MS, flakyBelowMs: 0 }, overall: true });
    expect(found?.deployments?.leadTime).toBe('off');
  });

  it.each([
    ['production', 'production'],
    ['Prod', 'production'],
    ['live', 'production'],
    ['staging', undefined],
    ['production-2', undefined],
  ])('calls %s by default %s', (name, ours) => {
    expect(toEnvironment(provider()?.deployments?.environments ?? [], name)).toBe(ours);
  });

  it('maps exact names before patterns, and patterns in the order of the file', () => {
    const rules = provider(', environments: { all: ["p*", "*.eu"], canary: [prod-canary, "p.x"], eu: ["prod-?.eu"] }');
    const find = (name: string) => toEnvironment(rules?.deployments?.environments ?? [], name);

    expect(['prod-canary', 'prod-1', 'a/b.eu', 'p.x', 'qa'].map(find)).toEqual([
      'canary',
      'all',
      'all',
      'canary',
      undefined,
    ]);
  });

  it('is none without source: deployments, and then overall', () => {
    const [found] = load('providers: [{ type: deploying }]').config.providers;

    expect(found).toMatchObject({ deployments: undefined, overall: true, recoveryLimits: undefined });
  });

  it('refuses keys of deployments for another source', () => {
    expect(refusal('providers: [{ type: deploying, lead_time: off }]')).toBe(
      'providers[0].lead_time (c.yml:1:32): concerns deployments alone; expected source: deployments as well, or no such key',
    );
  });
});

describe('a provider of state changes', () => {
  it('has no open window and no flaky recoveries by default', () => {
    const [found] = load('providers: [{ type: alarms }]').config.providers;

    expect(found).toMatchObject({ recoveryLimits: { flakyBelowMs: 0 }, overall: true });
  });

  it('takes limits, but no keys of deployments', () => {
    const [found] = load('providers: [{ type: alarms, open_window: 1d, flaky_below: 2m }]').config.providers;

    expect(found?.recoveryLimits).toEqual({ openWindowMs: DAY_MS, flakyBelowMs: 120_000 });
    expect(refusal('providers: [{ type: alarms, lead_time: off }]')).toContain('lead_time');
    expect(refusal('providers: [{ type: invented, api_key: k, open_window: 1d }]')).toContain('open_window');
  });
});

describe('the section dora', () => {
  const dora = (text: string) => deployments('', `dora: ${text}`).config.dora;

  it('has the defaults of the documentation', () => {
    const week = { elite: DAY_MS, high: 7 * DAY_MS, medium: 30 * DAY_MS };

    expect(dora('{}')).toMatchObject({
      environments: ['production'],
      incidentWithinMs: DAY_MS,
      failureFrom: ['deployment', 'rollback', 'incident'],
      reworkRefs: [{ pattern: 'hotfix/*' }, { pattern: 'revert-*' }],
      minimumSample: 5,
      levels: {
        deploymentFrequencyMs: week,
        leadTimeMs: week,
        changeFailureRatio: { elite: 0.15, high: 0.3, medium: 0.45 },
        recoveryTimeMs: { elite: HOUR_MS, high: DAY_MS, medium: 7 * DAY_MS },
      },
    });
  });

  it.each([
    [2023, { elite: 0.05, high: 0.1, medium: 0.15 }, { elite: HOUR_MS, high: DAY_MS, medium: 7 * DAY_MS }],
    [2024, { elite: 0.05, high: 0.2, medium: 0.1 }, { elite: HOUR_MS, high: DAY_MS, medium: DAY_MS }],
  ])('takes the published thresholds of %i', (year, changeFailureRatio, recoveryTimeMs) => {
    expect(dora(`{ levels: { preset: ${year} } }`).levels).toMatchObject({ changeFailureRatio, recoveryTimeMs });
  });

  it('takes bounds of its own beside a preset', () => {
    const { levels } = dora('{ levels: { preset: 2023, recovery_time: { elite: 10m, high: 1h, medium: 2h } } }');

    expect(levels.recoveryTimeMs.elite).toBe(600_000);
    expect(levels.changeFailureRatio.elite).toBe(0.05);
  });

  it('warns of an environment that no provider of deployments has', () => {
    const { warnings } = deployments(', environments: { prod: [production] }');

    expect(warnings).toContainEqual(expect.stringContaining('no provider has the environment "production"'));
    expect(load(withProvider('')).warnings.join()).not.toContain('environment');
  });

  it('is described under the keys of the file', () => {
    const { config } = deployments(', environments: { production: ["prod-*", live] }', 'dora: { minimum_sample: 3 }');

    const shown = JSON.parse(JSON.stringify(describeConfig(config, platforms)));

    expect(shown.dora).toMatchObject({
      incident_within: '1d',
      minimum_sample: 3,
      rework_refs: ['hotfix/*', 'revert-*'],
    });
    expect(shown.providers[0]).toMatchObject({
      environments: { production: ['live', 'prod-*'] },
      lead_time: 'commits',
      open_window: '7d',
      flaky_below: '5m',
    });
  });
});
