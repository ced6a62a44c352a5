import { describe, expect, it } from 'vitest';
import { DEPLOYMENT_FLAGS, type DeploymentSummary } from '../../../src/model/deployment.ts';
import { compileGlob } from '../../../src/model/glob.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreEngine } from '../contract.ts';
import {
  changes,
  comparison,
  deployment,
  deploymentSettings,
  deploymentTotals,
  failure,
  recoveries,
  success,
  synced,
} from '../deployment-fixtures.ts';
import { at, counted, DAY_MS, MINUTE_MS, page, poll, SINCE, start, total } from '../fixtures.ts';

const MONTH_MINUTES = 30 * 24 * 60;

/** What statistics are given of the deployments, by id of the store's rows. */
function summaries(store: Store, given = deploymentSettings()): DeploymentSummary[] {
  const all: DeploymentSummary[] = [];
  store.configure(given, SINCE);
  store.load(
    () => undefined,
    (one) => all.push(one),
  );
  return all;
}

export function deploymentsContract(engine: StoreEngine): void {
  describe('deployments', () => {
    it('are counted once, with the durations of successes and failures', async () => {
      const store = await synced(engine.place().open());
      const batch = poll(at(60), {
        deployments: [
          success('1', 10),
          failure('2', 20),
          deployment('3', 'cancelled', { ended: 30 }),
          success('4', 40),
        ],
      });

      store.commit(batch);
      store.commit(batch);

      expect(deploymentTotals(store)).toEqual({
        'checkout production': { success: 2, failure: 1, cancelled: 1, duration: 3, durationMinutes: 6 },
      });
    });

    it('of environments that are not mapped are not read', async () => {
      const store = await synced(engine.place().open());

      store.commit(poll(at(60), { deployments: [failure('1', 10, { environment: 'review/7' }), success('2', 10)] }));

      expect(deploymentTotals(store)).toEqual({
        'checkout production': { success: 1, duration: 1, durationMinutes: 2 },
      });
      expect([...store.stored('pagerduty').deployments(['1', '2']).keys()]).toEqual(['2']);
    });

    it('of environments that are not mapped are counted once, by whatever way they come', async () => {
      const place = engine.place();
      const store = await synced(place.open());
      const reported = [failure('1', 10, { environment: 'review/7' }), success('2', 10)];
      const unreadDeployments = [
        { id: '3', environment: 'qa' },
        { id: '4', environment: 'qa' },
      ];

      store.commit(poll(at(60), { deployments: reported, unreadDeployments }));
      const again = await start(place.crash(), deploymentSettings());
      again.commit(poll(at(61), { deployments: reported, unreadDeployments: unreadDeployments.slice(1) }));

      expect(deploymentTotals(again)).toMatchObject({ 'checkout production': { success: 1 } });
      expect(again.unreadEnvironments('pagerduty')).toEqual([
        { name: 'qa', deployments: 2 },
        { name: 'review/7', deployments: 1 },
      ]);
    });

    it('of environments that are mapped since are told of no more', async () => {
      const store = await synced(engine.place().open());
      store.commit(poll(at(60), { unreadDeployments: [{ id: '1', environment: 'qa' }] }));
      const environments = [{ match: compileGlob('qa'), to: 'staging' }];

      store.configure(deploymentSettings({ deployments: { environments, leadTime: 'off', isOptional: false } }), SINCE);

      expect(store.unreadEnvironments('pagerduty')).toEqual([]);
    });

    it('of more environments than are told of are counted all the same', async () => {
      const store = await synced(engine.place().open());
      const many = Array.from({ length: 60 }, (_, id) => ({ id: String(id), environment: `review/${id}` }));

      store.commit(poll(at(60), { unreadDeployments: many }));

      const unread = store.unreadEnvironments('pagerduty');
      expect(unread.length).toBe(51);
      expect(unread.find(({ name }) => name === '')).toEqual({ name: '', deployments: 10 });
    });

    it('that ended before counting began are not counted, and their series is born at zero', async () => {
      const store = await synced(engine.place().open(), { deployments: [success('1', -10), failure('2', -5)] });

      expect(deploymentTotals(store)).toEqual({ 'checkout production': {} });
      expect(recoveries(store)).toEqual(['-5-']);
    });

    it('that ended during the first sync are counted with the next poll', async () => {
      const store = await start(engine.place().open(), deploymentSettings());
      store.commit(page(at(0.5), { deployments: [success('1', 0.2)] }));
      store.commit(poll(at(1)));

      store.commit(poll(at(2)));

      expect(deploymentTotals(store)).toEqual({
        'checkout production': { success: 1, duration: 1, durationMinutes: 2 },
      });
    });

    it('whose outcome is corrected stay as they were counted, and are a revision', async () => {
      const store = await synced(engine.place().open(), { deployments: [success('0', -10)] });
      store.commit(poll(at(60), { deployments: [failure('1', 10), success('2', 30)] }));

      store.commit(poll(at(61), { deployments: [{ ...success('1', 10), updatedAtMs: at(61) }] }));

      expect(deploymentTotals(store)['checkout production']).toMatchObject({ success: 1, failure: 1 });
      expect(recoveries(store)).toEqual([]);
      expect(counted(store, 'revisions')).toEqual({ outcome: 1, deleted: 1 });
    });

    it('keep the newer of two reports, whichever came first', async () => {
      const store = await synced(engine.place().open());
      const running = deployment('1', undefined, { ended: 10, updatedAtMs: at(9) });

      store.commit(poll(at(60), { deployments: [success('1', 10)] }));
      store.commit(poll(at(61), { deployments: [running] }));

      expect(store.stored('pagerduty').deployments(['1']).get('1')?.outcome).toBe('success');
      expect(store.stored('pagerduty').unfinishedDeployments()).toEqual([]);
    });

    it('that the platform no longer has leave their recovery', async () => {
      const store = await synced(engine.place().open());
      store.commit(poll(at(60), { deployments: [failure('1', 10), success('2', 30)] }));

      store.commit(poll(at(61), { deletedDeploymentIds: ['1'] }));

      expect(recoveries(store)).toEqual([]);
      expect(store.stored('pagerduty').deployments(['1']).size).toBe(0);
      expect(deploymentTotals(store)['checkout production']).toMatchObject({ failure: 1 });
    });

    it('are the same after a restart', async () => {
      const place = engine.place();
      const store = await synced(place.open());
      const one = { ...failure('1', 10), url: 'https://example.com/1' };
      store.commit(poll(at(60), { deployments: [one, success('2', 30)], comparisons: [comparison('1', '2')] }));

      const again = await start(place.crash(), deploymentSettings());

      expect(again.stored('pagerduty').deployments(['1']).get('1')).toEqual(one);
      expect(again.stored('pagerduty').comparisons([comparison('1', '2')])).toEqual([comparison('1', '2')]);
      expect(deploymentTotals(again)).toEqual(deploymentTotals(store));
      again.commit(poll(at(61), { deployments: [one, success('2', 30)] }));
      expect(deploymentTotals(again)).toEqual(deploymentTotals(store));
    });
  });

  describe('failed deployments', () => {
    it('recover with the next success of the same environment, from the first failure', async () => {
      const store = await synced(engine.place().open());

      store.commit(
        poll(at(100), {
          deployments: [
            failure('1', 10),
            failure('2', 20),
            success('s', 25, { environment: 'staging' }),
            deployment('c', 'cancelled', { ended: 28 }),
            success('3', 40),
            success('4', 50),
          ],
        }),
      );

      expect(recoveries(store)).toEqual(['10-40']);
      expect(total(store, 'recovery')).toBe(1);
      const found = store.stored('pagerduty').incidents([`acme/checkout/production@${at(10)}`]);
      expect([...found.values()]).toMatchObject([
        { serviceId: 'acme/checkout', serviceName: 'checkout', endKnownFrom: 'state_change', recoveryKey: '3' },
      ]);
    });

    it('are flaky, expired or open by the limits of the provider', async () => {
      const store = await synced(engine.place().open());
      const week = 7 * 24 * 60;

      store.commit(
        poll(at(3 * MONTH_MINUTES), {
          deployments: [
            failure('1', 10),
            success('2', 14),
            failure('3', 20),
            success('4', 20 + week + 1),
            failure('5', week * 2),
          ],
        }),
      );

      expect(recoveries(store)).toEqual(['10-14 flaky', `20-${20 + week + 1} expired`, `${week * 2}-`]);
      expect(total(store, 'recovery')).toBe(0);
    });

    it('have one recovery whose anchor a late failure moves', async () => {
      const store = await synced(engine.place().open());
      store.commit(poll(at(60), { deployments: [failure('2', 20), success('3', 40)] }));

      store.commit(poll(at(61), { deployments: [failure('1', 10)] }));

      expect(recoveries(store)).toEqual(['10-40']);
      expect(total(store, 'recovery')).toBe(1);
      expect(counted(store, 'revisions')).toEqual({ triggered_at: 1 });
    });

    it('have two recoveries where a late success splits one', async () => {
      const store = await synced(engine.place().open());
      store.commit(poll(at(60), { deployments: [failure('1', 10), failure('3', 30), success('4', 40)] }));

      store.commit(poll(at(61), { deployments: [success('2', 20)] }));

      expect(recoveries(store)).toEqual(['10-20', '30-40']);
      expect(total(store, 'recovery')).toBe(2);
    });

    it('of a subject that has pending incidents far from what is reported keep them', async () => {
      const store = await start(engine.place().open(), { ...deploymentSettings(), settleMs: 60 * MINUTE_MS });
      store.commit(poll(at(1)));
      store.commit(poll(at(30), { deployments: [failure('1', 10), success('2', 20)] }));

      store.commit(poll(at(40), { deployments: [success('3', 35)] }));

      expect(recoveries(store)).toEqual(['10-20']);
      store.commit(poll(at(90)));
      expect(total(store, 'recovery')).toBe(1);
    });

    it('are paired anew when the limits change', async () => {
      const store = await synced(engine.place().open());
      store.commit(poll(at(60), { deployments: [failure('1', 10), success('2', 14)] }));

      store.configure(deploymentSettings({ recoveryLimits: { openWindowMs: undefined, flakyBelowMs: 0 } }), at(61));

      expect(recoveries(store)).toEqual(['10-14']);
    });
  });

  describe('changes', () => {
    it('are counted with the success that brings them first, from the commit', async () => {
      const store = await synced(engine.place().open(), { deployments: [success('0', -10)] });

      store.commit(
        poll(at(60), {
          deployments: [failure('1', 10), success('2', 30)],
          comparisons: [comparison('0', '2', 'ahead', changes(-30, 20))],
        }),
      );

      expect(deploymentTotals(store)['checkout production']).toMatchObject({ leadTime: 2, leadTimeMinutes: 60 + 10 });
      const [, , second] = summaries(store);
      expect(second?.changes).toEqual([{ authoredAtMs: at(-30) }, { authoredAtMs: at(20) }]);
    });

    it('are counted when their comparison is learnt later, and only once', async () => {
      const store = await synced(engine.place().open(), { deployments: [success('0', -10)] });
      store.commit(poll(at(60), { deployments: [success('1', 30)] }));

      for (const minute of [61, 62])
        store.commit(poll(at(minute), { comparisons: [comparison('0', '1', 'ahead', changes(20))] }));

      expect(deploymentTotals(store)['checkout production']).toMatchObject({ leadTime: 1, leadTimeMinutes: 10 });
    });

    it('are none of the first success, of a repeated commit and of a rollback', async () => {
      const store = await synced(engine.place().open());

      store.commit(
        poll(at(100), {
          deployments: [
            success('1', 10),
            success('2', 20),
            success('3', 30, { sha: 'sha-1' }),
            success('4', 40, { sha: 'sha-2' }),
            success('5', 50),
          ],
          comparisons: [
            comparison('1', '2', 'ahead', [...changes(5), { sha: 'sha-2', authoredAtMs: at(6) }]),
            comparison('2', '1', 'behind'),
            comparison('2', '5', 'ahead', changes(45)),
          ],
        }),
      );

      const [one, two, three, four, five] = summaries(store);
      expect([one, two, three, four, five].map((each) => each?.changes.length)).toEqual([0, 2, 0, 0, 1]);
      expect([one, two, three, four, five].map((each) => (each?.flags ?? 0) & DEPLOYMENT_FLAGS.rollback)).toEqual([
        0, 0, 1, 0, 0,
      ]);
      expect(deploymentTotals(store)['checkout production']).toMatchObject({ leadTime: 3 });
    });

    it('that were live before a rollback are not brought again by another commit', async () => {
      const store = await synced(engine.place().open());

      store.commit(
        poll(at(100), {
          deployments: [success('1', 10), success('2', 20), success('3', 30, { sha: 'sha-1' }), success('4', 40)],
          comparisons: [
            comparison('1', '2', 'ahead', changes(5, 6)),
            comparison('2', '1', 'behind'),
            comparison('1', '4', 'ahead', changes(5, 6, 35)),
          ],
        }),
      );

      expect(summaries(store).map((each) => each.changes.length)).toEqual([0, 2, 0, 1]);
      expect(deploymentTotals(store)['checkout production']).toMatchObject({ leadTime: 3 });
    });

    it('move to a success that is learnt of later, and stay counted', async () => {
      const store = await synced(engine.place().open(), { deployments: [success('0', -10)] });
      store.commit(
        poll(at(60), {
          deployments: [success('2', 30)],
          comparisons: [comparison('0', '2', 'ahead', changes(5, 6))],
        }),
      );

      store.commit(
        poll(at(61), {
          deployments: [success('1', 20)],
          comparisons: [comparison('0', '1', 'ahead', changes(5)), comparison('1', '2', 'ahead', changes(6))],
        }),
      );

      expect(summaries(store).map((each) => each.changes)).toEqual([
        [],
        [{ authoredAtMs: at(6) }],
        [{ authoredAtMs: at(5) }],
      ]);
      expect(deploymentTotals(store)['checkout production']).toMatchObject({ leadTime: 2, leadTimeMinutes: 25 + 24 });
    });

    it('of two environments of the platform that are one of ours follow one another', async () => {
      const store = await synced(engine.place().open());

      store.commit(
        poll(at(60), {
          deployments: [success('1', 10, { environment: 'prod-eu' }), success('2', 20, { environment: 'prod-us' })],
          comparisons: [comparison('1', '2', 'ahead', changes(15))],
        }),
      );

      expect(deploymentTotals(store)).toEqual({
        'checkout production': { success: 2, duration: 2, durationMinutes: 4, leadTime: 1, leadTimeMinutes: 5 },
      });
    });

    it('without comparisons a commit that was live before is a rollback, unless lead times are off', async () => {
      const store = await synced(engine.place().open());
      store.commit(
        poll(at(60), {
          deployments: [success('1', 10), success('2', 20), success('3', 30, { sha: 'sha-1' })],
        }),
      );

      const flags = summaries(store).map((each) => each.flags & DEPLOYMENT_FLAGS.rollback);
      const { environments = [] } = deploymentSettings().labelMappers.get('pagerduty')?.provider.deployments ?? {};
      const off = deploymentSettings({ deployments: { environments, leadTime: 'off', isOptional: false } });
      const offFlags = summaries(store, off).map((each) => each.flags & DEPLOYMENT_FLAGS.rollback);

      expect(flags).toEqual([0, 0, 1]);
      expect(offFlags).toEqual([0, 0, 0]);
    });
  });

  describe('old deployments', () => {
    it('are pruned but for the newest success of their environment, and are never counted again', async () => {
      const store = await synced(engine.place().open());
      const old = [success('1', 10), failure('2', 20), success('3', 30)];
      store.commit(poll(at(60), { deployments: old }));
      const before = deploymentTotals(store);
      const nowMs = at(60) + 401 * DAY_MS;
      store.commit(poll(nowMs, { deployments: [] }));

      const result = store.prune(nowMs);
      store.commit(poll(nowMs, { deployments: old }));

      expect(result.removedDeployments).toHaveLength(2);
      expect(deploymentTotals(store)).toEqual(before);
    });
  });
}
