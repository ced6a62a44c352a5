import { describe, expect, it } from 'vitest';
import { judgePage, mergePages } from '../../src/poller/merge.ts';
import { incident, MINUTE_MS, page, START_MS } from './stage.ts';

const end = { askedUntilMs: START_MS, historyStartMs: START_MS - MINUTE_MS };

describe('the pages of a poll as one', () => {
  it('keep their order, the last cursor and the end', () => {
    const signal = { subject: 'Q1', id: 's', atMs: START_MS, kind: 'ack' };
    const rejection = { key: 'Q9', reason: 'malformed', detail: 'why' } as const;

    const merged = mergePages([
      page('1', { incidents: [incident('Q1')], signals: [signal], deletedIds: ['Q7'] }),
      page('2', { incidents: [incident('Q2')], rejected: [rejection], deletedIds: ['Q8'] }),
      page('3', { complete: end }),
    ]);

    expect(merged).toMatchObject({
      signals: [signal],
      rejected: [rejection],
      deletedIds: ['Q7', 'Q8'],
      cursor: '3',
      complete: end,
    });
    expect(merged.incidents.map(({ id }) => id)).toEqual(['Q1', 'Q2']);
  });

  it('keep the catalogue of whichever page had one', () => {
    const catalogue = [{ id: 'S1', name: 'checkout' }];

    const merged = mergePages([page('1', { catalogue }), page('2', { complete: end })]);

    expect(merged.catalogue).toEqual(catalogue);
  });

  it('tell of a subject what the last page told of it as a whole', () => {
    const old = incident('a@1', { subject: 'a' });
    const fresh = incident('a@2', { subject: 'a' });
    const other = incident('b@1', { subject: 'b' });

    const merged = mergePages([
      page('1', { incidents: [old, other], wholeSubjects: ['a', 'b'] }),
      page('2', { incidents: [fresh], wholeSubjects: ['a'], complete: end }),
    ]);

    expect(merged.incidents.map(({ id }) => id)).toEqual(['b@1', 'a@2']);
    expect(merged.wholeSubjects).toEqual(['a', 'b']);
  });

  it('are an error when there is none', () => {
    expect(() => mergePages([])).toThrow('a poll ended without a page');
  });
});

describe('judging a page', () => {
  it('drops a single stamp that makes no sense and keeps the record', () => {
    const early = incident('Q1', { acknowledgedAtMs: START_MS - 40 * MINUTE_MS });

    const judged = judgePage(page('1', { incidents: [early] }), START_MS);

    expect(judged.incidents).toMatchObject([{ id: 'Q1', acknowledgedAtMs: undefined }]);
    expect(judged.rejected).toEqual([]);
  });

  it.each([
    { says: '15 minutes ahead is taken', aheadMinutes: 15, taken: ['Q1'] },
    { says: 'more than that is not', aheadMinutes: 15.001, taken: [] },
  ])('a stamp $says', ({ aheadMinutes, taken }) => {
    const ahead = incident('Q1', { triggeredAtMs: START_MS + aheadMinutes * MINUTE_MS });

    const judged = judgePage(page('1', { incidents: [ahead] }), START_MS);

    expect(judged.incidents.map(({ id }) => id)).toEqual(taken);
    expect(judged.rejected.map(({ reason }) => reason)).toEqual(taken.length === 0 ? ['future'] : []);
  });
});
