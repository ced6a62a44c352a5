import { describe, expect, it, onTestFinished } from 'vitest';
import type { ImportOutcome } from '../../src/imports/importing.ts';
import { createImportStage } from '../../src/imports/stage.ts';
import type { Incident } from '../../src/model/incident.ts';
import { incident } from '../store/fixtures.ts';

function stage(stored: readonly Incident[] = []) {
  const lookedUp: string[] = [];
  const created = createImportStage({
    incidents: (ids) => {
      lookedUp.push(...ids);
      return new Map(stored.filter(({ id }) => ids.includes(id)).map((one) => [one.id, one]));
    },
  });
  onTestFinished(() => created.close());
  return { staged: created, lookedUp };
}

function entry(one: Incident, outcome: ImportOutcome = 'new') {
  return { incident: one, outcome };
}

describe('incidents of an import', () => {
  it('are returned in batches, in the order in which their ids were added', () => {
    const { staged } = stage();
    const ids = Array.from({ length: 1201 }, (_, index) => `Q${(index * 7) % 1201}`);
    for (let at = 0; at < ids.length; at += 300) staged.add(ids.slice(at, at + 300).map((id) => entry(incident(id))));

    const read = [...staged.batches()];

    expect(read.map(({ length }) => length)).toEqual([500, 500, 201]);
    expect(read.flat().map(({ id }) => id)).toEqual(ids);
  });

  it('are one per id, the last in the position of the first', () => {
    const { staged } = stage();
    staged.add([entry(incident('A')), entry(incident('B'))]);
    staged.add([entry(incident('A', { title: 'corrected' }), 'changed')]);

    const [part] = [...staged.batches()];

    expect(part?.map(({ id, title }) => [id, title])).toEqual([
      ['A', 'corrected'],
      ['B', 'trouble B'],
    ]);
  });

  it('take precedence over those of the store', () => {
    const { staged, lookedUp } = stage([incident('A', { title: 'stored' }), incident('B')]);
    staged.add([entry(incident('A', { title: 'staged' }))]);

    const found = staged.incidents(['A', 'B', 'C']);

    expect([...found.values()].map(({ title }) => title).sort()).toEqual(['staged', 'trouble B']);
    expect(lookedUp).toEqual(['B', 'C']);
  });

  it('are new however often rows correct them, and those that stay as they are stored are not written', () => {
    const { staged } = stage([incident('B', { title: 'stored' })]);
    staged.add([entry(incident('A')), entry(incident('A', { title: 'corrected' }), 'changed')]);
    staged.add([entry(incident('B'), 'older'), entry(incident('B'), 'older'), entry(incident('C'), 'unchanged')]);

    expect([...staged.imported()].map(({ incident: { id }, outcome }) => [id, outcome])).toEqual([
      ['A', 'new'],
      ['B', 'older'],
      ['C', 'unchanged'],
    ]);
    expect([...staged.batches()].flat().map(({ title }) => title)).toEqual(['corrected']);
    expect(staged.incidents(['B']).get('B')?.title).toBe('stored');
  });

  it('may be none', () => {
    const { staged } = stage();
    staged.add([]);

    expect([...staged.batches()]).toEqual([]);
  });
});
