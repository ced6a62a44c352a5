import { describe, expect, it } from 'vitest';
import type { StoreEngine } from '../contract.ts';
import { at, incident, MINUTE_MS, page, poll, recovered, settings, start, sync } from '../fixtures.ts';

export function currentStateContract(engine: StoreEngine): void {
  describe('the current state', () => {
    it('the oldest open incidents by the labels of today, and how many there are', async () => {
      const rename = [{ match: 'checkout', to: 'shop' }];
      const store = await start(
        engine.place().open(),
        settings({ providers: [{ services: { tag: undefined, rename } }] }),
      );
      await sync(store);
      const reported = [
        incident('newest', { triggeredAtMs: at(30), priority: 'P2', service: 'search' }),
        incident('oldest', { triggeredAtMs: at(-9000), url: 'https://example.com/oldest', status: 'acknowledged' }),
        incident('middle', { triggeredAtMs: at(20) }),
      ];

      store.commit(poll(at(60), { incidents: reported }));
      const { oldest, total } = store.openIncidents(2);

      const common = { provider: 'pagerduty', service: 'shop', severity: 'P1' };
      expect(total).toBe(3);
      expect(oldest).toEqual([
        {
          ...common,
          id: 'oldest',
          url: 'https://example.com/oldest',
          status: 'acknowledged',
          triggeredAtMs: at(-9000),
          clockStartMs: at(-9000),
          targetMs: 30 * MINUTE_MS,
        },
        {
          ...common,
          id: 'middle',
          url: undefined,
          status: 'triggered',
          triggeredAtMs: at(20),
          clockStartMs: at(20),
          targetMs: 30 * MINUTE_MS,
        },
      ]);
    });

    it('nothing as open that is resolved, deleted, excluded, or outside the filter', async () => {
      const filter = {
        severities: ['P1'],
        services: [],
        teams: [],
        excludeTitles: [/^trouble test/],
        shorterThanMs: 0,
      };
      const store = await start(engine.place().open(), settings({ providers: [{ filter }] }));
      await sync(store);
      const reported = [
        incident('open'),
        recovered('resolved', 20),
        incident('merged', { merged: true }),
        incident('expired', { exclusion: 'expired' }),
        incident('deleted'),
        incident('other severity', { priority: 'P3' }),
        incident('test 1'),
      ];

      store.commit(poll(at(60), { incidents: reported, deletedIds: ['deleted'] }));
      const { oldest, total } = store.openIncidents(50);

      expect(oldest.map(({ id }) => id)).toEqual(['open']);
      expect(total).toBe(1);
    });

    it('of a provider whose first sync is not complete only the number of incidents so far', async () => {
      const store = await start(engine.place().open());

      store.commit(page(at(1), { incidents: [incident('Q1'), recovered('Q2', 5)] }));

      expect(store.openIncidents(50)).toEqual({ oldest: [], total: 0 });
      expect(store.backlog('pagerduty')).toEqual({ held: 2, waiting: 0 });
      expect(store.backlog('unheard of')).toEqual({ held: 0, waiting: 0 });
    });

    it('how many rejected records are fetched again, until they are accepted', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const rejected = (id: string | undefined, reason: 'forbidden' | 'future') => ({
        id,
        key: id ?? 'digest',
        reason,
        detail: '',
      });
      const waiting: number[] = [];
      const commit = async (reported: Parameters<typeof poll>[1]) => {
        store.commit(poll(at(60), reported));
        waiting.push(store.backlog('pagerduty').waiting);
      };

      await commit({
        rejected: [rejected('Q1', 'forbidden'), rejected('Q2', 'future'), rejected(undefined, 'future')],
      });
      await commit({ rejected: [rejected('Q1', 'future'), rejected('Q2', 'future')] });
      await commit({ incidents: [incident('Q1')] });

      expect(waiting).toEqual([2, 2, 1]);
    });
  });
}
