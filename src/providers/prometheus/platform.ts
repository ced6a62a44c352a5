import { z } from 'zod';
import { duration } from '../../config/field-types.ts';
import { httpSecrets, httpShape, toHttpHeaders } from '../../config/http-settings.ts';
import type { ProviderConfig } from '../../config/types.ts';
import { createHttpClient } from '../../http/client.ts';
import { rememberClockSkew } from '../../http/request-observer.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { alertSources, labelsKey, readAlertLabels } from '../alerts.ts';
import type { Platform, Provider, ProviderDependencies } from '../provider.ts';
import { createAlertApi, toQueries } from './api.ts';
import { pollSeries } from './poll.ts';
import { probeSeries } from './probe.ts';
import type { Grid } from './track-alerts.ts';

/** Scrapes and rules are evaluated once a minute by default, at instants of their own. */
const TOLERANCE_MS = MINUTE_MS;

const matchers = z
  .string()
  .regex(/^($|[^{\s])/, 'label matchers without braces, such as severity=~"critical|page"')
  .default('');

const shape = {
  selector: matchers.describe('Label matchers as in PromQL, such as severity=~"critical|page": only these alerts.'),
  resolution: duration({ minMs: SECOND_MS })
    .prefault('30s')
    .describe("Steps of the queries, and the precision of times: the rules' evaluation interval."),
  up_selector: z
    .string()
    .min(1)
    .default('up{job="prometheus"}')
    .describe('Series that have samples while this Prometheus runs: outages of it end no alert.'),
  staleness: duration()
    .prefault('5m')
    .describe('An outage up to this long is bridged; after a longer one the ends of alerts are unknown.'),
  team_label: z.string().min(1).default('team').describe('Name of the label that holds the team.'),
  ...httpShape,
};

/** The settings as the configuration resolved them. */
const Settings = z.object({
  selector: z.string(),
  resolution: z.number(),
  up_selector: z.string(),
  staleness: z.number(),
  team_label: z.string(),
});

const capabilities: Capabilities = {
  statuses: ['triggered'],
  started: true,
  identified: false,
  acknowledged: false,
  mitigated: false,
  escalations: false,
  reopens: false,
};

/** Alerts from Prometheus' own series `ALERTS` and `ALERTS_FOR_STATE`, history included. */
export const prometheus: Platform = {
  type: 'prometheus',
  shape,
  secrets: httpSecrets,
  isBaseUrlRequired: true,
  defaultRateLimit: { requests: 10, perMs: SECOND_MS },
  defaultTags: {},
  ...alertSources,
  hasStateChanges: true,
  isOverallByDefault: false,
  fromEnvironment: () => undefined,
  create: createPrometheus,
};

function createPrometheus(config: ProviderConfig, dependencies: ProviderDependencies): Provider {
  const settings = Settings.parse(config.settings);
  const { selector, resolution: stepMs, up_selector: upSelector, staleness: stalenessMs, team_label: team } = settings;
  const { baseUrl, rateLimit, timeoutMs, proxyUrl, caFile } = config;
  if (baseUrl === undefined) throw new TypeError('expected a configuration with base_url for prometheus');
  const { clock, log } = dependencies;
  const { observer, clockSkewMs } = rememberClockSkew(dependencies.observer);
  const auth = toHttpHeaders(config.settings);
  const httpClient = createHttpClient({ baseUrl, ...auth, rateLimit, timeoutMs, proxyUrl, caFile, clock, observer });
  const grid: Grid = { stepMs, toleranceMs: Math.max(stepMs, TOLERANCE_MS), stalenessMs };
  const readLabels = (labels: Readonly<Record<string, string>>) => readAlertLabels(labels, config, team);
  const api = createAlertApi(httpClient, toQueries(selector, upSelector), readLabels);
  let hasWarned = false;
  const onNoUp = () => {
    if (!hasWarned) log?.warn(NO_UP, { provider: config.name, up_selector: upSelector });
    hasWarned = true;
  };
  const limits = config.recoveryLimits ?? { openWindowMs: undefined, flakyBelowMs: 0 };
  const readWith = [selector.trim(), ...labelsKey(config, team)];
  return {
    capabilities,
    poll: (request) => pollSeries(request, { api, grid, limits, readWith, onNoUp }),
    probe: (request) => probeSeries(request, { api, grid, baseUrl }),
    clockSkewMs,
    close: () => httpClient.close(),
  };
}

const NO_UP = 'up_selector finds no series: an outage of Prometheus ends the alerts that fire';
