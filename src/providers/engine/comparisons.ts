import { RequestError } from '../../http/errors.ts';
import { mapConcurrent } from '../../http/map-concurrent.ts';
import type { Comparison, Deployment } from '../../model/deployment.ts';
import type { Rejection } from '../../model/incident.ts';
import type { StoredState } from '../../model/poll.ts';
import type { CommitPair, ComparedCommits } from './deployment-source.ts';

/** Requests at once (DESIGN: 4 per provider). */
const REQUESTS_CONCURRENT = 4;
/** Comparisons of one page: a first sync loses no more when it is interrupted. */
const PAGE_SIZE = 50;

/** A repository with successes whose comparisons may be missing. */
export interface UncomparedRepository {
  readonly name: string;
  /** The end of the earliest of these successes. */
  readonly fromMs: number;
}

interface CompareInput {
  readonly repositories: readonly UncomparedRepository[];
  readonly stored: Pick<StoredState, 'deploymentsOf' | 'comparisons'>;
  /** Deployments of this poll, which the store does not have yet. */
  readonly read: readonly Deployment[];
  /** Our name of an environment; undefined for one that is not read. */
  readonly environmentOf: (platformName: string) => string | undefined;
  readonly compare: (repository: string, pair: CommitPair) => Promise<ComparedCommits>;
  /** Requests that it may cost; what is left is left to later polls. */
  readonly requestsMax: number;
}

export interface ComparedPage {
  readonly comparisons: readonly Comparison[];
  readonly rejected: readonly Rejection[];
  /** The repository of which nothing is missing any more. */
  readonly done: string | undefined;
}

/** Compares the commits of successes that followed one another in an environment of ours, as far as that is not known. */
export async function* compareSuccesses(input: CompareInput): AsyncGenerator<ComparedPage> {
  let left = input.requestsMax;
  for (const repository of input.repositories) {
    if (left <= 0) return;
    const missing = await findMissing(input, repository);
    const pairs = missing.slice(0, left);
    left -= pairs.length;
    try {
      for (let at = 0; at < pairs.length; at += PAGE_SIZE) {
        const comparisons = await compareAll(input, repository.name, pairs.slice(at, at + PAGE_SIZE));
        yield { comparisons, rejected: [], done: undefined };
      }
      yield { comparisons: [], rejected: [], done: pairs.length === missing.length ? repository.name : undefined };
    } catch (error) {
      if (!(error instanceof RequestError) || error.status !== 403) throw error;
      const detail = `${repository.name}: its commits may not be read with these credentials: ${error.message}`;
      const key = `commits of ${repository.name}`;
      yield { comparisons: [], rejected: [{ key, reason: 'forbidden', detail }], done: undefined };
    }
  }
}

async function compareAll({ compare }: CompareInput, repository: string, pairs: readonly CommitPair[]) {
  const comparisons: Comparison[] = [];
  const one = async (pair: CommitPair): Promise<Comparison> => {
    const isSame = pair.baseSha === pair.headSha;
    const found = isSame ? { relation: 'identical' as const, changes: [] } : await compare(repository, pair);
    return { repository, ...pair, ...found };
  };
  for await (const comparison of mapConcurrent(pairs, REQUESTS_CONCURRENT, one)) comparisons.push(comparison);
  return comparisons;
}

async function findMissing({ stored, read, environmentOf }: CompareInput, repository: UncomparedRepository) {
  const { name, fromMs } = repository;
  const known = (await stored.deploymentsOf([name], fromMs)).get(name) ?? [];
  const all = new Map([...known, ...read.filter((one) => one.repository === name)].map((one) => [one.id, one]));
  const pairs = successivePairs([...all.values()], fromMs, environmentOf);
  const compared = await stored.comparisons(pairs.map((pair) => ({ repository: name, ...pair })));
  const keys = new Set(compared.map(toKey));
  return pairs.filter((pair) => !keys.has(toKey(pair)));
}

/** Each two commits that were live one after the other in an environment of ours, the second one from a time on. */
export function successivePairs(
  deployments: readonly Deployment[],
  fromMs: number,
  environmentOf: (platformName: string) => string | undefined,
): CommitPair[] {
  const lastSha = new Map<string, string>();
  const pairs = new Map<string, CommitPair>();
  const endMs = ({ finishedAtMs = 0 }: Deployment) => finishedAtMs;
  for (const deployment of deployments.toSorted((a, b) => endMs(a) - endMs(b) || (a.id < b.id ? -1 : 1))) {
    const { outcome, sha, environment } = deployment;
    const ours = environmentOf(environment);
    if (outcome !== 'success' || sha === undefined || ours === undefined) continue;
    const baseSha = lastSha.get(ours);
    lastSha.set(ours, sha);
    if (baseSha === undefined || endMs(deployment) < fromMs) continue;
    pairs.set(toKey({ baseSha, headSha: sha }), { baseSha, headSha: sha });
  }
  return [...pairs.values()];
}

function toKey({ baseSha, headSha }: CommitPair): string {
  return `${baseSha} ${headSha}`;
}
