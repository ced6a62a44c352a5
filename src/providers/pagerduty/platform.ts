import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { createHttpClient } from '../../http/client.ts';
import { rememberClockSkew } from '../../http/request-observer.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { Platform, PollRequest, Provider, ProviderDependencies } from '../provider.ts';
import { describeRegion } from '../regions.ts';
import { withSources } from '../sources.ts';
import { hmacHex, signedBy } from '../webhook.ts';
import { createApi } from './api.ts';
import { readCursor } from './cursor.ts';
import { firstSync } from './first-sync.ts';
import { laterPoll } from './later-poll.ts';
import { probe } from './probe.ts';
import { Incident } from './schema.ts';

const HOSTS = { us: 'https://api.pagerduty.com', eu: 'https://api.eu.pagerduty.com' } as const;

const shape = { api_key: z.string().min(1), region: z.enum(['us', 'eu']).default('us') };
const Settings = z.object(shape);

const capabilities: Capabilities = {
  statuses: ['triggered', 'acknowledged'],
  started: false,
  identified: false,
  acknowledged: true,
  mitigated: false,
  escalations: true,
  reopens: true,
};

/** PagerDuty: incidents and the account's log of what happened to them (REST API v2). */
export const pagerduty: Platform = {
  type: 'pagerduty',
  shape,
  secrets: ['api_key'],
  // Several signatures, separated by commas, while a secret is rotated.
  webhook: signedBy(hmacHex({ header: 'x-pagerduty-signature', prefix: 'v1=' })),
  // The platform allows 960 a minute per key; the rest is left to others who use the same key.
  defaultRateLimit: { requests: 900, perMs: MINUTE_MS },
  defaultTags: {},
  sources: ['priority', 'urgency', 'field'],
  fromEnvironment({ PAGERDUTY_TOKEN: token, PAGERDUTY_REGION: region }) {
    if (token === undefined || token === '') return undefined;
    const entry = { name: 'pagerduty', type: 'pagerduty', api_key: token };
    return region === undefined || region === '' ? entry : { ...entry, region };
  },
  create,
};

function create(config: ProviderConfig, { clock, observer: storedChanges }: ProviderDependencies): Provider {
  const { observer, clockSkewMs } = rememberClockSkew(storedChanges);
  const { api_key: key, region } = Settings.parse(config.settings);
  const { rateLimit, timeoutMs, proxyUrl, caFile } = config;
  const httpClient = createHttpClient({
    baseUrl: config.baseUrl ?? HOSTS[region],
    headers: {
      authorization: `Token token=${key}`,
      accept: 'application/vnd.pagerduty+json;version=2',
      'content-type': 'application/json',
    },
    secrets: [key],
    rateLimit,
    timeoutMs,
    proxyUrl,
    caFile,
    clock,
    observer,
  });
  return {
    capabilities,
    async *poll(request: PollRequest) {
      const context = { api: createApi(httpClient, request.signal, config), request };
      const cursor = request.cursor === undefined ? undefined : readCursor(request.cursor);
      if (cursor?.phase === 'polling') yield* laterPoll(context, cursor);
      else yield* firstSync(context, cursor);
    },
    probe: (request) =>
      probe(httpClient, request, describeRegion(config.baseUrl, region), withSources(Incident, config)),
    clockSkewMs,
    close: () => httpClient.close(),
  };
}
