import type { RecoveryLimits } from '../config/types.ts';
import { type Comparison, DEPLOYMENT_FLAGS, type Deployment, type UnreadDeployment } from '../model/deployment.ts';
import type { Incident } from '../model/incident.ts';
import { Comparisons } from './comparisons.ts';
import type { RevisionReason } from './count.ts';
import { countChanges, countDeployment, type DeploymentCounting, toTimes } from './count-deployments.ts';
import { isDeleted, isSameDeployment, type StoredDeployment } from './deployment-row.ts';
import { DeploymentStream, type TouchedDeployment } from './deployment-stream.ts';
import type { CountedChange, DeploymentChanges, DeploymentReader } from './engine.ts';
import { pairDeployments, subjectText } from './pairing.ts';
import { ensureDeploymentSeries } from './series.ts';
import { allocateDeployed } from './service-limit.ts';

/** What a batch or an import says of deployments. */
export interface ReportedDeployments {
  readonly deployments?: readonly Deployment[] | undefined;
  readonly deletedDeploymentIds?: readonly string[] | undefined;
  readonly comparisons?: readonly Comparison[] | undefined;
  readonly unreadDeployments?: readonly UnreadDeployment[] | undefined;
  /** Everything is derived anew, whether it differs or not. */
  readonly isRefresh?: boolean | undefined;
}

/** The incidents of a subject whose anchors are later than `afterMs` and not later than `untilMs`, all of them. */
export interface PairedIncidents {
  readonly subject: string;
  readonly afterMs: number;
  readonly untilMs: number;
  readonly incidents: readonly Incident[];
}

/** What a decision makes of deployments. */
export interface DeploymentDecision {
  readonly changes: DeploymentChanges;
  readonly paired: readonly PairedIncidents[];
  /** Reported deployments of environments that are not read. */
  readonly unread: readonly UnreadDeployment[];
  readonly counts: {
    readonly added: number;
    readonly changed: number;
    readonly unchanged: number;
    readonly deleted: number;
  };
}

type DecisionInput = Omit<DeploymentCounting, 'countedChanges' | 'reader'> & { readonly reader: DeploymentReader };

/** Inserts or updates deployments, derives what follows for those around them, and counts what is due. */
export function decideDeployments(input: DecisionInput, reported: ReportedDeployments): DeploymentDecision {
  const work = new DeploymentWork(input);
  for (const deployment of reported.deployments ?? []) work.upsert(deployment);
  for (const id of reported.deletedDeploymentIds ?? []) work.markDeleted(id);
  for (const comparison of reported.comparisons ?? []) work.comparisons.add(comparison);
  if (input.provider.isSynced) work.touchPending();
  const paired = work.derive(reported.isRefresh === true);
  return { changes: work.changes(), paired, unread: work.unread, counts: work.counts };
}

/** The state of a decision while it is made. */
class DeploymentWork {
  readonly comparisons: Comparisons;
  readonly counts = { added: 0, changed: 0, unchanged: 0, deleted: 0 };
  readonly unread: UnreadDeployment[] = [];
  readonly #input: DecisionInput;
  readonly #counting: DeploymentCounting;
  readonly #countedChanges = new Map<string, CountedChange>();
  /** By id. */
  readonly #touched = new Map<string, TouchedDeployment>();
  /** Only what was derived of them changes; by row. */
  readonly #derived = new Map<number, StoredDeployment>();

  constructor(input: DecisionInput) {
    this.#input = input;
    this.#counting = { ...input, countedChanges: this.#countedChanges };
    this.comparisons = new Comparisons(input.reader, input.provider.row);
  }

  upsert(reported: Deployment): void {
    const { state, provider } = this.#input;
    if (state.environmentOf({ provider: provider.name, environment: reported.environment }) === undefined) {
      this.unread.push(reported);
      return;
    }
    const known = this.#find(reported.id);
    const subject = state.findSubjectRow(reported, provider);
    const after = {
      ...toContent(reported),
      ...toKept(known?.after),
      subject,
      row: known?.after.row ?? this.#nextRow(),
    };
    if (known !== undefined && !isNewer(reported, known.after)) {
      this.counts.unchanged += 1;
      return;
    }
    const flags = (after.flags & ~(DEPLOYMENT_FLAGS.deleted | DEPLOYMENT_FLAGS.imported)) | contentFlags(reported);
    if (known !== undefined && isSameDeployment({ ...after, flags }, known.after)) this.counts.unchanged += 1;
    else {
      this.counts[known === undefined ? 'added' : 'changed'] += 1;
      this.#put(known, { ...after, flags });
    }
  }

  markDeleted(id: string): void {
    const known = this.#find(id);
    if (known === undefined || isDeleted(known.after)) return;
    this.counts.deleted += 1;
    const flags = (known.after.flags | DEPLOYMENT_FLAGS.deleted) & ~DEPLOYMENT_FLAGS.pending;
    this.#put(known, { ...known.after, flags, changes: [] });
  }

  /** What could not be counted when it came. */
  touchPending(): void {
    const { reader, provider } = this.#input;
    for (const one of reader.deployments('pending', provider.row)) {
      if (!this.#touched.has(one.id)) this.#touched.set(one.id, { before: one, after: one });
    }
  }

  /** Derives and counts what the touched deployments change; returns their recoveries. */
  derive(isWhole: boolean): PairedIncidents[] {
    const { state } = this.#input;
    this.#countRevisions();
    for (const { before, after } of this.#touched.values()) this.#count(before, after);
    const subjects = this.#touchedSubjects(isWhole);
    const paired: PairedIncidents[] = [];
    for (const stream of this.#streams(subjects, isWhole)) {
      this.#deriveStream(stream.stream);
      for (const row of stream.subjects) if (subjects.has(row)) paired.push(this.#pair(stream.stream, row));
    }
    // An environment that is not read any more has no recoveries.
    for (const row of subjects) {
      const subject = state.subject(row);
      if (state.environmentOf(subject) !== undefined) continue;
      const { repository, environment } = subject;
      const text = subjectText({ repository, environment });
      paired.push({ subject: text, afterMs: Number.MIN_SAFE_INTEGER, untilMs: Number.MAX_SAFE_INTEGER, incidents: [] });
    }
    return paired;
  }

  changes(): DeploymentChanges {
    const written = new Map([...this.#touched.values()].map(({ before, after }) => [after.row, { before, after }]));
    const deployments: StoredDeployment[] = [];
    for (const { before, after } of written.values()) {
      const last = this.#derived.get(after.row) ?? after;
      if (before === undefined || !isSameDeployment(before, last)) deployments.push(last);
    }
    for (const one of this.#derived.values()) if (!written.has(one.row)) deployments.push(one);
    return { deployments, comparisons: this.comparisons.added(), countedChanges: [...this.#countedChanges.values()] };
  }

  #find(id: string): TouchedDeployment | undefined {
    const touched = this.#touched.get(id);
    if (touched !== undefined) return touched;
    const [stored] = this.#input.reader.deployments('byId', this.#input.provider.row, id);
    return stored === undefined ? undefined : { before: stored, after: stored };
  }

  #nextRow(): number {
    this.#input.state.lastDeploymentRow += 1;
    return this.#input.state.lastDeploymentRow;
  }

  #put(known: TouchedDeployment | undefined, after: StoredDeployment): void {
    const { state } = this.#input;
    if (known !== undefined && !isDeleted(known.after)) state.addDeployments(known.after.subject, -1);
    if (!isDeleted(after)) state.addDeployments(after.subject, 1);
    this.#touched.set(after.id, { before: known?.before, after });
  }

  /** A deployment is counted once; what was counted of it stays, and what changes about it then is a revision. */
  #countRevisions(): void {
    const { state, provider } = this.#input;
    for (const { before, after } of this.#touched.values()) {
      if (before === undefined || (before.flags & DEPLOYMENT_FLAGS.counted) === 0) continue;
      for (const label of findRevisions(before, after, (row) => state.deploymentLabels(row)?.renamedService)) {
        state.count({ provider: provider.name, name: 'revisions', label });
      }
    }
  }

  #count(before: StoredDeployment | undefined, after: StoredDeployment): void {
    const { state, provider, rules } = this.#input;
    if (provider.isSynced && !isDeleted(after)) {
      allocateDeployed(state, after.subject);
      const labels = state.deploymentLabels(after.subject);
      if (labels !== undefined) ensureDeploymentSeries(state, labels, rules.nowMs);
    }
    this.#touched.set(after.id, { before, after: { ...after, flags: countDeployment(this.#counting, after) } });
  }

  #touchedSubjects(isWhole: boolean): Set<number> {
    const { state, provider } = this.#input;
    const rows = new Set<number>();
    for (const { before, after } of this.#touched.values()) {
      rows.add(after.subject);
      if (before !== undefined) rows.add(before.subject);
    }
    if (!isWhole) return rows;
    for (const { row, providerRow } of state.subjectsByRow.values()) if (providerRow === provider.row) rows.add(row);
    return rows;
  }

  /** The streams of these subjects, and of the repositories of which commits were compared. */
  #streams(
    subjects: ReadonlySet<number>,
    isWhole: boolean,
  ): { readonly stream: DeploymentStream; readonly subjects: number[] }[] {
    const { state, provider, reader } = this.#input;
    const { comparisons } = this;
    const compared = new Set(comparisons.added().map(({ repository }) => repository));
    const ofProvider = state.subjectsOf(provider.row);
    const keyOf = (row: number) => {
      const subject = state.subject(row);
      const environment = state.environmentOf(subject);
      return environment === undefined ? undefined : JSON.stringify([subject.repository, environment]);
    };
    const wanted = new Set([...subjects].map(keyOf));
    const byStream = Map.groupBy(ofProvider, ({ row }) => keyOf(row));
    const touched = Map.groupBy(this.#touched.values(), ({ after }) => keyOf(after.subject));
    const moved = [...this.#touched.values()].filter(
      ({ before, after }) => before !== undefined && before.subject !== after.subject,
    );
    return [...byStream].flatMap(([key, [...members]]) => {
      const [{ repository } = { repository: '' }] = members;
      if (key === undefined || !(wanted.has(key) || compared.has(repository))) return [];
      const left = moved.filter(
        ({ before, after }) => keyOf(before?.subject ?? 0) === key && keyOf(after.subject) !== key,
      );
      const rows = members.map(({ row }) => row);
      const input = {
        reader,
        comparisons,
        repository,
        subjects: rows,
        touched: [...(touched.get(key) ?? []), ...left],
      };
      return [{ stream: new DeploymentStream({ ...input, isWhole }), subjects: rows }];
    });
  }

  #deriveStream(stream: DeploymentStream): void {
    const { state, provider } = this.#input;
    const isOff = state.labelMapper(provider.name)?.provider.deployments?.leadTime === 'off';
    for (const success of stream.affected()) {
      const { isRollback, changes } = isOff ? { isRollback: false, changes: [] } : stream.derive(success);
      countChanges(this.#counting, success, changes);
      const flags = isRollback ? success.flags | DEPLOYMENT_FLAGS.rollback : success.flags & ~DEPLOYMENT_FLAGS.rollback;
      const derived = { ...success, flags, changes: changes.map(toTimes) };
      if (!isSameDeployment(derived, success)) this.#derived.set(success.row, derived);
    }
  }

  #pair(stream: DeploymentStream, row: number): PairedIncidents {
    const { state, provider } = this.#input;
    const { fromMs, toMs, deployments } = stream.subject(row);
    const subject = state.subject(row);
    const names = { ...subject, serviceName: state.serviceName(subject) };
    const limits = state.labelMapper(provider.name)?.provider.recoveryLimits ?? NO_LIMITS;
    const incidents = pairDeployments(names, deployments, limits);
    return { subject: subjectText(names), afterMs: fromMs, untilMs: toMs, incidents };
  }
}

const NO_LIMITS: RecoveryLimits = { openWindowMs: undefined, flakyBelowMs: 0 };

function toContent({ id, ref, sha, startedAtMs, finishedAtMs, outcome, url, updatedAtMs }: Deployment) {
  return { id, ref, sha, startedAtMs, finishedAtMs, outcome, url, updatedAtMs };
}

/** What a new report of a deployment does not change. */
function toKept(known: StoredDeployment | undefined): Pick<StoredDeployment, 'flags' | 'changes'> {
  return { flags: known?.flags ?? 0, changes: known?.changes ?? [] };
}

function contentFlags({ imported }: Deployment): number {
  return imported === true ? DEPLOYMENT_FLAGS.imported : 0;
}

/**
 * The newer report of a deployment counts, whichever came first; at the same time an end counts more than none, and the first
 * one more than a later one. What a platform says counts more than a file.
 */
function isNewer(reported: Deployment, known: StoredDeployment): boolean {
  const isImported = reported.imported === true;
  const wasImported = (known.flags & DEPLOYMENT_FLAGS.imported) !== 0;
  if (isImported !== wasImported) return wasImported;
  if (reported.updatedAtMs !== known.updatedAtMs) return reported.updatedAtMs > known.updatedAtMs;
  const endOf = ({ finishedAtMs = Number.POSITIVE_INFINITY }: Pick<Deployment, 'finishedAtMs'>) => finishedAtMs;
  return endOf(reported) <= endOf(known);
}

function findRevisions(
  before: StoredDeployment,
  after: StoredDeployment,
  serviceOf: (subject: number) => string | undefined,
): RevisionReason[] {
  if (isDeleted(after)) return isDeleted(before) ? [] : ['deleted'];
  const reasons: RevisionReason[] = [];
  if (before.outcome !== after.outcome) reasons.push('outcome');
  if (before.finishedAtMs !== after.finishedAtMs) reasons.push('resolved_at');
  if (before.startedAtMs !== after.startedAtMs) reasons.push('triggered_at');
  if (before.subject !== after.subject && serviceOf(before.subject) !== serviceOf(after.subject))
    reasons.push('service');
  return reasons;
}
