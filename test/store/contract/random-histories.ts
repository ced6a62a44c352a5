import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/model/incident.ts';
import type { Batch, Store } from '../../../src/store/store.ts';
import type { StoreEngine, StoreLocation } from '../contract.ts';
import { at, counted, incident, MINUTE_MS, page, poll, SINCE, settings, start, totals } from '../fixtures.ts';
import { type OracleCommit, oracle } from '../oracle.ts';

const INCIDENTS = 5;
const RUNS = 100;

/** What happens on the platform, to one incident. */
const DEEDS = [
  'acknowledge',
  'escalate',
  'resolve',
  'reopen',
  'reprioritise',
  'move',
  'merge',
  'expire',
  'restamp',
] as const;
type Deed = (typeof DEEDS)[number];

type Step =
  | { readonly kind: 'deed'; readonly id: number; readonly deed: Deed; readonly minutes: number }
  /** Reports versions: `[incident, how many versions back]`, in this order, stale ones and duplicates included. */
  | {
      readonly kind: 'poll' | 'fail';
      readonly reported: readonly (readonly [number, number])[];
      readonly deleted: readonly number[];
    }
  | { readonly kind: 'whole' | 'restart' | 'crash' };

const id = fc.nat(INCIDENTS - 1);
const reported = fc.array(fc.tuple(id, fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(3))), {
  maxLength: 8,
});
const deleted = fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(id, { maxLength: 2 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('deed' as const),
      id,
      deed: fc.constantFrom(...DEEDS),
      minutes: fc.nat(25),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('poll' as const), reported, deleted }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), reported, deleted }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('whole' as const, 'restart' as const, 'crash' as const) }),
  },
);

export function randomHistoriesContract(engine: StoreEngine): void {
  describe('whatever happens', () => {
    it('totals and revisions are those of a ledger that goes over everything that was ever reported', async () => {
      const steps = fc.array(step, { minLength: 5, maxLength: 40 });
      const agrees = fc.asyncProperty(steps, fc.constantFrom(0, 15 * MINUTE_MS), (given, settleMs) =>
        live(engine.place(), { steps: given, settleMs }),
      );

      const checked = fc.assert(agrees, { numRuns: RUNS });

      await expect(checked).resolves.toBeUndefined();
    });
  });
}

interface History {
  readonly steps: readonly Step[];
  readonly settleMs: number;
}

async function live(place: StoreLocation, { steps, settleMs }: History): Promise<void> {
  const given = settings({ settleMs });
  const platform = createPlatform();
  const commits: OracleCommit[] = [];
  let isWhole = false;
  let store = await start(place.open(), given);
  // Listed services keep their places, whatever is deleted: what becomes of others is reported by the contract of places.
  store.commit({ ...page(SINCE, {}), catalogue: ['a', 'b', 'c'].map((name) => ({ id: `S-${name}`, name })) });
  const commit = async (batch: Batch) => {
    store.commit(batch);
    const { incidents, deletedIds, complete } = batch;
    commits.push({ reported: incidents, deletedIds, polledUntilMs: complete?.polledUntilMs });
    expectAnswer(store, commits, settleMs);
  };
  for (const one of steps) {
    if (one.kind === 'deed') platform.happen(one);
    else if (one.kind === 'crash') {
      const crashed = await start(place.crash(), given);
      if (isWhole) expectAnswer(crashed, commits, settleMs);
      crashed.close();
    } else if (one.kind === 'restart') {
      store.close();
      store = await start(place.open(), given);
    } else if (one.kind === 'whole') {
      isWhole = true;
      await commit(poll(platform.nowMs()));
    } else if ('reported' in one) {
      const found = { incidents: one.reported.map(platform.version), deletedIds: one.deleted.map(String) };
      const batch = isWhole ? poll(platform.nowMs(), found) : page(platform.nowMs(), found);
      await (one.kind === 'poll' ? commit(batch) : commitInVain(store, batch));
    }
  }
  for (const again of [1, 2, 3]) await commit(poll(platform.nowMs() + again * 20 * MINUTE_MS));
  store.close();
}

async function commitInVain(store: Store, batch: Batch): Promise<void> {
  expect(() => store.commit({ ...batch, incidents: [...batch.incidents, UNWRITABLE] })).toThrow(/./);
}

const UNWRITABLE: Incident = { ...incident('unwritable', { service: 'new' }), title: Symbol('no text') as never };

function expectAnswer(store: Store, commits: readonly OracleCommit[], settleMs: number): void {
  const expected = oracle(commits, settleMs);
  const found = Object.entries(totals(store)).filter(([, numbers]) => Object.keys(numbers).length > 0);
  expect(Object.fromEntries(found)).toEqual(expected.totals);
  expect(counted(store, 'revisions')).toEqual(expected.revisions);
}

/** A handful of incidents with all their versions, some older than the first sync. */
function createPlatform() {
  let minute = 5;
  const histories = Array.from({ length: INCIDENTS }, (_, index) => [
    incident(String(index), {
      triggeredAtMs: at(index < 2 ? -30 * index - 1 : index),
      service: index % 2 === 0 ? 'a' : 'b',
    }),
  ]);
  return {
    nowMs: () => at(minute),
    version: ([index, back]: readonly [number, number]): Incident => {
      const versions = histories[index] ?? [];
      return versions[Math.max(0, versions.length - 1 - back)] ?? incident(String(index));
    },
    happen: ({ id: index, deed, minutes }: { id: number; deed: Deed; minutes: number }) => {
      minute += minutes;
      const versions = histories[index] ?? [];
      const last = versions.at(-1);
      if (last !== undefined) versions.push({ ...last, ...changeOf(last, deed, at(minute)), updatedAtMs: at(minute) });
    },
  };
}

function changeOf(last: Incident, deed: Deed, nowMs: number): Partial<Incident> {
  const { resolvedAtMs, intervals } = last;
  if (deed === 'acknowledge') return { acknowledgedAtMs: last.acknowledgedAtMs ?? nowMs };
  if (deed === 'escalate') return { escalatedAtMs: [...(last.escalatedAtMs ?? []), nowMs] };
  if (deed === 'reprioritise') return { severity: { priority: last.severity.priority === 'P1' ? 'P5' : 'P1' } };
  if (deed === 'move') return { serviceId: 'S-c', serviceName: 'c' };
  if (deed === 'merge') return { merged: true };
  if (deed === 'expire') return { exclusion: last.exclusion === undefined ? 'expired' : undefined };
  if (deed === 'restamp') return { triggeredAtMs: last.triggeredAtMs - MINUTE_MS };
  const before = intervals.slice(0, -1);
  const open = intervals.at(-1) ?? { openedAtMs: last.triggeredAtMs };
  if (deed === 'resolve' && resolvedAtMs === undefined) {
    return { status: 'resolved', resolvedAtMs: nowMs, intervals: [...before, { ...open, closedAtMs: nowMs }] };
  }
  if (deed === 'reopen' && resolvedAtMs !== undefined) {
    const reopenedAtMs = [...(last.reopenedAtMs ?? []), nowMs];
    return {
      status: 'triggered',
      resolvedAtMs: undefined,
      reopenedAtMs,
      intervals: [...intervals, { openedAtMs: nowMs }],
    };
  }
  return {};
}
