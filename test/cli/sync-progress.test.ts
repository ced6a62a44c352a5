import { expect, it } from 'vitest';
import { createSyncProgress } from '../../src/cli/open-history.ts';
import { DAY_MS } from '../../src/model/time.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

/** All that a terminal is shown while one page of a provider is read, which holds incidents of three of ten days. */
function shown(end: { isComplete: boolean }): string {
  let text = '';
  const output = { isTTY: true, columns: 100, write: (part: string) => (text += part) };
  const progress = createSyncProgress({ output, isQuiet: false, nowMs: NOW_MS, historyMs: 10 * DAY_MS });
  const incidents = [5, 2].map((days) => ({ id: `Q${days}`, triggeredAtMs: NOW_MS - days * DAY_MS }));
  progress.addPage('pd', { incidents });
  progress.addPage('pd', { incidents: incidents.slice(1) });
  progress.end(end);
  return text;
}

it('reading that has come to its end is shown as 100%', () => {
  expect(shown({ isComplete: true })).toContain('100% of the history, 2 incidents');
});

it('reading that failed is shown as far as it came', () => {
  const text = shown({ isComplete: false });

  expect(text).toContain('30% of the history, 2 incidents');
  expect(text).not.toContain('100%');
});
