import type { Group } from '../../../src/report/groups.ts';
import type { Report } from '../../../src/report/report.ts';

/** A group of which nothing is known but what is given. */
export function group(change: Partial<Group>): Group {
  return {
    grouping: 'all',
    name: '',
    title: undefined,
    rank: undefined,
    stageTargetMinutes: {},
    statistics: {},
    level: undefined,
    targetMinutes: undefined,
    objective: undefined,
    isObjectiveMet: undefined,
    ...change,
  };
}

/** A report of January 2024. */
export function report(change: Partial<Report> = {}): Report {
  return {
    madeAtMs: Date.parse('2024-02-01T09:00:00Z'),
    bounds: {
      firstMs: Date.parse('2024-01-01T00:00:00Z'),
      lastMs: Date.parse('2024-02-01T00:00:00Z') - 1,
    },
    timezone: 'UTC',
    filter: { severities: [], services: [], teams: [] },
    availability: undefined,
    businessHours: undefined,
    groups: [
      group({
        level: 'high',
        statistics: {
          resolved: 47,
          opened: 49,
          mttr: 145.3,
          p50: 87.5,
          p75: 200.25,
          p90: 400,
          p95: 900.04,
          p99: 1400,
          min: 5.2,
          max: 1440.7,
          stddev: 234.1,
          withinTarget: 0.75,
        },
      }),
      group({
        grouping: 'severity',
        name: 'P1',
        title: 'Critical',
        rank: 0,
        level: 'elite',
        statistics: { resolved: 8, opened: 9, mttr: 45.2, p50: 30, p90: 80, p95: 90, withinTarget: 0.5 },
        targetMinutes: 30,
        objective: 0.9,
        isObjectiveMet: false,
      }),
      group({ grouping: 'severity', name: 'P5', title: 'Info', rank: 4, statistics: { resolved: 0, opened: 0 } }),
      group({ grouping: 'service', name: 'checkout', statistics: { resolved: 47, opened: 49, mttr: 145.3 } }),
      group({ grouping: 'team', name: 'none', statistics: { resolved: 47, opened: 49, mttr: 145.3 } }),
      group({ grouping: 'provider', name: 'pagerduty', statistics: { resolved: 47, opened: 49, mttr: 145.3 } }),
    ],
    before: undefined,
    trend: undefined,
    delivery: undefined,
    longest: [],
    openNow: 2,
    notes: [],
    hints: [],
    ...change,
  };
}

/** A name that every markup would read as something else. */
export const NASTY = '=cmd|\' [x](javascript:1)<b>&*_`\u001b[31m\u202e"\n,;';
