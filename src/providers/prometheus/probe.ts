import { createProbeRunner, type ProbeCall, type ProbeReport, type ProbeRequest } from '../probes.ts';
import type { AlertApi } from './api.ts';
import type { Grid } from './track-alerts.ts';

/** The newest part of the history, in steps of the grid: enough to see alerts, and little to read. */
const PROBED_POINTS = 1000;
/** Points of one range of a first sync (see poll.ts), and its queries. */
const POINTS_PER_RANGE = 10_000;
const QUERIES = 3;

interface ProbedSeries {
  readonly api: AlertApi;
  readonly grid: Grid;
  readonly baseUrl: string;
}

/** Tries each query over the newest part of the history. */
export async function probeSeries(
  { nowMs, historyStartMs, signal }: ProbeRequest,
  { api, grid: { stepMs }, baseUrl }: ProbedSeries,
): Promise<ProbeReport> {
  const probes = createProbeRunner(signal);
  const toMs = Math.floor(nowMs / stepMs) * stepMs;
  const range = { fromMs: toMs - (PROBED_POINTS - 1) * stepMs, toMs, stepMs };
  const { firing, active, up } = api.queries;
  const sampled = await probes.run(needed(firing, 'everything, as no poll succeeds'), () => api.read(range, signal));
  await probes.run(needed(active, 'when alerts became pending, and with it the times of detection'), () =>
    api.count(active, range, signal),
  );
  await probes.run(needed(up, 'the difference between an outage of Prometheus and the end of an alert'), async () => {
    const series = await api.count(up, range, signal);
    if (series === 0) throw new Error('finds no series: set up_selector, or outages of Prometheus end alerts');
  });
  const report: ProbeReport = { probes: probes.list, region: { name: new URL(baseUrl).host } };
  if (sampled === undefined) return report;
  const incidents = [...sampled.alerts.values()].flatMap(({ fields, firingMs }) =>
    firingMs[0] === undefined ? [] : [{ ...fields, triggeredAtMs: firingMs[0] }],
  );
  const ranges = Math.ceil((nowMs - historyStartMs) / stepMs / POINTS_PER_RANGE);
  return {
    ...report,
    firstPage: { incidents, rejected: 0, detail: undefined, total: undefined },
    estimate: { perPoll: QUERIES, perHour: 0, firstSync: QUERIES * ranges, isExact: false, rateLimitCount: 1 },
  };
}

function needed(query: string, impact: string): ProbeCall {
  return { call: `GET /api/v1/query_range of ${query}`, isNeeded: impact.startsWith('everything'), impact };
}
