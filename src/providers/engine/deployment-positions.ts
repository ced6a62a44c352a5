import { toEnvironment } from '../../config/deployments.ts';
import type { DeploymentSettings } from '../../config/types.ts';
import type { Deployment, UnreadDeployment } from '../../model/deployment.ts';
import type { Rejection } from '../../model/incident.ts';
import { DAY_MS } from '../../model/time.ts';
import { changesFromMs, nextCursorMs } from '../change-cursor.ts';
import type { UncomparedRepository } from './comparisons.ts';
import type { DeploymentCursor, RepositoryPosition } from './deployment-cursor.ts';
import type {
  DeploymentRecord,
  DeploymentSource,
  Repository,
  RepositoryPage,
  RepositoryRequest,
  UnfinishedDeployment,
} from './deployment-source.ts';

/** A deployment that has not ended by then will not: GitHub ends those that wait for an approval after 30 days. */
const UNFINISHED_MAX_MS = 35 * DAY_MS;
/** Unfinished deployments of one repository that are asked for again: more are a pipeline that never reports an end. */
const UNFINISHED_MAX = 200;

/** A list is read for the history of a repository, or for what is new. */
export type ListKind = 'history' | 'changes';

/** A record and the repository that it is of. */
export interface FoundRecord {
  readonly repositoryId: string;
  readonly record: DeploymentRecord;
}

type ReadPage = Exclude<RepositoryPage, { readonly refused: string }>;

interface PositionsInput {
  readonly cursor: DeploymentCursor;
  readonly repositories: readonly Repository[];
  readonly source: Pick<DeploymentSource, 'order' | 'readAgain'>;
  readonly settings: DeploymentSettings;
  readonly nowMs: number;
  readonly comparesCommits: boolean;
}

/** Where the reading of each repository stands in one poll. */
export class Positions {
  readonly #input: PositionsInput;
  readonly #current: ReadonlyMap<string, Repository>;
  /** By the platform's id of the repository. */
  readonly #positions: Map<string, RepositoryPosition>;
  /** Deployments that this poll has read. */
  readonly #seen = new Set<string>();
  /** Repositories that this poll has read, and those that the platform refused. */
  readonly #read = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(input: PositionsInput) {
    this.#input = input;
    this.#current = new Map(input.repositories.map((one) => [one.id, one]));
    this.#positions = new Map(Object.entries(input.cursor.repositories));
  }

  toCursor(): DeploymentCursor['repositories'] {
    return Object.fromEntries(this.#positions);
  }

  /** The name under which the repository was first seen. */
  nameOf({ id, name }: Repository): string {
    return this.#positions.get(id)?.name ?? name;
  }

  /** The requests that read what is left of the histories. */
  histories(): readonly RepositoryRequest[] {
    const fromMs = this.#input.cursor.wantedStartMs;
    return [...this.#current.values()].flatMap((repository): RepositoryRequest[] => {
      const token = this.#positions.get(repository.id)?.history;
      return token === undefined ? [] : [{ repository, fromMs, isHistory: true, ...(token === '' ? {} : { token }) }];
    });
  }

  /** The requests that read what is new. */
  changes(): readonly RepositoryRequest[] {
    const { source, nowMs } = this.#input;
    return [...this.#current.values()].flatMap((repository): RepositoryRequest[] => {
      const { newestMs, history } = this.#positions.get(repository.id) ?? {};
      // A list by change is being read from its beginning already.
      const isBehind = history !== undefined && source.order === 'change';
      return newestMs === undefined || isBehind ? [] : [{ repository, fromMs: changesFromMs(newestMs, nowMs) }];
    });
  }

  /** Unfinished deployments that this poll has not read. */
  unfinished(): readonly UnfinishedDeployment[] {
    return [...this.#positions].flatMap(([repositoryId, position]) => {
      const repository = this.#current.get(repositoryId);
      const left = Object.entries(position.unfinished).filter(([id]) => !this.#seen.has(id));
      return repository === undefined ? [] : left.map(([id, [key]]) => ({ repository, id, key }));
    });
  }

  /** The records of a page that are wanted. */
  select(asked: RepositoryRequest, records: readonly DeploymentRecord[]): readonly FoundRecord[] {
    const { unfinished = {} } = this.#positions.get(asked.repository.id) ?? {};
    const wanted = records.filter((one) => unfinished[one.id] !== undefined || isWanted(one, asked));
    return wanted.map((record) => ({ repositoryId: asked.repository.id, record }));
  }

  /** The deployments of records, those in environments that are not read apart. */
  take(found: readonly FoundRecord[]): {
    readonly deployments: Deployment[];
    readonly unreadDeployments: UnreadDeployment[];
    readonly rejected: Rejection[];
  } {
    const { source, settings, nowMs, comparesCommits } = this.#input;
    const deployments: Deployment[] = [];
    const unreadDeployments: UnreadDeployment[] = [];
    const rejected: Rejection[] = [];
    for (const { repositoryId, record } of found) {
      const position = this.#positions.get(repositoryId);
      if (position === undefined) continue;
      this.#seen.add(record.id);
      const isRead = toEnvironment(settings.environments, record.environment) !== undefined;
      const isValid = !endsBeforeStart(record);
      const keeps = isRead && source.readAgain !== undefined;
      const known = rememberUnfinished(position, record, { keeps, nowMs });
      const compares = isRead && isValid && comparesCommits;
      this.#positions.set(repositoryId, compares ? rememberUncompared(known, record) : known);
      if (!isRead) unreadDeployments.push({ id: record.id, environment: record.environment });
      else if (!isValid) rejected.push(toNegative(record));
      else deployments.push(toDeployment(record, position.name, this.#current.get(repositoryId)?.serviceName));
    }
    return { deployments, unreadDeployments, rejected };
  }

  /** Moves behind a page; the request for the next one where there is more. */
  move(asked: RepositoryRequest, page: ReadPage, kind: ListKind): RepositoryRequest | undefined {
    const { id } = asked.repository;
    const position = this.#positions.get(id);
    this.#read.add(id);
    if (position === undefined) return undefined;
    const times = page.records.map(({ listedAtMs }) => listedAtMs);
    const isPast = this.#input.source.order === 'creation' && times.some((ms) => ms < asked.fromMs);
    const next = isPast ? undefined : page.next;
    const left = kind === 'history' ? next : position.history;
    const behind = moved(position, times, asked.fromMs);
    this.#positions.set(id, left === undefined ? behind : { ...behind, history: left });
    return next === undefined ? undefined : { ...asked, token: next };
  }

  /** The platform refuses the repository now: later polls continue where it was read last. */
  refuse({ id }: Repository): void {
    this.#refused.add(id);
  }

  /** True when every repository that was asked for was refused. */
  isAllRefused(): boolean {
    return this.#read.size === 0 && this.#refused.size > 0;
  }

  /** Repositories with successes that may lack comparisons. */
  uncompared(): readonly UncomparedRepository[] {
    return [...this.#positions].flatMap(([id, { name, uncomparedMs: fromMs }]) =>
      fromMs === undefined || !this.#current.has(id) ? [] : [{ name, fromMs }],
    );
  }

  /** The repository of that name lacks none any more. */
  compared(name: string): void {
    for (const [id, { uncomparedMs: _, ...position }] of this.#positions) {
      if (position.name === name) this.#positions.set(id, position);
    }
  }

  /** The platform no longer has it. */
  forget(deploymentId: string): void {
    for (const [id, position] of this.#positions) {
      const { [deploymentId]: _, ...unfinished } = position.unfinished;
      this.#positions.set(id, { ...position, unfinished });
    }
  }

  /** The first sync is over: later polls continue from when it began, as what changed since was perhaps read before. */
  endFirstSync(polledUntilMs: number): void {
    for (const [id, position] of this.#positions) {
      const newestMs = Math.min(position.newestMs ?? polledUntilMs, polledUntilMs);
      this.#positions.set(id, { ...position, newestMs });
    }
  }

  /** A later poll is over: positions do not fall far behind the time without anything new. */
  endPoll(): void {
    const { cursor, nowMs } = this.#input;
    for (const [id, position] of this.#positions) {
      const { newestMs } = position;
      if (newestMs === undefined || !this.#read.has(id) || this.#refused.has(id)) continue;
      const beforeMs = cursor.repositories[id]?.newestMs ?? newestMs;
      this.#positions.set(id, { ...position, newestMs: nextCursorMs(beforeMs, newestMs, nowMs) });
    }
  }
}

/** The position behind records of these times; an empty list is read up to where it begins. */
function moved(position: RepositoryPosition, times: readonly number[], fromMs: number): RepositoryPosition {
  const { history: _, newestMs = fromMs, ...rest } = position;
  return { ...rest, newestMs: times.reduce((newest, ms) => Math.max(newest, ms), newestMs) };
}

/** What ended before the wanted time is not read; what runs still is. */
function isWanted({ finishedAtMs, listedAtMs }: DeploymentRecord, { fromMs }: RepositoryRequest): boolean {
  return Math.max(finishedAtMs ?? Number.POSITIVE_INFINITY, listedAtMs) >= fromMs;
}

/** With the record among the unfinished ones while it runs, and without it when it has ended. */
function rememberUnfinished(
  position: RepositoryPosition,
  record: DeploymentRecord,
  { keeps, nowMs }: { readonly keeps: boolean; readonly nowMs: number },
): RepositoryPosition {
  const { [record.id]: _, ...others } = position.unfinished;
  const isRunning = record.outcome === undefined && record.startedAtMs > nowMs - UNFINISHED_MAX_MS;
  if (!keeps || !isRunning) return { ...position, unfinished: others };
  const entries = Object.entries({ ...others, [record.id]: [record.key ?? record.id, record.startedAtMs] as const });
  const newest = entries.toSorted(([, a], [, b]) => b[1] - a[1]).slice(0, UNFINISHED_MAX);
  return { ...position, unfinished: Object.fromEntries(newest.map(([id, [key, ms]]) => [id, [key, ms]])) };
}

/** A success may lack the comparison with the one before it. */
function rememberUncompared(position: RepositoryPosition, record: DeploymentRecord): RepositoryPosition {
  const { outcome, sha, finishedAtMs } = record;
  if (outcome !== 'success' || sha === undefined || finishedAtMs === undefined) return position;
  return { ...position, uncomparedMs: Math.min(finishedAtMs, position.uncomparedMs ?? finishedAtMs) };
}

function endsBeforeStart({ startedAtMs, finishedAtMs = startedAtMs }: DeploymentRecord): boolean {
  return finishedAtMs < startedAtMs;
}

function toNegative({ id, startedAtMs, finishedAtMs = startedAtMs }: DeploymentRecord): Rejection {
  const [from, to] = [startedAtMs, finishedAtMs].map((ms) => new Date(ms).toISOString());
  return { id, key: id, reason: 'negative_duration', detail: `ended ${to} before it started ${from}` };
}

function toDeployment(record: DeploymentRecord, repository: string, serviceName?: string): Deployment {
  const { key: _key, listedAtMs: _listedAtMs, ...rest } = record;
  return { ...rest, repository, serviceName: serviceName ?? repository.slice(repository.lastIndexOf('/') + 1) };
}
