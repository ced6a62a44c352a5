import { describe, expect, it } from 'vitest';
import { backfillFamilies, countSamples, createSampleTable } from '../../src/cli/backfill/gauge-replay.ts';
import { renderOpenMetrics } from '../../src/cli/backfill/openmetrics-files.ts';
import type { PageSource } from '../../src/metrics/family.ts';
import type { OpenRow } from '../../src/stats/rows.ts';
import { severities } from '../settings.ts';

const settings = {
  severities,
  windows: [],
  availability: undefined,
  levels: { eliteMs: 1, highMs: 2, mediumMs: 3 },
  bucketsMs: [],
};
const provider = {
  name: 'pd',
  isOverall: true,
  statuses: ['triggered' as const],
  timings: { acknowledgement: true, detection: false, identification: false, mitigation: false },
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
    doraRows: [],
    deploymentStates: [],
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

function openTable(fromMs: () => number = () => 0) {
  return createSampleTable({ settings, labels: [['job', 'mttr-exporter']], fromMs });
}

/** The text of one run with this page at each of its times. */
function render(
  table: ReturnType<typeof openTable>,
  timesMs: readonly number[],
  pageAt: (timeMs: number) => PageSource,
): string {
  return [...renderOpenMetrics(table(timesMs, pageAt), timesMs)].join('');
}

function linesOf(text: string, pattern: RegExp): string[] {
  return text.split('\n').filter((line) => pattern.test(line));
}

describe('a sample table', () => {
  it('has no counter and no histogram: those begin at zero with the exporter', () => {
    expect(backfillFamilies.length).toBeGreaterThan(20);
    expect(backfillFamilies.filter(({ type }) => type !== 'gauge')).toEqual([]);
  });

  it('puts the samples of a series together, in order of time, in seconds, and ends', () => {
    const [checkout, search] = [openRow({ open: 1, version: 1 }), openRow({ service: 'search', open: 7, version: 1 })];
    const pages = new Map([
      [60_000, () => page([checkout, search])],
      [120_000, () => page([checkout])],
      [180_500, () => page([Object.assign(checkout, { open: [2], version: 2 }), search])],
    ]);

    const text = render(openTable(), [...pages.keys()], (timeMs) => pages.get(timeMs)?.() ?? page([]));

    const of = (service: string) =>
      `incident_open{provider="pd",service="${service}",severity="P1",status="triggered",job="mttr-exporter"}`;
    expect(text).toContain(
      `# HELP incident_open Incidents that are open right now.\n# TYPE incident_open gauge\n${of('checkout')} 1 60\n${of('checkout')} 1 120\n${of('checkout')} 2 180.5\n${of('search')} 7 60\n${of('search')} 7 180.5\n`,
    );
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  it('names the unit of a family that ends in one', () => {
    const text = render(openTable(), [0], () => page([]));

    expect(linesOf(text, /^# (UNIT|TYPE)/)).toEqual([
      '# TYPE incident_target_minutes gauge',
      '# UNIT incident_target_minutes minutes',
      '# TYPE incident_target_objective_ratio gauge',
      '# UNIT incident_target_objective_ratio ratio',
    ]);
  });

  it('omits a series before history covers it', () => {
    const table = openTable(() => 120_000);

    const text = render(table, [60_000, 120_000], () => page([openRow({ open: 1, version: 1 })]));

    expect(linesOf(text, /^incident_open/)).toHaveLength(1);
    expect(linesOf(text, /^incident_open.* 1 120$/)).toHaveLength(1);
  });

  it('begins each run without the samples of the one before', () => {
    const table = openTable();
    render(table, [60_000], () => page([openRow({ open: 1, version: 1 })]));

    const families = table([120_000], () => page([]));

    expect(families.map(({ family }) => family.name)).not.toContain('incident_open');
    expect(countSamples(families)).toBe(countSamples(openTable()([120_000], () => page([]))));
  });
});
