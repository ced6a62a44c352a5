import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/report/explain/question.ts';
import { isThere, readExpected, realOutages, says } from '../../outages.ts';
import { DAY_MS, incident } from '../../store/fixtures.ts';
import { ask, worldOf } from '../stored-history.ts';

type Numbers = Readonly<Record<string, number>>;

interface Window {
  readonly now: string;
  readonly resolved_in_window: Numbers;
  readonly resolved_in_window_by_severity: Readonly<Record<string, Numbers>>;
  readonly resolved_in_window_by_service: Readonly<Record<string, Numbers>>;
  readonly baseline: Numbers;
}

/** What the file calls a statistic; six decimals. */
const NAMES = [
  ['mttr', 'mean'],
  ['resolved', 'count'],
  ['min', 'min'],
  ['max', 'max'],
  ['stddev', 'stddev_sample'],
  ['p50', 'p50_linear'],
  ['p75', 'p75_linear'],
  ['p90', 'p90_linear'],
  ['p95', 'p95_linear'],
  ['p99', 'p99_linear'],
] as const;

function stage(nowMs: number) {
  const outages = realOutages();
  const incidents = outages.map(({ id, service, severity, triggeredAt, resolvedAt }) => {
    const triggeredAtMs = Date.parse(triggeredAt);
    const resolvedAtMs = resolvedAt === null ? undefined : Date.parse(resolvedAt);
    return incident(id, { service, priority: severity, triggeredAtMs, resolvedAtMs });
  });
  return worldOf([{ incidents, readUntilMs: nowMs, historyStartMs: nowMs - 4000 * DAY_MS }]);
}

describe.skipIf(!isThere)(`real outages${says}`, () => {
  it('are explained as the answers that were computed elsewhere', { timeout: 120_000 }, () => {
    const { windows } = readExpected<{ windows: Record<string, Window> }>();
    const world = stage(Date.parse(windows['30d']?.now ?? ''));
    const differences: string[] = [];
    let compared = 0;
    const compare = (question: Partial<Question>, expected: number | undefined) => {
      if (expected === undefined) return;
      const { value, counted } = ask(world, { ...question, limit: 0 });
      compared += 1;
      const isSame = value !== undefined && Math.abs(value - expected) <= 1e-6 * Math.max(1, expected);
      if (!isSame) differences.push(`${JSON.stringify(question)}: ${value} (of ${counted}) instead of ${expected}`);
    };

    for (const [name, window] of Object.entries(windows)) {
      const asked = { window: { name, ms: Number.parseInt(name, 10) * DAY_MS } };
      for (const [statistic, word] of NAMES) compare({ ...asked, statistic }, window.resolved_in_window[word]);
      compare({ ...asked, statistic: 'baseline' }, window.baseline['mean']);
      for (const [severity, numbers] of Object.entries(window.resolved_in_window_by_severity)) {
        compare({ ...asked, labels: { severity } }, numbers['mean']);
      }
      for (const [service, numbers] of Object.entries(window.resolved_in_window_by_service).slice(0, 20)) {
        compare({ ...asked, labels: { service } }, numbers['mean']);
      }
    }

    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(80);
  });
});
