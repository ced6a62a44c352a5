import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { createHttpClient } from '../../http/client.ts';
import { rememberClockSkew } from '../../http/request-observer.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { SECOND_MS } from '../../model/time.ts';
import type { Platform, Provider, ProviderDependencies } from '../provider.ts';
import { createAlarmApi } from './alarm-api.ts';
import { RETENTION_MS } from './cursor.ts';
import { pollRegions, type Region } from './poll.ts';
import { probeRegions } from './probe.ts';
import { classifySdkError, createSdkClient } from './sdk-client.ts';
import { snsWebhook } from './sns.ts';
import { createAlarmNameCache } from './tags.ts';

const REGION = /^[a-z]{2}(-[a-z]+)+-\d+$/;

const shape = {
  regions: z.array(z.string().regex(REGION, 'a region such as eu-west-1')).min(1),
  role_arn: z.string().default(''),
  external_id: z.string().default(''),
  profile: z.string().default(''),
};

const TRAITS: Capabilities = {
  statuses: ['triggered'],
  started: false,
  identified: false,
  acknowledged: false,
  mitigated: false,
  escalations: false,
  reopens: false,
  retentionMs: RETENTION_MS,
};

/** Amazon CloudWatch alarms: each period in ALARM is an incident. */
export const cloudwatch: Platform = {
  type: 'cloudwatch',
  shape,
  secrets: [],
  webhook: snsWebhook,
  defaultRateLimit: { requests: 2, perMs: SECOND_MS },
  defaultTags: { service: 'service', severity: 'severity' },
  sources: ['tag'],
  hasStateChanges: true,
  fromEnvironment(env) {
    const regions = (env['MTTR_CLOUDWATCH_REGIONS'] ?? '')
      .split(',')
      .map((region) => region.trim())
      .filter((region) => region !== '');
    return regions.length === 0 ? undefined : { name: 'cloudwatch', type: 'cloudwatch', regions };
  },
  create: createCloudwatch,
};

function createCloudwatch(config: ProviderConfig, dependencies: ProviderDependencies): Provider {
  const settings = z.object(shape).parse(config.settings);
  const { observer, clockSkewMs } = rememberClockSkew(dependencies.observer);
  const options = { config, settings, dependencies: { ...dependencies, observer } };
  const regions = [...new Set(settings.regions)].map((name) => createRegion(name, options));
  const tagNames = { service: config.services.tag, severity: config.severity.tag, sources: config };
  return {
    capabilities: TRAITS,
    poll: (request) => pollRegions(request, regions, tagNames),
    probe: (request) =>
      probeRegions({
        ...request,
        regions,
        tagNames,
        roleArn: settings.role_arn,
        hasCustomEndpoint: config.baseUrl !== undefined,
      }),
    clockSkewMs,
    async close() {
      for (const { api } of regions) await api.close();
    },
  };
}

interface RegionOptions {
  readonly config: ProviderConfig;
  readonly settings: z.infer<z.ZodObject<typeof shape>>;
  readonly dependencies: ProviderDependencies;
}

/** Rate limits apply per region, so each region has its own client. */
function createRegion(name: string, { config, settings, dependencies }: RegionOptions): Region {
  const { clock, observer, log } = dependencies;
  const { baseUrl, rateLimit, timeoutMs, proxyUrl, caFile, recoveryLimits: limits } = config;
  const httpClient = createHttpClient({
    baseUrl: baseUrl ?? `https://monitoring.${name}.amazonaws.com`,
    headers: {},
    secrets: [],
    rateLimit,
    timeoutMs,
    proxyUrl,
    caFile,
    clock,
    observer,
    classifyError: classifySdkError,
  });
  const identity = { profile: settings.profile, roleArn: settings.role_arn, externalId: settings.external_id };
  const route = { proxyUrl, caFile, env: process.env };
  const client = { region: name, endpoint: baseUrl, identity, route, timeoutMs, clock, observer };
  const api = createAlarmApi(httpClient, () => createSdkClient(client));
  return { name, api, clock, log, limits, alarmNames: createAlarmNameCache(), warned: new Set() };
}
