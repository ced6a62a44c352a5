import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../src/config/types.ts';
import type { LabelSet } from '../../../src/store/label-sets.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreEngine } from '../contract.ts';
import {
  at,
  HOUR_MS,
  incident,
  MINUTE_MS,
  nameOf,
  page,
  poll,
  recovered,
  settings,
  start,
  sync,
  total,
  totals,
} from '../fixtures.ts';

const NO_FILTER: ProviderConfig['filter'] = {
  severities: [],
  services: [],
  teams: [],
  excludeTitles: [],
  shorterThanMs: 0,
};

function bornOf(store: Store): Record<string, Record<string, number>> {
  const births = ({ groups }: LabelSet) =>
    Object.fromEntries(
      Object.entries(groups).map(([name, { createdAtMs }]) => [name, (createdAtMs - at(0)) / MINUTE_MS]),
    );
  return Object.fromEntries(store.labelSets().map((set) => [nameOf(set), births(set)]));
}

async function withOne(engine: StoreEngine, given = settings()): Promise<Store> {
  const store = await start(engine.place().open(), given);
  await sync(store);
  store.commit(poll(at(60), { incidents: [recovered('Q1', 20, { acknowledgedAtMs: at(11), team: 'core' })] }));
  return store;
}

export function configurationContract(engine: StoreEngine): void {
  describe('a changed configuration', () => {
    it('that changes nothing restarts nothing', async () => {
      const store = await withOne(engine);
      const before = [...store.labelSets()];

      await start(store, settings(), at(90));

      expect(store.labelSets()).toEqual(before);
    });

    it('of buckets restarts histograms only, with a new time of creation', async () => {
      const store = await withOne(engine);

      await start(store, settings({ bucketsMs: [HOUR_MS] }), at(90));
      store.commit(poll(at(100), { incidents: [recovered('Q2', 30)] }));

      expect(bornOf(store)).toEqual({
        'checkout P1': { recovery: 90, counts: 60 },
        '* P1': { timings: 90, changes: 60 },
      });
      expect(totals(store)['checkout P1']).toEqual({ recovery: 1, recoveryMinutes: 30, opened: 2, withinTarget: 1 });
      expect(store.labelSets()[0]?.groups.recovery?.recovery.counts).toEqual([1, 0]);
      expect(store.exemplars(store.labelSets()[0]?.row ?? 0).map((one) => one?.incidentId)).toEqual(['Q2']);
    });

    it('of the clock restarts the recovery histogram alone, and counts by the new one', async () => {
      const store = await withOne(engine);

      await start(store, settings({ clock: 'impact' }), at(90));
      store.commit(poll(at(100), { incidents: [recovered('Q2', 30, { startedAtMs: at(5) })] }));
      await start(store, settings({ clock: 'impact' }), at(110));

      expect(bornOf(store)).toEqual({
        'checkout P1': { recovery: 90, counts: 60 },
        '* P1': { timings: 60, changes: 60 },
      });
      expect(totals(store)['checkout P1']).toEqual({ recovery: 1, recoveryMinutes: 35, opened: 2 });
    });

    it("of a service's target restarts what is judged by it", async () => {
      const store = await withOne(engine);
      store.commit(poll(at(61), { incidents: [recovered('Q2', 20, { service: 'search' })] }));
      const withTarget = (severity: string) => {
        const override = { targetsMs: new Map([[severity, 10 * MINUTE_MS]]), team: undefined };
        return settings({ services: { overrides: new Map([['checkout', override]]), teams: new Map() } });
      };

      await start(store, withTarget('P2'), at(80));
      await start(store, withTarget('P1'), at(90));

      expect(bornOf(store)).toMatchObject({
        'checkout P1': { recovery: 90, counts: 60 },
        'search P1': { recovery: 61, counts: 61 },
      });
    });

    it('of detail to full restarts the families that get a service label', async () => {
      const store = await withOne(engine);

      await start(store, settings({ detail: 'full' }), at(90));

      expect(bornOf(store)).toEqual({ 'checkout P1': { recovery: 60, counts: 60, timings: 90, changes: 90 } });
      expect(totals(store)).toEqual({
        'checkout P1': { recovery: 1, recoveryMinutes: 20, opened: 1, withinTarget: 1 },
      });
    });

    it('of detail back to standard too', async () => {
      const store = await withOne(engine, settings({ detail: 'full' }));

      await start(store, settings(), at(90));

      expect(bornOf(store)).toEqual({
        'checkout P1': { recovery: 60, counts: 60 },
        '* P1': { timings: 90, changes: 90 },
      });
    });

    it('of the team label restarts what has a service label', async () => {
      const store = await withOne(engine);

      await start(store, settings({ team: true }), at(90));

      expect(bornOf(store)).toEqual({
        '* P1': { timings: 60, changes: 60 },
        'checkout P1 core': { recovery: 90, counts: 90 },
      });
      expect(total(store, 'acknowledgement')).toBe(1);
    });

    it('of the filter moves the start of counting to the last successful poll', async () => {
      const store = await start(
        engine.place().open(),
        settings({ providers: [{ filter: { ...NO_FILTER, severities: ['P2'] } }] }),
      );
      await sync(store);
      store.commit(poll(at(60), { incidents: [recovered('before', 20), incident('open', { triggeredAtMs: at(15) })] }));

      await start(store, settings(), at(90));
      store.commit(
        poll(at(100), {
          incidents: [
            recovered('open', 70, { triggeredAtMs: at(15) }),
            recovered('after', 5, { triggeredAtMs: at(61) }),
          ],
        }),
      );

      expect(store.provider('pagerduty').countingSinceMs).toBe(at(60));
      expect(totals(store)['checkout P1']).toEqual({ recovery: 2, recoveryMinutes: 75, opened: 1, withinTarget: 1 });
    });

    it('of the filter counts what was reported before it and happened after the last poll began, at a reload and at a start', async () => {
      const place = engine.place();
      const store = await start(
        place.open(),
        settings({ providers: [{ filter: { ...NO_FILTER, severities: ['P2'] } }] }),
      );
      await sync(store);
      const reported = [
        incident('opening', { triggeredAtMs: at(61) }),
        recovered('recovery', 5, { triggeredAtMs: at(56) + 1 }),
      ];
      store.commit(poll(at(62), { incidents: reported, complete: { polledUntilMs: at(60), historyStartMs: 0 } }));

      const restarted = await start(place.crash(), settings(), at(90));
      await start(store, settings(), at(90));
      for (const one of [store, restarted]) one.commit(poll(at(100)));

      expect(totals(store)['checkout P1']).toEqual({ recovery: 1, recoveryMinutes: 5, opened: 1, withinTarget: 1 });
      expect(totals(restarted)).toEqual(totals(store));
    });

    it('of the filter does not swallow later escalations of what was counted before', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(
        poll(at(60), { incidents: [incident('Q1', { escalatedAtMs: [at(20), at(30)], reopenedAtMs: [at(25)] })] }),
      );

      await start(store, settings({ providers: [{ filter: { ...NO_FILTER, teams: [], shorterThanMs: 1 } }] }), at(90));
      store.commit(
        poll(at(100), {
          incidents: [incident('Q1', { escalatedAtMs: [at(20), at(30), at(95)], reopenedAtMs: [at(25), at(96)] })],
        }),
      );

      expect(totals(store)['* P1']).toEqual({ escalations: 3, reopened: 2 });
    });

    it.each([
      { says: 'waits to settle', settleMs: 60 * MINUTE_MS, syncedUntilMs: at(1) },
      { says: 'ended while the first sync ran', settleMs: 0, syncedUntilMs: at(40) },
    ])('of the filter does not lose a recovery that $says', async ({ settleMs, syncedUntilMs }) => {
      const place = engine.place();
      const history = [recovered('history', 5, { triggeredAtMs: at(-100), escalatedAtMs: [at(-99)] })];
      const store = await start(place.open(), settings({ settleMs }));
      const told = [recovered('Q1', 20), ...history];
      if (settleMs === 0) store.commit(poll(syncedUntilMs, { incidents: told }));
      else {
        await sync(store, history);
        store.commit(poll(at(40), { incidents: told }));
      }
      const before = total(store, 'recovery');

      for (const shorterThanMs of [1, 2, 0]) {
        const filter = { ...NO_FILTER, shorterThanMs };
        await start(store, settings({ settleMs, providers: [{ filter }] }), at(45));
      }
      for (const minutes of [50, 100, 101]) store.commit(poll(at(minutes), { incidents: told }));

      expect(before).toBe(0);
      expect(total(store, 'recovery')).toBe(1);
    });

    it('of the filter and back does not count a recovery that was left out meanwhile', async () => {
      const store = await start(engine.place().open(), settings({ settleMs: HOUR_MS }));
      await sync(store);
      store.commit(poll(at(40), { incidents: [recovered('Q1', 20)] }));

      const filter = { ...NO_FILTER, severities: ['P2'] };
      await start(store, settings({ settleMs: HOUR_MS, providers: [{ filter }] }), at(45));
      store.commit(poll(at(50)));
      await start(store, settings({ settleMs: HOUR_MS }), at(55));
      store.commit(poll(at(100), { incidents: [recovered('Q1', 20, { title: 'other' })] }));

      expect(total(store, 'recovery')).toBe(0);
    });

    it('of the filter during a first sync leaves the start of counting where it is', async () => {
      const store = await start(engine.place().open());
      store.commit(page(at(5), { incidents: [recovered('Q1', 20)] }));

      await start(store, settings({ providers: [{ filter: { ...NO_FILTER, shorterThanMs: 1 } }] }), at(90));

      expect(store.provider('pagerduty').countingSinceMs).toBe(at(0));
    });

    it('without a provider hides its series and keeps its data, which comes back with it', async () => {
      const both = settings({ providers: [{}, { name: 'aws', type: 'cloudwatch' }] });
      const store = await start(engine.place().open(), both);
      await sync(store);
      await sync(store, [], 'aws');
      store.commit(poll(at(60), { provider: 'aws', incidents: [recovered('Q1', 20, { service: 'database' })] }));
      const before = [...store.labelSets()];
      const rows: number[] = [];

      await start(store, settings(), at(70));
      store.prune(at(70));
      const without = totals(store);
      store.configure(both, at(80));
      store.load(({ row }) => rows.push(row));
      store.commit(poll(at(81), { provider: 'aws', incidents: [recovered('Q1', 20, { service: 'database' })] }));

      expect(Object.keys(without)).toEqual([]);
      expect(store.labelSets()).toEqual(before);
      expect(rows).toHaveLength(1);
      expect(total(store, 'recovery')).toBe(1);
    });

    it('is undone as a whole when it cannot be written', async () => {
      const place = engine.place();
      const store = await start(place.open());
      await sync(
        store,
        Array.from({ length: 300 }, (_, at_) =>
          recovered(`H${at_}`, 20, { triggeredAtMs: at(-9000), service: `s${at_}` }),
        ),
      );
      const before = [...store.labelSets()];
      const empty = place.fill();

      const refused = () =>
        store.configure(
          settings({ bucketsMs: Array.from({ length: 40 }, (_, index) => (index + 1) * MINUTE_MS) }),
          at(90),
        );

      expect(refused).toThrow(/./);
      empty();
      store.commit(poll(at(100), { incidents: [recovered('Q1', 20)] }));
      expect(store.labelSets().filter(({ service }) => service.startsWith('s'))).toEqual(
        before.filter(({ kind }) => kind === 'service'),
      );
      expect(store.labelSets().find(({ service }) => service === 'checkout')?.groups.recovery?.recovery.counts).toEqual(
        [0, 1, 0],
      );
    });
  });
}
