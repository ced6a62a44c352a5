import type { CommitPair, Comparison } from '../model/deployment.ts';
import type { DeploymentReader } from './engine.ts';

/** The comparisons of a provider: those of a decision on top of the stored ones. */
export class Comparisons {
  readonly #reader: DeploymentReader;
  readonly #provider: number;
  readonly #own = new Map<string, Comparison>();
  readonly #ownTo = new Map<string, Comparison[]>();
  readonly #ownWith = new Map<string, Comparison[]>();

  constructor(reader: DeploymentReader, provider: number) {
    this.#reader = reader;
    this.#provider = provider;
  }

  /** True when it says more than what is known; that the platform cannot tell any more takes nothing back. */
  add(comparison: Comparison): boolean {
    const known = this.find(comparison);
    if (known !== undefined && (comparison.relation === 'unknown' || isSame(known, comparison))) return false;
    this.#own.set(keyOf(comparison), comparison);
    const { repository, headSha, changes } = comparison;
    append(this.#ownTo, `${repository}\n${headSha}`, comparison);
    for (const { sha } of changes) append(this.#ownWith, `${repository}\n${sha}`, comparison);
    return true;
  }

  /** Those that this decision adds. */
  added(): readonly Comparison[] {
    return [...this.#own.values()];
  }

  find(pair: CommitPair): Comparison | undefined {
    return this.#own.get(keyOf(pair)) ?? this.#reader.comparison(this.#provider, pair);
  }

  /** All with this head. */
  to(repository: string, headSha: string): readonly Comparison[] {
    const own = this.#ownTo.get(`${repository}\n${headSha}`) ?? [];
    const stored = this.#reader.comparisonsTo(this.#provider, repository, headSha);
    return [...own, ...stored.filter((one) => !this.#own.has(keyOf(one)))];
  }

  /** The pairs whose comparison shows a commit as a change. */
  with(repository: string, sha: string): readonly CommitPair[] {
    const own = this.#ownWith.get(`${repository}\n${sha}`) ?? [];
    const stored = this.#reader.comparisonsWith(this.#provider, repository, sha);
    return [...own, ...stored.filter((one) => !this.#own.has(keyOf(one)))];
  }
}

function keyOf({ repository, baseSha, headSha }: CommitPair): string {
  return `${repository}\n${baseSha}\n${headSha}`;
}

function isSame(a: Comparison, b: Comparison): boolean {
  if (a.relation !== b.relation || a.changes.length !== b.changes.length) return false;
  const texts = (one: Comparison) =>
    one.changes.map(({ sha, authoredAtMs, pullRequest: pull }) =>
      JSON.stringify([sha, authoredAtMs, pull?.firstCommitAtMs, pull?.openedAtMs, pull?.mergedAtMs]),
    );
  const known = new Set(texts(a));
  return texts(b).every((text) => known.has(text));
}

function append(lists: Map<string, Comparison[]>, key: string, comparison: Comparison): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [comparison]);
  else list.push(comparison);
}
