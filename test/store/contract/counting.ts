import { describe, expect, it } from 'vitest';
import type { StoreEngine } from '../contract.ts';
import {
  at,
  counted,
  incident,
  MINUTE_MS,
  page,
  poll,
  recovered,
  SINCE,
  settings,
  start,
  sync,
  total,
  totals,
} from '../fixtures.ts';

export function countingContract(engine: StoreEngine): void {
  describe('counts', () => {
    it('each opening and recovery once, with the label sets of its service and its severity', async () => {
      const store = await start(engine.place().open());
      await sync(store);

      store.commit(poll(at(60), { incidents: [recovered('Q1', 20, { acknowledgedAtMs: at(12) })] }));

      expect(totals(store)).toEqual({
        'checkout P1': { recovery: 1, recoveryMinutes: 20, opened: 1, withinTarget: 1 },
        '* P1': { acknowledgement: 1, acknowledgementMinutes: 2 },
      });
    });

    it('an incident that is reported twice once', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const reported = poll(at(60), { incidents: [recovered('Q1', 20), recovered('Q1', 20)] });

      store.commit(reported);
      const second = store.commit(reported);

      expect(totals(store)['checkout P1']).toMatchObject({ recovery: 1, recoveryMinutes: 20, opened: 1 });
      expect(second.changed).toEqual([]);
      expect(counted(store, 'revisions')).toEqual({});
    });

    it('the same whatever the order of arrival', async () => {
      const reported = [
        recovered('Q1', 20),
        recovered('Q2', 7, { service: 'search' }),
        recovered('Q3', 90, { priority: 'P2' }),
      ];
      const [store, reversed] = [await start(engine.place().open()), await start(engine.place().open())];
      for (const one of [store, reversed]) await sync(one);

      store.commit(poll(at(200), { incidents: reported }));
      for (const one of reported.toReversed()) reversed.commit(poll(at(200), { incidents: [one] }));

      expect(totals(reversed)).toEqual(totals(store));
      expect(total(store, 'recovery')).toBe(3);
    });

    it('no recovery that ended before counting began, and any that ended since, however late it is reported', async () => {
      const store = await start(engine.place().open());
      await sync(store);

      store.commit(
        poll(at(100 * 24 * 60), {
          incidents: [
            incident('before', { triggeredAtMs: at(-60), resolvedAtMs: SINCE - 1 }),
            incident('at', { triggeredAtMs: at(-60), resolvedAtMs: SINCE }),
            incident('since', { triggeredAtMs: SINCE, resolvedAtMs: at(30) }),
          ],
        }),
      );

      expect(totals(store)['checkout P1']).toEqual({ recovery: 2, recoveryMinutes: 90, opened: 1, withinTarget: 1 });
    });

    it('nothing before the first sync is whole, then everything that is due, with the next poll', async () => {
      const store = await start(engine.place().open());
      const during = [
        incident('Q1', { escalatedAtMs: [at(-5), at(11)] }),
        recovered('Q2', 20),
        recovered('Q3', 5, { triggeredAtMs: at(-60) }),
      ];

      store.commit(page(at(40), { incidents: during }));
      const before = [...store.labelSets()];
      store.commit(poll(at(41)));
      const whole = totals(store);
      store.commit(poll(at(42)));

      expect(before).toEqual([]);
      expect(whole).toEqual({ 'checkout P1': {}, '* P1': {} });
      expect(totals(store)).toEqual({
        'checkout P1': { recovery: 1, recoveryMinutes: 20, opened: 2, withinTarget: 1 },
        '* P1': { escalations: 1, unacknowledged: 1 },
      });
    });

    it.each([1, 2])(
      'what a first sync found after a restart, %i commits before the poll that counts it',
      async (commits) => {
        const place = engine.place();
        const store = await start(place.open());
        const during = [
          recovered('Q2', 20),
          incident('Q1', { triggeredAtMs: at(-100), escalatedAtMs: [at(11)], reopenedAtMs: [at(12)] }),
        ];

        store.commit(page(at(40), { incidents: during }));
        if (commits === 2) store.commit(poll(at(41)));
        store.close();
        const again = await start(place.open());
        for (const minute of [42, 43, 44]) again.commit(poll(at(minute)));

        expect(totals(again)['checkout P1']).toEqual({ recovery: 1, recoveryMinutes: 20, opened: 1, withinTarget: 1 });
        expect(totals(again)['* P1']).toEqual({ escalations: 1, reopened: 1, unacknowledged: 1 });
      },
    );

    it('escalations and reopenings once each by their own time', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const reported = (escalatedAtMs: number[], reopenedAtMs: number[]) =>
        store.commit(
          poll(at(60), { incidents: [incident('Q1', { triggeredAtMs: at(-60), escalatedAtMs, reopenedAtMs })] }),
        );

      reported([at(-30), at(20)], []);
      reported([at(-30), at(20), at(30)], [at(-10), at(35)]);
      reported([at(-30), at(20), at(30)], [at(-10), at(35)]);

      expect(totals(store)).toEqual({ 'checkout P1': {}, '* P1': { escalations: 2, reopened: 1 } });
    });

    it('an escalation that is reported late, after a later one', async () => {
      const store = await start(engine.place().open());
      await sync(store);

      store.commit(poll(at(60), { incidents: [incident('Q1', { escalatedAtMs: [at(30)] })] }));
      store.commit(poll(at(61), { incidents: [incident('Q1', { escalatedAtMs: [at(20), at(30)] })] }));

      expect(totals(store)['* P1']).toEqual({ escalations: 2 });
    });

    it('a recovery once, although the incident is reopened and resolved again', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const intervals = [{ openedAtMs: at(10), closedAtMs: at(30) }];
      const reopened = [...intervals, { openedAtMs: at(40) }];
      const closed = [...intervals, { openedAtMs: at(40), closedAtMs: at(100) }];

      store.commit(poll(at(35), { incidents: [recovered('Q1', 20, { intervals })] }));
      store.commit(poll(at(45), { incidents: [incident('Q1', { intervals: reopened, reopenedAtMs: [at(40)] })] }));
      store.commit(poll(at(110), { incidents: [recovered('Q1', 90, { intervals: closed, reopenedAtMs: [at(40)] })] }));

      expect(totals(store)['checkout P1']).toMatchObject({ recovery: 1, recoveryMinutes: 20, opened: 1 });
      expect(totals(store)['* P1']).toMatchObject({ reopened: 1 });
      expect(counted(store, 'revisions')).toEqual({ reopened: 1, resolved_at: 1 });
    });

    it.each([
      { reopened: 'last' as const, minutes: 90 },
      { reopened: 'first' as const, minutes: 20 },
      { reopened: 'sum' as const, minutes: 80 },
    ])(
      '$minutes minutes of an incident that was reopened, by recovery.reopened: $reopened',
      async ({ reopened, minutes }) => {
        const store = await start(engine.place().open(), settings({ reopened }));
        await sync(store);
        const intervals = [
          { openedAtMs: at(10), closedAtMs: at(30) },
          { openedAtMs: at(40), closedAtMs: at(100) },
        ];

        store.commit(poll(at(110), { incidents: [recovered('Q1', 90, { intervals, reopenedAtMs: [at(40)] })] }));

        expect(totals(store)['checkout P1']).toMatchObject({ recovery: 1, recoveryMinutes: minutes });
      },
    );

    it('the last recovery of a bucket as its exemplar, in the running process and after a restart', async () => {
      const place = engine.place();
      const store = await start(place.open());
      await sync(store);

      store.commit(
        poll(at(60), { incidents: [recovered('late', 20, { triggeredAtMs: at(20) }), recovered('early', 21)] }),
      );
      const exemplars = store
        .labelSets()
        .flatMap(({ row }) => store.exemplars(row))
        .filter((one) => one !== undefined);
      store.close();
      const again = await start(place.open());

      expect(exemplars).toEqual([{ incidentId: 'late', ms: 20 * MINUTE_MS, resolvedAtMs: at(40) }]);
      expect(
        again
          .labelSets()
          .flatMap(({ row }) => again.exemplars(row))
          .filter((one) => one !== undefined),
      ).toEqual(exemplars);
    });

    it('incidents that were never acknowledged, by what ended them', async () => {
      const store = await start(engine.place().open());
      await sync(store);

      store.commit(
        poll(at(60), {
          incidents: [
            recovered('Q1', 20, { autoResolved: true }),
            recovered('Q2', 20),
            recovered('Q3', 5, { acknowledgedAtMs: at(11) }),
          ],
        }),
      );

      expect(totals(store)['* P1']).toMatchObject({ unacknowledged: 1, unacknowledgedAuto: 1, acknowledgement: 1 });
    });

    it('a merged incident as an opening only, an expired or flaky one not at all', async () => {
      const store = await start(engine.place().open());
      await sync(store);

      store.commit(
        poll(at(60), {
          incidents: [
            recovered('Q1', 20, { merged: true }),
            recovered('Q2', 20, { exclusion: 'expired' }),
            recovered('Q3', 20, { exclusion: 'flaky' }),
          ],
        }),
      );

      expect(total(store, 'opened')).toBe(1);
      expect(total(store, 'recovery')).toBe(0);
    });

    it('nothing that the filter excludes', async () => {
      const filter = {
        severities: ['P1'],
        services: [],
        teams: [],
        excludeTitles: [/^\[TEST\]/],
        shorterThanMs: 2 * MINUTE_MS,
      };
      const store = await start(engine.place().open(), settings({ providers: [{ filter }] }));
      await sync(store);

      store.commit(
        poll(at(60), {
          incidents: [
            recovered('Q1', 20, { priority: 'P2' }),
            recovered('Q2', 20, { title: '[TEST] x' }),
            recovered('Q3', 1),
            recovered('Q4', 2),
          ],
        }),
      );

      expect(totals(store)).toEqual({
        'checkout P1': { recovery: 1, recoveryMinutes: 2, opened: 1, withinTarget: 1 },
        '* P1': { unacknowledged: 1 },
      });
    });

    it('an unmapped severity once per incident, history included', async () => {
      const store = await start(engine.place().open());
      const reported = [
        recovered('Q1', 20, { priority: 'Sev-9', triggeredAtMs: at(-1000) }),
        incident('Q2', { priority: '' }),
      ];
      await sync(store, reported);

      store.commit(poll(at(60), { incidents: reported }));
      store.commit(poll(at(61), { incidents: [recovered('Q2', 20, { priority: '' })] }));

      expect(counted(store, 'unmapped')).toEqual({ unknown: 1, missing: 1 });
      expect(store.unmappedSeverities()).toEqual([{ provider: 'pagerduty', value: 'Sev-9' }]);
    });

    it('recoveries by the configured clock, each missing timestamp once, history included', async () => {
      const rules = { clock: 'impact', until: 'mitigated' } as const;
      const store = await start(engine.place().open(), settings(rules));
      const reported = [
        recovered('whole', 40, { startedAtMs: at(0), mitigatedAtMs: at(30) }),
        recovered('no-impact', 40, { mitigatedAtMs: at(30) }),
        recovered('nothing', 50),
        incident('open'),
      ];
      await sync(store, [recovered('history', 20, { triggeredAtMs: at(-1000), startedAtMs: at(-1010) })]);

      store.commit(poll(at(60), { incidents: reported }));
      store.commit(poll(at(61), { incidents: [...reported, recovered('nothing', 51)] }));

      expect(totals(store)['checkout P1']).toMatchObject({
        recovery: 3,
        recoveryMinutes: 30 + 20 + 50,
        withinTarget: 2,
      });
      expect(counted(store, 'clock_fallbacks')).toEqual({ '': 3 });
    });

    it('recoveries within the target of their service', async () => {
      const override = { targetsMs: new Map([['P1', 10 * MINUTE_MS]]), team: undefined };
      const services = { overrides: new Map([['checkout', override]]), teams: new Map() };
      const store = await start(engine.place().open(), settings({ services }));
      await sync(store);

      store.commit(
        poll(at(60), {
          incidents: [recovered('Q1', 20), recovered('Q2', 10), recovered('Q3', 20, { service: 'search' })],
        }),
      );

      expect(totals(store)['checkout P1']).toMatchObject({ recovery: 2, withinTarget: 1 });
      expect(totals(store)['search P1']).toMatchObject({ recovery: 1, withinTarget: 1 });
    });

    it('each provider by its own first sync', async () => {
      const store = await start(
        engine.place().open(),
        settings({ providers: [{}, { name: 'aws', type: 'cloudwatch' }] }),
      );
      await sync(store);

      store.commit(
        poll(at(101), {
          provider: 'aws',
          startedAtMs: at(100),
          incidents: [recovered('Q1', 20), recovered('Q2', 5, { triggeredAtMs: at(98) })],
        }),
      );
      store.commit(poll(at(102), { provider: 'aws' }));

      expect(totals(store)).toEqual({
        'aws checkout P1': { recovery: 1, recoveryMinutes: 5, withinTarget: 1 },
        'aws * P1': { unacknowledged: 1 },
      });
      expect(store.provider('aws')).toMatchObject({ countingSinceMs: at(100), isSynced: true, polledUntilMs: at(102) });
    });
  });

  describe('waits for recovery.settle', () => {
    const settling = settings({ settleMs: 30 * MINUTE_MS });

    it('until a poll has read past it', async () => {
      const store = await start(engine.place().open(), settling);
      await sync(store);
      const counts: number[] = [];

      store.commit(poll(at(40), { incidents: [recovered('Q1', 20)] }));
      for (const asked of [at(60) - 1, at(60)]) {
        counts.push(total(store, 'recovery'));
        store.commit(poll(at(500), { complete: { polledUntilMs: asked, historyStartMs: SINCE } }));
      }

      expect([...counts, total(store, 'recovery')]).toEqual([0, 0, 1]);
    });

    it('over a restart', async () => {
      const place = engine.place();
      const store = await start(place.open(), settling);
      await sync(store);

      store.commit(poll(at(40), { incidents: [recovered('Q1', 20)] }));
      store.close();
      const again = await start(place.open(), settling);
      again.commit(poll(at(60)));

      expect(total(again, 'recovery')).toBe(1);
    });

    it('and a reopening in between cancels', async () => {
      const store = await start(engine.place().open(), settling);
      await sync(store);

      store.commit(poll(at(40), { incidents: [recovered('Q1', 20)] }));
      store.commit(poll(at(50), { incidents: [incident('Q1', { reopenedAtMs: [at(45)] })] }));
      store.commit(poll(at(100)));
      const open = total(store, 'recovery');
      store.commit(poll(at(130), { incidents: [recovered('Q1', 90, { reopenedAtMs: [at(45)] })] }));
      store.commit(poll(at(131)));

      expect(open).toBe(0);
      expect(totals(store)['checkout P1']).toMatchObject({ recovery: 1, recoveryMinutes: 90 });
      // Its opening was counted before it was reopened.
      expect(counted(store, 'revisions')).toEqual({ reopened: 1 });
    });
  });

  describe('a series', () => {
    it('is created at zero with its first incident, all of its groups together', async () => {
      const store = await start(engine.place().open());
      await sync(store, [recovered('old', 20, { triggeredAtMs: at(-5000) })]);

      store.commit(poll(at(30), { incidents: [incident('Q1', { service: 'search', priority: 'P2' })] }));

      const lives = store
        .labelSets()
        .map((set) => [
          set.service,
          set.severity,
          ...Object.entries(set.groups).map(
            ([name, { createdAtMs, released }]) => `${name} ${createdAtMs} ${released}`,
          ),
        ]);
      expect(lives).toEqual([
        ['checkout', 'P1', `recovery ${at(1)} false`, `counts ${at(1)} false`],
        ['', 'P1', `timings ${at(1)} false`, `changes ${at(1)} false`],
        ['search', 'P2', `recovery ${at(30)} false`, `counts ${at(30)} false`],
        ['', 'P2', `timings ${at(30)} false`, `changes ${at(30)} false`],
      ]);
      expect(total(store, 'recovery')).toBe(0);
    });

    it('of revisions is created at zero for each kind when the first sync is complete', async () => {
      const store = await start(engine.place().open());

      await sync(store);

      const changes = ['reopened', 'severity', 'service', 'resolved_at', 'triggered_at', 'merged', 'deleted'];
      expect(store.counters()).toEqual(
        changes.map((label) => ({ provider: 'pagerduty', name: 'revisions', label, value: 0 })),
      );
    });

    it('stays released, and keeps its time of creation, over a restart', async () => {
      const place = engine.place();
      const store = await start(place.open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [recovered('Q1', 20)] }));
      const [first] = store.labelSets();

      store.release([{ set: first?.row ?? 0, group: 'recovery' }]);
      const released = [...store.labelSets()];
      const crashed = await start(place.crash());

      expect(released[0]?.groups.recovery).toMatchObject({ released: true, createdAtMs: at(60) });
      expect(released[0]?.groups.counts?.released).toBe(false);
      expect(crashed.labelSets()).toEqual(released);
    });

    it('that was read does not change under its labelMapper', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      store.commit(poll(at(60), { incidents: [recovered('Q1', 20)] }));
      const [read] = store.labelSets();

      store.commit(poll(at(90), { incidents: [recovered('Q2', 20)] }));

      expect(read?.groups.counts?.opened).toBe(1);
    });
  });
}
