import { describe, expect, it } from 'vitest';
import type { StoreEngine } from '../contract.ts';
import { at, DAY_MS, incident, poll, recovered, settings, start, sync, totals } from '../fixtures.ts';

const two = settings({ maxServices: 2 });
const old = { triggeredAtMs: at(-5000) };

export function serviceLimitContract(engine: StoreEngine): void {
  describe('metrics.max_services', () => {
    it('allocates by the number of incidents when the first sync is complete, then as services appear', async () => {
      const store = await start(engine.place().open(), two);
      const history = ['rare', 'many', 'many', 'many', 'some', 'some'].map((service, at_) =>
        recovered(`H${at_}`, 20, { ...old, service }),
      );
      await sync(store, history);

      store.commit(
        poll(at(30), {
          incidents: [
            recovered('Q1', 5, { service: 'rare' }),
            recovered('Q2', 6, { service: 'late' }),
            recovered('Q3', 7, { service: 'some' }),
          ],
        }),
      );

      expect(totals(store)).toMatchObject({
        'many P1': {},
        'some P1': { recovery: 1, recoveryMinutes: 7 },
        'other P1': { recovery: 2, recoveryMinutes: 11 },
      });
      expect(Object.keys(totals(store))).not.toContain('rare P1');
      expect(store.servicesOverflowed()).toBe(2);
    });

    it('gives a new service its own label while the limit has room', async () => {
      const store = await start(engine.place().open(), two);
      await sync(store);

      store.commit(
        poll(at(30), {
          incidents: [
            recovered('Q1', 5),
            recovered('Q2', 6, { service: 'search' }),
            recovered('Q3', 7, { service: 'late' }),
          ],
        }),
      );

      expect(Object.keys(totals(store))).toEqual(['checkout P1', '* P1', 'search P1', 'other P1']);
      expect(store.servicesOverflowed()).toBe(1);
    });

    it('keeps the allocation over a restart', async () => {
      const place = engine.place();
      const store = await start(place.open(), two);
      await sync(store);
      store.commit(
        poll(at(30), {
          incidents: [
            recovered('Q1', 5, { service: 'b' }),
            recovered('Q2', 6, { service: 'c' }),
            recovered('Q3', 7, { service: 'a' }),
          ],
        }),
      );
      const before = totals(store);

      const crashed = await start(place.crash(), two);

      expect(totals(crashed)).toEqual(before);
      expect(crashed.servicesOverflowed()).toBe(1);
    });

    it('gives waiting services their own label when the limit is raised', async () => {
      const place = engine.place();
      const store = await start(place.open(), settings({ maxServices: 1 }));
      await sync(store, [
        recovered('H1', 20, { ...old, service: 'a' }),
        recovered('H2', 20, { ...old, service: 'a' }),
        recovered('H3', 20, { ...old, service: 'b' }),
      ]);
      const before = store.servicesOverflowed();

      await start(store, two, at(20));

      expect([before, store.servicesOverflowed()]).toEqual([1, 0]);
      expect(Object.keys(totals(store))).toContain('b P1');
    });

    it('takes the label from the services with the fewest incidents when the limit is lowered', async () => {
      const store = await start(engine.place().open(), two);
      await sync(store, [
        recovered('H1', 20, { ...old, service: 'few' }),
        recovered('H2', 20, { ...old, service: 'many' }),
        recovered('H3', 20, { ...old, service: 'many' }),
      ]);
      const before = Object.keys(totals(store));

      await start(store, settings({ maxServices: 1 }), at(20));

      expect(before).toEqual(expect.arrayContaining(['few P1', 'many P1']));
      expect(Object.keys(totals(store)).sort()).toEqual(['* P1', 'many P1', 'other P1']);
      expect(store.servicesOverflowed()).toBe(1);
    });

    it('takes the label from a service that is neither in the catalogue nor in the retention; its series are created again at zero when it returns', async () => {
      const store = await start(engine.place().open(), settings({ maxServices: 1, retentionMs: 10 * DAY_MS }));
      const catalogue = [{ id: 'S-checkout', name: 'checkout' }];
      await sync(store);
      store.commit(poll(at(30), { incidents: [recovered('Q1', 5)], catalogue }));
      const ofCheckout = () => store.labelSets().find(({ service }) => service === 'checkout');
      const before = ofCheckout();
      const lateMs = at(11 * 24 * 60);

      store.commit(poll(lateMs));
      store.prune(lateMs);
      const listed = ofCheckout();
      store.commit(poll(lateMs, { catalogue: [] }));
      const { isRelabelled } = store.prune(lateMs + 1);
      const gone = ofCheckout();
      store.commit(poll(lateMs + 2, { incidents: [incident('Q2', { triggeredAtMs: lateMs })] }));

      expect(listed).toEqual(before);
      expect([isRelabelled, gone]).toEqual([true, undefined]);
      expect(ofCheckout()).toMatchObject({
        groups: { recovery: { createdAtMs: lateMs + 2, released: false }, counts: { opened: 1 } },
      });
      expect(ofCheckout()?.row).not.toBe(before?.row);
    });

    it('gives a waiting service a label that becomes free, with its series at zero', async () => {
      const store = await start(engine.place().open(), settings({ maxServices: 1, retentionMs: 10 * DAY_MS }));
      await sync(store);
      const lateMs = at(11 * 24 * 60);
      store.commit(poll(at(30), { incidents: [recovered('Q1', 5), incident('Q2', { service: 'search' })] }));

      store.commit(poll(lateMs));
      store.prune(lateMs);

      expect(totals(store)['search P1']).toEqual({});
      expect(store.labelSets().find(({ service }) => service === 'search')?.groups.counts?.createdAtMs).toBe(lateMs);
    });

    it('a renamed service keeps a label of its own at once', async () => {
      const store = await start(engine.place().open(), settings({ maxServices: 1 }));
      await sync(store);
      store.commit(poll(at(30), { incidents: [recovered('Q1', 5)] }));

      const { isRelabelled } = store.commit(
        poll(at(40), {
          incidents: [
            { ...recovered('Q2', 6), serviceName: 'till' },
            { ...recovered('Q3', 7), serviceName: 'till' },
          ],
        }),
      );

      expect(isRelabelled).toBe(true);
      expect(totals(store)).toEqual({
        '* P1': { unacknowledged: 3 },
        'till P1': { recovery: 2, recoveryMinutes: 13, opened: 2, withinTarget: 2 },
      });
      expect(store.servicesOverflowed()).toBe(0);
    });

    it('a service that today’s configuration renames has its label and its series at once', async () => {
      const store = await start(engine.place().open(), settings({ maxServices: 1 }));
      await sync(store, [recovered('H1', 20, old)]);
      const services = { tag: undefined, rename: [{ match: /^check(.*)$/, to: 'till$1' }] };

      await start(store, settings({ maxServices: 1, providers: [{ services }] }), at(20));

      expect(totals(store)).toEqual({ 'tillout P1': {}, '* P1': {} });
    });
  });
}
