import type { CommitPair, Comparison, Deployment, UnreadDeployment } from '../model/deployment.ts';
import type { Page } from '../model/poll.ts';
import type { StoredIncidents } from '../store/store.ts';

/** What the pages of a poll say of deployments. */
export interface PolledDeployments {
  add(page: Page): void;
  /** In the order in which they were reported. */
  pages(): Pick<Page, 'deployments' | 'deletedDeploymentIds' | 'comparisons' | 'unreadDeployments'>;
  /** What the store would hold if all these pages were committed. */
  readonly overlay: Pick<StoredIncidents, 'deployments' | 'deploymentsOf' | 'unfinishedDeployments' | 'comparisons'>;
}

export function createPolledDeployments(stored: PolledDeployments['overlay']): PolledDeployments {
  const reported: Deployment[] = [];
  const newest = new Map<string, Deployment>();
  const deletedIds = new Set<string>();
  const comparisons = new Map<string, Comparison>();
  const unread = new Map<string, UnreadDeployment>();
  const isGone = (id: string) => deletedIds.has(id) && !newest.has(id);
  const untouched = (one: Deployment) => !newest.has(one.id) && !isGone(one.id);
  return {
    add: (page) => {
      for (const one of page.deployments ?? []) {
        reported.push(one);
        const known = newest.get(one.id);
        if (known === undefined || one.updatedAtMs >= known.updatedAtMs) newest.set(one.id, one);
      }
      for (const id of page.deletedDeploymentIds ?? []) {
        newest.delete(id);
        deletedIds.add(id);
      }
      for (const one of page.comparisons ?? []) comparisons.set(pairKey(one), one);
      for (const one of page.unreadDeployments ?? []) unread.set(one.id, one);
    },
    pages: () => ({
      deployments: reported.filter(({ id }) => !isGone(id)),
      deletedDeploymentIds: [...deletedIds].filter(isGone),
      comparisons: [...comparisons.values()],
      unreadDeployments: [...unread.values()],
    }),
    overlay: {
      deployments: (ids) => {
        const found = stored.deployments(ids.filter((id) => !newest.has(id) && !isGone(id)));
        for (const id of ids) {
          const one = newest.get(id);
          if (one !== undefined) found.set(id, one);
        }
        return found;
      },
      deploymentsOf: (repositories, sinceMs) => {
        const before = stored.deploymentsOf(repositories, sinceMs);
        const own = Map.groupBy(newest.values(), ({ repository }) => repository);
        return new Map(
          repositories.map((one) => [one, [...(before.get(one) ?? []).filter(untouched), ...(own.get(one) ?? [])]]),
        );
      },
      unfinishedDeployments: () => {
        const own = [...newest.values()].filter(({ outcome }) => outcome === undefined);
        return [...stored.unfinishedDeployments().filter(untouched), ...own];
      },
      comparisons: (pairs) => {
        const own = pairs.flatMap((pair) => comparisons.get(pairKey(pair)) ?? []);
        return [...own, ...stored.comparisons(pairs.filter((pair) => !comparisons.has(pairKey(pair))))];
      },
    },
  };
}

function pairKey({ repository, baseSha, headSha }: CommitPair): string {
  return `${repository}\n${baseSha}\n${headSha}`;
}
