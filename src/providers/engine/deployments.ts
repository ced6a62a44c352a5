import { toEnvironment } from '../../config/deployments.ts';
import type { DeploymentSettings } from '../../config/types.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Deployment } from '../../model/deployment.ts';
import type { Rejection } from '../../model/incident.ts';
import type { Page } from '../../model/poll.ts';
import { DAY_MS } from '../../model/time.ts';
import type { PollRequest } from '../provider.ts';
import { compareSuccesses } from './comparisons.ts';
import { type DeploymentCursor, decodeDeploymentCursor } from './deployment-cursor.ts';
import { type FoundRecord, type ListKind, Positions } from './deployment-positions.ts';
import {
  type DeploymentClient,
  type DeploymentSource,
  type RefusedRepository,
  type Repository,
  type RepositoryPage,
  type RepositoryRequest,
  UNKNOWN_RELATION,
} from './deployment-source.ts';

/** Requests at once (DESIGN: 4 per provider). */
const REQUESTS_CONCURRENT = 4;
/** A wanted history counts as longer when it begins so much earlier than the recorded one: `now - history` moves on. */
const LONGER_HISTORY_MS = DAY_MS;
/** Pages of histories that a later poll reads, for repositories that came later: it ends long before its deadline. */
const HISTORY_PAGES_PER_POLL = 100;
/** Comparisons that a later poll requests: it ends long before its deadline. */
const COMPARISONS_PER_POLL = 200;
/** Pages of one poll: more are a loop of the platform. */
const PAGES_MAX = 100_000;

/** What one poll works with. */
export interface DeploymentContext {
  readonly client: DeploymentClient;
  readonly source: DeploymentSource;
  readonly settings: DeploymentSettings;
  readonly request: PollRequest;
}

/** A poll under way. */
interface DeploymentPoll extends DeploymentContext {
  readonly repositories: readonly Repository[];
  readonly positions: Positions;
  readonly cursor: DeploymentCursor;
  /** Deployments that it read, which the store does not have yet. */
  readonly read: Map<string, Deployment>;
}

/** One poll of a source of deployments: the first sync, or what is new since the cursor. Failures are not paired here. */
export async function* pollDeployments(context: DeploymentContext): AsyncGenerator<Page> {
  const { client, source, settings, request } = context;
  const { nowMs } = request;
  request.signal.throwIfAborted();
  const { repositories, refused } = await source.repositories(client, nowMs);
  if (repositories.length === 0) throw new Error(describeNothing(refused));
  const stored = decodeDeploymentCursor(request.cursor) ?? beginCursor(context);
  const cursor = adapt(stored, repositories, context);
  const comparesCommits = source.compare !== undefined && settings.leadTime !== 'off';
  const given = { cursor, repositories, source, settings, nowMs, comparesCommits };
  const positions = new Positions(given);
  const poll: DeploymentPoll = { ...context, repositories, positions, cursor, read: new Map() };
  yield toPage(poll, { rejected: refused.map(toRefusal) });
  if (cursor.phase === 'history') yield* firstSync(poll);
  else yield* pollChanges(poll);
}

function describeNothing(refused: readonly RefusedRepository[]): string {
  const [first] = refused;
  if (first === undefined) return 'these credentials see nothing of what the configuration names';
  const of = refused.length === 1 ? first.name : `none of ${refused.length}, ${first.name} among them,`;
  return `${of} can be read: ${first.reason}`;
}

function beginCursor({ request, source }: DeploymentContext): DeploymentCursor {
  const { nowMs } = request;
  const historyStartMs = Math.max(request.historyStartMs, source.historyStartMs?.() ?? request.historyStartMs);
  return {
    source: 'deployments',
    phase: 'history',
    historyStartMs,
    wantedStartMs: historyStartMs,
    polledUntilMs: nowMs,
    readWith: [...source.readWith],
    repositories: {},
  };
}

/** The cursor with new repositories, and with histories to be read again where the configuration asks for more. */
function adapt(
  cursor: DeploymentCursor,
  found: readonly Repository[],
  { request, source }: DeploymentContext,
): DeploymentCursor {
  const canBeLonger = cursor.phase === 'polling' && source.historyStartMs === undefined;
  const isLonger = canBeLonger && request.historyStartMs < cursor.wantedStartMs - LONGER_HISTORY_MS;
  const isOther = cursor.readWith.join('\n') !== source.readWith.join('\n');
  const repositories = { ...cursor.repositories };
  for (const [id, position] of Object.entries(repositories)) {
    if (isLonger || isOther) repositories[id] = { ...position, history: '' };
  }
  for (const { id, name } of found) repositories[id] ??= { name, history: '', unfinished: {} };
  return {
    ...cursor,
    wantedStartMs: isLonger ? request.historyStartMs : cursor.wantedStartMs,
    // What lies ahead was written by a clock that was ahead.
    polledUntilMs: Math.min(cursor.polledUntilMs, request.nowMs),
    readWith: [...source.readWith],
    repositories,
  };
}

const ALL_REFUSED = 'the deployments of none of the repositories may be read with these credentials';

/** All histories, each page committed; then the comparisons of what was deployed. */
async function* firstSync(poll: DeploymentPoll): AsyncGenerator<Page> {
  const { positions, cursor } = poll;
  yield* readLists(poll, positions.histories(), { kind: 'history', pagesMax: PAGES_MAX });
  if (positions.isAllRefused()) throw new Error(ALL_REFUSED);
  yield* compare(poll, Number.POSITIVE_INFINITY);
  const { polledUntilMs, historyStartMs } = cursor;
  positions.endFirstSync(polledUntilMs);
  yield toPage(poll, { complete: { polledUntilMs, historyStartMs } }, { phase: 'polling' });
}

/** What is new, a part of histories that are missing, and what was unfinished. */
async function* pollChanges(poll: DeploymentPoll): AsyncGenerator<Page> {
  const { positions, cursor, request } = poll;
  yield* readLists(poll, positions.changes(), { kind: 'changes', pagesMax: PAGES_MAX });
  yield* readLists(poll, positions.histories(), { kind: 'history', pagesMax: HISTORY_PAGES_PER_POLL });
  if (positions.isAllRefused()) throw new Error(ALL_REFUSED);
  yield* readUnfinished(poll);
  yield* compare(poll, COMPARISONS_PER_POLL);
  positions.endPoll();
  const historyStartMs = positions.histories().length === 0 ? cursor.wantedStartMs : cursor.historyStartMs;
  yield toPage(poll, { complete: { polledUntilMs: request.nowMs, historyStartMs } }, { historyStartMs });
}

/** Reads lists until their end, or for so many pages; what is left of a history then is left to later polls. */
async function* readLists(
  poll: DeploymentPoll,
  requests: readonly RepositoryRequest[],
  { kind, pagesMax }: { readonly kind: ListKind; readonly pagesMax: number },
): AsyncGenerator<Page> {
  const { client, source } = poll;
  const readBatch = async (asked: readonly RepositoryRequest[]) => ({ asked, pages: await source.read(client, asked) });
  let queue = requests;
  let left = pagesMax;
  while (queue.length > 0 && left > 0) {
    const batches = chunk(queue, source.batch[kind]).slice(0, left);
    left -= batches.length;
    const next: RepositoryRequest[] = [];
    for await (const { asked, pages } of mapConcurrent(batches, REQUESTS_CONCURRENT, readBatch)) {
      const { page, following } = takeBatch(poll, { asked, pages, kind });
      next.push(...following);
      yield page;
    }
    queue = next;
  }
  if (queue.length > 0 && kind === 'changes') throw new Error(`more than ${pagesMax} pages of changes in one poll`);
}

interface Batch {
  readonly asked: readonly RepositoryRequest[];
  readonly pages: readonly RepositoryPage[];
  readonly kind: ListKind;
}

function takeBatch(
  poll: DeploymentPoll,
  { asked, pages, kind }: Batch,
): { page: Page; following: RepositoryRequest[] } {
  const { positions } = poll;
  const rejected: Rejection[] = [];
  const found: FoundRecord[] = [];
  const following: RepositoryRequest[] = [];
  for (const [index, request] of asked.entries()) {
    const page = pages[index];
    if (page === undefined) throw new Error('the platform has not answered for each repository that was asked for');
    if ('refused' in page) {
      positions.refuse(request.repository);
      rejected.push(toRefusal({ name: request.repository.name, reason: page.refused }));
      continue;
    }
    rejected.push(...page.rejected);
    found.push(...positions.select(request, page.records));
    const next = positions.move(request, page, kind);
    if (next !== undefined) following.push(next);
  }
  return { page: toFoundPage(poll, found, { rejected }), following };
}

async function* readUnfinished(poll: DeploymentPoll): AsyncGenerator<Page> {
  const { source, client, positions } = poll;
  const unfinished = positions.unfinished();
  if (source.readAgain === undefined || unfinished.length === 0) return;
  const { records, rejected, deletedIds } = await source.readAgain(client, unfinished);
  for (const id of deletedIds) positions.forget(id);
  yield toFoundPage(poll, records, { rejected, deletedDeploymentIds: deletedIds });
}

async function* compare(poll: DeploymentPoll, requestsMax: number): AsyncGenerator<Page> {
  const { source, client, settings, positions, read } = poll;
  const byName = new Map(poll.repositories.map((one) => [positions.nameOf(one), one]));
  const pages = compareSuccesses({
    repositories: positions.uncompared(),
    stored: poll.request.stored,
    read: [...read.values()],
    environmentOf: (name) => toEnvironment(settings.environments, name),
    compare: async (name, pair) => {
      const repository = byName.get(name);
      if (source.compare === undefined || repository === undefined) return UNKNOWN_RELATION;
      return source.compare(client, repository, pair);
    },
    requestsMax,
  });
  for await (const { done, ...page } of pages) {
    if (done !== undefined) positions.compared(done);
    yield toPage(poll, page);
  }
}

function toFoundPage(poll: DeploymentPoll, records: readonly FoundRecord[], more: Partial<Page>): Page {
  const { deployments, unreadDeployments, rejected } = poll.positions.take(records);
  for (const deployment of deployments) poll.read.set(deployment.id, deployment);
  return toPage(poll, { ...more, deployments, unreadDeployments, rejected: [...(more.rejected ?? []), ...rejected] });
}

function toPage(poll: DeploymentPoll, found: Partial<Page>, changed: Partial<DeploymentCursor> = {}): Page {
  const cursor = { ...poll.cursor, ...changed, repositories: poll.positions.toCursor() };
  const nothing = { incidents: [], stateChanges: [], rejected: [], deletedIds: [], replacedSubjects: [] };
  return { ...nothing, ...found, cursor: JSON.stringify(cursor) };
}

function toRefusal({ name, reason }: RefusedRepository): Rejection {
  return { key: `repository ${name}`, reason: 'forbidden', detail: `${name}: ${reason}` };
}

function chunk<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
