import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/model/incident.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreEngine } from '../contract.ts';
import { at, DAY_MS, incident, poll, recovered, SINCE, settings, start, sync, totals } from '../fixtures.ts';

const OLD = SINCE - 300 * DAY_MS;

function imported(id: string, reported: Parameters<typeof recovered>[2] = {}): Incident {
  return { ...recovered(id, 30, { triggeredAtMs: OLD, ...reported }), imported: true };
}

interface Import {
  readonly incidents: readonly Incident[];
  readonly isOnlySource?: boolean;
  readonly nowMs?: number;
  readonly untilMs?: number;
}

async function importInto(store: Store, { incidents, isOnlySource = false, nowMs = at(60), untilMs }: Import) {
  store.import({ provider: 'pagerduty', isOnlySource, nowMs }, [incidents], {
    fromMs: OLD,
    untilMs: untilMs ?? at(50),
  });
}

export function importsContract(engine: StoreEngine): void {
  describe('an import', () => {
    it('gives a provider without polls its first sync, up to where the files reach, and counts nothing', async () => {
      const place = engine.place();
      const store = await start(place.open());

      await importInto(store, {
        incidents: [imported('Q1'), imported('Q2', { triggeredAtMs: at(10) })],
        isOnlySource: true,
      });

      const later = await start(place.crash());
      expect(later.provider('pagerduty')).toMatchObject({
        isSynced: true,
        historyStartMs: OLD,
        polledUntilMs: at(50),
        countingSinceMs: at(60),
        cursor: undefined,
      });
      expect(totals(later)).toEqual({ 'checkout P1': {}, '* P1': {} });
    });

    it('into a provider without polls never ends later than now, nor earlier than the import before', async () => {
      const store = await start(engine.place().open());

      await importInto(store, { incidents: [imported('Q1')], isOnlySource: true, untilMs: at(999) });
      const first = store.provider('pagerduty').polledUntilMs;
      await importInto(store, { incidents: [imported('Q1')], isOnlySource: true, nowMs: at(90), untilMs: at(20) });

      expect(first).toBe(at(60));
      expect(store.provider('pagerduty').polledUntilMs).toBe(at(60));
    });

    it('leaves the cursor and the end of a provider that polls alone, and moves the beginning of its history', async () => {
      const store = await start(engine.place().open());
      await sync(store, [incident('Q2')]);
      const before = store.provider('pagerduty');

      await importInto(store, { incidents: [imported('Q1')] });
      const after = store.provider('pagerduty');
      store.commit(poll(at(70)));

      expect(after).toEqual({ ...before, historyStartMs: OLD, importedFromMs: OLD });
      expect(store.provider('pagerduty').historyStartMs).toBe(OLD);
    });

    it('reaches no further back than the retention, once a poll has said where history begins', async () => {
      const store = await start(engine.place().open(), settings({ retentionMs: 250 * DAY_MS }));
      await sync(store);

      await importInto(store, { incidents: [imported('Q1')] });
      store.commit(poll(at(70)));

      expect(store.provider('pagerduty').historyStartMs).toBe(at(70) - 250 * DAY_MS);
    });

    it('does not complete a first sync that polls have still to make', async () => {
      const store = await start(engine.place().open());

      await importInto(store, { incidents: [imported('Q1')] });

      expect(store.provider('pagerduty')).toMatchObject({
        isSynced: false,
        cursor: undefined,
        polledUntilMs: undefined,
      });
    });

    it('feeds no counter with what ended before the counting began, and counts what ended later once', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const late = imported('late', { triggeredAtMs: at(10) });

      await importInto(store, { incidents: [imported('early'), late] });
      await importInto(store, { incidents: [late] });
      store.commit(poll(at(70), { incidents: [recovered('late', 30)] }));

      expect(totals(store)).toMatchObject({ 'checkout P1': { recovery: 1, opened: 1 } });
    });

    it('is undone as a whole when its work fails', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const before = store.provider('pagerduty');

      const parts = function* () {
        yield [imported('Q1')];
        throw new Error('the file ends in the middle');
      };
      const importing = () =>
        store.import({ provider: 'pagerduty', isOnlySource: true, nowMs: at(60) }, parts(), {
          fromMs: OLD,
          untilMs: OLD,
        });

      expect(importing).toThrow('the file ends in the middle');
      expect(store.stored('pagerduty').incidents(['Q1'])).toEqual(new Map());
      expect(store.provider('pagerduty')).toEqual(before);
    });

    it('in several parts is one change, in which the last part that has an incident counts', async () => {
      const store = await start(engine.place().open());
      const parts = [[imported('Q1'), imported('Q2')], [imported('Q1', { title: 'corrected' })]];

      store.import({ provider: 'pagerduty', isOnlySource: true, nowMs: at(60) }, parts, {
        fromMs: OLD,
        untilMs: at(50),
      });

      const stored = store.stored('pagerduty').incidents(['Q1', 'Q2']);
      expect([...stored].map(([id, { title }]) => [id, title])).toEqual([
        ['Q1', 'corrected'],
        ['Q2', 'trouble Q2'],
      ]);
    });

    it('is stored as a flag of an incident until a poll reports it', async () => {
      const store = await start(engine.place().open());
      await sync(store);
      const markOf = async () => store.stored('pagerduty').incidents(['Q1']).get('Q1')?.imported;

      await importInto(store, { incidents: [imported('Q1', { triggeredAtMs: at(10) })] });
      const before = await markOf();
      store.commit(poll(at(70), { incidents: [recovered('Q1', 30)] }));

      expect(before).toBe(true);
      expect(await markOf()).toBeUndefined();
    });

    it('is not missed by a platform that forgets: incidents that are in no list are not requested', async () => {
      const store = await start(engine.place().open());
      await sync(store, [incident('Q1')]);

      await importInto(store, { incidents: [imported('Q2')] });

      expect(store.idsSince('pagerduty', 0)).toEqual(['Q1']);
    });

    it('gives a service no older name than a poll has given it', async () => {
      const store = await start(engine.place().open());
      await sync(store, [incident('Q1', { serviceId: 'S', serviceName: 'new name' })]);

      await importInto(store, { incidents: [imported('Q2', { serviceId: 'S', serviceName: 'old name' })] });

      expect(store.stored('pagerduty').incidents(['Q2']).get('Q2')?.serviceName).toBe('new name');
    });
  });
}
