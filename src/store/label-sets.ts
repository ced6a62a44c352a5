import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type GroupName,
  type Histogram,
  type LabelGroups,
  type LabelSet,
  newGroup,
  type SetLabels,
  setKey,
  type TimingsGroup,
} from './label-set.ts';

/** What decides the shape of the cumulative families; a change of it restarts what it concerns. */
export interface Shape {
  readonly bucketsMs: readonly number[];
  readonly detail: 'standard' | 'full';
  readonly team: boolean;
}

/**
 * Label sets with their totals. What a transaction changes is drafted and becomes visible (published) only after its
 * commit, so nobody ever reads a total that a crash could take back.
 */
export class LabelSets {
  readonly #byKey = new Map<string, LabelSet>();
  readonly #keyOfRow = new Map<number, string>();
  readonly #drafts = new Map<string, LabelSet>();
  readonly #dropped = new Set<string>();
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  #lastRow = 0;

  constructor(database: DatabaseSync) {
    for (const row of database.prepare('SELECT * FROM label_sets ORDER BY row').all()) this.#keep(readSet(row));
    // The ledger names sets by row: that of a set that left must not become another's.
    const last = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'label_sets'").get();
    this.#lastRow = Number(last?.['seq'] ?? 0);
    this.#put = database.prepare(
      `INSERT INTO label_sets (row, kind, provider, service, severity, team, groups) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (row) DO UPDATE SET groups = excluded.groups`,
    );
    this.#remove = database.prepare('DELETE FROM label_sets WHERE row = ?');
  }

  /** All published sets. */
  all(): IterableIterator<LabelSet> {
    return this.#byKey.values();
  }

  /** The set to be changed in this transaction, born now at zero when it is new. */
  draft(labels: SetLabels, nowMs: number, shape: Shape): LabelSet {
    const key = setKey(labels);
    const drafted = this.#drafts.get(key);
    if (drafted !== undefined) return drafted;
    const known = this.#dropped.has(key) ? undefined : this.#byKey.get(key);
    const set = known === undefined ? this.#newSet(labels, nowMs, shape) : copySet(known);
    this.#drafts.set(key, set);
    return set;
  }

  has(labels: SetLabels): boolean {
    const key = setKey(labels);
    return this.#drafts.has(key) || (this.#byKey.has(key) && !this.#dropped.has(key));
  }

  /** A published set by row, to be changed in this transaction. */
  draftRow(row: number): LabelSet | undefined {
    const key = this.#keyOfRow.get(row);
    const known = key === undefined ? undefined : (this.#drafts.get(key) ?? this.#byKey.get(key));
    if (key === undefined || known === undefined) return undefined;
    const draft = this.#drafts.get(key) ?? copySet(known);
    this.#drafts.set(key, draft);
    return draft;
  }

  /** Removes sets in this transaction. */
  drop(chosen: (set: LabelSet) => boolean): void {
    for (const [key, set] of this.#drafts) if (chosen(set)) this.#drafts.delete(key);
    for (const [key, set] of this.#byKey) if (chosen(set)) this.#dropped.add(key);
  }

  /** Writes the drafts; before COMMIT. */
  write(): void {
    for (const key of this.#dropped) this.#remove.run(this.#byKey.get(key)?.row ?? -1);
    for (const { row, kind, provider, service, severity, team, groups } of this.#drafts.values()) {
      this.#put.run(row, kind, provider, service, severity, team, JSON.stringify(groups));
    }
  }

  /** Makes the drafts visible; after COMMIT. */
  publish(): void {
    for (const key of this.#dropped) {
      this.#keyOfRow.delete(this.#byKey.get(key)?.row ?? -1);
      this.#byKey.delete(key);
    }
    for (const set of this.#drafts.values()) this.#keep(set);
    this.discard();
  }

  discard(): void {
    this.#dropped.clear();
    this.#drafts.clear();
  }

  #keep(set: LabelSet): void {
    const key = setKey(set);
    this.#byKey.set(key, set);
    this.#keyOfRow.set(set.row, key);
  }

  #newSet(labels: SetLabels, nowMs: number, shape: Shape): LabelSet {
    this.#lastRow += 1;
    const groups: LabelGroups = {};
    for (const name of groupNames(labels.kind, shape)) {
      Object.assign(groups, { [name]: newGroup(name, nowMs, shape.bucketsMs.length) });
    }
    const { kind, provider, service, severity, team } = labels;
    return { row: this.#lastRow, kind, provider, service, severity, team, groups };
  }
}

/** The groups that a set of this kind has under a shape. */
export function groupNames(kind: LabelSet['kind'], shape: Shape): readonly GroupName[] {
  if (kind === 'severity') return ['timings', 'changes'];
  return shape.detail === 'full' ? ['recovery', 'counts', 'timings', 'changes'] : ['recovery', 'counts'];
}

function copySet(set: LabelSet): LabelSet {
  const { recovery, counts, timings, changes } = set.groups;
  const groups: LabelGroups = {};
  if (recovery !== undefined) groups.recovery = { ...recovery, recovery: copyHistogram(recovery.recovery) };
  if (counts !== undefined) groups.counts = { ...counts };
  if (timings !== undefined) groups.timings = copyTimings(timings);
  if (changes !== undefined) groups.changes = { ...changes };
  return { ...set, groups };
}

function copyTimings(timings: TimingsGroup): TimingsGroup {
  return {
    ...timings,
    acknowledgement: copyHistogram(timings.acknowledgement),
    detection: copyHistogram(timings.detection),
    identification: copyHistogram(timings.identification),
    mitigation: copyHistogram(timings.mitigation),
  };
}

function copyHistogram({ sumMs, counts }: Histogram): Histogram {
  return { sumMs, counts: counts.slice() };
}

function readSet(row: Record<string, unknown>): LabelSet {
  const groups: LabelGroups = JSON.parse(String(row['groups']));
  return {
    row: Number(row['row']),
    kind: row['kind'] === 'severity' ? 'severity' : 'service',
    provider: String(row['provider']),
    service: String(row['service']),
    severity: String(row['severity']),
    team: String(row['team']),
    groups,
  };
}

/** Starts groups anew whose shape changed; returns what restarted, for the log. */
export function reshape(sets: LabelSets, change: { before: Shape; after: Shape; nowMs: number }): string[] {
  const { before, after, nowMs } = change;
  const restarted: string[] = [];
  if (before.team !== after.team) {
    sets.drop((set) => set.kind === 'service');
    restarted.push('team label: every family with a service label');
  }
  if (before.detail !== after.detail) {
    if (after.detail === 'full') sets.drop((set) => set.kind === 'severity');
    restarted.push('detail: acknowledgement, detection, identification, mitigation, escalation and reopening families');
  }
  const hasNewBuckets = JSON.stringify(before.bucketsMs) !== JSON.stringify(after.bucketsMs);
  if (hasNewBuckets) restarted.push('buckets: every histogram');
  for (const set of sets.all()) {
    const isDropped = set.kind === 'service' ? before.team !== after.team : after.detail === 'full';
    if (!isDropped) reshapeSet(sets, { set, after, nowMs, hasNewBuckets });
  }
  return restarted;
}

interface SetReshape {
  readonly set: LabelSet;
  readonly after: Shape;
  readonly nowMs: number;
  readonly hasNewBuckets: boolean;
}

function reshapeSet(sets: LabelSets, { set, after, nowMs, hasNewBuckets }: SetReshape): void {
  const wanted = groupNames(set.kind, after);
  const present = Object.keys(set.groups);
  const isSame = wanted.length === present.length && wanted.every((name) => present.includes(name));
  if (isSame && !hasNewBuckets) return;
  const draft = sets.draft(set, nowMs, after);
  for (const name of ['recovery', 'counts', 'timings', 'changes'] as const) {
    if (!wanted.includes(name)) delete draft.groups[name];
    const restarts = draft.groups[name] === undefined || (hasNewBuckets && (name === 'recovery' || name === 'timings'));
    if (wanted.includes(name) && restarts) {
      Object.assign(draft.groups, { [name]: newGroup(name, nowMs, after.bucketsMs.length) });
    }
  }
}
