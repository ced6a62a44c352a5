import { isVisible } from '../config/label-mapper.ts';
import type { Deployment } from '../model/deployment.ts';
import { clockStartMs, FLAGS, type IncidentLabels, type RecoveryRules, STATUSES } from '../model/stored.ts';
import { byFinish, isDeleted, type StoredDeployment, toDeployment } from './deployment-row.ts';
import type { StoreEngine } from './engine.ts';
import { type IncidentRow, incidentOf, number, text, timestamp } from './incident-row.ts';
import type { LedgerState } from './state.ts';
import type { OpenIncident, Store, StoredIncidents } from './store.ts';
import { findUnreadEnvironments } from './unread-environments.ts';

/** The methods of a store that change nothing. */
type Queries = Omit<
  Store,
  | 'configure'
  | 'load'
  | 'commit'
  | 'preview'
  | 'import'
  | 'importDeployments'
  | 'release'
  | 'prune'
  | 'exemplars'
  | 'isBroken'
  | 'close'
  | 'verify'
>;

/** The part of a store that changes nothing. */
export function createQueries(engine: StoreEngine, state: LedgerState): Queries {
  return {
    provider: (name) => state.provider(name),
    stored: (name) => storedIncidents(engine, state, name),
    idsSince: (name, sinceMs) => engine.incidents('listedSince', state.provider(name).row, sinceMs).map(idOf),
    labels: (dimensionsRow) => state.labels(dimensionsRow),
    renamedService: (dimensionsRow) => state.mapped(dimensionsRow)?.service,
    deploymentLabels: (subjectRow) => state.deploymentLabels(subjectRow),
    labelSets: () => state.labelSets.values().filter(({ provider }) => state.isRead(provider)),
    counters: () => state.counters.values(),
    unmappedSeverities: () => {
      const found = new Map<string, { provider: string; value: string }>();
      for (const row of state.dimensionsInUse()) {
        const value = state.mapped(row)?.severity.unmapped?.value;
        const { provider } = state.dimensions(row);
        if (value !== undefined) found.set(JSON.stringify([provider, value]), { provider, value });
      }
      return [...found.values()];
    },
    unreadEnvironments: (name) => findUnreadEnvironments(state, name),
    openIncidents: (limit) => openIncidents(engine, state, limit),
    backlog: (name) => {
      const rows = state.dimensionsInUse((provider) => provider === name);
      const held = rows.reduce((sum, row) => sum + (state.incidents.get(row) ?? 0), 0);
      return { held, waiting: engine.rejectedIds(state.provider(name).row).length };
    },
    servicesOverflowed: () => state.overflowed.size,
    sizeBytes: () => engine.sizeBytes(),
  };
}

/** What a provider may ask about its own past. */
export function storedIncidents(engine: StoreEngine, state: LedgerState, name: string): StoredIncidents {
  const { row: provider } = state.provider(name);
  const read = (row: IncidentRow) => incidentOf(row, state.dimensions(number(row, 'facet')));
  return {
    incidents: (ids) =>
      new Map(ids.flatMap((id) => engine.incidents('byId', provider, id).map((row) => [id, read(row)] as const))),
    openIds: () => engine.incidents('open', provider).map(idOf),
    rejectedIds: () => engine.rejectedIds(provider),
    stateChanges: (subjects) => new Map(subjects.map((subject) => [subject, engine.stateChanges(provider, subject)])),
    bySubject: (subjects) =>
      new Map(
        subjects.map((subject) => {
          const rows = engine.incidents('bySubject', provider, subject);
          return [subject, rows.filter((row) => (number(row, 'marks') & FLAGS.deleted) === 0).map(read)];
        }),
      ),
    ...storedDeployments(engine, state, provider),
  };
}

/** A stored deployment with the names of its subject. */
export function namedDeployment(state: LedgerState, stored: StoredDeployment): Deployment {
  const subject = state.subject(stored.subject);
  const { repository, environment } = subject;
  return toDeployment(stored, { repository, environment, serviceName: state.serviceName(subject) });
}

type StoredDeployments = Pick<
  StoredIncidents,
  'deployments' | 'deploymentsOf' | 'unfinishedDeployments' | 'comparisons'
>;

function storedDeployments(engine: StoreEngine, state: LedgerState, provider: number): StoredDeployments {
  const read = (stored: StoredDeployment) => namedDeployment(state, stored);
  const ofSubject = (subject: number, sinceMs: number) => {
    const [last] = engine.deployments('successesUntil', subject, sinceMs - 1, 1);
    const since = engine.deployments('finishedBetween', subject, sinceMs, Number.MAX_SAFE_INTEGER);
    const unfinished = engine.deployments('unfinishedOf', subject, provider);
    return [...(last === undefined ? [] : [last]), ...since.sort(byFinish), ...unfinished];
  };
  return {
    deployments: (ids) => {
      const found = ids.flatMap((id) => engine.deployments('byId', provider, id)).filter((one) => !isDeleted(one));
      return new Map(found.map((one) => [one.id, read(one)]));
    },
    deploymentsOf: (repositories, sinceMs) => {
      const subjects = Map.groupBy(state.subjectsOf(provider), ({ repository }) => repository);
      return new Map(
        repositories.map((repository) => {
          const rows = subjects.get(repository)?.map(({ row }) => row) ?? [];
          return [repository, rows.flatMap((row) => ofSubject(row, sinceMs)).map(read)];
        }),
      );
    },
    unfinishedDeployments: () => engine.deployments('unfinished', provider).map(read),
    comparisons: (pairs) => pairs.flatMap((pair) => engine.comparison(provider, pair) ?? []),
  };
}

function openIncidents(engine: StoreEngine, state: LedgerState, limit: number): ReturnType<Store['openIncidents']> {
  const oldest: OpenIncident[] = [];
  let total = 0;
  for (const row of engine.incidents('openOfAll')) {
    const labels = state.labels(number(row, 'facet'));
    if (labels === undefined || !isCounted(state, row, labels)) continue;
    total += 1;
    if (oldest.length < limit) oldest.push(toOpenIncident(row, labels, state.settings));
  }
  return { oldest, total };
}

function isCounted(state: LedgerState, row: IncidentRow, labels: IncidentLabels): boolean {
  const labelMapper = state.labelMapper(labels.provider);
  if (labelMapper === undefined || !state.isRead(labels.provider)) return false;
  return isVisible(
    { flags: number(row, 'marks'), title: text(row, 'title'), recoveryMs: undefined },
    labels,
    labelMapper,
  );
}

function toOpenIncident(row: IncidentRow, labels: IncidentLabels, rules: RecoveryRules): OpenIncident {
  const { provider, service, severity, targetMs } = labels;
  const triggeredAtMs = number(row, 'triggered_ms');
  return {
    provider,
    service,
    severity,
    id: idOf(row),
    url: text(row, 'url'),
    status: STATUSES[number(row, 'status')] ?? 'triggered',
    triggeredAtMs,
    clockStartMs: clockStartMs({ triggeredAtMs, startedAtMs: timestamp(row, 'started_ms') }, rules),
    targetMs,
  };
}

function idOf(row: IncidentRow): string {
  return text(row, 'id') ?? '';
}
