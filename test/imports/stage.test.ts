import { describe, expect, it, onTestFinished } from 'vitest';
import { createImportStage } from '../../src/imports/stage.ts';
import type { Incident } from '../../src/model/incident.ts';
import { incident } from '../store/telling.ts';

function stage(stored: readonly Incident[] = []) {
  const lookedUp: string[] = [];
  const created = createImportStage({
    incidents: (ids) => {
      lookedUp.push(...ids);
      return new Map(stored.filter(({ id }) => ids.includes(id)).map((one) => [one.id, one]));
    },
  });
  onTestFinished(() => created.close());
  return { ...created, lookedUp };
}

describe('incidents of an import', () => {
  it('come back in the order of their ids, some hundred at a time', () => {
    const { add, parts } = stage();
    const ids = Array.from({ length: 1201 }, (_, index) => `Q${(index * 7) % 1201}`);
    for (let at = 0; at < ids.length; at += 300) add(ids.slice(at, at + 300).map((id) => incident(id)));

    const read = [...parts()];

    expect(read.map(({ length }) => length)).toEqual([500, 500, 201]);
    expect(read.flat().map(({ id }) => id)).toEqual(ids);
  });

  it('are one an id, the newest in the place of the first', () => {
    const { add, parts } = stage();
    add([incident('A'), incident('B')]);
    add([incident('A', { title: 'corrected' })]);

    const [part] = [...parts()];

    expect(part?.map(({ id, title }) => [id, title])).toEqual([
      ['A', 'corrected'],
      ['B', 'trouble B'],
    ]);
  });

  it('are found before those of the store, which is asked only for others', () => {
    const { add, incidents, lookedUp } = stage([incident('A', { title: 'stored' }), incident('B')]);
    add([incident('A', { title: 'staged' })]);

    const found = incidents(['A', 'B', 'C']);

    expect([...found.values()].map(({ title }) => title).sort()).toEqual(['staged', 'trouble B']);
    expect(lookedUp).toEqual(['B', 'C']);
  });

  it('there may be none', () => {
    const { add, parts } = stage();
    add([]);

    expect([...parts()]).toEqual([]);
  });
});
