import { parseRecords } from '../answers.ts';
import {
  createProbeRunner,
  estimateRecords,
  type ProbeCall,
  type ProbeReport,
  type ProbeRequest,
  type RequestEstimate,
} from '../probes.ts';
import { detailsLabel, toSample } from './build-incidents.ts';
import type { IncidentLists, NameList, PlatformRecord } from './definition.ts';
import {
  type ListClient,
  listsStartMs,
  openRequests,
  readCount,
  readPage,
  toLabel,
  toListRange,
} from './list-reader.ts';
import type { ListedPage, ListRequest, Paging } from './paging.ts';

interface ProbeInput<Item extends PlatformRecord> {
  readonly client: ListClient;
  readonly lists: IncidentLists<Item>;
  readonly names: { readonly teams?: NameList; readonly services?: NameList; readonly statuses?: NameList };
  readonly session?: ListRequest | undefined;
  readonly region: ProbeReport['region'];
  readonly request: ProbeRequest;
}

/** Tries each kind of request that polls of a declared platform make, and estimates how many these are. */
export async function probe<Item extends PlatformRecord>(input: ProbeInput<Item>): Promise<ProbeReport> {
  const { client, lists, names, region, request } = input;
  const probes = createProbeRunner(request.signal);
  const history = { fromMs: listsStartMs(lists, request.historyStartMs), toMs: request.nowMs };
  const listRequest = (lists.created ?? lists.changed)?.(toListRange(history, 'desc'));
  if (listRequest === undefined) throw new TypeError('expected a platform that lists its incidents');
  if (input.session !== undefined) await probeSession(client, input.session, probes);
  const listCall = required(toLabel(listRequest));
  const page = await probes.run(listCall, async () => {
    const listed = await readPage(client, lists.paging, listRequest);
    return { ...listed, ...parseRecords(lists.record, listed.records, listCall.call) };
  });
  const open: ListedPage[] = [];
  for (const [index, list] of openRequests(lists).entries()) {
    const call = `${toLabel(list)} (open${index === 0 ? '' : ` ${index + 1}`})`;
    const first = await probes.run(required(call), () => readCounted(client, lists.openPaging ?? lists.paging, list));
    if (first !== undefined) open.push(first);
  }
  const counted = await probeCount(input, listRequest, probes);
  const newest = page?.records[0];
  const oneCall = { call: toLabel(lists.one('{id}')), isNeeded: false, impact: LOST_WITHOUT_ONE };
  if (newest === undefined) probes.skip(oneCall, 'there is no record to ask for');
  else await probes.run(oneCall, () => readOne(client, lists, newest.id));
  await probeDetails(input, probes, page?.records);
  const teams = await probeNames(client, names.teams, probes);
  const services = await probeNames(client, names.services, probes);
  const statuses = await probeNames(client, names.statuses, probes);
  const report: ProbeReport = { probes: probes.list, region };
  if (page === undefined) return report;
  const nameIn = (list: typeof teams) => (id: string | undefined) => list?.names.find((one) => one.id === id)?.name;
  const timesMs = page.records.map(({ createdAtMs }) => createdAtMs);
  const total = page.total ?? counted ?? (page.next === undefined ? page.records.length : undefined);
  const expected = total ?? estimateRecords({ timesMs, isAll: false, ...history, fromMs: request.historyStartMs });
  return {
    ...report,
    firstPage: {
      incidents: page.records.map((record) => toSample(record, { teams: nameIn(teams), services: nameIn(services) })),
      rejected: page.rejected.length,
      detail: page.rejected[0]?.detail,
      total,
    },
    services: services && {
      names: services.names.map(({ name }) => name),
      count: services.total,
      isAll: services.isAll,
    },
    estimate: estimate(lists, {
      expected,
      isExact: total !== undefined,
      open,
      historyMs: history.toMs - history.fromMs,
      sessionRequests: input.session === undefined ? 0 : 1,
      namePages: (teams?.pages ?? 0) + (services?.pages ?? 0) + (statuses?.pages ?? 0),
      detailed:
        page.records.filter((record) => lists.details?.isNeeded(record) === true).length / (page.records.length || 1),
    }),
  };
}

const NOTHING_WITHOUT = 'everything, as no poll succeeds';
const LOST_WITHOUT_ONE = 'the end of records that no list shows any more: they stay as they were last seen';

function required(call: string): ProbeCall {
  return { call, isNeeded: true, impact: NOTHING_WITHOUT };
}

async function readOne<Item extends PlatformRecord>(client: ListClient, lists: IncidentLists<Item>, id: string) {
  const { path, query = {} } = lists.one(id);
  return client.httpClient.get(path, query, client.signal);
}

async function probeSession(client: ListClient, session: ListRequest, probes: ReturnType<typeof createProbeRunner>) {
  await probes.run(required(toLabel(session)), () =>
    client.httpClient.get(session.path, session.query ?? {}, client.signal),
  );
}

/** The first page of a list, counted where polls count it. */
async function readCounted(client: ListClient, paging: Paging, list: ListRequest): Promise<ListedPage> {
  const page = await readPage(client, paging, list);
  if (page.next === undefined || paging.count === undefined) return page;
  return { ...page, total: await readCount(client, paging.count, list) };
}

/** The endpoint that counts a list, where that is one of its own. */
async function probeCount<Item extends PlatformRecord>(
  { client, lists }: ProbeInput<Item>,
  list: ListRequest,
  probes: ReturnType<typeof createProbeRunner>,
): Promise<number | undefined> {
  const { count, size } = lists.paging;
  if (count === undefined) return undefined;
  const call = toLabel(count.request(list));
  if (call === toLabel(list)) return undefined;
  const impact = `histories of more than ${size} records`;
  return probes.run({ call, isNeeded: true, impact }, () => readCount(client, count, list));
}

async function probeDetails<Item extends PlatformRecord>(
  { client, lists: { details } }: ProbeInput<Item>,
  probes: ReturnType<typeof createProbeRunner>,
  records: readonly Item[] | undefined,
): Promise<void> {
  if (details === undefined) return;
  const call = { call: detailsLabel(details), isNeeded: details.isRequired, impact: details.impact };
  const record = records?.find((one) => details.isNeeded(one)) ?? records?.[0];
  if (record === undefined) probes.skip(call, 'there is no record to ask for');
  else await probes.run(call, () => readPage(client, details.paging, details.request(record)));
}

async function probeNames(
  client: ListClient,
  list: NameList | undefined,
  probes: ReturnType<typeof createProbeRunner>,
) {
  if (list === undefined) return undefined;
  const call = { call: toLabel(list.request), isNeeded: false, impact: list.impact };
  return probes.run(call, async () => {
    const { records, total, next } = await readPage(client, list.paging, list.request);
    const names = parseRecords(list.record, records, call.call).records;
    const count = total ?? names.length;
    return { names, total: count, isAll: next === undefined, pages: pagesOf(count, list.paging.size) };
  });
}

interface Expected {
  readonly expected: number;
  readonly isExact: boolean;
  /** The first page of each list of open records. */
  readonly open: readonly ListedPage[];
  /** How long the history is. */
  readonly historyMs: number;
  readonly sessionRequests: number;
  readonly namePages: number;
  /** Share of records that need their details. */
  readonly detailed: number;
}

/** A poll reads what changed and what is open, and the names once an hour; a first sync all pages and the details. */
function estimate<Item extends PlatformRecord>(
  { paging: { size, count }, longestRangeMs }: IncidentLists<Item>,
  { expected, isExact, historyMs, open, sessionRequests, namePages, detailed }: Expected,
): RequestEstimate {
  // A list of more than one page is counted before more of it is read.
  const counting = count === undefined ? 0 : 1;
  const openPages = open.reduce(
    (sum, { next, total }) => sum + (next === undefined ? 1 : counting + pagesOf(total ?? 2 * size, size)),
    0,
  );
  const ranges = longestRangeMs === undefined ? 1 : Math.max(1, Math.ceil(historyMs / longestRangeMs));
  const pagesOfRange = pagesOf(expected / ranges, size);
  const historyPages = ranges * (pagesOfRange + (pagesOfRange > 1 ? counting : 0));
  return {
    perPoll: sessionRequests + 1 + openPages,
    perHour: namePages,
    firstSync: sessionRequests + namePages + historyPages + openPages + Math.ceil(expected * detailed),
    isExact: isExact && detailed === 0,
    rateLimitCount: 1,
  };
}

/** A list costs one request even when it is empty. */
function pagesOf(count: number, size: number): number {
  return Math.max(1, Math.ceil(count / size));
}
