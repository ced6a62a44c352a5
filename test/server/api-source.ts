import type { Explanation } from '../../src/report/explain/explanation.ts';
import type { Postmortem } from '../../src/report/postmortem/document.ts';
import type { ApiSource } from '../../src/server/api/endpoints.ts';
import type { LastPollResponse } from '../../src/server/api/schemas.ts';

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
    dora: async () => json({ rows: [], providers: [] }),
    deployments: async () => json({ deployments: [] }),
    postmortem: async ({ format }) => (format === 'json' ? json(POSTMORTEM) : Buffer.from('# Review\n')),
    explain: async () => json(EXPLANATION),
    config: () => ({ windows: ['30d'] }),
    lastPoll: async () => LAST_POLL,
    refresh: async (request) => ({ outcome: 'complete', dry_run: request.dry_run, providers: [] }),
    ...changes,
  };
}

export const LAST_POLL: LastPollResponse = {
  provider: 'pd',
  state: 'failed',
  started_at: '2026-11-21T09:00:00.000Z',
  duration_seconds: 1.25,
  error: 'GET /incidents: 403: Access Denied',
  lines: [
    {
      after_seconds: 0,
      event: 'begin',
      poll: 'first_sync',
      until: '2026-11-21T09:00:00.000Z',
      history_start: '2026-08-23T09:00:00.000Z',
    },
    {
      after_seconds: 0.5,
      event: 'request',
      method: 'GET',
      host: 'api.pagerduty.com',
      path: '/incidents/Q1',
      endpoint: '/incidents/{id}',
      code: '200',
      tries: 1,
      wait_seconds: 0.067,
      duration_seconds: 0.12,
      bytes: 2048,
    },
    { after_seconds: 0.6, event: 'clock', skew_seconds: 7200 },
    {
      after_seconds: 0.7,
      event: 'page',
      incidents: 100,
      state_changes: 0,
      deleted: 0,
      rejected: { malformed: 1 },
      last: true,
    },
    { after_seconds: 0.8, event: 'commit', new: 99, changed: 0, unchanged: 0, deleted: 0, rejected: 1 },
  ],
  omitted_lines: 0,
};

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
