import { describe, expect, it } from 'vitest';
import type { StoreEngine } from '../contract.ts';
import { at, counted, DAY_MS, incident, poll, recovered, settings, start, sync, total, totals } from '../fixtures.ts';

const tenDays = settings({ retentionMs: 10 * DAY_MS });
const LATE = at(11 * 24 * 60);

export function retentionContract(engine: StoreEngine): void {
  describe('retention', () => {
    it('deletes what is closed and older, and nothing that is open or younger', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      const reported = [
        recovered('resolved', 20),
        incident('merged', { merged: true, updatedAtMs: at(30) }),
        incident('expired', { exclusion: 'expired', updatedAtMs: at(30) }),
        incident('open'),
        recovered('young', 20, { triggeredAtMs: LATE - DAY_MS }),
      ];
      const { changed } = store.commit(poll(LATE, { incidents: reported }));

      const { removedRows } = store.prune(LATE);

      expect(removedRows).toEqual(changed.slice(0, 3).map(({ row }) => row));
      const left = store.stored('pagerduty').incidents(reported.map(({ id }) => id));
      expect([...left.keys()]).toEqual(['open', 'young']);
      expect(store.prune(LATE)).toEqual({ removedRows: [], isRelabelled: false, hasMore: false });
    });

    it('deletes thousands as well as one, and keeps what stands between them', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      const reported = Array.from({ length: 3500 }, (_, index) =>
        index % 500 === 499 ? incident(`Q${index}`) : recovered(`Q${index}`, 20),
      );
      store.commit(poll(at(60), { incidents: reported }));

      store.commit(poll(LATE));
      const { removedRows } = store.prune(LATE);

      expect(new Set(removedRows).size).toBe(3500 - 7);
      expect(store.stored('pagerduty').openIds()).toHaveLength(7);
    });

    it('does not touch totals', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      store.commit(
        poll(at(60), { incidents: [recovered('Q1', 20)], catalogue: [{ id: 'S-checkout', name: 'checkout' }] }),
      );
      const before = totals(store);

      store.commit(poll(LATE));
      store.prune(LATE);

      expect(totals(store)).toEqual(before);
    });

    it.each([
      { says: 'when it is reported again', retentionMs: 10 * DAY_MS },
      { says: 'when a longer retention lets it in again', retentionMs: 400 * DAY_MS },
    ])('counts nothing of a deleted incident twice $says', async ({ retentionMs }) => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      const reported = [recovered('Q1', 20, { escalatedAtMs: [at(11)], reopenedAtMs: [at(12)] })];
      store.commit(poll(at(60), { incidents: reported, catalogue: [{ id: 'S-checkout', name: 'checkout' }] }));
      const before = totals(store);
      store.commit(poll(LATE));
      store.prune(LATE);

      await start(store, settings({ retentionMs }), LATE);
      store.commit(poll(LATE, { incidents: reported }));
      store.commit(poll(LATE + 1));

      expect(totals(store)).toEqual(before);
      expect(counted(store, 'revisions')).toEqual({});
    });

    it('counts nothing of a deleted incident twice that is resolved again after the filter has changed', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      store.commit(
        poll(at(60), { incidents: [recovered('Q1', 20)], catalogue: [{ id: 'S-checkout', name: 'checkout' }] }),
      );
      store.commit(poll(LATE));
      store.prune(LATE);
      const filter = { severities: [], services: [], teams: [], excludeTitles: [], shorterThanMs: 1 };

      await start(store, settings({ retentionMs: 10 * DAY_MS, providers: [{ filter }] }), LATE);
      const reopened = incident('Q1', { resolvedAtMs: LATE + 5, updatedAtMs: LATE + 5 });
      store.commit(poll(LATE + 10, { incidents: [reopened] }));

      expect(total(store, 'recovery')).toBe(1);
      expect(total(store, 'opened')).toBe(1);
    });

    it('does not count a recovery that ended before it', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);

      store.commit(
        poll(LATE, { incidents: [recovered('Q1', 20), recovered('Q2', 20, { triggeredAtMs: LATE - DAY_MS })] }),
      );

      expect(total(store, 'recovery')).toBe(1);
    });

    it('still counts the escalation of an incident that is open for longer than it', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      store.commit(poll(at(60), { incidents: [incident('Q1', { escalatedAtMs: [at(20), at(30)] })] }));

      store.commit(poll(LATE));
      store.prune(LATE);
      store.commit(poll(LATE, { incidents: [incident('Q1', { escalatedAtMs: [at(20), at(30), LATE - 5] })] }));

      expect(totals(store)['* P1']).toEqual({ escalations: 3 });
    });

    it('deletes the state changes of what it deletes, and keeps those of what stays', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      const signal = (id: string, atMs: number) => ({ subject: 'cpu', id, atMs, kind: 'ALARM' });
      const alarm = (id: string, triggeredAtMs: number, resolvedAtMs: number) =>
        incident(id, { subject: 'cpu', recoveryKey: `ok ${id}`, triggeredAtMs, resolvedAtMs });
      store.commit(
        poll(at(60), {
          incidents: [alarm('short', at(10), at(20)), alarm('long', at(30), LATE - DAY_MS)],
          stateChanges: [signal('a', at(10)), signal('b', at(20)), signal('c', at(30)), signal('d', LATE - DAY_MS)],
        }),
      );

      store.commit(poll(LATE));
      store.prune(LATE);

      const left = store.stored('pagerduty').stateChanges(['cpu']);
      expect(left.get('cpu')?.map(({ id }) => id)).toEqual(['c', 'd']);
    });

    it('deletes rejected records that were not reported again for as long', async () => {
      const store = await start(engine.place().open(), tenDays);
      await sync(store);
      const rejected = (id: string) => [{ id, key: id, reason: 'forbidden' as const, detail: '' }];
      store.commit(poll(at(60), { rejected: [...rejected('gone'), ...rejected('met')] }));
      store.commit(poll(LATE - DAY_MS, { rejected: rejected('met') }));

      store.commit(poll(LATE));
      store.prune(LATE);

      expect(store.stored('pagerduty').rejectedIds()).toEqual(['met']);
      expect(counted(store, 'rejected')).toEqual({ forbidden: 2 });
    });
  });
}
