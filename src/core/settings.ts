import { createLabelMapper, type LabelMapper } from '../config/label-mapper.ts';
import type { Config, ProviderConfig, ServiceSettings } from '../config/types.ts';
import type { FamilySettings, PageProvider } from '../metrics/family.ts';
import type { Capabilities } from '../model/capabilities.ts';
import { findCoverage } from '../report/timeline.ts';
import type { ActiveProvider } from '../stats/group-index.ts';
import type { StatisticsSettings } from '../stats/rows.ts';
import type { ProviderState, StoreSettings } from '../store/store.ts';

/** A configured provider with what its platform reports. */
export interface Described {
  readonly config: ProviderConfig;
  readonly capabilities: Capabilities;
}

/** The configuration without what only the other thread needs: keys of platforms and tokens. */
export function toCoreConfig(config: Config): Config {
  return {
    ...config,
    providers: config.providers.map((provider) => ({ ...provider, webhook: undefined, settings: {} })),
    web: { bearerToken: undefined, adminToken: undefined },
  };
}

/** The providers of a setup with what their platforms report. */
export function describeProviders({
  config,
  capabilities,
}: {
  readonly config: Config;
  readonly capabilities: ReadonlyMap<string, Capabilities>;
}): Described[] {
  return config.providers.map((one) => {
    const ofProvider = capabilities.get(one.name);
    if (ofProvider === undefined) throw new Error(`the capabilities of provider ${one.name} are not known`);
    return { config: one, capabilities: ofProvider };
  });
}

/** Today's mappings of each provider by its name, in the order of the configuration. */
export function createLabelMappers({
  providers,
  severities,
  services,
}: Pick<Config, 'providers' | 'severities'> & Partial<Pick<Config, 'services'>>): ReadonlyMap<string, LabelMapper> {
  return new Map(providers.map((one) => [one.name, createLabelMapper(one, severities, services)]));
}

/** The part of a configuration that the store needs. */
export function storeSettings(
  config: Config,
  given: { readonly labelMappers: ReadonlyMap<string, LabelMapper>; readonly providers: readonly Described[] },
): StoreSettings {
  const { metrics, recovery, severities, services, retentionMs } = config;
  const targets = severities.flatMap(({ name, targetMs }) =>
    targetMs === undefined ? [] : [[name, targetMs] as const],
  );
  return {
    labelMappers: given.labelMappers,
    capabilities: new Map(given.providers.map((one) => [one.config.name, one.capabilities])),
    targetsMs: new Map(targets),
    serviceTargetsMs: findServiceTargets(services),
    bucketsMs: metrics.bucketsMs,
    detail: metrics.detail,
    team: metrics.team,
    maxServices: metrics.maxServices,
    settleMs: recovery.settleMs,
    reopened: recovery.reopened,
    clock: recovery.clock,
    until: recovery.until,
    retentionMs,
  };
}

/** Targets by severity of the services that have their own. */
function findServiceTargets({ overrides }: ServiceSettings): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const own = [...overrides].filter(([, { targetsMs }]) => targetsMs.size > 0);
  return new Map(own.map(([service, { targetsMs }]) => [service, targetsMs]));
}

export function statisticsSettings(config: Config): StatisticsSettings {
  const { windows, groupings, severities, metrics, recovery, availability, businessHours } = config;
  const { detail, team, minimumSample } = metrics;
  const { reopened, clock, until } = recovery;
  return {
    windows,
    groupings,
    severities,
    detail,
    team,
    minimumSample,
    reopened,
    clock,
    until,
    availability,
    businessHours,
  };
}

export function familySettings(config: Config): FamilySettings {
  const { windows, severities, levels, availability, metrics, services } = config;
  const serviceTargetsMs = findServiceTargets(services);
  return { windows, severities, serviceTargetsMs, levels, availability, bucketsMs: metrics.bucketsMs };
}

/** Undefined until the first sync is complete. */
export function activeProvider(state: ProviderState, { config, capabilities }: Described): ActiveProvider | undefined {
  const reach = findCoverage(state);
  if (reach === undefined) return undefined;
  return {
    name: config.name,
    endMs: reach.readUntilMs,
    historyStartMs: reach.historyStartMs,
    isOverall: config.overall,
    hasEscalations: capabilities.escalations,
    hasReopens: capabilities.reopens,
  };
}

export function toPageProvider({ config, capabilities }: Described): PageProvider {
  return {
    name: config.name,
    isOverall: config.overall,
    statuses: capabilities.statuses,
    timings: {
      acknowledgement: capabilities.acknowledged,
      detection: capabilities.started,
      identification: capabilities.identified,
      mitigation: capabilities.mitigated,
    },
    hasEscalations: capabilities.escalations,
    hasReopens: capabilities.reopens,
    hasLeadTimes: config.deployments && config.deployments.leadTime !== 'off',
  };
}
