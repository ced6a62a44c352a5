import { formatDuration } from '../model/format.ts';
import { formatRateLimit } from './field-types.ts';
import { WEEKDAYS } from './schema.ts';
import type {
  BusinessHours,
  Config,
  DeploymentSettings,
  DoraConfig,
  LevelBounds,
  PlatformSettings,
  ProviderConfig,
  RenameRule,
  ServiceOverride,
  SeverityConfig,
  WebhookConfig,
} from './types.ts';

const SECRET = '<secret>';

/** The effective configuration under its keys in the file, ready for JSON, without any secret. */
export function describeConfig(config: Config, platforms: readonly PlatformSettings[]): Record<string, unknown> {
  const { recovery, levels, metrics } = config;
  return {
    providers: config.providers.map((provider) => describeProvider(provider, platforms)),
    severities: config.severities.map(describeSeverity),
    default_severities: false,
    availability: config.availability,
    business_hours: config.businessHours && describeBusinessHours(config.businessHours),
    history: formatDuration(config.historyMs),
    windows: config.windows.map(({ name }) => name),
    groupings: config.groupings,
    services: { overrides: Object.fromEntries([...config.services.overrides].map(describeOverride)) },
    owners: config.services.teams.size === 0 ? undefined : Object.fromEntries(config.services.teams),
    recovery: {
      reopened: recovery.reopened,
      clock: recovery.clock,
      until: recovery.until,
      settle: formatDuration(recovery.settleMs),
    },
    levels: {
      elite: formatDuration(levels.eliteMs),
      high: formatDuration(levels.highMs),
      medium: formatDuration(levels.mediumMs),
    },
    dora: describeDora(config.dora),
    metrics: {
      detail: metrics.detail,
      team: metrics.team,
      max_services: metrics.maxServices,
      minimum_sample: metrics.minimumSample,
      new_series_hold: formatDuration(metrics.newSeriesHoldMs),
      buckets: metrics.bucketsMs.map(formatDuration),
    },
    retention: formatDuration(config.retentionMs),
    store: { type: 'sqlite', path: config.store.path },
    timezone: config.timezone,
    web: {
      ...(config.web.bearerToken === undefined ? {} : { bearer_token: SECRET }),
      ...(config.web.adminToken === undefined ? {} : { admin_token: SECRET }),
    },
  };
}

function describeDora({ incidentWithinMs, failureFrom, reworkRefs, minimumSample, ...dora }: DoraConfig) {
  const { deploymentFrequencyMs, leadTimeMs, changeFailureRatio, recoveryTimeMs } = dora.levels;
  return {
    environments: dora.environments,
    incident_within: formatDuration(incidentWithinMs),
    failure_from: failureFrom,
    rework_refs: reworkRefs.map(({ pattern }) => pattern),
    minimum_sample: minimumSample,
    levels: {
      deployment_frequency: describeBounds(deploymentFrequencyMs),
      lead_time: describeBounds(leadTimeMs),
      change_failure: changeFailureRatio,
      recovery_time: describeBounds(recoveryTimeMs),
    },
  };
}

function describeBounds({ elite, high, medium }: LevelBounds) {
  return { elite: formatDuration(elite), high: formatDuration(high), medium: formatDuration(medium) };
}

function describeProvider(provider: ProviderConfig, platforms: readonly PlatformSettings[]): Record<string, unknown> {
  const { severity, services, filter } = provider;
  return {
    name: provider.name,
    type: provider.type,
    ...withoutSecrets(provider, platforms),
    ...(provider.webhook && { webhook: describeWebhook(provider.webhook) }),
    base_url: provider.baseUrl,
    poll_interval: formatDuration(provider.pollIntervalMs),
    rate_limit: formatRateLimit(provider.rateLimit),
    timeout: formatDuration(provider.timeoutMs),
    proxy_url: provider.proxyUrl === undefined ? undefined : withoutCredentials(provider.proxyUrl),
    tls: { ca_file: provider.caFile },
    overall: provider.overall,
    ...describeRecords(provider),
    severity: { ...severity, map: Object.fromEntries(severity.map) },
    services: {
      tag: services.tag,
      from: services.from,
      rename: Object.fromEntries(services.rename.map(renamePair)),
    },
    team: provider.team,
    filter: {
      severities: filter.severities,
      services: filter.services,
      teams: filter.teams,
      exclude_titles: filter.excludeTitles.map(({ source }) => source),
      shorter_than: formatDuration(filter.shorterThanMs),
    },
  };
}

/** The keys of deployments and of state changes, for a provider that has them. */
function describeRecords({ deployments, recoveryLimits }: ProviderConfig): Record<string, unknown> {
  const limits = recoveryLimits && {
    open_window: recoveryLimits.openWindowMs === undefined ? undefined : formatDuration(recoveryLimits.openWindowMs),
    flaky_below: formatDuration(recoveryLimits.flakyBelowMs),
  };
  const own = deployments && { environments: describeEnvironments(deployments), lead_time: deployments.leadTime };
  return { ...own, ...limits };
}

function describeEnvironments({ environments }: DeploymentSettings): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const { match, to } of environments) names[to] = [...(names[to] ?? []), match.pattern];
  return names;
}

/** A provider of an unknown type shows no settings. */
function withoutSecrets({ type, settings }: ProviderConfig, platforms: readonly PlatformSettings[]) {
  const platform = platforms.find((one) => one.type === type);
  if (platform === undefined) return {};
  const isSecret = (key: string, value: unknown) => platform.secrets.includes(key) && value !== undefined;
  const shown = Object.entries(settings).map(([key, value]) => [key, isSecret(key, value) ? SECRET : value]);
  return Object.fromEntries(shown);
}

function describeWebhook({ secrets, settings }: WebhookConfig) {
  return { ...(secrets.length > 0 && { secret: SECRET }), ...settings };
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  if (url.username === '' && url.password === '') return text;
  url.username = '';
  url.password = '';
  return url.href;
}

function renamePair({ match, to }: RenameRule): [string, string] {
  return [typeof match === 'string' ? match : String(match), to];
}

function describeBusinessHours({ timezone, days, fromMinute, toMinute, holidays }: BusinessHours) {
  const time = (minute: number) =>
    [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return {
    timezone,
    days: days.map((day) => WEEKDAYS[day - 1]),
    from: time(fromMinute),
    to: time(toMinute),
    holidays,
  };
}

function describeOverride([name, { targetsMs, team }]: [string, ServiceOverride]): [string, unknown] {
  const targets = Object.fromEntries([...targetsMs].map(([severity, ms]) => [severity, formatDuration(ms)]));
  return [name, { targets, team }];
}

function describeSeverity(severity: SeverityConfig): Record<string, unknown> {
  const optional = (ms: number | undefined) => (ms === undefined ? undefined : formatDuration(ms));
  return {
    name: severity.name,
    rank: severity.rank,
    title: severity.title,
    aliases: severity.aliases,
    target: optional(severity.targetMs),
    detect: optional(severity.stageTargetsMs.detection),
    acknowledge: optional(severity.stageTargetsMs.acknowledgement),
    identify: optional(severity.stageTargetsMs.identification),
    mitigate: optional(severity.stageTargetsMs.mitigation),
    objective: severity.objective,
  };
}
