import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { createHttpClient } from '../../http/client.ts';
import { rememberClockSkew } from '../../http/request-observer.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { Platform, Provider, ProviderDependencies } from '../provider.ts';
import { describeRegion } from '../regions.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';
import { alertsSource } from './alerts.ts';
import { incidentsSource } from './incidents.ts';
import { createOpsgenie } from './poll.ts';

const HOSTS = { us: 'https://api.opsgenie.com', eu: 'https://api.eu.opsgenie.com' } as const;

const shape = {
  api_key: z.string().min(1),
  region: z.enum(['us', 'eu']).default('us'),
  source: z.enum(['alerts', 'incidents']).default('alerts'),
};

/** Opsgenie: alerts (default) or incidents, by a key that may read them. */
export const opsgenie: Platform = {
  type: 'opsgenie',
  shape,
  secrets: ['api_key'],
  // Opsgenie signs nothing: its webhook integration sends headers that people configure.
  webhook: signedBy(bearer, basicPassword),
  defaultRateLimit: { requests: 130, perMs: MINUTE_MS },
  defaultTags: { service: 'service' },
  sources: ['priority', 'tag', 'field'],
  fromEnvironment({ OPSGENIE_TOKEN: token, OPSGENIE_REGION: region }) {
    if (token === undefined || token === '') return undefined;
    const where = region === undefined || region === '' ? {} : { region };
    return { name: 'opsgenie', type: 'opsgenie', api_key: token, ...where };
  },
  create,
};

function create(config: ProviderConfig, { clock, observer: reported }: ProviderDependencies): Provider {
  const { observer, clockSkewMs } = rememberClockSkew(reported);
  const { api_key: key, region, source } = z.object(shape).parse(config.settings);
  const httpClient = createHttpClient({
    baseUrl: config.baseUrl ?? HOSTS[region],
    headers: { Authorization: `GenieKey ${key}` },
    secrets: [key],
    rateLimit: config.rateLimit,
    timeoutMs: config.timeoutMs,
    proxyUrl: config.proxyUrl,
    caFile: config.caFile,
    clock,
    observer,
  });
  const access = { httpClient, clockSkewMs, region: describeRegion(config.baseUrl, region) };
  return source === 'alerts'
    ? createOpsgenie(alertsSource(config), access)
    : createOpsgenie(incidentsSource(config), access);
}
