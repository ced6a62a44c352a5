import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';
import type { SimulatedEvent, SimulatedIncident, World } from './world.ts';

/** What a platform shows of an incident at one time. */
export interface IncidentState {
  readonly incident: SimulatedIncident;
  /** Index in the world; for whatever has to differ from record to record. */
  readonly number: number;
  /** What has happened by now, in order of time. */
  readonly events: readonly SimulatedEvent[];
  readonly isOpen: boolean;
  readonly isMerged: boolean;
  readonly isAcknowledged: boolean;
  /** First acknowledgement. */
  readonly acknowledgedAtMs: number | undefined;
  /** Last end, while it is over. */
  readonly endedAtMs: number | undefined;
  readonly updatedAtMs: number;
}

/** One page of a list. */
export interface FakePage {
  readonly records: readonly unknown[];
  readonly total: number;
  /** Of the first record. */
  readonly offset: number;
  readonly size: number;
  /** Id of the last record while there are more. */
  readonly lastId: string | undefined;
}

/** Which part of a list is requested: from an offset, or after an id. */
export interface PageRequest {
  readonly size: number;
  readonly offset?: number;
  readonly afterId?: string | undefined;
}

/** One list of incidents. */
export interface FakeList {
  readonly path: string;
  /** It shows what was so long ago. */
  readonly lagMs?: number;
  /** Throws Refusal for what the platform refuses. */
  filter(query: URLSearchParams, nowMs: number): (state: IncidentState) => boolean;
  /** Ascending by this, or descending. */
  sort(query: URLSearchParams): { readonly by: (state: IncidentState) => number; readonly isDescending: boolean };
  page(query: URLSearchParams): PageRequest;
  record(state: IncidentState): unknown;
  body(page: FakePage, request: SeenRequest): unknown;
  /** Where the platform tells of the other pages in headers. */
  headers?(page: FakePage, request: SeenRequest): Readonly<Record<string, string>>;
}

/** A platform as a table: its list of incidents, one by id, and further routes. */
export interface TableFake {
  isAuthorized(request: SeenRequest): boolean;
  readonly unauthorized: FakeAnswer;
  readonly notFound: FakeAnswer;
  readonly forbidden: FakeAnswer;
  /** What the platform says over its limit. */
  throttled(resetSeconds: number): FakeAnswer;
  /** Only these requests count for the limit of the options; all without it. */
  isLimited?(request: SeenRequest): boolean;
  readonly list: FakeList;
  /** Further lists of the same incidents. */
  readonly moreLists?: readonly FakeList[];
  /** Its first group is the id. */
  readonly one: { readonly path: RegExp; body(state: IncidentState): unknown };
  /** Lists of one incident, such as its log; the first group is the id, or `id` gives it. */
  readonly details?: {
    readonly path: RegExp;
    id?(request: SeenRequest): string;
    body(state: IncidentState, request: SeenRequest): unknown;
  };
  /** Other lists, by path. */
  readonly others?: Readonly<Record<string, (world: World) => unknown>>;
}

/** A refusal of the platform, thrown inside a fake and sent as it is. */
export class Refusal extends Error {
  readonly answer: FakeAnswer;

  constructor(answer: FakeAnswer) {
    super('refused');
    this.answer = answer;
  }
}

/** Starts a fake on loopback that shows what has happened in `world` by its own now, as `table` says. */
export function startTableFake(table: TableFake, world: World, options: FakeOptions): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  const answer = (request: SeenRequest): FakeAnswer => {
    if (!table.isAuthorized(request)) return table.unauthorized;
    if (request.method !== 'GET') return table.notFound;
    try {
      return route(table, { request, world, nowMs: nowMs(), hasDuplicates: options.duplicates === true });
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  };
  const throttled = (resetSeconds: number) => {
    const { headers, ...bare } = table.throttled(resetSeconds);
    return options.bareThrottling === true || headers === undefined ? bare : { ...bare, headers };
  };
  const isLimited = (request: SeenRequest) => table.isLimited?.(request) ?? true;
  return startFake({ answer, throttled, isLimited }, options);
}

interface Visit {
  readonly request: SeenRequest;
  readonly world: World;
  readonly nowMs: number;
  readonly hasDuplicates: boolean;
}

function route(table: TableFake, visit: Visit): FakeAnswer {
  const { request, world } = visit;
  const list = [table.list, ...(table.moreLists ?? [])].find(({ path }) => path === request.path);
  if (list !== undefined) return listAnswer(list, visit);
  const other = table.others?.[request.path];
  if (other !== undefined) return { status: 200, body: other(world) };
  const one = table.one.path.exec(request.path);
  const found = table.details?.path.exec(request.path) ?? undefined;
  const details = found === undefined ? undefined : table.details;
  const id = details?.id?.(request) ?? found?.[1] ?? one?.[1];
  const state = findState(visit, decodeURIComponent(id ?? ''));
  if (state === undefined) return table.notFound;
  if (state.incident.forbidden === true) return table.forbidden;
  return { status: 200, body: details === undefined ? table.one.body(state) : details.body(state, request) };
}

function listAnswer(list: FakeList, visit: Visit): FakeAnswer {
  const { request, hasDuplicates } = visit;
  const { size, offset = 0, afterId } = list.page(request.query);
  const isWanted = list.filter(request.query, visit.nowMs);
  const { by, isDescending } = list.sort(request.query);
  const found = statesAt({ ...visit, nowMs: visit.nowMs - (list.lagMs ?? 0) }).filter(
    (state) => state.incident.forbidden !== true && isWanted(state),
  );
  const sorted = found.toSorted((a, b) => (isDescending ? by(b) - by(a) : by(a) - by(b)));
  const from = afterId === undefined ? offset : sorted.findIndex(({ incident }) => incident.id === afterId) + 1;
  const shown = sorted.slice(from, from + size);
  const records = shown.map((state) => list.record(state));
  const lastId = from + size < sorted.length ? shown.at(-1)?.incident.id : undefined;
  // Every tenth record is there twice where that is wanted.
  const sent = hasDuplicates ? records.flatMap((one, index) => (index % 10 === 0 ? [one, one] : [one])) : records;
  const page = { records: sent, total: sorted.length, offset: from, size, lastId };
  return { status: 200, headers: list.headers?.(page, request) ?? {}, body: list.body(page, request) };
}

/** All incidents that the platform has by now. */
function statesAt({ world, nowMs }: Visit): IncidentState[] {
  return world.incidents.flatMap((incident, number) =>
    isThere(incident, nowMs) ? [stateAt(incident, number, nowMs)] : [],
  );
}

function findState({ world, nowMs }: Visit, id: string): IncidentState | undefined {
  const number = world.incidents.findIndex((incident) => incident.id === id);
  const incident = world.incidents[number];
  return incident !== undefined && isThere(incident, nowMs) ? stateAt(incident, number, nowMs) : undefined;
}

function isThere({ triggeredAtMs, shownAfterMs = 0, deletedAtMs }: SimulatedIncident, nowMs: number): boolean {
  return triggeredAtMs + shownAfterMs <= nowMs && nowMs < (deletedAtMs ?? Number.POSITIVE_INFINITY);
}

function stateAt(incident: SimulatedIncident, number: number, nowMs: number): IncidentState {
  const events = incident.events.filter(({ atMs }) => atMs + (incident.shownAfterMs ?? 0) <= nowMs);
  const end = events.findLast(({ kind }) => kind === 'resolve' || kind === 'merge' || kind === 'reopen');
  const acknowledgement = events.findLast(({ kind }) => kind === 'acknowledge' || kind === 'unacknowledge');
  const isOpen = end === undefined || end.kind === 'reopen';
  return {
    incident,
    number,
    events,
    isOpen,
    isMerged: end?.kind === 'merge',
    isAcknowledged: acknowledgement?.kind === 'acknowledge',
    acknowledgedAtMs: events.find(({ kind }) => kind === 'acknowledge')?.atMs,
    endedAtMs: isOpen ? undefined : end.atMs,
    updatedAtMs: Math.max(incident.triggeredAtMs, ...events.map(({ atMs }) => atMs)),
  };
}

/** A whole number between the bounds, or the default where the parameter is missing; else `refuse` is thrown. */
export function numberParam(
  query: URLSearchParams,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly default: number },
  refuse: (reason: string) => Refusal,
): number {
  const text = query.get(name);
  if (text === null) return bounds.default;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= bounds.min && value <= bounds.max) return value;
  throw refuse(`${name} must be between ${bounds.min} and ${bounds.max}`);
}

/** A time in milliseconds, or the default where the parameter is missing; else `refuse` is thrown. */
export function timeParam(
  query: URLSearchParams,
  name: string,
  missingMs: number,
  refuse: (reason: string) => Refusal,
): number {
  const text = query.get(name);
  if (text === null) return missingMs;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw refuse(`${name} must be a date and time`);
  return ms;
}
