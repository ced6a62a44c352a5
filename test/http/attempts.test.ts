import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/http/attempts.ts';

describe('the wait between two tries', () => {
  it.each([
    { tries: 1, random: 1, waitMs: 500 },
    { tries: 2, random: 1, waitMs: 1000 },
    { tries: 4, random: 1, waitMs: 4000 },
    { tries: 4, random: 0.25, waitMs: 1000 },
    { tries: 4, random: 0, waitMs: 0 },
    { tries: 50, random: 1, waitMs: 30_000 },
  ])('after try $tries is $waitMs ms for $random', ({ tries, random, waitMs }) => {
    expect(backoffMs(tries, random)).toBe(waitMs);
  });
});
