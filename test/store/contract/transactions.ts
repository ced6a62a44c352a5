import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/model/incident.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreEngine } from '../contract.ts';
import { at, counted, incident, page, poll, recovered, settings, start, sync, total, totals } from '../fixtures.ts';

/** A page that no engine can write: its last incident has a field that is no text. */
function broken(nowMs: number, incidents: readonly Incident[]) {
  const poison: Incident = {
    ...incident('poison', { service: 'new', triggeredAtMs: at(12) }),
    title: Symbol('no text') as never,
  };
  return poll(nowMs, {
    incidents: [...incidents, poison],
    cursor: 'never',
    rejected: [{ key: 'x', reason: 'malformed', detail: '' }],
  });
}

function visible(store: Store) {
  return {
    totals: totals(store),
    sets: [...store.labelSets()],
    counters: store.counters().toSorted((a, b) => (a.label < b.label ? -1 : 1)),
    provider: store.provider('pagerduty'),
    overflowed: store.servicesOverflowed(),
    unmapped: store.unmappedSeverities(),
  };
}

export function transactionsContract(engine: StoreEngine): void {
  describe('a commit that fails', () => {
    it('changes nothing, now or after a restart', async () => {
      const place = engine.place();
      const store = await start(place.open(), settings({ maxServices: 1 }));
      await sync(store);
      store.commit(poll(at(30), { incidents: [recovered('Q1', 20)] }));
      const before = visible(store);

      const failing = () => store.commit(broken(at(60), [recovered('Q2', 5, { priority: 'huh' }), incident('Q1')]));

      expect(failing).toThrow(/./);
      expect(visible(store)).toEqual(before);
      expect(visible(await start(place.crash(), settings({ maxServices: 1 })))).toEqual(before);
    });

    it('does not lose what was waiting to be counted', async () => {
      const store = await start(engine.place().open());
      store.commit(page(at(20), { incidents: [recovered('Q1', 3), incident('Q2')] }));
      store.commit(poll(at(21)));

      expect(() => store.commit(broken(at(30), []))).toThrow(/./);
      store.commit(poll(at(31)));

      expect(totals(store)['checkout P1']).toMatchObject({ recovery: 1, opened: 2 });
    });

    it('because the disk is full does not lose what was waiting to be counted', async () => {
      const place = engine.place();
      const store = await start(place.open());
      const found = Array.from({ length: 500 }, (_, index) => recovered(`Q${index}`, 3));
      store.commit(page(at(20), { incidents: found }));
      store.commit(poll(at(21)));
      const empty = place.fill();

      expect(() => store.commit(poll(at(30)))).toThrow(/./);
      const during = total(store, 'recovery');
      empty();
      store.commit(poll(at(31)));

      expect([during, total(store, 'recovery')]).toEqual([0, 500]);
    });

    it('leaves the allocation of labels to the true number of incidents', async () => {
      const store = await start(engine.place().open(), settings({ maxServices: 1 }));
      store.commit(
        page(at(20), {
          incidents: [
            recovered('Q1', 3, { service: 'a' }),
            recovered('Q2', 3, { service: 'b' }),
            recovered('Q3', 3, { service: 'b' }),
          ],
        }),
      );

      const more = Array.from({ length: 9 }, (_, index) => recovered(`R${index}`, 3, { service: 'a' }));
      expect(() => store.commit(broken(at(21), more))).toThrow(/./);
      store.commit(poll(at(22)));

      expect(Object.keys(totals(store))).toContain('b P1');
    });

    it('does not affect the next one', async () => {
      const store = await start(engine.place().open());
      await sync(store);

      expect(() => store.commit(broken(at(60), [recovered('Q1', 20)]))).toThrow(/./);
      store.commit(poll(at(61), { incidents: [recovered('Q1', 20)] }));

      expect(total(store, 'recovery')).toBe(1);
      expect(counted(store, 'rejected')).toEqual({});
    });
  });

  describe('commits', () => {
    it('that were made survive the end of the process', async () => {
      const place = engine.place();
      const store = await start(place.open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [recovered('Q1', 20)] }));

      const crashed = await start(place.crash());
      crashed.commit(poll(at(61), { incidents: [recovered('Q1', 20)] }));

      expect(totals(crashed)).toEqual(totals(store));
      expect(crashed.provider('pagerduty')).toMatchObject({ polledUntilMs: at(61), cursor: `until ${at(61)}` });
    });
  });
}
