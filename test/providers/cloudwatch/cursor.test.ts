import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/model/time.ts';
import { resumeProgress } from '../../../src/providers/cloudwatch/cursor.ts';

const NOW_MS = Date.UTC(2026, 10, 2, 12);

function begin(cursor: string | undefined, rest: { nowMs?: number; historyMs?: number; regions?: string[] } = {}) {
  const { nowMs = NOW_MS, historyMs = 210 * DAY_MS, regions = ['eu-west-1'] } = rest;
  return resumeProgress({ cursor, regions, nowMs, historyStartMs: nowMs - historyMs });
}

describe('where a poll of alarms goes on from', () => {
  it('is 30 days ago at first, or less where less is wanted', () => {
    const far = begin(undefined).fromMs('eu-west-1');
    const near = begin(undefined, { historyMs: 7 * DAY_MS }).fromMs('eu-west-1');

    expect([far, near]).toEqual([NOW_MS - 30 * DAY_MS, NOW_MS - 7 * DAY_MS]);
  });

  it('is 5 minutes before the newest change of the last poll', () => {
    const first = begin(undefined);
    first.advance('eu-west-1', NOW_MS - 10 * MINUTE_MS);

    const next = begin(first.complete(undefined).cursor, { nowMs: NOW_MS + MINUTE_MS });

    expect(next.fromMs('eu-west-1')).toBe(NOW_MS - 15 * MINUTE_MS);
  });

  it('is an hour before the last poll when that found nothing new', () => {
    const first = begin(undefined);
    first.advance('eu-west-1', NOW_MS - 3 * DAY_MS);

    const next = begin(first.complete(undefined).cursor, { nowMs: NOW_MS + MINUTE_MS });

    expect(next.fromMs('eu-west-1')).toBe(NOW_MS - HOUR_MS);
  });

  it('never goes back, and never beyond what was asked for', () => {
    const progress = begin(undefined);
    progress.advance('eu-west-1', NOW_MS + DAY_MS);
    progress.advance('eu-west-1', NOW_MS - DAY_MS);

    expect(progress.fromMs('eu-west-1')).toBe(NOW_MS - 5 * MINUTE_MS);
  });

  it('is further back again when more history is wanted than before', () => {
    const before = begin(undefined, { historyMs: 7 * DAY_MS }).complete(undefined).cursor;

    const progress = begin(before, { nowMs: NOW_MS + DAY_MS });

    expect(progress.fromMs('eu-west-1')).toBe(NOW_MS - 29 * DAY_MS);
    expect(progress.complete(undefined).complete.historyStartMs).toBe(NOW_MS - 29 * DAY_MS);
  });

  it('is the beginning for a region that is new, and history then begins where the youngest does', () => {
    const before = begin(undefined).complete(undefined).cursor;

    const progress = begin(before, { nowMs: NOW_MS + DAY_MS, regions: ['eu-west-1', 'us-east-1'] });

    expect(progress.fromMs('us-east-1')).toBe(NOW_MS - 29 * DAY_MS);
    expect(progress.complete(undefined).complete.historyStartMs).toBe(NOW_MS - 29 * DAY_MS);
  });

  it('keeps the end of a first sync that was interrupted, but not for days', () => {
    const interrupted = begin(undefined).toCursor('aws:1');

    const soon = begin(interrupted, { nowMs: NOW_MS + HOUR_MS });
    const late = begin(interrupted, { nowMs: NOW_MS + 2 * DAY_MS });

    expect([soon.untilMs, soon.isFirst, soon.account]).toEqual([NOW_MS, true, 'aws:1']);
    expect([late.untilMs, late.isFirst]).toEqual([NOW_MS + 2 * DAY_MS, true]);
  });

  it('is refused when the cursor is another version’s', () => {
    expect(() => begin('{"version":2,"regions":{}}')).toThrow('written by another version');
  });
});
