import { describe, expect, it } from 'vitest';
import { validatePage } from '../../src/model/validity.ts';
import { incident, MINUTE_MS, page, START_MS } from '../poller/stage.ts';

describe('a page of a poll', () => {
  it('keeps a record with a single timestamp that makes no sense, without that timestamp', () => {
    const early = incident('Q1', { acknowledgedAtMs: START_MS - 40 * MINUTE_MS });

    const validated = validatePage(page('1', { incidents: [early] }), START_MS);

    expect(validated.incidents).toMatchObject([{ id: 'Q1', acknowledgedAtMs: undefined }]);
    expect(validated.rejected).toEqual([]);
  });

  it.each([
    { says: '15 minutes ahead is accepted', aheadMinutes: 15, accepted: ['Q1'] },
    { says: 'more than that is not', aheadMinutes: 15.001, accepted: [] },
  ])('a timestamp $says', ({ aheadMinutes, accepted }) => {
    const ahead = incident('Q1', { triggeredAtMs: START_MS + aheadMinutes * MINUTE_MS });

    const validated = validatePage(page('1', { incidents: [ahead] }), START_MS);

    expect(validated.incidents.map(({ id }) => id)).toEqual(accepted);
    expect(validated.rejected.map(({ reason }) => reason)).toEqual(accepted.length === 0 ? ['future'] : []);
  });

  it('adds what it rejects to what the provider rejected, and changes nothing else', () => {
    const backwards = incident('Q1', { resolvedAtMs: START_MS - 40 * MINUTE_MS });
    const rejection = { key: 'Q9', reason: 'malformed', detail: 'why' } as const;
    const complete = { polledUntilMs: START_MS, historyStartMs: START_MS - MINUTE_MS };
    const given = page('1', { incidents: [backwards], rejected: [rejection], deletedIds: ['Q7'], complete });

    const validated = validatePage(given, START_MS);

    expect(validated).toEqual({
      ...given,
      incidents: [],
      rejected: [rejection, { id: 'Q1', key: 'Q1', reason: 'negative_duration', detail: expect.any(String) }],
    });
  });
});
