import { describe, expect, it } from 'vitest';
import type { SampleSummary } from '../../src/cli/doctor/incident-checks.ts';
import {
  checkSeries,
  countEmptyPage,
  countForPair,
  countForProvider,
  countForRow,
  countForSeverity,
  countProviderSeries,
  countSharedSeries,
  type SeriesSource,
} from '../../src/cli/doctor/series-count.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ProviderConfig } from '../../src/config/types.ts';
import { toPageProvider } from '../../src/core/settings.ts';
import { systemClock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import { playExamplePlatforms } from '../metrics/example-platforms.ts';
import { silentObserver } from '../providers/setup.ts';

/** A PagerDuty provider with its capabilities; `more` are top-level keys of the configuration. */
function createSource(more = ''): { source: SeriesSource; provider: ProviderConfig } {
  const text = `providers: [{ name: pd, type: pagerduty, api_key: k }]\n${more}\n`;
  const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
  const [provider] = config.providers;
  const platform = platforms.find(({ type }) => type === provider?.type);
  if (provider === undefined || platform === undefined) throw new Error('expected one provider');
  const { capabilities } = platform.create(provider, { clock: systemClock, observer: silentObserver });
  return { provider, source: { config, capabilities, provider: toPageProvider({ config: provider, capabilities }) } };
}

function sampleOf(services: number, change: Partial<SampleSummary> = {}): SampleSummary {
  const names = (count: number, letter: string) => Array.from({ length: count }, (_, index) => `${letter}${index}`);
  return {
    incidents: 100,
    excluded: 0,
    missingInFilter: new Map(),
    services: names(Math.min(services, 20), 's'),
    servicesMax: services,
    severities: ['P1', 'P2'],
    teams: ['payments'],
    pairs: 30,
    triples: 30,
    unmapped: [],
    withoutSeverity: 0,
    ...change,
  };
}

describe('the predicted number of series', () => {
  it('is that of the table in docs/operating.md', () => {
    const { source } = createSource('groupings: [all, severity, service, "service,severity", team, provider]');
    const windows = 3;

    const lines = {
      pair: countForPair(source, 'P1') + countForRow(source, 'service,severity'),
      service: countForRow(source, 'service'),
      others: (['all', 'severity', 'team', 'provider'] as const).map((grouping) => countForRow(source, grouping)),
      providerAndSeverity: countForSeverity(source, 'P1'),
    };

    expect(lines).toEqual({
      pair: 21 + 2 * windows,
      service: 10 * windows,
      others: [25, 25, 25, 25].map((each) => each * windows),
      providerAndSeverity: 19,
    });
  });

  it('is that of the same table with full detail', () => {
    const { source } = createSource('metrics: { detail: full }');

    const lines = [
      countForPair(source, 'P1') + countForRow(source, 'service,severity'),
      countForRow(source, 'service'),
      countForSeverity(source, 'P1'),
    ];

    expect(lines).toEqual([40 + 25 * 3, 25 * 3, 0]);
  });

  it('stays under 90,000 for 500 services, and covers what such a page had', async () => {
    const { source, provider } = createSource();

    const { atMost } = countProviderSeries(source, sampleOf(500), provider);
    const all = atMost + (await countSharedSeries(source.config, [source], 'test'));

    expect(all).toBeGreaterThan(77_684);
    expect(all).toBeLessThan(90_000);
  });

  it('grows beyond the limit on services only by the service other, with a warning', () => {
    const { source, provider } = createSource();
    const [at, beyond, far] = [500, 501, 5000].map((services) =>
      countProviderSeries(source, sampleOf(services), provider),
    );
    if (at === undefined || beyond === undefined || far === undefined) throw new Error('expected three');

    const check = checkSeries(far, sampleOf(5000), source.config);

    expect(beyond.atMost - at.atMost).toBeLessThan(200);
    expect(far).toEqual(beyond);
    expect(check).toMatchObject({ result: 'warning', found: expect.stringContaining('only 500 have their own') });
  });

  it('counts only the severities that the filter keeps, and no within_target where there is no target', () => {
    const { source, provider } = createSource();
    const onlyP1 = { ...provider, filter: { ...provider.filter, severities: ['P1'] } };

    const [all, one] = [provider, onlyP1].map((each) => countProviderSeries(source, sampleOf(10), each).atMost);

    expect(one).toBeLessThan((all ?? 0) / 2);
    expect(countForPair(source, 'P1') - countForPair(source, 'P5')).toBe(1);
  });

  it('is smaller for a provider with overall: false', () => {
    const { source, provider } = createSource();
    const apart = { ...source, provider: { ...source.provider, isOverall: false } };

    const [inside, outside] = [source, apart].map((each) => countProviderSeries(each, sampleOf(10), provider).atMost);

    expect((inside ?? 0) - (outside ?? 0)).toBe(10 * 5 * 2 * 3 + 10 * 10 * 3);
  });

  it('is never below that of a real page of the same incidents', async () => {
    const stage = await playExamplePlatforms();
    const { body } = await stage.peek('openmetrics');
    const real = Buffer.concat(body).toString('utf8').split('\n');
    const others = real.filter((line) => line !== '' && !line.startsWith('#') && !line.includes('provider="aws"'));
    const more = 'windows: [7d, 30d]\ngroupings: [all, severity, service, "service,severity", team, provider]';
    const { source, provider } = createSource(more);
    const { config } = source;

    const { atMost } = countProviderSeries(source, sampleOf(3, { teams: ['none'] }), provider);
    const shared = countForRow(source, 'all') + config.severities.length * countForRow(source, 'severity');
    const predicted = atMost + shared + countEmptyPage(config);

    expect(others.length).toBeGreaterThan(500);
    expect(predicted).toBeGreaterThanOrEqual(others.length);
    expect(countForProvider(source)).toBe(real.filter((line) => /^mttr_exporter_\w+\{provider="pd"/.test(line)).length);
  });
});
