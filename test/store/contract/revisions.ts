import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/model/incident.ts';
import type { StoreEngine } from '../contract.ts';
import { at, counted, incident, poll, recovered, settings, start, sync, totals } from '../fixtures.ts';

const first = recovered('Q1', 20);
const changes: { change: string; now: Incident }[] = [
  { change: 'reopened', now: incident('Q1', { reopenedAtMs: [at(40)] }) },
  { change: 'reopened', now: incident('Q1', { reopenedAtMs: undefined }) },
  { change: 'severity', now: { ...first, severity: { priority: 'P2' } } },
  { change: 'service', now: { ...first, serviceId: 'S-search', serviceName: 'search' } },
  { change: 'resolved_at', now: recovered('Q1', 25) },
  { change: 'triggered_at', now: recovered('Q1', 19, { triggeredAtMs: at(11) }) },
  { change: 'merged', now: { ...first, merged: true } },
];

export function revisionsContract(engine: StoreEngine): void {
  describe('after an incident was counted', () => {
    it.each(changes)('$change is reported once as a revision, and the totals stay', async ({ change, now }) => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [first] }));
      const before = totals(store);

      store.commit(poll(at(61), { incidents: [now] }));
      store.commit(poll(at(62), { incidents: [now] }));

      expect(counted(store, 'revisions')).toEqual({ [change]: 1 });
      expect(totals(store)).toMatchObject(before);
    });

    it('a deletion is one revision, and the totals stay', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [first] }));
      const before = totals(store);

      const gone = store.commit(poll(at(61), { deletedIds: ['Q1', 'never seen'] }));
      const again = store.commit(poll(at(62), { deletedIds: ['Q1'] }));

      expect(counted(store, 'revisions')).toEqual({ deleted: 1 });
      expect(totals(store)).toEqual(before);
      expect([gone.changed.length, again.changed.length]).toEqual([1, 0]);
    });

    it('one that was deleted and comes back is not counted again', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [first] }));
      const before = totals(store);

      store.commit(poll(at(61), { deletedIds: ['Q1'] }));
      store.commit(poll(at(62), { incidents: [first] }));

      expect(totals(store)).toEqual(before);
    });

    it('new timestamps, a new title or a new team are no revision', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [first] }));

      store.commit(poll(at(61), { incidents: [{ ...first, title: 'x', team: 'core', acknowledgedAtMs: at(12) }] }));

      expect(counted(store, 'revisions')).toEqual({});
      expect(totals(store)['* P1']).toEqual({ unacknowledged: 1 });
    });

    it('a service that the platform renamed is no revision', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [first] }));

      store.commit(
        poll(at(61), {
          catalogue: [{ id: 'S-checkout', name: 'till' }],
          incidents: [{ ...first, serviceName: 'till' }],
        }),
      );

      expect(counted(store, 'revisions')).toEqual({});
    });

    it('a changed map or rename is no revision, and what is reported again stays counted', async () => {
      const place = engine.place();
      const store = await start(place.open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [first] }));
      store.close();
      const severity = { from: ['priority' as const], tag: undefined, map: new Map([['p1', 'P4']]), default: 'P3' };
      const services = { tag: undefined, rename: [{ match: 'checkout', to: 'till' }] };

      const again = await start(place.open(), settings({ providers: [{ severity, services }] }), at(70));
      again.commit(poll(at(71), { incidents: [{ ...first, updatedAtMs: at(70) }] }));

      expect(counted(again, 'revisions')).toEqual({});
      expect(totals(again)).toMatchObject({ 'till P4': {}, '* P4': {} });
      expect(totals(again)['* P1']).toEqual({ unacknowledged: 1 });
    });
  });

  describe('after the opening of an incident was counted', () => {
    it.each([
      { says: 'a new severity', now: { ...incident('Q1'), severity: { priority: 'P2' } }, revisions: { severity: 1 } },
      { says: 'a moved trigger', now: incident('Q1', { triggeredAtMs: at(11) }), revisions: { triggered_at: 1 } },
      { says: 'its merge', now: incident('Q1', { merged: true }), revisions: { merged: 1 } },
    ])('$says is a revision', async ({ now, revisions }) => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(11), { incidents: [incident('Q1')] }));

      store.commit(poll(at(61), { incidents: [now] }));

      expect(counted(store, 'revisions')).toEqual(revisions);
    });

    it('its deletion is a revision, and its first end is none', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(11), { incidents: [incident('Q1'), incident('Q2')] }));

      store.commit(poll(at(61), { incidents: [recovered('Q1', 20)], deletedIds: ['Q2'] }));

      expect(counted(store, 'revisions')).toEqual({ deleted: 1 });
    });
  });

  describe('before anything of an incident was counted', () => {
    it.each(changes)('$change is no revision', async ({ now }) => {
      const store = await start(engine.place().open());
      await sync(store);
      const early = { triggeredAtMs: at(-10) };
      store.commit(poll(at(11), { incidents: [incident('Q1', early)] }));

      store.commit(poll(at(61), { incidents: [{ ...now, ...early, resolvedAtMs: now.resolvedAtMs && at(-5) }] }));

      expect(counted(store, 'revisions')).toEqual({});
    });
  });
}
