import type { DatabaseSync } from 'node:sqlite';
import { text, timestamp } from '../incident-row.ts';
import { type LabelGroups, type LabelSet, setKey } from '../label-sets.ts';
import {
  dimensionsKey,
  LedgerState,
  type StoredDimensions,
  type StoredProvider,
  type StoredSubject,
  serviceKey,
  subjectKey,
} from '../state.ts';
import type { StoredCounter } from '../store.ts';
import type { Tables } from './tables.ts';

type Row = Readonly<Record<string, unknown>>;

/** Reads everything that is kept in memory. */
export function loadState(database: DatabaseSync): LedgerState {
  const state = new LedgerState();
  const each = (sql: string): Iterable<Row> => database.prepare(sql).iterate();
  for (const row of each('SELECT * FROM providers ORDER BY row')) {
    const provider = readProvider(row);
    state.providers.set(provider.name, provider);
  }
  for (const row of each('SELECT * FROM services')) {
    const service = { providerRow: Number(row['provider']), id: String(row['id']), name: String(row['name']) };
    state.services.set(serviceKey(service.providerRow, service.id), { ...service, isListed: row['listed'] === 1 });
  }
  const dimensionsSql =
    'SELECT f.*, p.name AS provider_name FROM facets f JOIN providers p ON p.row = f.provider ORDER BY f.row';
  for (const row of each(dimensionsSql)) {
    const dimensions = readDimensions(row);
    state.dimensionsByRow.set(dimensions.row, dimensions);
    state.dimensionsRowByKey.set(dimensionsKey(dimensions), dimensions.row);
    state.lastDimensionsRow = dimensions.row;
  }
  const subjectsSql =
    'SELECT s.*, p.name AS provider_name FROM deployment_subjects s JOIN providers p ON p.row = s.provider ORDER BY s.row';
  for (const row of each(subjectsSql)) {
    const subject = readSubject(row);
    state.subjectsByRow.set(subject.row, subject);
    state.subjectRowByKey.set(subjectKey(subject), subject.row);
    state.lastSubjectRow = subject.row;
  }
  for (const row of each('SELECT name FROM admitted')) state.allocated.set(String(row['name']), true);
  for (const row of each('SELECT * FROM label_sets ORDER BY row')) {
    const set = readSet(row);
    state.labelSets.set(setKey(set), set);
  }
  for (const row of each('SELECT * FROM counters')) state.count(readCounter(row), Number(row['value']));
  const one = (sql: string) => database.prepare(sql).get()?.['value'];
  state.lastIncidentRow = Number(one('SELECT max(row) AS value FROM incidents') ?? 0);
  state.lastDeploymentRow = Number(one('SELECT max(row) AS value FROM deployments') ?? 0);
  // The ledger names sets by row: that of a set that left must not become another's.
  state.lastSetRow = Number(one("SELECT seq AS value FROM sqlite_sequence WHERE name = 'label_sets'") ?? 0);
  const layout = one("SELECT value FROM meta WHERE name = 'shape'");
  state.layout = typeof layout === 'string' ? JSON.parse(layout) : undefined;
  return state;
}

/** Writes what a fork changed. */
export function writeState({ prepare, put, remove }: Tables, state: LedgerState): void {
  for (const [, provider] of state.providers.changes()) {
    if (provider !== undefined) put('providers', providerCells(provider), ['row']);
  }
  for (const [key, service] of state.services.changes()) {
    const { providerRow, id } = service ?? state.services.getBase(key) ?? {};
    if (providerRow === undefined || id === undefined) continue;
    const keys = { provider: providerRow, id };
    if (service === undefined) remove('services', keys);
    else put('services', { ...keys, name: service.name, listed: Number(service.isListed) }, ['provider', 'id']);
  }
  for (const [row, dimensions] of state.dimensionsByRow.changes()) {
    if (dimensions === undefined) remove('facets', { row });
    else put('facets', dimensionsCells(dimensions));
  }
  for (const [row, subject] of state.subjectsByRow.changes()) {
    if (subject === undefined) remove('deployment_subjects', { row });
    else put('deployment_subjects', subjectCells(subject));
  }
  for (const [name, isAllocated] of state.allocated.changes()) {
    if (isAllocated === undefined) remove('admitted', { name });
    else put('admitted', { name }, ['name']);
  }
  for (const [key, set] of state.labelSets.changes()) {
    const before = state.labelSets.getBase(key);
    if (before !== undefined && before.row !== set?.row) remove('label_sets', { row: before.row });
    if (set === undefined) continue;
    const groups = groupsText(set.groups);
    // Nothing else of a set ever changes; tens of them are written with each commit.
    if (before?.row === set.row) prepare('UPDATE label_sets SET groups = ? WHERE row = ?').run(groups, set.row);
    else put('label_sets', { ...labelCells(set), groups });
  }
  for (const [, counter] of state.counters.changes()) {
    if (counter !== undefined) put('counters', { ...counter }, ['provider', 'name', 'label']);
  }
  if (state.hasNewLayout()) put('meta', { name: 'shape', value: JSON.stringify(state.layout) }, ['name']);
}

function providerCells(provider: StoredProvider) {
  return {
    row: provider.row,
    name: provider.name,
    counting_since_ms: provider.countingSinceMs ?? null,
    cursor: provider.cursor ?? null,
    synced: Number(provider.isSynced),
    asked_until_ms: provider.polledUntilMs ?? null,
    history_start_ms: provider.historyStartMs ?? null,
    filter: provider.filter ?? null,
    pruned_before_ms: provider.prunedBeforeMs ?? null,
    imported_from_ms: provider.importedFromMs ?? null,
    deployment_policy: provider.deploymentPolicy ?? null,
    counting_began_ms: provider.countingBeganMs ?? null,
  };
}

function readProvider(row: Row): StoredProvider {
  return {
    row: Number(row['row']),
    name: String(row['name']),
    countingSinceMs: timestamp(row, 'counting_since_ms'),
    cursor: text(row, 'cursor'),
    isSynced: Number(row['synced']) > 0,
    polledUntilMs: timestamp(row, 'asked_until_ms'),
    historyStartMs: timestamp(row, 'history_start_ms'),
    filter: text(row, 'filter'),
    prunedBeforeMs: timestamp(row, 'pruned_before_ms'),
    importedFromMs: timestamp(row, 'imported_from_ms'),
    deploymentPolicy: text(row, 'deployment_policy'),
    countingBeganMs: timestamp(row, 'counting_began_ms'),
  };
}

function dimensionsCells({ row, providerRow, serviceId, team, severity }: StoredDimensions) {
  const { priority = null, urgency = null, tag = null } = severity;
  return { row, provider: providerRow, service: serviceId, team, priority, urgency, tag };
}

/** A row of table `facets`, with `provider_name` beside its columns. */
function readDimensions(row: Row): StoredDimensions {
  return {
    row: Number(row['row']),
    provider: String(row['provider_name']),
    providerRow: Number(row['provider']),
    serviceId: String(row['service']),
    team: String(row['team']),
    severity: { priority: text(row, 'priority'), urgency: text(row, 'urgency'), tag: text(row, 'tag') },
  };
}

function subjectCells({ row, providerRow, repository, environment }: StoredSubject) {
  return { row, provider: providerRow, repository, environment };
}

/** A row of table `deployment_subjects`, with `provider_name` beside its columns. */
function readSubject(row: Row): StoredSubject {
  return {
    row: Number(row['row']),
    provider: String(row['provider_name']),
    providerRow: Number(row['provider']),
    repository: String(row['repository']),
    environment: String(row['environment']),
  };
}

function labelCells({ row, kind, provider, service, severity, environment, team }: LabelSet) {
  return { row, kind, provider, service, severity, environment: environment ?? null, team };
}

/** On disk the time of creation is called `bornMs`. */
type StoredGroups = Readonly<Record<string, { readonly bornMs: number }>>;

function groupsText(groups: LabelGroups): string {
  const stored = Object.entries(groups).map(([name, { createdAtMs, ...group }]) => [
    name,
    { bornMs: createdAtMs, ...group },
  ]);
  return JSON.stringify(Object.fromEntries(stored));
}

function parseGroups(text: string): LabelGroups & { counts?: { withinTarget?: number } } {
  const stored: StoredGroups = JSON.parse(text);
  const groups = Object.entries(stored).map(([name, { bornMs, ...group }]) => [
    name,
    { createdAtMs: bornMs, ...group },
  ]);
  return Object.fromEntries(groups);
}

const LABEL_SET_KINDS = ['service', 'severity', 'environment'] as const;

function readSet(row: Row): LabelSet {
  const groups = parseGroups(String(row['groups']));
  // Store version 1 kept the recoveries within the target beside the openings.
  if (groups.recovery !== undefined && groups.recovery.withinTarget === undefined) {
    // A target that had changed restarted the histogram alone then.
    const recoveries = groups.recovery.recovery.counts.reduce((sum, count) => sum + count, 0);
    groups.recovery.withinTarget = Math.min(groups.counts?.withinTarget ?? 0, recoveries);
  }
  delete groups.counts?.withinTarget;
  return {
    row: Number(row['row']),
    kind: LABEL_SET_KINDS.find((kind) => kind === row['kind']) ?? 'service',
    provider: String(row['provider']),
    service: String(row['service']),
    severity: String(row['severity']),
    environment: text(row, 'environment'),
    team: String(row['team']),
    groups,
  };
}

const COUNTERS: readonly StoredCounter['name'][] = [
  'revisions',
  'rejected',
  'unmapped',
  'clock_fallbacks',
  'unread_environments',
];

function readCounter(row: Row): Omit<StoredCounter, 'value'> {
  const name = COUNTERS.find((one) => one === row['name']) ?? 'unmapped';
  return {
    provider: String(row['provider']),
    name,
    label: String(row['label']),
  };
}
