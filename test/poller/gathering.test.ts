import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Incident } from '../../src/model/incident.ts';
import type { Known, Page } from '../../src/model/poll.ts';
import { createGathering } from '../../src/poller/gathering.ts';
import { createMemoryKnown } from '../providers/memory-known.ts';
import { incident, MINUTE_MS, page, START_MS } from './stage.ts';

const IDS = ['A', 'B', 'C', 'D', 'E'];
const SUBJECTS = ['a1', 'a2'];
const clock = { nowMs: () => START_MS };

const id = fc.constantFrom(...IDS);
const subject = fc.constantFrom(...SUBJECTS);
/** The last two ids are recoveries of alarms. */
const told: fc.Arbitrary<Incident> = fc
  .record({ id, minutes: fc.option(fc.nat(9), { nil: undefined }), title: fc.constantFrom('x', 'y') })
  .map(({ id: one, minutes, title }) => {
    const at = IDS.indexOf(one) - 3;
    const resolvedAtMs = minutes === undefined ? undefined : START_MS + minutes * MINUTE_MS;
    return incident(one, { title, resolvedAtMs, subject: SUBJECTS[at] });
  });
const pages: fc.Arbitrary<Page[]> = fc.array(
  fc
    .record({
      incidents: fc.uniqueArray(told, { selector: (one) => one.id, maxLength: 3 }),
      signals: fc.array(
        fc
          .record({ subject, number: fc.nat(3) })
          .map((one) => ({ subject: one.subject, id: `s${one.number}`, atMs: one.number, kind: 'ALARM' })),
        { maxLength: 2 },
      ),
      deletedIds: fc.array(id, { maxLength: 1 }),
      wholeSubjects: fc.array(subject, { maxLength: 1 }),
    })
    .map((one) => page('c', one)),
  { maxLength: 6 },
);

/** All that a provider may ask, but for deleted incidents by their ids: the store still knows those. */
async function everythingIn(known: Known, deletedIds: ReadonlySet<string>) {
  const sorted = (ids: readonly string[]) => [...new Set(ids)].toSorted((a, b) => a.localeCompare(b));
  const bySubject = await known.bySubject(SUBJECTS);
  const signals = await known.signals(SUBJECTS);
  return {
    incidents: Object.fromEntries(await known.incidents(IDS.filter((one) => !deletedIds.has(one)))),
    open: sorted(await known.openIds()),
    signals: SUBJECTS.map((one) => (signals.get(one) ?? []).map((signal) => signal.id)),
    bySubject: SUBJECTS.map((one) => sorted((bySubject.get(one) ?? []).map((each) => each.id))),
  };
}

it('knows what a store would know after a commit of each page', async () => {
  const agrees = fc.asyncProperty(pages, pages, async (before, gathered) => {
    const stored = createMemoryKnown();
    for (const one of before) stored.apply(one, START_MS);
    const committed = createMemoryKnown();
    for (const one of [...before, ...gathered]) committed.apply(one, START_MS);
    const gathering = createGathering(stored.known, clock);

    for (const one of gathered) gathering.add(one);

    const gone = new Set(IDS.filter((one) => !committed.incidents.has(one)));
    const [is, shouldBe] = [await everythingIn(gathering.known, gone), await everythingIn(committed.known, gone)];
    expect(is).toEqual(shouldBe);
  });
  await fc.assert(agrees, { numRuns: 300 });
});

it('tells each incident once, as it was told last, with all signals', () => {
  const gathering = createGathering(createMemoryKnown().known, clock);
  const signal = { subject: 'A', atMs: 1, kind: 'trigger' };

  gathering.add(page('1', { incidents: [incident('A', { title: 'old' })], signals: [{ ...signal, id: 's1' }] }));
  gathering.add(page('2', { incidents: [incident('B')], deletedIds: ['C'] }));
  gathering.add(page('3', { incidents: [incident('A', { title: 'new' })], signals: [{ ...signal, id: 's2' }] }));
  const { incidents, signals, deletedIds } = gathering.gathered();

  expect(incidents.map((one) => `${one.id} ${one.title}`)).toEqual(['A new', 'B It is down']);
  expect(signals.map((one) => one.id)).toEqual(['s1', 's2']);
  expect(deletedIds).toEqual(['C']);
});

it('forgets a rejection of what another page tells whole, and keeps one that came after', () => {
  const gathering = createGathering(createMemoryKnown().known, clock);
  const rejected = (one: string) => [{ id: one, key: one, reason: 'malformed' as const, detail: 'no title' }];

  gathering.add(page('1', { rejected: rejected('A'), incidents: [incident('B')] }));
  gathering.add(page('2', { incidents: [incident('A')], rejected: rejected('B') }));
  const { rejected: left } = gathering.gathered();

  expect(left.map(({ key }) => key)).toEqual(['B']);
});

it('has a provider ask for what is missing, until it is told of it', async () => {
  const gathering = createGathering(createMemoryKnown().known, clock);
  gathering.add(page('1', { incidents: [incident('A')] }));

  const unseen = gathering.unseen(['A', 'B', 'C']);
  gathering.askFor(unseen);
  const asked = await gathering.known.openIds();
  gathering.add(page('2', { incidents: [incident('B', { resolvedAtMs: START_MS })], deletedIds: ['C'] }));
  const left = await gathering.known.openIds();

  expect(unseen).toEqual(['B', 'C']);
  expect(asked.toSorted((a, b) => a.localeCompare(b))).toEqual(['A', 'B', 'C']);
  expect(left).toEqual(['A']);
});
