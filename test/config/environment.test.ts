import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/diagnostics.ts';
import { configFromEnvironment, findConfigFile } from '../../src/config/load.ts';
import { platforms } from './invented.ts';

const attempt = (env: Record<string, string>) => () => configFromEnvironment({ env, platforms });

describe('the environment alone', () => {
  it('is configuration enough, with the defaults of a file', () => {
    const { config, warnings } = configFromEnvironment({
      env: { INVENTED_TOKEN: 'k', INVENTED_REGION: 'eu' },
      platforms,
    });

    expect(config.providers).toHaveLength(1);
    expect(config.providers[0]).toMatchObject({
      name: 'invented',
      pollIntervalMs: 60_000,
      settings: { api_key: 'k', region: 'eu' },
    });
    expect(config.windows.map(({ name }) => name)).toEqual(['7d', '30d', '90d']);
    expect(warnings).toEqual([]);
  });

  it('makes one provider of each platform that it names', () => {
    const { config } = configFromEnvironment({ env: { INVENTED_TOKEN: 'k', TAGGED_REGIONS: 'eu,us' }, platforms });

    expect(config.providers.map(({ name }) => name)).toEqual(['invented', 'tagged']);
    expect(config.providers[1]?.settings['regions']).toEqual(['eu', 'us']);
  });

  it('expands nothing in its values', () => {
    const { config } = configFromEnvironment({ env: { INVENTED_TOKEN: '${HOME}' }, platforms });

    expect(config.providers[0]?.settings['api_key']).toBe('${HOME}');
  });

  it('says what can be set when nothing is', () => {
    expect(attempt({ PATH: '/bin' })).toThrow(
      new ConfigError([
        'no configuration: no file found, and no provider in the environment; expected --config.file (to import files alone, one with providers: [{ name: incidents, type: import }]), or one of the environment variables INVENTED_TOKEN or TAGGED_REGIONS',
      ]),
    );
  });

  it('is refused without its values when one is wrong', () => {
    expect(attempt({ INVENTED_TOKEN: '', INVENTED_REGION: 'hunter2' })).toThrow(
      new ConfigError([
        'providers[0].api_key (environment): is empty; expected a string',
        'providers[0].region (environment): the value is not allowed; expected us or eu',
      ]),
    );
  });
});

describe('the configuration file', () => {
  it.each([
    { says: 'the one of the flag', flag: 'x.yml', existing: ['config/mttr-exporter.yml'], file: 'x.yml' },
    { says: 'the one of the flag even where it is missing', flag: 'x.yml', existing: [], file: 'x.yml' },
    {
      says: 'the one in config/',
      flag: undefined,
      existing: ['/etc/mttr-exporter/config.yml', 'config/mttr-exporter.yml'],
      file: 'config/mttr-exporter.yml',
    },
    {
      says: 'the one of the image',
      flag: undefined,
      existing: ['/etc/mttr-exporter/config.yml'],
      file: '/etc/mttr-exporter/config.yml',
    },
    { says: 'none where none exists', flag: undefined, existing: [], file: undefined },
  ])('is $says', ({ flag, existing, file }) => {
    const found = findConfigFile({ flag, exists: (path) => existing.some((name) => name === path) });

    expect(found).toBe(file);
  });
});
