import type { CommitPair, Deployment } from './deployment.ts';

/**
 * The commits of successive successes of a repository in the same environment of ours whose comparison is not known, newest
 * first: without it the changes of the later one are not known, nor whether it is a rollback.
 */
export function missingComparisons(
  deployments: Iterable<Deployment>,
  known: Iterable<CommitPair>,
  toEnvironment: (platformName: string) => string | undefined,
): CommitPair[] {
  const found = new Set([...known].map(pairKey));
  const missing: { readonly pair: CommitPair; readonly atMs: number }[] = [];
  const streams = Map.groupBy([...deployments].filter(isSuccess), ({ repository, environment }) => {
    const ours = toEnvironment(environment);
    return ours === undefined ? undefined : JSON.stringify([repository, ours]);
  });
  for (const [stream, successes] of streams) {
    if (stream === undefined) continue;
    let before: Success | undefined;
    for (const success of successes.sort(byFinish)) {
      const pair = { repository: success.repository, baseSha: before?.sha ?? '', headSha: success.sha ?? '' };
      const isComparable = pair.baseSha !== '' && pair.headSha !== '' && pair.baseSha !== pair.headSha;
      if (isComparable && !found.has(pairKey(pair))) {
        found.add(pairKey(pair));
        missing.push({ pair, atMs: success.finishedAtMs });
      }
      before = success;
    }
  }
  return missing.sort((a, b) => b.atMs - a.atMs).map(({ pair }) => pair);
}

type Success = Deployment & { readonly finishedAtMs: number };

function isSuccess(deployment: Deployment): deployment is Success {
  return deployment.outcome === 'success' && deployment.finishedAtMs !== undefined;
}

function byFinish(a: Success, b: Success): number {
  return a.finishedAtMs - b.finishedAtMs || a.startedAtMs - b.startedAtMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function pairKey({ repository, baseSha, headSha }: CommitPair): string {
  return `${repository}\n${baseSha}\n${headSha}`;
}
