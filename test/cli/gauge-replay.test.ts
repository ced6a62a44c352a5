import { describe, expect, it } from 'vitest';
import { backfillFamilies, countSamples, createSampleTable } from '../../src/cli/backfill/gauge-replay.ts';
import { renderOpenMetrics } from '../../src/cli/backfill/openmetrics-files.ts';
import type { PageSource } from '../../src/metrics/family.ts';
import type { OpenRow } from '../../src/stats/rows.ts';
import { severities } from '../settings.ts';

const settings = { severities, windows: [], levels: { eliteMs: 1, highMs: 2, mediumMs: 3 }, bucketsMs: [] };
const provider = {
  name: 'pd',
  isOverall: true,
  statuses: ['triggered' as const],
  stamps: { acknowledgement: true, detection: false, identification: false, mitigation: false },
  hasEscalations: true,
  hasReopens: true,
};

interface Invented {
  readonly service?: string;
  readonly open: number;
  readonly version: number;
}

/** A page with open incidents alone. */
function page(rows: readonly (OpenRow & object)[]): PageSource {
  return {
    rows: [],
    openRows: rows.map((row) => ({ row, provider })),
    sets: [],
    providers: [],
    counters: [],
    servicesOverflowed: 0,
    storeBytes: 0,
  };
}

function openRow({ service = 'checkout', open, version }: Invented) {
  const row = { provider: 'pd', service, severity: 'P1', team: '', open: [open], version };
  return { ...row, oldestAtMs: undefined, lastResolvedAtMs: undefined };
}

const added = [['job', 'mttr-exporter']] as const;

function openTable(fromMs: () => number = () => 0) {
  return createSampleTable({ settings, labels: added, fromMs });
}

/** Lines of the text that begin so. */
function lines(table: ReturnType<typeof openTable>, instantsMs: readonly number[], begin: RegExp): string[] {
  const text = [...renderOpenMetrics(table.read(), instantsMs)].join('');
  return text.split('\n').filter((line) => begin.test(line));
}

describe('a table of the past', () => {
  it('tells no counter and no histogram: those begin at zero with the exporter', () => {
    expect(backfillFamilies.length).toBeGreaterThan(20);
    expect(backfillFamilies.filter(({ type }) => type !== 'gauge')).toEqual([]);
  });

  it('puts the samples of a series together, in order of time, in seconds, and ends', () => {
    const instantsMs = [60_000, 120_000, 180_500];
    const table = openTable();
    const [checkout, search] = [openRow({ open: 1, version: 1 }), openRow({ service: 'search', open: 7, version: 1 })];

    table.begin(instantsMs);
    table.put(0, page([checkout, search]));
    table.put(1, page([checkout]));
    table.put(2, page([Object.assign(checkout, { open: [2], version: 2 }), search]));

    const text = [...renderOpenMetrics(table.read(), instantsMs)].join('');
    const of = (service: string) =>
      `incident_open{provider="pd",service="${service}",severity="P1",status="triggered",job="mttr-exporter"}`;
    expect(text).toContain(
      `# HELP incident_open Incidents that are open right now.\n# TYPE incident_open gauge\n${of('checkout')} 1 60\n${of('checkout')} 1 120\n${of('checkout')} 2 180.5\n${of('search')} 7 60\n${of('search')} 7 180.5\n`,
    );
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  it('names the unit of a family that ends in one', () => {
    const table = openTable();
    table.begin([0]);
    table.put(0, page([]));

    expect(lines(table, [0], /^# (UNIT|TYPE)/)).toEqual([
      '# TYPE incident_target_minutes gauge',
      '# UNIT incident_target_minutes minutes',
      '# TYPE incident_target_objective_ratio gauge',
      '# UNIT incident_target_objective_ratio ratio',
    ]);
  });

  it('leaves a series out before it may be told', () => {
    const table = openTable(() => 120_000);
    table.begin([60_000, 120_000]);
    for (const place of [0, 1]) table.put(place, page([openRow({ open: 1, version: 1 })]));

    expect(lines(table, [60_000, 120_000], /^incident_open/)).toHaveLength(1);
    expect(lines(table, [60_000, 120_000], /^incident_open.* 1 120$/)).toHaveLength(1);
  });

  it('begins anew without what was there before', () => {
    const table = openTable();
    table.begin([60_000]);
    table.put(0, page([openRow({ open: 1, version: 1 })]));

    table.begin([120_000]);

    expect(countSamples(table.read())).toBe(0);
    expect([...renderOpenMetrics(table.read(), [120_000])].join('')).toBe('# EOF\n');
  });
});
