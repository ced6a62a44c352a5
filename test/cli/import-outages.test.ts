import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isThere, OUTAGES_FILE, readExpected, says } from '../outages.ts';
import { stageImport } from './import-stage.ts';
import { pageAfterPoll } from './page-after-poll.ts';

const CONFIGURATION = `
providers: [{ name: outages, type: import }]
retention: 4000d
history: 800d
windows: [7d, 30d, 90d, 365d]
metrics: { detail: full, new_series_hold: 0s }`;

interface Statistic {
  readonly count: number;
  readonly mean: number;
  readonly [name: string]: number;
}

interface Expected {
  readonly windows: Readonly<
    Record<
      string,
      {
        readonly now: string;
        readonly resolved_in_window: Statistic;
        readonly resolved_in_window_by_severity: Readonly<Record<string, Statistic>>;
        readonly resolved_in_window_by_service: Readonly<Record<string, Statistic>>;
        readonly baseline: { readonly count: number; readonly mean: number };
      }
    >
  >;
}

const SEVERITIES: Readonly<Record<string, string>> = { critical: 'P1', high: 'P2', medium: 'P3', low: 'P4' };

/** What the file says of each window, as rows of labels with their count and mean; the file has six decimals. */
function rowsOf({ windows }: Expected) {
  return Object.entries(windows).flatMap(([window, given]) => [
    { labels: { by: 'all', window }, ...given.resolved_in_window },
    ...Object.entries(given.resolved_in_window_by_severity).map(([word, one]) => ({
      labels: { by: 'severity', window, severity: SEVERITIES[word] ?? '' },
      ...one,
    })),
    ...Object.entries(given.resolved_in_window_by_service).map(([service, one]) => ({
      labels: { by: 'service', window, service },
      ...one,
    })),
  ]);
}

describe.skipIf(!isThere)(`real outages${says}`, () => {
  it('that were imported are in all windows exactly, and in no total; twice is once', { timeout: 60_000 }, async () => {
    const expected = readExpected<Expected>();
    const file = fileURLToPath(OUTAGES_FILE);
    const { run, config, clock } = stageImport(CONFIGURATION);
    const words = ['--mapping', 'outages', '--to', expected.windows['7d']?.now ?? '', file];

    const first = await run(words);
    const second = await run(words);
    const page = await pageAfterPoll(config, clock);

    expect(first).toMatchObject({ code: 0, text: expect.stringContaining('Imported into outages: 3846 new\n') });
    expect(first.text).toContain('80 still open');
    expect(first.text).toContain('Services: 297\n');
    expect(second).toMatchObject({ code: 0, text: expect.stringContaining('Imported into outages: 3846 unchanged\n') });
    expect(page.sum('incident_recovery_time_minutes_count', {})).toBe(0);
    expect(page.sum('incident_opened_total', {})).toBe(0);
    expect(page.value('mttr_exporter_incidents', { provider: 'outages', state: 'resolved' })).toBe(3766);
    const rows = rowsOf(expected);
    expect(rows.length).toBeGreaterThan(50);
    for (const { labels, count, mean } of rows) {
      expect({ labels, count: page.value('incident_window_resolved', labels) }).toEqual({ labels, count });
      expect(page.value('incident_mttr_minutes', labels)).toBeCloseTo(mean, 5);
    }
    for (const [window, { baseline }] of Object.entries(expected.windows)) {
      expect(page.value('incident_mttr_baseline_minutes', { by: 'all', window })).toBeCloseTo(baseline.mean, 5);
    }
  });
});
