import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Core } from '../../src/core/messages.ts';
import { createPollBuffer } from '../../src/core/poll-buffer.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { Page } from '../../src/model/poll.ts';
import type { StoredIncidents } from '../../src/store/store.ts';
import { incident, MINUTE_MS, page, START_MS } from '../poller/stage.ts';
import { createMemoryKnown } from '../providers/memory-known.ts';
import { poll } from '../store/fixtures.ts';
import { NAME, stageCore } from './stage.ts';

const IDS = ['A', 'B', 'C', 'D', 'E'];
const SUBJECTS = ['a1', 'a2'];

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
      stateChanges: fc.array(
        fc
          .record({ subject, number: fc.nat(3) })
          .map((one) => ({ subject: one.subject, id: `s${one.number}`, atMs: one.number, kind: 'ALARM' })),
        { maxLength: 2 },
      ),
      deletedIds: fc.array(id, { maxLength: 1 }),
      replacedSubjects: fc.array(subject, { maxLength: 1 }),
    })
    .map((one) => page('c', one)),
  { maxLength: 6 },
);

/** All that a provider may ask, but for deleted incidents by their ids: the store still knows those. */
function everythingIn(stored: StoredIncidents, deletedIds: ReadonlySet<string>) {
  const sorted = (ids: readonly string[]) => [...new Set(ids)].toSorted((a, b) => a.localeCompare(b));
  const bySubject = stored.bySubject(SUBJECTS);
  const stateChanges = stored.stateChanges(SUBJECTS);
  return {
    incidents: Object.fromEntries(stored.incidents(IDS.filter((one) => !deletedIds.has(one)))),
    open: sorted(stored.openIds()),
    rejected: sorted(stored.rejectedIds()),
    stateChanges: SUBJECTS.map((one) => (stateChanges.get(one) ?? []).map((signal) => signal.id)),
    bySubject: SUBJECTS.map((one) => sorted((bySubject.get(one) ?? []).map((each) => each.id))),
  };
}

/** A buffer over a store that holds nothing. */
function emptyBuffer() {
  return createPollBuffer(createMemoryKnown().stored);
}

it('overlays what a store would hold after a commit of each page', () => {
  const agrees = fc.property(pages, pages, (before, reported) => {
    const stored = createMemoryKnown();
    for (const one of before) stored.apply(one, START_MS);
    const committed = createMemoryKnown();
    for (const one of [...before, ...reported]) committed.apply(one, START_MS);
    const buffer = createPollBuffer(stored.stored);

    for (const one of reported) buffer.add(one);

    const gone = new Set(IDS.filter((one) => !committed.incidents.has(one)));
    expect(everythingIn(buffer.overlay, gone)).toEqual(everythingIn(committed.stored, gone));
  });
  fc.assert(agrees, { numRuns: 300 });
});

it('leaves in a store what a commit of each page leaves', () => {
  const pageByPage = (core: Core, reported: readonly Page[]) => {
    for (const one of reported) core.commit({ ...one, provider: NAME, nowMs: START_MS, startedAtMs: START_MS });
  };
  const asOne = (core: Core, reported: readonly Page[]) => {
    core.beginPoll(NAME);
    for (const one of reported) core.addPage(NAME, one);
    const complete = { polledUntilMs: START_MS, historyStartMs: 0 };
    core.commitPoll({ provider: NAME, cursor: 'c', complete, nowMs: START_MS, startedAtMs: START_MS });
  };
  const leaves = (commit: typeof asOne, before: readonly Page[], reported: readonly Page[]) => {
    const { core, store } = stageCore();
    core.commit(poll(START_MS));
    pageByPage(core, before);
    commit(core, reported);
    const left = createMemoryKnown();
    for (const one of [...before, ...reported]) left.apply(one, START_MS);
    const content = everythingIn(store.stored(NAME), new Set(IDS.filter((one) => !left.incidents.has(one))));
    core.close();
    return content;
  };
  const agrees = fc.property(pages, pages, (before, reported) => {
    expect(leaves(asOne, before, reported)).toEqual(leaves(pageByPage, before, reported));
  });
  fc.assert(agrees, { numRuns: 40 });
});

it('gives each incident once, as it was reported last, with all state changes and deletions', () => {
  const buffer = emptyBuffer();
  const signal = { subject: 'A', atMs: 1, kind: 'trigger' };

  buffer.add(page('1', { incidents: [incident('A', { title: 'old' })], stateChanges: [{ ...signal, id: 's1' }] }));
  buffer.add(page('2', { incidents: [incident('B')], deletedIds: ['C'] }));
  buffer.add(page('3', { incidents: [incident('A', { title: 'new' })], stateChanges: [{ ...signal, id: 's2' }] }));
  buffer.add(page('4', { deletedIds: ['D'] }));
  const { incidents, stateChanges, deletedIds } = buffer.pages();

  expect(incidents.map((one) => `${one.id} ${one.title}`)).toEqual(['B It is down', 'A new']);
  expect(stateChanges.map((one) => one.id)).toEqual(['s1', 's2']);
  expect(deletedIds).toEqual(['C', 'D']);
  expect(buffer.size()).toBe(2);
});

it('gives no incident that a later page deletes, and one again that a still later page reports', () => {
  const buffer = emptyBuffer();

  buffer.add(page('1', { incidents: [incident('A'), incident('B')] }));
  buffer.add(page('2', { deletedIds: ['A', 'B'] }));
  buffer.add(page('3', { incidents: [incident('B')] }));
  const { incidents, deletedIds } = buffer.pages();

  expect(incidents.map((one) => one.id)).toEqual(['B']);
  expect(deletedIds).toEqual(['A']);
});

it('keeps the catalogue of whichever page had one', () => {
  const buffer = emptyBuffer();
  const catalogue = [{ id: 'S1', name: 'checkout' }];

  buffer.add(page('1', { catalogue }));
  buffer.add(page('2'));

  expect(buffer.pages().catalogue).toEqual(catalogue);
});

it('gives of a subject what the last page reported of it as a whole', () => {
  const buffer = emptyBuffer();
  const reported = (one: string, subjectOf: string) => incident(one, { subject: subjectOf });

  buffer.add(page('1', { incidents: [reported('a@1', 'a'), reported('b@1', 'b')], replacedSubjects: ['a', 'b'] }));
  buffer.add(page('2', { incidents: [reported('a@2', 'a')], replacedSubjects: ['a'] }));
  const { incidents, replacedSubjects } = buffer.pages();

  expect(incidents.map((one) => one.id)).toEqual(['b@1', 'a@2']);
  expect(replacedSubjects).toEqual(['a', 'b']);
});

it('drops the rejection of a record that a later page accepts, and keeps one that came after', () => {
  const buffer = emptyBuffer();
  const rejected = (one: string) => [{ id: one, key: one, reason: 'malformed' as const, detail: 'no title' }];

  buffer.add(page('1', { rejected: rejected('A'), incidents: [incident('B')] }));
  buffer.add(page('2', { incidents: [incident('A')], rejected: rejected('B') }));
  const { rejected: left } = buffer.pages();

  expect(left.map(({ key }) => key)).toEqual(['B']);
});

it('keeps a rejection once, also of a record that has no id', () => {
  const buffer = emptyBuffer();
  const nameless = { key: 'page 1, record 3', reason: 'missing_id' as const, detail: 'id: expected a string' };

  buffer.add(page('1', { rejected: [nameless] }));
  buffer.add(page('2', { rejected: [nameless, { ...nameless, reason: 'malformed' }] }));

  expect(buffer.pages().rejected.map(({ reason }) => reason)).toEqual(['missing_id', 'malformed']);
  expect(buffer.overlay.rejectedIds()).toEqual([]);
});

it('lists what is missing as open until it is reported', () => {
  const buffer = emptyBuffer();
  buffer.add(page('1', { incidents: [incident('A')] }));

  const missing = buffer.missing(['A', 'B', 'C']);
  buffer.requestAgain(missing);
  const asked = buffer.overlay.openIds();
  buffer.add(page('2', { incidents: [incident('B', { resolvedAtMs: START_MS })], deletedIds: ['C'] }));
  const left = buffer.overlay.openIds();

  expect(missing).toEqual(['B', 'C']);
  expect(asked.toSorted((a, b) => a.localeCompare(b))).toEqual(['A', 'B', 'C']);
  expect(left).toEqual(['A']);
});
