import { formatDuration } from '../model/format.ts';
import { compileGlob, isGlob } from '../model/glob.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../model/time.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type Path, valueAt } from './object-path.ts';
import type { ProviderKeys, Settings } from './schema.ts';
import type {
  DeploymentSettings,
  DoraConfig,
  EnvironmentRule,
  LevelBounds,
  PlatformSettings,
  ProviderConfig,
} from './types.ts';

/** How long the first failure of deployments may wait for a success. */
const OPEN_WINDOW_MS = 7 * DAY_MS;
/** A deployment that is repeated sooner was flaky. */
const FLAKY_BELOW_MS = 5 * MINUTE_MS;
const ENVIRONMENTS = { production: ['production', 'prod', 'live'] };

/** What a provider's keys say of deployments and state changes. */
export type RecordSettings = Pick<ProviderConfig, 'overall' | 'recoveryLimits' | 'deployments'>;

/** The keys with their defaults; a key of deployments beside another source is an error. */
export function resolveRecords(
  { keys, path, platform }: { keys: ProviderKeys; path: Path; platform: PlatformSettings },
  diagnostics: Diagnostics,
): RecordSettings {
  const source = valueAt(keys, ['source']);
  const isSource = platform.deployments === 'source' && source === 'deployments';
  const hasDeployments = isSource || platform.deployments === 'always';
  if (platform.deployments === 'source' && !isSource && platform.hasStateChanges !== true) {
    for (const key of ['environments', 'lead_time', 'open_window', 'flaky_below']) {
      if (valueAt(keys, [key]) === undefined) continue;
      const message = 'concerns deployments alone';
      diagnostics.error({ path: [...path, key], message, expected: 'source: deployments as well, or no such key' });
    }
  }
  const limits = {
    openWindowMs: keys.open_window ?? (hasDeployments ? OPEN_WINDOW_MS : undefined),
    flakyBelowMs: keys.flaky_below ?? (hasDeployments ? FLAKY_BELOW_MS : 0),
  };
  return {
    overall: keys.overall ?? platform.isOverallByDefault ?? !isSource,
    recoveryLimits: hasDeployments || platform.hasStateChanges === true ? limits : undefined,
    deployments: hasDeployments ? resolveDeployments(keys, !isSource) : undefined,
  };
}

function resolveDeployments(
  { environments = ENVIRONMENTS, lead_time }: ProviderKeys,
  isOptional: boolean,
): DeploymentSettings {
  const rules = Object.entries(environments).flatMap(([to, names]) =>
    names.map((name) => ({ match: compileGlob(name, { ignoreCase: true }), to })),
  );
  const exact = rules.filter(({ match }) => !isGlob(match.pattern));
  const patterns = rules.filter(({ match }) => isGlob(match.pattern));
  const [firstEnvironment] = Object.keys(environments);
  return { environments: [...exact, ...patterns], firstEnvironment, leadTime: lead_time ?? 'commits', isOptional };
}

/** Our name of an environment of the platform; undefined for one that is not read. */
export function toEnvironment(rules: readonly EnvironmentRule[], platformName: string): string | undefined {
  return rules.find(({ match }) => match.expression.test(platformName))?.to;
}

const hours = (elite: number, high: number, medium: number): LevelBounds => ({
  elite: elite * HOUR_MS,
  high: high * HOUR_MS,
  medium: medium * HOUR_MS,
});
const DAY_WEEK_MONTH = hours(24, 7 * 24, 30 * 24);

const DEFAULT_LEVELS: DoraConfig['levels'] = {
  deploymentFrequencyMs: DAY_WEEK_MONTH,
  leadTimeMs: DAY_WEEK_MONTH,
  changeFailureRatio: { elite: 0.15, high: 0.3, medium: 0.45 },
  recoveryTimeMs: hours(1, 24, 7 * 24),
};

/**
 * As the Accelerate State of DevOps Reports of those years describe their clusters (dora.dev/research/2023/dora-report and
 * /2024/dora-report). In 2024 the medium cluster failed less often (10 %) than the high one (20 %), and both recovered within a day.
 */
const PRESETS: Readonly<Record<'2023' | '2024', DoraConfig['levels']>> = {
  2023: { ...DEFAULT_LEVELS, changeFailureRatio: { elite: 0.05, high: 0.1, medium: 0.15 } },
  2024: {
    ...DEFAULT_LEVELS,
    changeFailureRatio: { elite: 0.05, high: 0.2, medium: 0.1 },
    recoveryTimeMs: hours(1, 24, 24),
  },
};

/** The section `dora` with its levels; bounds that do not ascend are errors, environments that no provider has a warning. */
export function resolveDora(
  { dora }: Settings,
  providers: readonly ProviderConfig[],
  diagnostics: Diagnostics,
): DoraConfig {
  const { levels } = dora;
  checkBounds(levels, diagnostics);
  checkEnvironments(dora.environments, providers, diagnostics);
  const base = levels.preset === undefined ? DEFAULT_LEVELS : PRESETS[levels.preset];
  return {
    environments: [...new Set(dora.environments)],
    incidentWithinMs: dora.incident_within,
    failureFrom: dora.failure_from,
    reworkRefs: dora.rework_refs.map((pattern) => compileGlob(pattern)),
    minimumSample: dora.minimum_sample,
    levels: {
      deploymentFrequencyMs: levels.deployment_frequency ?? base.deploymentFrequencyMs,
      leadTimeMs: levels.lead_time ?? base.leadTimeMs,
      changeFailureRatio: levels.change_failure ?? base.changeFailureRatio,
      recoveryTimeMs: levels.recovery_time ?? base.recoveryTimeMs,
    },
  };
}

function checkBounds(levels: Settings['dora']['levels'], diagnostics: Diagnostics): void {
  const { preset: _, change_failure, ...durations } = levels;
  const check = (key: string, bounds: LevelBounds | undefined, format: (bound: number) => string, word: string) => {
    if (bounds === undefined || (bounds.elite < bounds.high && bounds.high < bounds.medium)) return;
    const text = [bounds.elite, bounds.high, bounds.medium].map(format).join(', ');
    const message = `elite, high and medium are ${text}`;
    diagnostics.error({ path: ['dora', 'levels', key], message, expected: `each ${word} than the one before` });
  };
  for (const [key, bounds] of Object.entries(durations)) check(key, bounds, formatDuration, 'longer');
  check('change_failure', change_failure, String, 'greater');
}

function checkEnvironments(
  environments: readonly string[],
  providers: readonly ProviderConfig[],
  diagnostics: Diagnostics,
): void {
  const known = new Set(providers.flatMap(({ deployments }) => deployments?.environments.map(({ to }) => to) ?? []));
  if (known.size === 0) return;
  for (const [index, name] of environments.entries()) {
    if (known.has(name)) continue;
    const isGiven = valueAt(diagnostics.document.value, ['dora', 'environments']) !== undefined;
    const path = isGiven ? ['dora', 'environments', index] : ['dora'];
    const message = `no provider has the environment ${JSON.stringify(name)}: none of its deployments is in the dora_ metrics`;
    diagnostics.warn({ path, message, expected: [...known].join(', ') });
  }
}
