import type { z } from 'zod';
import type { HttpClient, Query } from '../../http/client.ts';
import { parseRecords, parseResponse } from '../answers.ts';
import { createProbeRunner, type ProbeCall, type ProbeReport, type ProbeRequest, type ProbeRunner } from '../probes.ts';
import type { TimeRange } from '../time-ranges.ts';
import { bounds, OPEN_STATUSES, PAGE_SIZE } from './api.ts';
import { toRequestRanges } from './queries.ts';
import {
  CatalogueService,
  Incident,
  IncidentPage,
  type IncidentRecord,
  LogPage,
  OneIncident,
  PriorityPage,
  ServicePage,
} from './schema.ts';

/** Spans of a quarter that are counted; the rest of a longer history is taken to be like these. */
const SPANS_MAX = 24;

const CALLS = {
  incidents: { call: 'GET /incidents', isNeeded: true, impact: 'everything, as no poll succeeds' },
  open: { call: 'GET /incidents (open)', isNeeded: true, impact: 'everything, as no poll succeeds' },
  log: {
    call: 'GET /log_entries',
    isNeeded: true,
    impact: 'everything, as no poll succeeds: changes and acknowledgements are read here',
  },
  incident: {
    call: 'GET /incidents/{id}',
    isNeeded: false,
    impact: 'the end of incidents that no list shows any more: they stay as they were last seen',
  },
  incidentLog: {
    call: 'GET /incidents/{id}/log_entries',
    isNeeded: false,
    impact: 'acknowledgements and escalations of incidents that are older than the history',
  },
  services: {
    call: 'GET /services',
    isNeeded: false,
    impact: 'new names of services: each is called what its incidents call it',
  },
  priorities: {
    call: 'GET /priorities',
    isNeeded: false,
    impact: 'nothing in polls; here, a look at priorities that no incident on the first page has',
  },
} as const satisfies Readonly<Record<string, ProbeCall>>;

type Get = (path: string, query: Query) => Promise<unknown>;

/** Asks for everything that polls ask for. The region is given back as it is. */
export async function probe(
  httpClient: HttpClient,
  request: ProbeRequest,
  region: ProbeReport['region'],
  record: z.ZodType<IncidentRecord> = Incident,
): Promise<ProbeReport> {
  const probes = createProbeRunner(request.signal);
  const get: Get = async (path, query) =>
    (await httpClient.get(path, { time_zone: 'UTC', ...query }, request.signal)).body;
  const all = toRequestRanges({ fromMs: request.historyStartMs, toMs: request.nowMs });
  const ranges = all.slice(-SPANS_MAX).reverse();
  const counted = await probes.run(CALLS.incidents, () => countIncidents(get, ranges, record));
  const open = await probes.run(CALLS.open, () => countOpen(get, { 'statuses[]': OPEN_STATUSES, date_range: 'all' }));
  const entries = await probes.run(CALLS.log, () => countEntries(get, ranges));
  await tryOne(counted?.records[0]?.id, probes, get);
  const services = await probes.run(CALLS.services, () => listServices(get));
  const severities = await probes.run(CALLS.priorities, () => listPriorities(get));
  const report = { probes: probes.list, region, services, severities };
  if (counted === undefined) return report;
  const { totals, records, rejected } = counted;
  const total = all.length > ranges.length ? undefined : totals.reduce((sum, one) => sum + one, 0);
  const pages = toPages([...totals, ...(entries ?? [])]) * (all.length / ranges.length);
  const perHour = toPages([services?.count ?? 0]);
  return {
    ...report,
    firstPage: { incidents: records, rejected: rejected.length, detail: rejected[0]?.detail, total },
    estimate: {
      // Everything open, and the log since the newest entry.
      perPoll: toPages([open ?? 0]) + 1,
      perHour,
      firstSync: Math.ceil(pages) + toPages([open ?? 0]) + perHour,
      isExact: total !== undefined && entries !== undefined,
      rateLimitCount: 1,
    },
  };
}

/** A list costs one request even when it is empty. */
function toPages(totals: readonly number[]): number {
  return totals.reduce((pages, total) => pages + Math.max(1, Math.ceil(total / PAGE_SIZE)), 0);
}

async function countOpen(get: Get, query: Query): Promise<number> {
  const body = await get('incidents', { total: true, limit: 1, ...query });
  const { total, incidents } = parseResponse(IncidentPage, body, 'GET /incidents');
  return total ?? incidents.length;
}

/** Newest range first; the first that has incidents gives a whole page, each gives its number. */
async function countIncidents(get: Get, ranges: readonly TimeRange[], record: z.ZodType<IncidentRecord>) {
  const totals: number[] = [];
  let records: readonly unknown[] = [];
  for (const range of ranges) {
    const limit = records.length === 0 ? PAGE_SIZE : 1;
    const body = await get('incidents', { ...bounds(range), sort_by: 'created_at:desc', total: true, limit });
    const page = parseResponse(IncidentPage, body, 'GET /incidents');
    totals.push(page.total ?? page.incidents.length);
    if (records.length === 0) records = page.incidents;
  }
  return { totals, ...parseRecords(record, records, 'GET /incidents') };
}

async function countEntries(get: Get, ranges: readonly TimeRange[]): Promise<readonly number[]> {
  const totals: number[] = [];
  for (const range of ranges) {
    const body = await get('log_entries', { ...bounds(range), is_overview: true, total: true, limit: 1 });
    const page = parseResponse(LogPage, body, 'GET /log_entries');
    totals.push(page.total ?? page.log_entries.length);
  }
  return totals;
}

async function tryOne(id: string | undefined, probes: ProbeRunner, get: Get): Promise<void> {
  if (id === undefined) {
    for (const call of [CALLS.incident, CALLS.incidentLog]) probes.skip(call, 'there is no incident to ask for');
    return;
  }
  const path = `incidents/${encodeURIComponent(id)}`;
  await probes.run(CALLS.incident, async () => parseResponse(OneIncident, await get(path, {}), CALLS.incident.call));
  await probes.run(CALLS.incidentLog, async () =>
    parseResponse(LogPage, await get(`${path}/log_entries`, { is_overview: true, limit: 1 }), CALLS.incidentLog.call),
  );
}

async function listServices(get: Get) {
  const body = await get('services', { limit: PAGE_SIZE, total: true });
  const { services, total, more } = parseResponse(ServicePage, body, 'GET /services');
  const names = parseRecords(CatalogueService, services, 'GET /services').records.map(({ name }) => name);
  return { names, count: total ?? names.length, isAll: !more };
}

async function listPriorities(get: Get) {
  const body = await get('priorities', { limit: PAGE_SIZE });
  return parseResponse(PriorityPage, body, 'GET /priorities').priorities.map((priority) => ({ priority }));
}
