import type { HttpClient, Query } from '../../http/client.ts';
import { parseAnswer, parseRecords } from '../answers.ts';
import type { Call, Diagnosis, Examination } from '../diagnosis.ts';
import type { Span } from '../spans.ts';
import { createTrials, type Trials } from '../trials.ts';
import { bounds, OPEN_STATUSES, PAGE_SIZE } from './api.ts';
import { askableSpans } from './reading.ts';
import { CatalogueService, Incident, IncidentPage, LogPage, OneIncident, PriorityPage, ServicePage } from './schema.ts';

/** Spans of a quarter that are counted; the rest of a longer history is taken to be like these. */
const SPANS_MAX = 24;

const CALLS = {
  incidents: { call: 'GET /incidents', isNeeded: true, lost: 'everything, as no poll succeeds' },
  open: { call: 'GET /incidents (open)', isNeeded: true, lost: 'everything, as no poll succeeds' },
  log: {
    call: 'GET /log_entries',
    isNeeded: true,
    lost: 'everything, as no poll succeeds: changes and acknowledgements are read here',
  },
  incident: {
    call: 'GET /incidents/{id}',
    isNeeded: false,
    lost: 'the end of incidents that no list shows any more: they stay as they were last seen',
  },
  incidentLog: {
    call: 'GET /incidents/{id}/log_entries',
    isNeeded: false,
    lost: 'acknowledgements and escalations of incidents that are older than the history',
  },
  services: {
    call: 'GET /services',
    isNeeded: false,
    lost: 'new names of services: each is called what its incidents call it',
  },
  priorities: {
    call: 'GET /priorities',
    isNeeded: false,
    lost: 'nothing in polls; here, a look at priorities that no incident on the first page has',
  },
} as const satisfies Readonly<Record<string, Call>>;

type Get = (path: string, query: Query) => Promise<unknown>;

/** Asks for everything that polls ask for. The region is given back as it is. */
export async function examine(
  httpClient: HttpClient,
  request: Examination,
  region: Diagnosis['region'],
): Promise<Diagnosis> {
  const trials = createTrials(request.signal);
  const get: Get = async (path, query) =>
    (await httpClient.get(path, { time_zone: 'UTC', ...query }, request.signal)).body;
  const all = askableSpans({ fromMs: request.historyStartMs, toMs: request.nowMs });
  const spans = all.slice(-SPANS_MAX).reverse();
  const counted = await trials.attempt(CALLS.incidents, () => countIncidents(get, spans));
  const open = await trials.attempt(CALLS.open, () => countOf(get, { 'statuses[]': OPEN_STATUSES, date_range: 'all' }));
  const entries = await trials.attempt(CALLS.log, () => countEntries(get, spans));
  await tryOne(counted?.wires[0]?.id, trials, get);
  const services = await trials.attempt(CALLS.services, () => listServices(get));
  const severities = await trials.attempt(CALLS.priorities, () => listPriorities(get));
  const diagnosis = { trials: trials.list, region, services, severities };
  if (counted === undefined) return diagnosis;
  const { totals, wires, rejected } = counted;
  const total = all.length > spans.length ? undefined : totals.reduce((sum, one) => sum + one, 0);
  const pages = pagesOf([...totals, ...(entries ?? [])]) * (all.length / spans.length);
  const perHour = pagesOf([services?.count ?? 0]);
  return {
    ...diagnosis,
    firstPage: { incidents: wires, rejected: rejected.length, detail: rejected[0]?.detail, total },
    load: {
      // Everything open, and the log since the newest entry.
      perPoll: pagesOf([open ?? 0]) + 1,
      perHour,
      firstSync: Math.ceil(pages) + pagesOf([open ?? 0]) + perHour,
      isTold: total !== undefined && entries !== undefined,
      allowances: 1,
    },
  };
}

/** A list costs one request even when it is empty. */
function pagesOf(totals: readonly number[]): number {
  return totals.reduce((pages, total) => pages + Math.max(1, Math.ceil(total / PAGE_SIZE)), 0);
}

async function countOf(get: Get, query: Query): Promise<number> {
  const body = await get('incidents', { total: true, limit: 1, ...query });
  const { total, incidents } = parseAnswer(IncidentPage, body, 'GET /incidents');
  return total ?? incidents.length;
}

/** Newest span first; the first that has incidents gives a whole page, each gives its number. */
async function countIncidents(get: Get, spans: readonly Span[]) {
  const totals: number[] = [];
  let records: readonly unknown[] = [];
  for (const span of spans) {
    const limit = records.length === 0 ? PAGE_SIZE : 1;
    const body = await get('incidents', { ...bounds(span), sort_by: 'created_at:desc', total: true, limit });
    const page = parseAnswer(IncidentPage, body, 'GET /incidents');
    totals.push(page.total ?? page.incidents.length);
    if (records.length === 0) records = page.incidents;
  }
  return { totals, ...parseRecords(Incident, records, 'GET /incidents') };
}

async function countEntries(get: Get, spans: readonly Span[]): Promise<readonly number[]> {
  const totals: number[] = [];
  for (const span of spans) {
    const body = await get('log_entries', { ...bounds(span), is_overview: true, total: true, limit: 1 });
    const page = parseAnswer(LogPage, body, 'GET /log_entries');
    totals.push(page.total ?? page.log_entries.length);
  }
  return totals;
}

async function tryOne(id: string | undefined, trials: Trials, get: Get): Promise<void> {
  if (id === undefined) {
    for (const call of [CALLS.incident, CALLS.incidentLog]) trials.leave(call, 'there is no incident to ask for');
    return;
  }
  const path = `incidents/${encodeURIComponent(id)}`;
  await trials.attempt(CALLS.incident, async () => parseAnswer(OneIncident, await get(path, {}), CALLS.incident.call));
  await trials.attempt(CALLS.incidentLog, async () =>
    parseAnswer(LogPage, await get(`${path}/log_entries`, { is_overview: true, limit: 1 }), CALLS.incidentLog.call),
  );
}

async function listServices(get: Get) {
  const body = await get('services', { limit: PAGE_SIZE, total: true });
  const { services, total, more } = parseAnswer(ServicePage, body, 'GET /services');
  const names = parseRecords(CatalogueService, services, 'GET /services').wires.map(({ name }) => name);
  return { names, count: total ?? names.length, isAll: !more };
}

async function listPriorities(get: Get) {
  const body = await get('priorities', { limit: PAGE_SIZE });
  return parseAnswer(PriorityPage, body, 'GET /priorities').priorities.map((priority) => ({ priority }));
}
