import { afterAll, beforeAll } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { cloudwatch } from '../../src/providers/cloudwatch/platform.ts';
import type { Provider, ProviderDependencies } from '../../src/providers/provider.ts';
import type { SimulatedAlarm } from '../../src/simulator/world.ts';
import { providerConfig } from './setup.ts';

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example-secret',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/** Gives the default chain of credentials something that is no secret, for one test file. */
export function withCredentials(): void {
  const before = new Map(Object.keys(CREDENTIALS).map((name) => [name, process.env[name]]));
  beforeAll(() => {
    Object.assign(process.env, CREDENTIALS);
  });
  afterAll(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

/** A provider made by the platform object that asks `url` for `regions`, tags included. */
export function createCloudwatchProvider(
  url: string,
  { regions = ['eu-west-1'], ...overrides }: Partial<ProviderConfig> & { regions?: readonly string[] },
  dependencies: ProviderDependencies,
): Provider {
  const base = providerConfig('cloudwatch', overrides);
  const config: ProviderConfig = {
    ...base,
    baseUrl: url,
    severity: { ...base.severity, tag: 'severity' },
    services: { ...base.services, tag: 'service' },
    settings: { regions, role_arn: '', external_id: '', profile: '' },
  };
  return cloudwatch.create(config, dependencies);
}

type Change = SimulatedAlarm['changes'][number];

/** A metric alarm of eu-west-1 unless told otherwise. */
export function alarm(name: string, changes: readonly Change[], rest: Partial<SimulatedAlarm> = {}): SimulatedAlarm {
  return { region: 'eu-west-1', name, kind: 'MetricAlarm', tags: {}, changes, ...rest };
}
