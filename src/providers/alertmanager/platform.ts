import { z } from 'zod';
import { duration } from '../../config/field-types.ts';
import { httpSecrets, httpShape, toHttpHeaders } from '../../config/http-settings.ts';
import type { ProviderConfig } from '../../config/types.ts';
import { createHttpClient, type HttpClient } from '../../http/client.ts';
import { rememberClockSkew } from '../../http/request-observer.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { Page } from '../../model/poll.ts';
import { SECOND_MS } from '../../model/time.ts';
import { alertSources, readAlertLabels } from '../alerts.ts';
import { createProbeRunner, type ProbeReport, type ProbeRequest } from '../probes.ts';
import type { Platform, PollRequest, Provider, ProviderDependencies } from '../provider.ts';
import { basicPassword, bearer, signedBy } from '../webhook.ts';
import { coverDelivery, NOTHING_TO_PROBE, pollNothing } from '../without-polls.ts';
import type { MergeRules } from './merge-alerts.ts';
import { applyReading } from './readings.ts';
import { receiveNotification } from './receive.ts';
import { parseReading } from './schema.ts';

/** A group of thousands of alerts with long annotations. */
const BODY_MAX_BYTES = 8 * 1024 * 1024;

const shape = {
  team_label: z.string().min(1).default('team').describe('Name of the label that holds the team.'),
  resolve_wait: duration()
    .prefault('10m')
    .describe(
      "How long a resolved notification may come after a reading missed its alert; longer than Alertmanager's group_interval.",
    ),
  receiver: z
    .string()
    .min(1)
    .optional()
    .describe('Regular expression: only alerts that are routed to such a receiver are read from base_url.'),
  ...httpShape,
};

/** The settings as the configuration resolved them. */
const Settings = z.object({ team_label: z.string(), resolve_wait: z.number(), receiver: z.string().optional() });

const capabilities: Capabilities = {
  statuses: ['triggered'],
  started: false,
  identified: false,
  acknowledged: false,
  mitigated: false,
  escalations: false,
  reopens: false,
};

/** Alerts of Prometheus Alertmanager: its notifications, and where `base_url` is set its list of what fires. */
export const alertmanager: Platform = {
  type: 'alertmanager',
  shape,
  secrets: httpSecrets,
  defaultRateLimit: { requests: 10, perMs: SECOND_MS },
  defaultTags: {},
  ...alertSources,
  hasStateChanges: true,
  isOverallByDefault: false,
  webhook: { ...signedBy(bearer, basicPassword), content: { maxBytes: BODY_MAX_BYTES } },
  fromEnvironment: () => undefined,
  create: createAlertmanager,
};

function createAlertmanager(config: ProviderConfig, dependencies: ProviderDependencies): Provider {
  const { team_label: teamLabel, resolve_wait: resolveWaitMs, receiver } = Settings.parse(config.settings);
  const rules: MergeRules = {
    limits: config.recoveryLimits ?? { openWindowMs: undefined, flakyBelowMs: 0 },
    readLabels: (labels) => readAlertLabels(labels, config, teamLabel),
  };
  const { observer, clockSkewMs } = rememberClockSkew(dependencies.observer);
  const httpClient = createClient(config, { ...dependencies, observer });
  if (httpClient === undefined) return createReceiver(rules);
  const read = (signal: AbortSignal) => httpClient.get('/api/v2/alerts', { ...ACTIVE, receiver }, signal);
  return {
    capabilities,
    poll: (request) => pollAlerts(request, read, { ...rules, pollIntervalMs: config.pollIntervalMs, resolveWaitMs }),
    probe: (request) => probe(request, read, { rules, config }),
    receive: (delivery) => receiveNotification(delivery, rules),
    clockSkewMs,
    close: () => httpClient.close(),
  };
}

/** Silenced and inhibited alerts fire too. */
const ACTIVE = { active: true, silenced: true, inhibited: true };

function createClient(config: ProviderConfig, { clock, observer }: ProviderDependencies): HttpClient | undefined {
  const { baseUrl, rateLimit, timeoutMs, proxyUrl, caFile } = config;
  if (baseUrl === undefined) {
    if (config.webhook === undefined) throw new Error('it needs webhook, base_url or both: nothing would reach it');
    return undefined;
  }
  const { headers, secrets } = toHttpHeaders(config.settings);
  return createHttpClient({ baseUrl, headers, secrets, rateLimit, timeoutMs, proxyUrl, caFile, clock, observer });
}

type ReadAlerts = (signal: AbortSignal) => ReturnType<HttpClient['get']>;

async function* pollAlerts(
  request: PollRequest,
  read: ReadAlerts,
  rules: Parameters<typeof applyReading>[3],
): AsyncGenerator<Page> {
  const { nowMs, cursor, stored, before, signal } = request;
  const { alerts, rejected } = parseReading((await read(signal)).body);
  const reading = { askedAtMs: nowMs, alerts, isWhole: rejected.length === 0 };
  const result = await applyReading(reading, cursor, stored, rules);
  yield {
    ...EMPTY_PAGE,
    incidents: result.incidents,
    rejected,
    cursor: result.cursor,
    complete: { polledUntilMs: nowMs, historyStartMs: before?.historyStartMs ?? nowMs },
  };
}

const EMPTY_PAGE = { incidents: [], stateChanges: [], rejected: [], deletedIds: [], replacedSubjects: [] };

/** Without an API to ask: its windows end now, and its history begins with the oldest alert. */
function createReceiver(rules: MergeRules): Provider {
  return {
    capabilities,
    poll: pollNothing,
    probe: async () => NOTHING_TO_PROBE,
    receive: async (delivery) => {
      const received = await receiveNotification(delivery, rules);
      return { ...received, complete: coverDelivery(delivery, received.incidents) };
    },
    clockSkewMs: () => undefined,
    close: async () => undefined,
  };
}

const CALL = {
  call: 'GET /api/v2/alerts',
  isNeeded: true,
  impact: 'everything that no notification tells, as no poll succeeds',
};

async function probe(
  { signal }: ProbeRequest,
  read: ReadAlerts,
  { rules, config }: { readonly rules: MergeRules; readonly config: ProviderConfig },
): Promise<ProbeReport> {
  const probes = createProbeRunner(signal);
  const reading = await probes.run(CALL, async () => parseReading((await read(signal)).body));
  const report: ProbeReport = { probes: probes.list, region: { name: new URL(config.baseUrl ?? '').host } };
  if (reading === undefined) return report;
  const { alerts, rejected } = reading;
  return {
    ...report,
    firstPage: {
      incidents: alerts.map(({ labels, startsAtMs }) => ({ ...rules.readLabels(labels), triggeredAtMs: startsAtMs })),
      rejected: rejected.length,
      detail: rejected[0]?.detail,
      total: undefined,
    },
    estimate: { perPoll: 1, perHour: 0, firstSync: 1, isExact: true, rateLimitCount: 1 },
  };
}
