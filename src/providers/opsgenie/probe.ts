import type { HttpClient } from '../../http/client.ts';
import { type Parsed, parseRecords, parseResponse } from '../answers.ts';
import {
  createProbeRunner,
  estimateRecords,
  type ProbeCall,
  type ProbeReport,
  type ProbeRequest,
  type ProbeRunner,
  type RequestEstimate,
} from '../probes.ts';
import { countRecords, PAGE_SIZE, readList } from './lists.ts';
import { readServicePage, readTeamNames } from './names.ts';
import type { RecordKind } from './record-kind.ts';
import { type ListedRecord, SingleResponse, TimelineResponse } from './schema.ts';

/** Where and when to ask. */
interface ProbeContext extends ProbeRequest {
  readonly httpClient: HttpClient;
  readonly region: ProbeReport['region'];
}

/** Asks for everything that polls of the source ask for. */
export async function probe<Item extends ListedRecord>(
  source: RecordKind<Item>,
  context: ProbeContext,
): Promise<ProbeReport> {
  const { httpClient, region, signal } = context;
  const probes = createProbeRunner(signal);
  const calls = createCalls(source);
  const page = await probes.run(calls.list, () => newestPage(source, context));
  const open = await probes.run(calls.open, () => openPages(source, context));
  const isCounted = source.countStrategy === 'count';
  const total = isCounted ? await probes.run(calls.count, () => countHistory(source, context)) : undefined;
  await tryOne(source, { context, probes, id: page?.records[0]?.id });
  const teams = await probes.run(calls.teams, () => readTeamNames(httpClient, signal));
  const services = isCounted
    ? undefined
    : await probes.run(calls.services, () => readServicePage(httpClient, 0, signal));
  const report = { probes: probes.list, region };
  if (page === undefined) return report;
  const findName = (id: string) => services?.names.find((service) => service.id === id)?.name;
  const findTeam = (id: string | undefined) => teams?.find((team) => team.id === id)?.name;
  const names = services?.names.map(({ name }) => name);
  const history = { fromMs: context.historyStartMs, toMs: context.nowMs };
  const timesMs = page.records.map(({ createdAtMs }) => createdAtMs);
  const expected = total ?? estimateRecords({ timesMs, isAll: !page.more, ...history });
  const isExact = total !== undefined || !page.more;
  return {
    ...report,
    firstPage: {
      incidents: page.records
        .map((record) => source.toSample(record, findName))
        .map((one) => ({ ...one, team: findTeam(one.team) })),
      rejected: page.rejected.length,
      detail: page.rejected[0]?.detail,
      total: isExact ? expected : undefined,
    },
    services: names && { names, count: names.length, isAll: services?.more !== true },
    estimate: toRequestEstimate(source, { expected, isExact, openPages: open ?? 1, services: names?.length ?? 0 }),
  };
}

function createCalls({ path, name }: Pick<RecordKind<never>, 'path' | 'name'>) {
  return {
    list: { call: `GET ${path}`, isNeeded: true, impact: 'everything, as no poll succeeds' },
    open: { call: `GET ${path} (open)`, isNeeded: true, impact: 'everything, as no poll succeeds' },
    count: { call: `GET ${path}/count`, isNeeded: true, impact: `histories of more than ${PAGE_SIZE} ${name}` },
    one: {
      call: `GET ${path}/{id}`,
      isNeeded: false,
      impact: 'the end of records that no list shows any more: they stay as they were last seen',
    },
    timeline: {
      call: 'GET /v2/incident-timelines/{id}/entries',
      isNeeded: true,
      impact: 'the end of every incident, and with it all recovery times',
    },
    teams: { call: 'GET /v2/teams', isNeeded: false, impact: 'the names of teams: no incident has one' },
    services: {
      call: 'GET /v1/services',
      isNeeded: false,
      impact: 'the names of services: every incident has the service none',
    },
  } as const satisfies Readonly<Record<string, ProbeCall>>;
}

type Newest<Item> = Parsed<Item> & { readonly more: boolean };

async function newestPage<Item extends ListedRecord>(
  source: RecordKind<Item>,
  context: ProbeContext,
): Promise<Newest<Item>> {
  const { path, schema } = source;
  const question = { path, query: historyQuery(context), sort: 'createdAt', order: 'desc', offset: 0 } as const;
  const { records, more } = await readList(context.httpClient, question, context.signal);
  return { ...parseRecords(schema, records, `GET ${path}`), more };
}

function historyQuery({ historyStartMs, nowMs }: ProbeRequest): string {
  return `createdAt >= ${historyStartMs} AND createdAt < ${nowMs}`;
}

function countHistory({ path }: Pick<RecordKind<never>, 'path'>, context: ProbeContext): Promise<number> {
  return countRecords({ path, ...context }, historyQuery(context));
}

/** Requests that reading the open set takes. */
async function openPages(
  { path, countStrategy }: Pick<RecordKind<never>, 'path' | 'countStrategy'>,
  context: ProbeContext,
): Promise<number> {
  const query = 'status:open';
  const question = { path, query, sort: 'createdAt', order: 'asc', offset: 0 } as const;
  const { more } = await readList(context.httpClient, question, context.signal);
  if (!more) return 1;
  // A list of more than one page is counted first; where it cannot be, all that is known is that there are two.
  return 1 + (countStrategy === 'count' ? Math.ceil((await countRecords({ path, ...context }, query)) / PAGE_SIZE) : 2);
}

interface One {
  readonly context: ProbeContext;
  readonly probes: ProbeRunner;
  readonly id: string | undefined;
}

async function tryOne(
  { path, name }: Pick<RecordKind<never>, 'path' | 'name'>,
  { context, probes, id }: One,
): Promise<void> {
  const { one, timeline } = createCalls({ path, name });
  const calls = name === 'incidents' ? [one, timeline] : [one];
  if (id === undefined) {
    for (const call of calls) probes.skip(call, 'there is no record to ask for');
    return;
  }
  const get = async (from: string, query: Record<string, string | number>) =>
    (await context.httpClient.get(from, query, context.signal)).body;
  const known = encodeURIComponent(id);
  await probes.run(one, async () =>
    parseResponse(SingleResponse, await get(`${path}/${known}`, { identifierType: 'id' }), one.call),
  );
  if (name !== 'incidents') return;
  const entries = `/v2/incident-timelines/${known}/entries`;
  await probes.run(timeline, async () =>
    parseResponse(TimelineResponse, await get(entries, { group: 'incident', limit: 1 }), timeline.call),
  );
}

interface Expected {
  readonly expected: number;
  readonly isExact: boolean;
  readonly openPages: number;
  readonly services: number;
}

/** A poll reads what changed and what is open; the names once an hour; a first sync all pages, and the ends of incidents one by one. */
function toRequestEstimate(
  { countStrategy }: Pick<RecordKind<never>, 'countStrategy'>,
  given: Expected,
): RequestEstimate {
  const { expected, isExact, openPages: open, services } = given;
  const pages = Math.max(1, Math.ceil(expected / PAGE_SIZE));
  const listing = countStrategy === 'count' ? 1 : 1 + Math.max(1, Math.ceil(services / PAGE_SIZE));
  const perIncident = countStrategy === 'count' ? 0 : expected;
  return {
    perPoll: 1 + open,
    perHour: listing,
    firstSync: listing + pages + (pages > 1 ? 1 : 0) + open + perIncident,
    isExact,
    rateLimitCount: 1,
  };
}
