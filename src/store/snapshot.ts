import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { LabelMapper } from '../config/label-mapper.ts';
import type { Deployment, DeploymentLabels, DeploymentSummary } from '../model/deployment.ts';
import { messageOf } from '../model/error-message.ts';
import type { Incident } from '../model/incident.ts';
import type { Dimensions, IncidentLabels, IncidentSummary } from '../model/stored.ts';
import { byFinish, isDeleted, type StoredDeployment, toSummary } from './deployment-row.ts';
import type { StoreEngine } from './engine.ts';
import { type IncidentRow, incidentOf, number, storedOf } from './incident-row.ts';
import { subjectText } from './pairing.ts';
import { namedDeployment, storedIncidents } from './queries.ts';
import { hasWaitingServices, reconcileServices } from './service-limit.ts';
import { createSqliteEngine } from './sqlite/engine.ts';
import { errorCode, isCorruption } from './sqlite/open.ts';
import { NewerStore, SCHEMA_VERSION, versionOf } from './sqlite/schema.ts';
import { type LedgerState, NO_SETTINGS } from './state.ts';
import type { ProviderState, StoredIncidents } from './store.ts';

/** SQLite's result code (sqlite.org/rescode.html). */
const SQLITE_READONLY = 8;

/** One incident with all that is known of it. */
export interface IncidentDetails {
  readonly provider: string;
  readonly stored: IncidentSummary;
  readonly incident: Incident;
}

/** The store at one point in time, read-only; an exporter may go on writing to it. */
export interface StoreSnapshot {
  /** Of the configured providers, in the order of the configuration. */
  readonly providers: readonly ProviderState[];
  /** Today's labels; undefined for dimensions of providers that are not configured or whose first sync is not complete. */
  labels(dimensionsRow: number): IncidentLabels | undefined;
  /** The platform's own values behind those labels. */
  dimensions(dimensionsRow: number): Dimensions;
  /** Today's labels of everything that incidents of these providers were ever called; filtered ones say `excluded`. */
  names(): readonly IncidentLabels[];
  /** Visits the incidents of these providers that are open or ended after `sinceMs`. */
  each(visit: (incident: IncidentSummary) => void, sinceMs?: number): void;
  /** Undefined for subjects that are not read, and of providers whose first sync is not complete. */
  deploymentLabels(subjectRow: number): DeploymentLabels | undefined;
  /** Today's labels of everything that was deployed. */
  deploymentNames(): readonly DeploymentLabels[];
  /** Visits the deployments of these providers. */
  eachDeployment(visit: (deployment: DeploymentSummary) => void): void;
  /** The deployments in these rows (`DeploymentSummary.row`) as the platform reported them; gone ones are left out. */
  deployments(rows: readonly number[]): readonly (Deployment & { readonly provider: string; readonly row: number })[];
  /** The deployments of one subject of incidents that ended between two times, both included, ascending by their ends. */
  deploymentsBetween(
    incident: { readonly provider: string; readonly subject: string },
    span: { readonly fromMs: number; readonly toMs: number },
  ): readonly Deployment[];
  /** All that is known of the incidents in these rows (`IncidentSummary.row`), in their order; gone ones are left out. */
  details(rows: readonly number[]): readonly IncidentDetails[];
  /** The incidents that a platform calls by this id: one at most of each provider. */
  find(id: string): readonly IncidentDetails[];
  close(): void;
}

interface SnapshotInput {
  readonly path: string;
  /** By provider name, in the order of the configuration. */
  readonly labelMappers: ReadonlyMap<string, LabelMapper>;
  readonly maxServices: number;
}

/** Opens a store read-only; throws when there is none, when it cannot be read, or when another version wrote it. */
export function openSnapshot(input: SnapshotInput): StoreSnapshot {
  const database = openReadOnly(input.path);
  try {
    return readSnapshot(database, input);
  } catch (error) {
    database.close();
    throw unreadable(input.path, error);
  }
}

/** The stored incidents of one provider, read-only. */
export interface ReadOnlyStore {
  readonly stored: Pick<StoredIncidents, 'incidents' | 'deployments'>;
  readonly isSynced: boolean;
  readonly historyStartMs: number | undefined;
  close(): void;
}

/** Opens a store read-only, as it is now; a file that does not exist is an empty store. An exporter may go on writing to it. */
export function openStoredIncidents(path: string, provider: string): ReadOnlyStore {
  if (!existsSync(path)) {
    const stored = { incidents: () => new Map(), deployments: () => new Map() };
    return { stored, isSynced: false, historyStartMs: undefined, close: () => undefined };
  }
  const database = openReadOnly(path);
  const engine = createSqliteEngine(database, path);
  const state = engine.loadState();
  const { isSynced, historyStartMs } = state.provider(provider);
  const stored = storedIncidents(engine, state, provider);
  return {
    stored: {
      incidents: (ids) => namingStore(path, () => stored.incidents(ids)),
      deployments: (ids) => namingStore(path, () => stored.deployments(ids)),
    },
    isSynced,
    historyStartMs,
    close: () => database.close(),
  };
}

/** One line that names the store: SQLite's message has no path. */
function unreadable(path: string, error: unknown): Error {
  if (error instanceof NewerStore) return error;
  const reason = messageOf(error);
  const help = isReadOnly(error) ? '; expected an exporter that runs on it, or the right to write in its folder' : '';
  return new Error(`cannot read the store ${path}: ${reason}${help}`, { cause: error });
}

/** Readers share memory with writers in a file beside the store (sqlite.org/wal.html#readonly); where none runs, it must be made. */
function isReadOnly(error: unknown): boolean {
  return errorCode(error) === SQLITE_READONLY;
}

/** The database of a store, read-only and as it is now; throws when there is none, or one of another version. */
function openReadOnly(path: string): DatabaseSync {
  if (!existsSync(path)) throw new Error(`there is no store at ${path}`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    // All later reads see the store as it is now.
    database.exec('BEGIN');
    const version = versionOf(database, path);
    if (version < SCHEMA_VERSION) {
      throw new Error(`it is of version ${version}; start the exporter once, which brings it to ${SCHEMA_VERSION}`);
    }
    return database;
  } catch (error) {
    database?.close();
    throw unreadable(path, error);
  }
}

function readSnapshot(database: DatabaseSync, { path, labelMappers, maxServices }: SnapshotInput): StoreSnapshot {
  const engine = createSqliteEngine(database, path);
  const state = engine.loadState();
  state.settings = { ...NO_SETTINGS, labelMappers, maxServices };
  state.relabel();
  // A configuration that changed since the exporter ran may have services without a label of their own yet; only then incidents are counted.
  if (hasWaitingServices(state)) {
    for (const [dimensionsRow, incidents] of engine.incidentsByDimensions())
      state.incidents.set(dimensionsRow, incidents);
    engine.eachDeployment((one) => {
      if (!isDeleted(one)) state.addDeployments(one.subject, 1);
    });
    reconcileServices(state, 0);
  }
  const providers = [...labelMappers.keys()].map((name) => state.provider(name));
  const labels = (dimensionsRow: number) =>
    state.isRead(state.dimensions(dimensionsRow).provider) ? state.labels(dimensionsRow) : undefined;
  const record = (row: IncidentRow): IncidentDetails => {
    const dimensions = state.dimensions(number(row, 'facet'));
    return { provider: dimensions.provider, stored: storedOf(row), incident: incidentOf(row, dimensions) };
  };
  return {
    providers,
    labels,
    dimensions: (row) => state.dimensions(row),
    names: () => [...state.dimensionsByRow.entries()].flatMap(([row]) => labels(row) ?? []),
    each: (visit, sinceMs) =>
      namingStore(path, () =>
        engine.eachIncident(
          (incident) => {
            if (labels(incident.dimensionsRow) !== undefined) visit(incident);
          },
          { isTitleWanted: state.isTitleWanted(), endedAfterMs: sinceMs },
        ),
      ),
    ...readDeployments(engine, state, path),
    details: (wanted) => wanted.flatMap((row) => engine.incidents('byRow', row)).map(record),
    find: (id) =>
      providers
        .filter(({ isSynced }) => isSynced)
        .flatMap(({ row }) => engine.incidents('byId', row, id))
        .map(record),
    close: () => database.close(),
  };
}

type DeploymentsOfSnapshot = Pick<
  StoreSnapshot,
  'deploymentLabels' | 'deploymentNames' | 'eachDeployment' | 'deployments' | 'deploymentsBetween'
>;

function readDeployments(engine: StoreEngine, state: LedgerState, path: string): DeploymentsOfSnapshot {
  const read = (one: StoredDeployment) => namedDeployment(state, one);
  const deploymentLabels = (row: number) =>
    state.isRead(state.subject(row).provider) ? state.deploymentLabels(row) : undefined;
  return {
    deploymentLabels,
    deploymentNames: () => state.subjectsByRow.values().flatMap(({ row }) => deploymentLabels(row) ?? []),
    eachDeployment: (visit) =>
      namingStore(path, () =>
        engine.eachDeployment((deployment) => {
          const { provider } = state.subject(deployment.subject);
          if (state.isRead(provider)) visit(toSummary(deployment));
        }),
      ),
    deployments: (wanted) =>
      wanted
        .flatMap((row) => engine.deployments('byRow', row))
        .map((one) => ({ ...read(one), provider: state.subject(one.subject).provider, row: one.row })),
    deploymentsBetween: ({ provider, subject }, { fromMs, toMs }) => {
      const rows = state.subjectsOf(state.provider(provider).row).filter((one) => subjectText(one) === subject);
      const found = rows.flatMap(({ row }) => engine.deployments('finishedBetween', row, fromMs, toMs));
      return found.sort(byFinish).map(read);
    },
  };
}

/** Damage inside the file shows only when that part is read: the error of SQLite gets the path of the store. */
function namingStore<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw isCorruption(error) ? unreadable(path, error) : error;
  }
}
