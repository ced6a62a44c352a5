import fc from 'fast-check';
import { it } from 'vitest';
import {
  DEPLOYMENT_FLAGS,
  DEPLOYMENT_OUTCOMES,
  type DeploymentLabels,
  type DeploymentSummary,
} from '../../../src/model/deployment.ts';
import type { IncidentSummary } from '../../../src/model/stored.ts';
import type { BlamingIncident, DoraProvider } from '../../../src/stats/dora/rows.ts';
import { createDoraStatistics, type DoraStatistics } from '../../../src/stats/dora/statistics.ts';
import { expectSameRows } from '../same-rows.ts';
import { oracleDoraRows } from './oracle.ts';
import { DAY_MS, deploymentLabels, doraProvider, doraSettings, HOUR_MS, NOW_MS, toMap } from './stage.ts';

const SUBJECTS: readonly DeploymentLabels[] = [
  deploymentLabels({ team: 'payments' }),
  // A second environment of the platform that is production to us.
  deploymentLabels({ platformEnvironment: 'prod-us', team: 'payments' }),
  // Another repository, renamed to the same service.
  deploymentLabels({ repository: 'acme/checkout-old', team: 'payments' }),
  deploymentLabels({ platformEnvironment: 'staging', environment: 'staging' }),
  deploymentLabels({ provider: 'gitlab', service: 'search', team: 'finding' }),
  // Beyond the limit of services: joined with incidents by its own name.
  deploymentLabels({ provider: 'gitlab', service: 'other', renamedService: 'ledger', repository: 'shop/ledger' }),
];
const SERVICES = ['checkout', 'search', 'ledger', 'unrelated'];

/** Coarse times, so that ties and edges of windows are met. */
const ago = fc
  .oneof({ weight: 3, arbitrary: fc.integer({ min: -2, max: 12 }) }, fc.integer({ min: -4, max: 400 }))
  .map((quarters) => quarters * 6 * HOUR_MS);
const minutes = fc.constantFrom(0, 1, 4, 5, 30, 300, 3000, 20_000);
const change = fc.record({
  authoredAtMs: ago.map((ms) => NOW_MS - ms),
  firstCommitAtMs: fc.option(
    ago.map((ms) => NOW_MS - ms),
    { nil: undefined },
  ),
  openedAtMs: fc.option(
    ago.map((ms) => NOW_MS - ms),
    { nil: undefined },
  ),
  mergedAtMs: fc.option(
    ago.map((ms) => NOW_MS - ms),
    { nil: undefined },
  ),
});
const deploymentStep = fc.record({
  kind: fc.constant('deployment' as const),
  row: fc.integer({ min: 1, max: 40 }),
  subjectRow: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, fc.nat({ max: SUBJECTS.length })),
  flags: fc.constantFrom(0, 0, 0, DEPLOYMENT_FLAGS.rollback, DEPLOYMENT_FLAGS.deleted),
  outcome: fc.constantFrom(...DEPLOYMENT_OUTCOMES, 'success' as const, 'failure' as const, undefined),
  agoMs: ago,
  tookMinutes: minutes,
  ref: fc.constantFrom(undefined, 'main', 'hotfix/1', 'refs/heads/revert-2'),
  changes: fc.array(change, { maxLength: 3 }),
});
const incidentStep = fc.record({
  kind: fc.constant('incident' as const),
  row: fc.integer({ min: 1, max: 15 }),
  agoMs: ago,
  tookMinutes: fc.option(minutes, { nil: Number.NaN }),
  service: fc.constantFrom('checkout', 'checkout', ...SERVICES),
  provider: fc.constantFrom('pagerduty', 'pagerduty', 'not synced'),
  isMerged: fc.boolean(),
});
const forgetStep = fc.record({
  kind: fc.constant('forget' as const),
  rows: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
  incidents: fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 2 }),
});
const advanceStep = fc.record({
  kind: fc.constant('advance' as const),
  provider: fc.constantFrom('github', 'gitlab', 'pagerduty'),
  byMs: fc.integer({ min: -2, max: 40 }).map((quarters) => quarters * 6 * HOUR_MS),
});
const refreshStep = fc.record({ kind: fc.constant('refresh' as const), isRebuilt: fc.boolean() });
const steps = fc.array(
  fc.oneof({ weight: 8, arbitrary: deploymentStep }, incidentStep, forgetStep, advanceStep, refreshStep),
  {
    minLength: 10,
    maxLength: 80,
  },
);
type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

const settings = fc
  .record({
    failureFrom: fc.constantFrom(
      ['deployment', 'rollback', 'incident'] as const,
      ['rollback'] as const,
      ['deployment', 'incident'] as const,
    ),
    minimumSample: fc.constantFrom(1, 3),
    incidentWithinMs: fc.constantFrom(6 * HOUR_MS, 12 * HOUR_MS, 5 * DAY_MS),
  })
  .map((changes) =>
    doraSettings({
      ...changes,
      windows: [
        { name: '7d', ms: 7 * DAY_MS },
        { name: '30d', ms: 30 * DAY_MS },
      ],
    }),
  );
const leadTimes = fc.constantFrom('commits' as const, 'pull_requests' as const, 'off' as const);

/** What is known after some steps. */
class World {
  readonly deployments = new Map<number, DeploymentSummary>();
  readonly incidents = new Map<number, BlamingIncident>();
  readonly providers: Map<string, DoraProvider>;

  constructor(leadTime: 'commits' | 'pull_requests' | 'off') {
    const github = doraProvider('github');
    this.providers = new Map([
      ['github', { ...github, policy: { openWindowMs: 7 * DAY_MS, flakyBelowMs: 5 * 60_000, leadTime } }],
      ['gitlab', doraProvider('gitlab', { historyStartMs: NOW_MS - 44 * DAY_MS, isOptional: true })],
      ['pagerduty', doraProvider('pagerduty', { policy: undefined })],
    ]);
  }

  apply(step: Step, statistics: DoraStatistics): void {
    if (step.kind === 'refresh' && step.isRebuilt) statistics.rebuild();
    else if (step.kind === 'refresh') statistics.refresh();
    else if (step.kind === 'forget') this.#forget(step, statistics);
    else if (step.kind === 'advance') this.#advance(step, statistics);
    else if (step.kind === 'incident') this.#putIncident(step, statistics);
    else this.#put(step, statistics);
  }

  #put(step: Step & { readonly kind: 'deployment' }, statistics: DoraStatistics): void {
    const { row, subjectRow, flags, outcome, ref, changes } = step;
    const endMs = NOW_MS - step.agoMs;
    const startedAtMs = endMs - step.tookMinutes * 60_000;
    const finishedAtMs = outcome === undefined ? undefined : endMs;
    const summary = { row, subjectRow, flags, outcome, startedAtMs, finishedAtMs, ref, changes };
    this.deployments.set(row, summary);
    statistics.put(summary);
  }

  #putIncident(step: Step & { readonly kind: 'incident' }, statistics: DoraStatistics): void {
    const { row, service, provider, isMerged } = step;
    const triggeredAtMs = NOW_MS - step.agoMs;
    const recoveryMs = isMerged ? Number.NaN : step.tookMinutes * 60_000;
    const recoveredAtMs = triggeredAtMs + recoveryMs;
    this.incidents.set(row, { row, provider, service, triggeredAtMs, isMerged, recoveryMs, recoveredAtMs });
    statistics.putIncident({ row } as IncidentSummary);
  }

  #forget({ rows, incidents }: Step & { readonly kind: 'forget' }, statistics: DoraStatistics): void {
    for (const row of rows) this.deployments.delete(row);
    for (const row of incidents) this.incidents.delete(row);
    statistics.forget(rows);
    statistics.forgetIncidents(incidents);
  }

  #advance({ provider: name, byMs }: Step & { readonly kind: 'advance' }, statistics: DoraStatistics): void {
    const provider = this.providers.get(name) ?? doraProvider(name);
    statistics.advance({ ...provider, endMs: provider.endMs + byMs });
    this.providers.set(name, { ...provider, endMs: provider.endMs + Math.max(0, byMs) });
  }
}

it('statistics of deployments follow from what is known, in whatever order it became known', () => {
  fc.assert(
    fc.property(steps, settings, leadTimes, (history, chosen, leadTime) => {
      const world = new World(leadTime);
      const labels = (row: number) => SUBJECTS[row];
      const statistics = createDoraStatistics({
        settings: chosen,
        labels,
        toBlaming: ({ row }) => world.incidents.get(row),
      });
      for (const provider of world.providers.values()) statistics.advance(provider);
      statistics.rebuild();

      for (const step of history) world.apply(step, statistics);
      statistics.refresh();

      const expected = oracleDoraRows({
        settings: chosen,
        labels,
        deployments: [...world.deployments.values()],
        incidents: [...world.incidents.values()],
        providers: [...world.providers.values()],
      });
      expectSameRows(toMap(statistics.rows(), chosen), expected);
    }),
    { numRuns: 1500 },
  );
});
