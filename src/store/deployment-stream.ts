import type { Change } from '../model/deployment.ts';
import type { Comparisons } from './comparisons.ts';
import { byFinish, type FinishedDeployment, isFinished, isSuccess, type StoredDeployment } from './deployment-row.ts';
import type { DeploymentReader } from './engine.ts';

/** A deployment that a decision changes: as it was stored, and as it will be. */
export interface TouchedDeployment {
  readonly before: StoredDeployment | undefined;
  readonly after: StoredDeployment;
}

/** Times between which a stream or a subject is loaded: unchanged successes, or no limit. */
interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What follows for a success from those before it in its stream. */
interface Derived {
  readonly isRollback: boolean;
  /** The changes that reach the environment with it first. */
  readonly changes: readonly Change[];
}

interface StreamInput {
  readonly reader: DeploymentReader;
  readonly comparisons: Comparisons;
  readonly repository: string;
  /** Rows of the subjects of the repository whose environment is the same one of ours. */
  readonly subjects: readonly number[];
  /** What the decision changes in these subjects. */
  readonly touched: readonly TouchedDeployment[];
  /** Everything is derived anew, whatever is touched. */
  readonly isWhole: boolean;
}

const BEGINNING_MS = Number.MIN_SAFE_INTEGER;
const END_MS = Number.MAX_SAFE_INTEGER;
/** Successes that are read at once where a neighbour is looked for. */
const NEIGHBOURS_AT_ONCE = 8;
const NOTHING: Derived = { isRollback: false, changes: [] };

/**
 * The deployments of one repository to one environment of ours as a decision leaves them: what it touches with the nearest
 * unchanged success on both sides. So what is read does not grow with the history.
 */
export class DeploymentStream {
  readonly #input: StreamInput;
  readonly #rangeBySubject: ReadonlyMap<number, Range>;
  /** In which all successes of the stream are loaded. */
  readonly #range: Range;
  readonly #touched: ReadonlyMap<number, StoredDeployment>;
  /** Finished ones, ascending. */
  readonly #finished: readonly FinishedDeployment[];
  readonly #successes: readonly FinishedDeployment[];
  /** By commit, where all successes are loaded. */
  readonly #successesBySha: ReadonlyMap<string, readonly FinishedDeployment[]> | undefined;
  readonly #touchedBySha: ReadonlyMap<string, readonly FinishedDeployment[]>;
  readonly #brought = new Map<number, readonly Change[]>();

  constructor(input: StreamInput) {
    this.#input = input;
    const { subjects, touched } = input;
    this.#touched = new Map(touched.map(({ after }) => [after.row, after]));
    const successes = [...this.#touched.values()].filter(isSuccess).filter((one) => this.#isOfStream(one));
    this.#touchedBySha = Map.groupBy(successes, ({ sha }) => sha ?? '');
    const span = input.isWhole ? { fromMs: BEGINNING_MS, toMs: END_MS } : spanOf(touched);
    this.#rangeBySubject = new Map(subjects.map((subject) => [subject, this.#findRange(subject, span)]));
    const ranges = [...this.#rangeBySubject.values()];
    this.#range = {
      fromMs: ranges.reduce((latest, { fromMs }) => Math.max(latest, fromMs), BEGINNING_MS),
      toMs: ranges.reduce((earliest, { toMs }) => Math.min(earliest, toMs), END_MS),
    };
    this.#finished = [...this.#load()].sort(byFinish);
    this.#successes = this.#finished.filter(isSuccess);
    this.#successesBySha = input.isWhole ? Map.groupBy(this.#successes, ({ sha }) => sha ?? '') : undefined;
  }

  /** Finished deployments of one subject after an unchanged success and up to the next one, with the times of both. */
  subject(row: number): Range & { readonly deployments: readonly FinishedDeployment[] } {
    const range = this.#rangeBySubject.get(row) ?? { fromMs: BEGINNING_MS, toMs: END_MS };
    const deployments = this.#finished.filter((one) => one.subject === row && one.finishedAtMs > range.fromMs);
    return { ...range, deployments };
  }

  /** The successes for which something else may follow now: those that changed, that follow one, or that share a change with one. */
  affected(): readonly FinishedDeployment[] {
    if (this.#input.isWhole) return this.#successes;
    const { comparisons, repository, touched } = this.#input;
    const found = new Map<number, FinishedDeployment>();
    const add = (rows: readonly FinishedDeployment[]) => {
      for (const one of rows) found.set(one.row, one);
    };
    for (const { before, after } of touched) {
      for (const one of [before, after]) {
        if (one === undefined || !isSuccess(one)) continue;
        add([this.#loadedSuccess(after.row) ?? [], this.#next(one) ?? []].flat());
        if (one.sha !== undefined) add(this.#successesOf(one.sha));
      }
    }
    for (const { headSha, repository: of } of comparisons.added())
      if (of === repository) add(this.#successesOf(headSha));
    const shas = new Set([...found.values(), ...touched.map(({ before }) => before)].flatMap((one) => one?.sha ?? []));
    for (const sha of shas) {
      const changes = comparisons.to(repository, sha).flatMap((comparison) => comparison.changes);
      for (const change of [sha, ...changes.map((one) => one.sha)]) {
        for (const { headSha } of comparisons.with(repository, change)) add(this.#successesOf(headSha));
      }
    }
    return [...found.values()].sort(byFinish);
  }

  derive(success: FinishedDeployment): Derived {
    const previous = this.#previous(success);
    if (previous?.sha === undefined || success.sha === undefined || previous.sha === success.sha) return NOTHING;
    const { comparisons, repository } = this.#input;
    const pair = { repository, baseSha: previous.sha, headSha: success.sha };
    const relation = comparisons.find(pair)?.relation ?? 'unknown';
    // A platform that cannot compare has no other sign of a rollback than a commit that was live before.
    const isRollback = relation === 'behind' || (relation === 'unknown' && this.#isRepeated(success));
    const changes = this.#bringsOf(success).filter(({ sha }) => !this.#hasReached(sha, success));
    return { isRollback, changes };
  }

  /** The changes between the success before it and this one; a repeated commit brings none. */
  #bringsOf(success: FinishedDeployment): readonly Change[] {
    const known = this.#brought.get(success.row);
    if (known !== undefined) return known;
    const previous = this.#previous(success);
    const { comparisons, repository } = this.#input;
    const isNew = previous?.sha !== undefined && success.sha !== undefined && !this.#isRepeated(success);
    const pair = { repository, baseSha: previous?.sha ?? '', headSha: success.sha ?? '' };
    const comparison = isNew ? comparisons.find(pair) : undefined;
    const hasChanges = comparison?.relation === 'ahead' || comparison?.relation === 'diverged';
    const changes = hasChanges ? comparison.changes : [];
    this.#brought.set(success.row, changes);
    return changes;
  }

  #isRepeated(success: FinishedDeployment): boolean {
    return this.#successesOf(success.sha ?? '').some((one) => byFinish(one, success) < 0);
  }

  /** True when a success before this one deployed or brought the change. */
  #hasReached(sha: string, success: FinishedDeployment): boolean {
    const { comparisons, repository } = this.#input;
    if (this.#successesOf(sha).some((one) => byFinish(one, success) < 0)) return true;
    return comparisons
      .with(repository, sha)
      .some(({ headSha }) =>
        this.#successesOf(headSha).some(
          (one) => byFinish(one, success) < 0 && this.#bringsOf(one).some((change) => change.sha === sha),
        ),
      );
  }

  #loadedSuccess(row: number): FinishedDeployment | undefined {
    const one = this.#touched.get(row);
    return one !== undefined && this.#isOfStream(one) && isSuccess(one) ? one : undefined;
  }

  #isOfStream({ subject }: StoredDeployment): boolean {
    return this.#input.subjects.includes(subject);
  }

  /** The first loaded success after a deployment, whether that is one or not. */
  #next(deployment: StoredDeployment): FinishedDeployment | undefined {
    const at = firstAtOrAfter(this.#successes, deployment);
    return this.#successes[this.#successes[at]?.row === deployment.row ? at + 1 : at];
  }

  #previous(success: FinishedDeployment): FinishedDeployment | undefined {
    const { fromMs, toMs } = this.#range;
    if (success.finishedAtMs > fromMs && success.finishedAtMs <= toMs) {
      return this.#successes[firstAtOrAfter(this.#successes, success) - 1];
    }
    const { reader, subjects } = this.#input;
    const before = subjects.flatMap((subject) =>
      reader
        .deployments('successesUntil', subject, success.finishedAtMs, NEIGHBOURS_AT_ONCE)
        .filter(isSuccess)
        .filter((one) => byFinish(one, success) < 0),
    );
    return before.sort(byFinish).at(-1);
  }

  /** All successes of a commit in the stream. */
  #successesOf(sha: string): readonly FinishedDeployment[] {
    if (this.#successesBySha !== undefined) return this.#successesBySha.get(sha) ?? [];
    const { reader, subjects } = this.#input;
    const stored = subjects
      .flatMap((subject) => reader.deployments('successesOf', subject, sha))
      .filter(({ row }) => !this.#touched.has(row));
    return [...stored.filter(isSuccess), ...(this.#touchedBySha.get(sha) ?? [])];
  }

  /** The nearest unchanged successes around a span, in one subject. */
  #findRange(subject: number, span: Range): Range {
    const { reader } = this.#input;
    const isUnchanged = ({ row }: StoredDeployment) => !this.#touched.has(row);
    let fromMs = span.fromMs;
    while (fromMs > BEGINNING_MS) {
      const rows = reader.deployments('successesUntil', subject, fromMs - 1, NEIGHBOURS_AT_ONCE);
      fromMs = (rows.find(isUnchanged) ?? rows[NEIGHBOURS_AT_ONCE - 1])?.finishedAtMs ?? BEGINNING_MS;
      if (rows.some(isUnchanged)) break;
    }
    let { toMs } = span;
    while (toMs < END_MS) {
      const rows = reader.deployments('successesAfter', subject, toMs, NEIGHBOURS_AT_ONCE);
      toMs = (rows.find(isUnchanged) ?? rows[NEIGHBOURS_AT_ONCE - 1])?.finishedAtMs ?? END_MS;
      if (rows.some(isUnchanged)) break;
    }
    return { fromMs, toMs };
  }

  *#load(): Generator<FinishedDeployment> {
    const { reader, subjects } = this.#input;
    for (const subject of subjects) {
      const { fromMs, toMs } = this.#rangeBySubject.get(subject) ?? this.#range;
      for (const one of reader.deployments('finishedBetween', subject, fromMs, toMs)) {
        if (!this.#touched.has(one.row) && isFinished(one)) yield one;
      }
    }
    for (const one of this.#touched.values()) if (isFinished(one) && this.#isOfStream(one)) yield one;
  }
}

/** From the first to the last time at which something changes. */
function spanOf(touched: readonly TouchedDeployment[]): Range {
  let [fromMs, toMs] = [END_MS, BEGINNING_MS];
  for (const { before, after } of touched) {
    for (const one of [before, after]) {
      if (one === undefined || !isFinished(one)) continue;
      fromMs = Math.min(fromMs, one.finishedAtMs);
      toMs = Math.max(toMs, one.finishedAtMs);
    }
  }
  // Nothing that is finished changes: there is no success to look for.
  return fromMs > toMs ? { fromMs: END_MS, toMs: END_MS } : { fromMs, toMs };
}

function firstAtOrAfter(sorted: readonly FinishedDeployment[], wanted: StoredDeployment): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle];
    if (found !== undefined && byFinish(found, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
