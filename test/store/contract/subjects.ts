import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/model/incident.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreEngine } from '../contract.ts';
import { at, counted, poll, recovered, start, sync, total } from '../fixtures.ts';

/** A recovery of the alarm `cpu` from its state changes at these minutes. */
function recovery(from: number, to: number): Incident {
  return recovered(`cpu@${from}`, to - from, { triggeredAtMs: at(from), subject: 'cpu', recoveryKey: `ok ${to}` });
}

async function tellAll(store: Store, nowMs: number, incidents: readonly Incident[]) {
  return store.commit(poll(nowMs, { incidents, replacedSubjects: ['cpu'] }));
}

async function firstTold(engine: StoreEngine): Promise<Store> {
  const store = await start(engine.place().open());
  await sync(store);
  await tellAll(store, at(60), [recovery(20, 30)]);
  return store;
}

export function subjectsContract(engine: StoreEngine): void {
  describe('of an alarm that is reported whole', () => {
    it('a moved anchor is a revision of the same recovery', async () => {
      const store = await firstTold(engine);

      await tellAll(store, at(61), [recovery(15, 30)]);

      expect(total(store, 'recovery')).toBe(1);
      expect(total(store, 'opened')).toBe(1);
      expect(counted(store, 'revisions')).toEqual({ triggered_at: 1 });
      expect([...store.stored('pagerduty').incidents(['cpu@15', 'cpu@20']).keys()]).toEqual(['cpu@15']);
    });

    it('a moved anchor is a revision although the alarm is not reported whole', async () => {
      const store = await firstTold(engine);

      store.commit(poll(at(61), { incidents: [recovery(15, 30)], deletedIds: ['cpu@20'] }));

      expect(total(store, 'recovery')).toBe(1);
      expect(counted(store, 'revisions')).toEqual({ triggered_at: 1 });
    });

    it('a moved end is a revision of the same recovery', async () => {
      const store = await firstTold(engine);

      await tellAll(store, at(61), [recovery(20, 25)]);

      expect(total(store, 'recovery')).toBe(1);
      expect(counted(store, 'revisions')).toEqual({ resolved_at: 1 });
    });

    it('a recovery that turns out to be two is counted as two', async () => {
      const store = await firstTold(engine);

      await tellAll(store, at(61), [recovery(20, 22), recovery(25, 30)]);

      expect(total(store, 'recovery')).toBe(2);
      expect(total(store, 'recoveryMinutes')).toBe(10 + 2);
      expect(counted(store, 'revisions')).toEqual({ triggered_at: 1 });
    });

    it('anchors and ends may be exchanged', async () => {
      const store = await firstTold(engine);
      await tellAll(store, at(61), [recovery(20, 30), recovery(40, 50)]);

      await tellAll(store, at(62), [
        { ...recovery(20, 50), recoveryKey: 'ok 50' },
        { ...recovery(40, 30), recoveryKey: 'ok 30', triggeredAtMs: at(40), resolvedAtMs: at(45) },
      ]);

      expect(total(store, 'recovery')).toBe(2);
      expect(store.stored('pagerduty').incidents(['cpu@20']).get('cpu@20')?.recoveryKey).toBe('ok 50');
      expect(store.stored('pagerduty').bySubject(['cpu']).get('cpu')).toHaveLength(2);
    });

    it('what is missing is deleted, is one revision, and is not counted again when it returns', async () => {
      const store = await firstTold(engine);

      const gone = await tellAll(store, at(61), []);
      const still = await tellAll(store, at(62), []);
      const back = await tellAll(store, at(63), [recovery(20, 30)]);

      expect([gone, still, back].map(({ changed }) => changed.length)).toEqual([1, 0, 1]);
      expect(total(store, 'recovery')).toBe(1);
      expect(counted(store, 'revisions')).toEqual({ deleted: 1 });
    });

    it('an anchor may move to the id of a recovery that is gone', async () => {
      const store = await firstTold(engine);
      await tellAll(store, at(61), [recovery(20, 30), recovery(40, 50)]);

      await tellAll(store, at(62), [{ ...recovery(20, 50), recoveryKey: 'ok 50' }]);

      expect(total(store, 'recovery')).toBe(2);
      expect(counted(store, 'revisions')).toEqual({ triggered_at: 1, deleted: 1 });
      expect(
        store
          .stored('pagerduty')
          .bySubject(['cpu'])
          .get('cpu')
          ?.map(({ id }) => id),
      ).toEqual(['cpu@20']);
    });

    it('reporting the same again changes nothing', async () => {
      const store = await firstTold(engine);

      const { changed } = await tellAll(store, at(61), [recovery(20, 30), recovery(20, 30)]);

      expect(changed).toEqual([]);
    });
  });
}
