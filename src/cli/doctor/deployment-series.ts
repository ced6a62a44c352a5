import { toEnvironment } from '../../config/deployments.ts';
import type { Config, DeploymentSettings, ProviderConfig } from '../../config/types.ts';
import type { SeenDeployments } from '../../providers/probes.ts';
import type { DoraGrouping, DoraValues } from '../../stats/dora/rows.ts';
import { newGroup } from '../../store/label-sets.ts';
import { type Check, numberText, type SeriesCount } from './report.ts';
import {
  countAdded,
  countForPair,
  countForProvider,
  countForRow,
  countForSeverity,
  type SeriesSource,
} from './series-count.ts';

/** Values of a window with enough deployments, changes and recoveries for everything; stages and lead times as changes are read. */
function knownValues(leadTime: DeploymentSettings['leadTime']): DoraValues {
  const ofChanges = leadTime === 'off' ? Number.NaN : 0;
  const ofStages = leadTime === 'pull_requests' ? 0 : Number.NaN;
  return {
    deployments: 0,
    changes: ofChanges,
    failures: 0,
    recoveries: 0,
    frequencyPerDay: 0,
    leadTimeMean: ofChanges,
    leadTimeMedian: ofChanges,
    leadTime90: ofChanges,
    coding: ofStages,
    review: ofStages,
    deployment: ofStages,
    changeFailure: 0,
    recoveryMean: 0,
    recoveryMedian: 0,
    recovery90: 0,
    rework: 0,
    frequencyBaseline: 0,
    leadTimeBaseline: ofChanges,
    changeFailureBaseline: 0,
    recoveryBaseline: 0,
    deploymentFrequencyLevel: 0,
    leadTimeLevel: ofChanges,
    changeFailureLevel: 0,
    recoveryTimeLevel: 0,
    overallLevel: ofChanges,
  };
}

/** Series of one row of deployments, all windows together. */
function countForDoraRow(config: Config, grouping: DoraGrouping, leadTime: DeploymentSettings['leadTime']): number {
  const values = config.windows.map(() => knownValues(leadTime));
  return countAdded(config, { doraRows: [{ grouping, labels: [], values, version: 0 }] });
}

/** Series of the deployments of one service to one environment. */
function countForEnvironment({ config, provider }: SeriesSource): number {
  const labels = { provider: provider.name, service: 'any', severity: '', environment: 'any', team: '' };
  const groups = Object.fromEntries(
    (['deployments', 'deploymentTimes'] as const).map((name) => [
      name,
      newGroup(name, 0, config.metrics.bucketsMs.length),
    ]),
  );
  const lastAtMs = { success: 0, failure: 0, cancelled: 0 };
  return countAdded(config, {
    sets: [{ set: { row: 0, kind: 'environment', ...labels, groups }, provider, exemplars: [] }],
    deploymentStates: [{ ...labels, lastAtMs, isFailing: false }],
  });
}

/** The row of everything together, which is there once, whatever providers of deployments there are. */
export function countSharedDeploymentSeries(config: Config): number {
  const read = config.providers.flatMap(({ deployments }) =>
    deployments === undefined || deployments.isOptional === true ? [] : [deployments.leadTime],
  );
  const counts = read.map((leadTime) => countForDoraRow(config, 'all', leadTime));
  return Math.max(0, ...counts);
}

/** Series of one provider of deployments, with the incidents that follow from failed ones: as seen with one environment each, and with all. */
export function countDeploymentSeries(
  source: SeriesSource,
  { repositories, environments: names }: SeenDeployments,
  { deployments, severity }: ProviderConfig,
): SeriesCount {
  const { config, provider } = source;
  if (deployments === undefined) return { seen: 0, atMost: 0 };
  const { environments: rules, leadTime } = deployments;
  const seenEnvironments = new Set(names.map((name) => toEnvironment(rules, name)));
  const all = new Set(rules.map(({ to }) => to));
  const teams = new Set(config.services.teams.values()).size;
  const dora = (grouping: DoraGrouping) => countForDoraRow(config, grouping, leadTime);
  const pair = countForPair(source, severity.default);
  const rows = provider.isOverall ? countForRow(source, 'service') + countForRow(source, 'service,severity') : 0;
  const count = (environments: number) =>
    countForProvider(source) +
    countForSeverity(source, severity.default) +
    repositories * (environments * countForEnvironment(source) + dora('service') + pair + rows) +
    teams * dora('team') +
    dora('provider') +
    countForRow(source, 'provider');
  return { seen: count(seenEnvironments.size), atMost: count(all.size) };
}

/** The prediction for one provider of deployments. */
export function checkDeploymentSeries({ seen, atMost }: SeriesCount, { repositories }: SeenDeployments): Check {
  const of = repositories === 1 ? '1 repository' : `${numberText(repositories)} repositories`;
  const found = `${numberText(seen)} for ${of} with the environments of the first page; at most ${numberText(atMost)}, once all environments have deployments`;
  return { check: 'series', result: 'ok', found, numbers: { series: seen, series_at_most: atMost } };
}
