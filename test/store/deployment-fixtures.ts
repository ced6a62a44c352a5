import type { ProviderConfig } from '../../src/config/types.ts';
import type { Change, Comparison, Deployment } from '../../src/model/deployment.ts';
import { compileGlob } from '../../src/model/glob.ts';
import type { Batch, Store, StoreSettings } from '../../src/store/store.ts';
import { at, DAY_MS, MINUTE_MS, poll, settings, start } from './fixtures.ts';

/** A provider of deployments called `pagerduty`, as every test's provider is. */
export const deploying: Partial<ProviderConfig> = {
  recoveryLimits: { openWindowMs: 7 * DAY_MS, flakyBelowMs: 5 * MINUTE_MS },
  deployments: {
    environments: [
      { match: compileGlob('production', { ignoreCase: true }), to: 'production' },
      { match: compileGlob('prod-*', { ignoreCase: true }), to: 'production' },
      { match: compileGlob('staging', { ignoreCase: true }), to: 'staging' },
    ],
    leadTime: 'commits',
    isOptional: false,
  },
};

export function deploymentSettings(change: Partial<ProviderConfig> = {}): StoreSettings {
  return settings({ providers: [{ ...deploying, ...change }] });
}

interface Reported extends Partial<Deployment> {
  /** In minutes after the first sync began. */
  readonly ended?: number;
}

/** A deployment of the commit `sha` that took two minutes. */
export function deployment(
  id: string,
  outcome: Deployment['outcome'],
  { ended = 10, ...reported }: Reported = {},
): Deployment {
  return {
    id,
    repository: 'acme/checkout',
    serviceName: 'checkout',
    environment: 'production',
    ref: 'main',
    sha: `sha-${id}`,
    startedAtMs: at(ended - 2),
    ...(outcome !== undefined && { finishedAtMs: at(ended), outcome }),
    updatedAtMs: at(ended),
    ...reported,
  };
}

export const success = (id: string, ended: number, reported: Reported = {}) =>
  deployment(id, 'success', { ...reported, ended });
export const failure = (id: string, ended: number, reported: Reported = {}) =>
  deployment(id, 'failure', { ...reported, ended });

/** Commits authored at these minutes, named after them. */
export function changes(...authored: number[]): Change[] {
  return authored.map((minute) => ({ sha: `change-${minute}`, authoredAtMs: at(minute) }));
}

export function comparison(
  base: string,
  head: string,
  relation: Comparison['relation'] = 'ahead',
  list: readonly Change[] = [],
): Comparison {
  return { repository: 'acme/checkout', baseSha: `sha-${base}`, headSha: `sha-${head}`, relation, changes: list };
}

/** A store that has got through its first sync with this history. */
export async function synced(store: Store, history: Partial<Batch> = {}): Promise<Store> {
  await start(store, deploymentSettings());
  store.commit(poll(at(1), history));
  return store;
}

/** Totals of deployments by `service environment`; what is zero is left out. */
export function deploymentTotals(store: Store): Record<string, Record<string, number>> {
  const sets = store.labelSets().filter(({ kind }) => kind === 'environment');
  return Object.fromEntries(
    sets.map(({ service, environment, groups: { deployments, deploymentTimes } }) => {
      const sum = (counts: readonly number[] = []) => counts.reduce((all, one) => all + one, 0);
      const { success: successes = 0, failure: failures = 0, cancelled = 0 } = deployments ?? {};
      const numbers = {
        success: successes,
        failure: failures,
        cancelled,
        duration: sum(deploymentTimes?.duration.counts),
        durationMinutes: (deploymentTimes?.duration.sumMs ?? 0) / MINUTE_MS,
        leadTime: sum(deploymentTimes?.leadTime.counts),
        leadTimeMinutes: (deploymentTimes?.leadTime.sumMs ?? 0) / MINUTE_MS,
      };
      return [`${service} ${environment}`, Object.fromEntries(Object.entries(numbers).filter(([, n]) => n !== 0))];
    }),
  );
}

/** Incidents of a subject as texts: `from-to`, minutes after the first sync, with why one is in no statistic. */
export function recoveries(store: Store, subject = 'acme/checkout/production'): string[] {
  const incidents = store.stored('pagerduty').bySubject([subject]).get(subject) ?? [];
  const minute = (ms: number | undefined) => (ms === undefined ? '' : (ms - at(0)) / MINUTE_MS);
  return incidents
    .toSorted((a, b) => a.triggeredAtMs - b.triggeredAtMs)
    .map(({ triggeredAtMs, resolvedAtMs, exclusion }) =>
      [`${minute(triggeredAtMs)}-${minute(resolvedAtMs)}`, exclusion ?? ''].join(' ').trim(),
    );
}
