import { describe, expect, it } from 'vitest';
import type { Grouping } from '../../../src/config/types.ts';
import { createStartIndex } from '../../../src/report/history-replay.ts';

describe('what a row rests on', () => {
  const coverage = createStartIndex([
    { name: 'long', isOverall: true, historyStartMs: 100 },
    { name: 'short', isOverall: true, historyStartMs: 500 },
    { name: 'aside', isOverall: false, historyStartMs: 900 },
  ]);
  const told = { severity: 'P1', team: 'shop', excluded: false };
  coverage.put({ ...told, provider: 'long', service: 'checkout' });
  coverage.put({ ...told, provider: 'long', service: 'search' });
  coverage.put({ ...told, provider: 'short', service: 'search' });
  coverage.put({ ...told, provider: 'aside', service: 'checkout' });

  it.each<{ by: Grouping; values: string[]; startMs: number }>([
    { by: 'all', values: [], startMs: 500 },
    { by: 'severity', values: ['P1'], startMs: 500 },
    { by: 'service', values: ['checkout'], startMs: 100 },
    { by: 'service', values: ['search'], startMs: 500 },
    { by: 'service,severity', values: ['checkout', 'P1'], startMs: 100 },
    { by: 'team', values: ['shop'], startMs: 500 },
    { by: 'provider', values: ['aside'], startMs: 900 },
  ])('of $by $values is known since the latest history of its providers', ({ by, values, startMs }) => {
    expect(coverage.findStartMs(by, values)).toBe(startMs);
  });
});
