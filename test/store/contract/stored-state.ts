import { describe, expect, it } from 'vitest';
import { FLAGS, type IncidentSummary } from '../../../src/model/stored.ts';
import type { StoreEngine } from '../contract.ts';
import { at, counted, incident, page, poll, recovered, SINCE, settings, start, sync } from '../fixtures.ts';

export function storedStateContract(engine: StoreEngine): void {
  describe('remembers', () => {
    it('every field of an incident', async () => {
      const place = engine.place();
      const store = await start(place.open());
      await sync(store);
      const whole = incident('Q1', {
        recoveryKey: 'ok',
        subject: 'cpu',
        url: 'https://example.com/Q1',
        team: 'core',
        status: 'resolved',
        startedAtMs: at(5),
        identifiedAtMs: at(11),
        acknowledgedAtMs: at(12),
        mitigatedAtMs: at(13),
        resolvedAtMs: at(30),
        endKnownFrom: 'state_change',
        autoResolved: false,
        escalatedAtMs: [at(14)],
        reopenedAtMs: [at(20)],
        intervals: [
          { openedAtMs: at(10), closedAtMs: at(15) },
          { openedAtMs: at(20), closedAtMs: at(30) },
        ],
        exclusion: 'flaky',
        fingerprint: 'same trouble',
      });

      const excluded = incident('Q4', { exclusion: 'flagged' });

      store.commit(poll(at(60), { incidents: [whole, incident('Q2'), excluded] }));
      const known = (await start(place.crash())).stored('pagerduty').incidents(['Q1', 'Q2', 'Q3', 'Q4']);

      expect(known).toEqual(
        new Map([
          ['Q1', whole],
          ['Q2', incident('Q2')],
          ['Q4', excluded],
        ]),
      );
    });

    it('which ids are open', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const reported = [
        incident('open'),
        recovered('resolved', 20),
        incident('merged', { merged: true }),
        incident('expired', { exclusion: 'expired' }),
        incident('flagged', { exclusion: 'flagged' }),
        incident('deleted'),
      ];

      store.commit(poll(at(60), { incidents: reported, deletedIds: ['deleted'] }));

      expect(store.stored('pagerduty').openIds()).toEqual(['open']);
      expect(store.stored('unheard of').openIds()).toEqual([]);
    });

    it('state changes once each, in order of time', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const stateChanges = [
        { subject: 'cpu', id: 'b', atMs: at(20), kind: 'OK' },
        { subject: 'cpu', id: 'a', atMs: at(10), kind: 'ALARM' },
      ];

      store.commit(poll(at(60), { stateChanges: [...stateChanges, ...stateChanges] }));

      expect(store.stored('pagerduty').stateChanges(['cpu', 'disk'])).toEqual(
        new Map([
          ['cpu', stateChanges.toReversed()],
          ['disk', []],
        ]),
      );
    });

    it('incidents by subject, without those that are gone', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(
        poll(at(60), {
          incidents: [incident('a', { subject: 'cpu' }), incident('b', { subject: 'cpu' })],
          deletedIds: ['a'],
        }),
      );

      const known = store.stored('pagerduty').bySubject(['cpu', 'disk']);

      expect([...known].map(([subject, found]) => [subject, found.map(({ id }) => id)])).toEqual([
        ['cpu', ['b']],
        ['disk', []],
      ]);
    });

    it('rejected records: counted once per reason, fetched again until they are accepted, and again when rejected again', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const forbidden = { id: 'Q1', key: 'Q1', reason: 'forbidden' as const, detail: '' };
      const future = { ...forbidden, reason: 'future' as const };
      const nameless = { key: 'digest', reason: 'missing_id' as const, detail: '' };
      const waiting: (readonly string[])[] = [];
      const commit = async (reported: Parameters<typeof poll>[1]) => {
        store.commit(poll(at(60), reported));
        waiting.push(store.stored('pagerduty').rejectedIds());
      };

      await commit({ rejected: [forbidden, forbidden, nameless] });
      await commit({ rejected: [forbidden, future, nameless] });
      await commit({ incidents: [incident('Q1')] });
      await commit({ rejected: [forbidden], incidents: [incident('Q1')] });
      await commit({ deletedIds: ['Q1'] });

      expect(waiting).toEqual([['Q1'], ['Q1'], [], ['Q1'], []]);
      expect(counted(store, 'rejected')).toEqual({ forbidden: 1, future: 1, missing_id: 1 });
    });

    it('where a first sync was, page by page', async () => {
      const place = engine.place();
      const store = await start(place.open());
      const before = store.provider('pagerduty');
      store.commit(page(at(1), { cursor: 'page 2' }));

      const crashed = await start(place.crash());
      crashed.commit(page(at(60), { cursor: 'page 3', startedAtMs: at(50) }));

      expect(before).toMatchObject({ countingSinceMs: undefined, cursor: undefined, isSynced: false });
      expect(crashed.provider('pagerduty')).toMatchObject({
        countingSinceMs: SINCE,
        cursor: 'page 3',
        isSynced: false,
        polledUntilMs: undefined,
      });
    });

    it('for statistics exactly what each commit reported', async () => {
      const place = engine.place();
      const filter = { severities: [], services: [], teams: [], excludeTitles: [/^x$/], shorterThanMs: 0 };
      const given = settings({ providers: [{ filter }] });
      const store = await start(place.open(), given);
      const latest = new Map<number, IncidentSummary>();
      const commit = async (reported: Parameters<typeof poll>[1]) => {
        for (const one of store.commit(poll(at(60), reported)).changed) latest.set(one.row, one);
      };

      await commit({
        incidents: [
          recovered('Q1', 20),
          incident('Q2', { acknowledgedAtMs: at(12), status: 'acknowledged' }),
          recovered('Q3', 5, { merged: true }),
          incident('Q4'),
        ],
      });
      await commit({ incidents: [recovered('Q2', 20, { escalatedAtMs: [at(11)] })], deletedIds: ['Q4'] });
      await commit({
        incidents: [
          incident('Q1', {
            intervals: [{ openedAtMs: at(10), closedAtMs: at(30) }, { openedAtMs: at(40) }],
            reopenedAtMs: [at(40)],
          }),
        ],
      });
      const loaded: IncidentSummary[] = [];
      const crashed = place.crash();
      crashed.configure(given, SINCE);
      crashed.load((one) => loaded.push(one));

      expect(loaded).toEqual([...latest.values()].sort((a, b) => a.row - b.row));
      expect(loaded.map(({ flags }) => (flags & FLAGS.counted) !== 0)).toEqual([true, true, false, false]);
    });
  });
}
