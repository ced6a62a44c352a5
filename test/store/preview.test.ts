import { expect, it } from 'vitest';
import type { Incident } from '../../src/model/incident.ts';
import type { Page } from '../../src/model/poll.ts';
import type { Store } from '../../src/store/store.ts';
import { incident, MINUTE_MS, NAME, page, START_MS, stage } from '../poller/stage.ts';

const SUBJECT = 'eu-west-1/disk';

/** One recovery of an alarm; its id follows its anchor, its key its end. */
function recovery(minute: number, end: string): Incident {
  const triggeredAtMs = START_MS - 100 * MINUTE_MS + minute * MINUTE_MS;
  return incident(`${SUBJECT}@${triggeredAtMs}`, { triggeredAtMs, subject: SUBJECT, recoveryKey: end });
}

async function storeWith(reported: Partial<Page>): Promise<Store> {
  const { store } = stage(async function* () {});
  await commit(store, reported);
  return store;
}

async function commit(store: Store, reported: Partial<Page>): Promise<number> {
  const complete = { polledUntilMs: START_MS, historyStartMs: 0 };
  const { changed } = store.commit({ provider: NAME, nowMs: START_MS, ...page('c', { ...reported, complete }) });
  return changed.length;
}

async function compare(store: Store, reported: Partial<Page>) {
  return store.preview({ provider: NAME, nowMs: START_MS, ...page('c', reported) });
}

const NOTHING = { added: 0, changed: 0, unchanged: 0, deleted: 0, rejected: 0 };

it('counts new, changed, unchanged and deleted incidents, and writes nothing', async () => {
  const store = await storeWith({ incidents: [incident('A'), incident('B'), incident('C')] });
  const reported = {
    incidents: [incident('A'), incident('B', { title: 'Other words' }), incident('D')],
    deletedIds: ['C', 'never seen'],
  };

  const first = await compare(store, reported);
  const second = await compare(store, reported);
  const written = await commit(store, reported);

  expect(first).toEqual({ added: 1, changed: 1, unchanged: 1, deleted: 1, rejected: 0 });
  expect(second).toEqual(first);
  expect(written).toBe(3);
});

it.each([
  { says: 'its priority', change: { severity: { priority: 'P2' } } },
  { says: 'its service', change: { serviceId: 'S2', serviceName: 'cart' } },
  { says: 'the name of its service', change: { serviceName: 'basket' } },
  { says: 'its team', change: { team: 'web' } },
  { says: 'an interval', change: { intervals: [{ openedAtMs: START_MS - 30 * MINUTE_MS, closedAtMs: START_MS }] } },
  { says: 'that it was merged', change: { merged: true } },
  { says: 'that it was escalated', change: { escalatedAtMs: [START_MS] } },
])('an incident differs by $says', async ({ change }) => {
  const store = await storeWith({ incidents: [incident('A')] });

  const differing = await compare(store, { incidents: [incident('A', change)] });

  expect(differing).toEqual({ ...NOTHING, changed: 1 });
});

it('a deleted incident that is reported again has changed', async () => {
  const store = await storeWith({ incidents: [incident('A')] });
  await commit(store, { deletedIds: ['A'] });

  const again = await compare(store, { incidents: [incident('A')] });
  const stillGone = await compare(store, { deletedIds: ['A'] });

  expect(again).toEqual({ ...NOTHING, changed: 1 });
  expect(stillGone).toEqual({ ...NOTHING });
});

it('a recovery whose anchor moved is the same one, and what a replaced subject lacks is deleted', async () => {
  const store = await storeWith({ incidents: [recovery(0, 'e1'), recovery(20, 'e2'), recovery(40, 'e3')] });
  const reported = [recovery(-5, 'e1'), recovery(20, 'e2')];
  const whole = { incidents: reported, replacedSubjects: [SUBJECT] };

  const compared = await compare(store, whole);
  const written = await commit(store, whole);
  const after = await compare(store, whole);

  expect(compared).toEqual({ added: 0, changed: 1, unchanged: 1, deleted: 1, rejected: 0 });
  expect(written).toBe(2);
  expect(after).toEqual({ ...NOTHING, unchanged: 2 });
});

it('finds the incidents that lists of the platform should have', async () => {
  const at = (minutes: number) => ({ triggeredAtMs: START_MS - minutes * MINUTE_MS });
  const old = [incident('before', at(61)), incident('first', at(60)), incident('gone', at(10))];
  const store = await storeWith({ incidents: [...old, recovery(90, 'e1'), incident('last', at(0))] });
  await commit(store, { deletedIds: ['gone'] });

  const ids = store.idsSince(NAME, START_MS - 60 * MINUTE_MS);
  const ofOthers = store.idsSince('another', 0);

  expect(ids).toEqual(['first', 'last']);
  expect(ofOthers).toEqual([]);
});
