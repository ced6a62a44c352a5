import { describe, expect, it } from 'vitest';
import { type Comparison, DEPLOYMENT_FLAGS, type Deployment } from '../../../src/model/deployment.ts';
import { missingComparisons } from '../../../src/model/missing-comparisons.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreEngine } from '../contract.ts';
import { comparison, deployment, deploymentSettings, deploymentTotals } from '../deployment-fixtures.ts';
import { expectedChanges, expectedRecoveries } from '../deployment-oracle.ts';
import { at, MINUTE_MS, poll, start } from '../fixtures.ts';

const HISTORIES = 25;
const DEPLOYMENTS = 30;
const ENVIRONMENTS = ['production', 'prod-eu', 'staging'] as const;
const REPOSITORY = 'acme/checkout';
/** Commits on one line; a later one has a greater number. */
const COMMITS = 12;

type Random = (below: number) => number;

/** Mulberry32 (github.com/bryc/code/blob/master/jshash/PRNGs.md). */
function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function randomDeployments(random: Random): Deployment[] {
  let commit = 1;
  return Array.from({ length: DEPLOYMENTS }, (_, index) => {
    commit = Math.min(COMMITS, Math.max(1, commit + random(4) - 1));
    const outcome = (['success', 'success', 'failure', 'cancelled'] as const)[random(4)] ?? 'success';
    const environment = ENVIRONMENTS[random(3)] ?? 'production';
    // Some end at the same time.
    return deployment(`d${String(index).padStart(2, '0')}`, outcome, {
      ended: 20 + 3 * random(3 * DEPLOYMENTS),
      sha: `sha-${commit}`,
      environment,
    });
  });
}

/** What the platform says of two commits. */
function compare(baseSha: string, headSha: string): Comparison {
  const [base, head] = [baseSha, headSha].map((sha) => Number(sha.slice(4)));
  const brought = Array.from({ length: Math.max(0, (head ?? 0) - (base ?? 0)) }, (_, at_) => (base ?? 0) + 1 + at_);
  const changes = brought.map((commit) => ({ sha: `sha-${commit}`, authoredAtMs: at(-100 - commit) }));
  const relation = (head ?? 0) > (base ?? 0) ? 'ahead' : 'behind';
  return { ...comparison('', ''), baseSha, headSha, relation, changes };
}

/** Reports in any order, many twice, each maybe first while it runs, in batches; comparisons follow as a source asks for them. */
function tell(
  first: Store,
  all: readonly Deployment[],
  { random, isInOrder, restart }: { random: Random; isInOrder: boolean; restart: (store: Store) => Store },
): Store {
  let store = first;
  const reports = all.flatMap((one): Deployment[] => {
    const { outcome: _, finishedAtMs: __, ...running } = one;
    const early = { ...running, updatedAtMs: one.startedAtMs };
    return random(3) === 0 ? [early, one, one] : [one];
  });
  const order = isInOrder
    ? reports.sort((a, b) => (a.finishedAtMs ?? a.startedAtMs) - (b.finishedAtMs ?? b.startedAtMs))
    : reports
        .map((one) => ({ one, key: random(1_000_000) }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
  let nowMinute = 1000;
  const rules = deploymentSettings().labelMappers.get('pagerduty')?.provider.deployments?.environments ?? [];
  const toEnvironment = (name: string) => rules.find(({ match }) => match.expression.test(name))?.to;
  for (let from = 0; from < order.length; ) {
    const size = 1 + random(6);
    const deployments = order.slice(from, from + size);
    from += size;
    nowMinute += 1;
    const stored = store.stored('pagerduty');
    // A source sees its own batch on top of what is stored.
    const byId = new Map(
      [...(stored.deploymentsOf([REPOSITORY], 0).get(REPOSITORY) ?? []), ...deployments].map((one) => [one.id, one]),
    );
    const isLate = !isInOrder && random(3) === 0;
    const wanted = isLate ? [] : missingComparisons(byId.values(), [], toEnvironment);
    const known = stored.comparisons(wanted);
    const comparisons = missingComparisons(byId.values(), known, toEnvironment).map(({ baseSha, headSha }) =>
      compare(baseSha, headSha),
    );
    store.commit(poll(at(nowMinute), { deployments, comparisons: isLate ? [] : comparisons }));
    if (random(8) === 0) store = restart(store);
  }
  const last = [...(store.stored('pagerduty').deploymentsOf([REPOSITORY], 0).get(REPOSITORY) ?? [])];
  const comparisons = missingComparisons(last, [], toEnvironment).map(({ baseSha, headSha }) =>
    compare(baseSha, headSha),
  );
  store.commit(poll(at(nowMinute + 1), { comparisons }));
  return store;
}

function observed(store: Store) {
  const rows: { row: number; isRollback: boolean; changes: number[] }[] = [];
  store.configure(deploymentSettings(), at(2000));
  store.load(
    () => undefined,
    ({ row, flags, changes }) =>
      rows.push({
        row,
        isRollback: (flags & DEPLOYMENT_FLAGS.rollback) !== 0,
        changes: changes.map(({ authoredAtMs }) => authoredAtMs).sort((a, b) => a - b),
      }),
  );
  return rows;
}

export function randomDeploymentsContract(engine: StoreEngine): void {
  describe('random deployments, reported in any order and over restarts', () => {
    it.each(Array.from({ length: HISTORIES }, (_, index) => index + 1))(
      'agree with a walk through all of them (history %i)',
      async (seed) => {
        const random = randomOf(seed);
        const all = randomDeployments(random);
        const isInOrder = seed % 3 === 0;
        const place = engine.place();
        const first = await start(place.open(), deploymentSettings());
        first.commit(poll(at(1)));
        const restart = (store: Store) => {
          store.close();
          const again = place.open();
          again.configure(deploymentSettings(), at(1000));
          again.load(() => undefined);
          return again;
        };

        const store = tell(first, all, { random, isInOrder, restart });

        for (const environment of ENVIRONMENTS) {
          const subject = `${REPOSITORY}/${environment}`;
          const incidents = store.stored('pagerduty').bySubject([subject]).get(subject) ?? [];
          const shown = incidents.map(({ triggeredAtMs, resolvedAtMs = '', exclusion }) =>
            [`${triggeredAtMs}-${resolvedAtMs}`, exclusion ?? ''].join(' ').trim(),
          );
          expect(shown.sort()).toEqual(expectedRecoveries(all.filter((one) => one.environment === environment)).sort());
        }
        const streams = [
          all.filter((one) => one.environment !== 'staging'),
          all.filter((one) => one.environment === 'staging'),
        ];
        const expected = new Map(streams.flatMap((stream) => [...expectedChanges(stream, compare)]));
        const expectedRows = all.map(({ id }) => {
          const { isRollback = false, changes = [] } = expected.get(id) ?? {};
          const authored = changes.map((sha) => at(-100 - Number(sha.slice(4))));
          return { isRollback, changes: authored.sort((a, b) => a - b) };
        });
        const summariesOf = observed(store).map(({ isRollback, changes }) => JSON.stringify({ isRollback, changes }));
        expect(summariesOf.sort()).toEqual(expectedRows.map((one) => JSON.stringify(one)).sort());
        const totals = Object.values(deploymentTotals(store));
        const sum = (name: string) => totals.reduce((total, numbers) => total + (numbers[name] ?? 0), 0);
        const count = (outcome: string) => all.filter((one) => one.outcome === outcome).length;
        expect(['success', 'failure', 'cancelled'].map(sum)).toEqual(['success', 'failure', 'cancelled'].map(count));
        expect(sum('duration')).toBe(count('success') + count('failure'));
        expect(sum('durationMinutes')).toBe((2 * MINUTE_MS * sum('duration')) / MINUTE_MS);
        const credited = expectedRows.reduce((total, { changes }) => total + changes.length, 0);
        expect(sum('leadTime')).toBeGreaterThanOrEqual(credited);
        // What was counted before an earlier success was learnt of stays counted.
        expect(isInOrder ? sum('leadTime') : credited).toBe(credited);
      },
    );
  });
}
