import type { Explanation } from '../../src/report/explain/explanation.ts';
import type { Postmortem } from '../../src/report/postmortem/document.ts';
import type { ApiSource } from '../../src/server/api/endpoints.ts';

/** An answer that was put together elsewhere. */
export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** A source that answers everything with little, but for what is given. */
export function inventApi(changes: Partial<ApiSource> = {}): ApiSource {
  return {
    adminToken: () => undefined,
    status: async () => ({
      version: '1.2.3',
      uptime_seconds: 1.5,
      started: true,
      providers: [],
      reload: { successful: true },
      services_overflowed: 0,
      store_bytes: 4096,
    }),
    statistics: async () => json({ rows: [], providers: [] }),
    incidents: async () => json({ incidents: [] }),
    postmortem: async ({ format }) => (format === 'json' ? json(POSTMORTEM) : Buffer.from('# Review\n')),
    explain: async () => json(EXPLANATION),
    config: () => ({ windows: ['30d'] }),
    refresh: async (request) => ({ outcome: 'complete', dry_run: request.dry_run, providers: [] }),
    ...changes,
  };
}

const POSTMORTEM: Postmortem = {
  incident: {
    provider: 'pagerduty',
    id: 'Q1',
    service: 'checkout',
    severity: 'P1',
    team: 'none',
    status: 'triggered',
    triggered_at: '2026-06-01T12:00:00.000Z',
    intervals: [],
  },
  read_until: '2026-06-01T12:00:00.000Z',
  durations: [],
  timeline: [],
  investigation: {},
  resolution: { state: 'open' },
  recent_changes: { known: false, changes: [] },
  similar: { count: 0, last: [] },
  comparisons: [],
  to_fill_in: [],
};

const EXPLANATION: Explanation = {
  statistic: 'mttr',
  meaning: 'mean time from trigger to resolve',
  metric: 'incident_mttr_minutes',
  by: 'all',
  labels: {},
  window: '30d',
  window_minutes: 43_200,
  unit: 'minutes',
  absence: 'nothing was resolved',
  reopened: 'last',
  agrees: true,
  providers: [],
  counted: 0,
  incidents: [],
  left_out: [],
  notes: [],
};
