import { describe, expect, it } from 'vitest';
import { parseFieldPath, pickPaths, valueAt } from '../../src/imports/mapping.ts';

const record = {
  id: 'Q1',
  'Custom field (Actual start)': 'in a table',
  'service.id': 'a column with a dot',
  service: { id: 'S1', summary: 'checkout' },
  responders: [
    { type: 'user', id: 'U1', name: 'Ada Byron' },
    { type: 'team', id: 'T1', name: 'Payments' },
  ],
  teams: [{ summary: 'core' }],
};

describe('a place', () => {
  it.each([
    ['id', 'Q1'],
    ['service.summary', 'checkout'],
    ['service.id', 'a column with a dot'],
    ['Custom field (Actual start)', 'in a table'],
    ['teams.0.summary', 'core'],
    ['responders[type=team].id', 'T1'],
    ['responders[type=schedule].id', undefined],
    ['teams.1.summary', undefined],
    ['service.summary.text', undefined],
    ['toString', undefined],
    ['id.length', undefined],
  ])('%s finds its value', (text, value) => {
    expect(valueAt(record, parseFieldPath(text))).toBe(value);
  });

  it.each([[null], ['text'], [[1]], [undefined]])('finds nothing in %j', (strange) => {
    expect(valueAt(strange, parseFieldPath('service.id'))).toBeUndefined();
  });
});

describe('what is picked of a record', () => {
  it('contains what the paths find and nothing else', () => {
    const places = ['id', 'service.summary', 'responders[type=team].id', 'teams.0.summary', 'missing.x'].map(
      parseFieldPath,
    );

    const picked = pickPaths(record, places);

    expect(picked).toEqual({
      id: 'Q1',
      service: { summary: 'checkout' },
      responders: [{ type: 'team', id: 'T1' }],
      teams: [{ summary: 'core' }],
    });
    expect(places.map((place) => valueAt(picked, place))).toEqual(places.map((place) => valueAt(record, place)));
  });

  it('keeps several members of one object', () => {
    expect(
      pickPaths({ report: { a: 1, b: 2, c: 3 } }, [parseFieldPath('report.a'), parseFieldPath('report.c')]),
    ).toEqual({
      report: { a: 1, c: 3 },
    });
  });
});
