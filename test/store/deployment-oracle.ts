import type { Change, Comparison, Deployment } from '../../src/model/deployment.ts';

/** What is expected of one deployment. */
export interface Expected {
  readonly isRollback: boolean;
  readonly changes: readonly string[];
}

const FLAKY_BELOW_MS = 5 * 60_000;
const OPEN_WINDOW_MS = 7 * 24 * 3_600_000;

/** The recoveries of one subject, walking through its whole history: `from-to`, with why one is in no statistic. */
export function expectedRecoveries(deployments: readonly Deployment[]): string[] {
  const found: string[] = [];
  let from: number | undefined;
  for (const { outcome, finishedAtMs = 0 } of inOrder(deployments)) {
    if (outcome === 'failure') from ??= finishedAtMs;
    if (outcome !== 'success' || from === undefined) continue;
    const ms = finishedAtMs - from;
    const expired = ms > OPEN_WINDOW_MS ? ' expired' : '';
    const word = ms < FLAKY_BELOW_MS ? ' flaky' : expired;
    found.push(`${from}-${finishedAtMs}${word}`);
    from = undefined;
  }
  return from === undefined ? found : [...found, `${from}-`];
}

/** What each success of one stream brings, comparing every one with all before it. */
export function expectedChanges(
  deployments: readonly Deployment[],
  compare: (baseSha: string, headSha: string) => Pick<Comparison, 'relation' | 'changes'>,
): Map<string, Expected> {
  const expected = new Map<string, Expected>();
  const reached = new Set<string>();
  const deployed = new Set<string>();
  let before: string | undefined;
  for (const { id, outcome, sha = '' } of inOrder(deployments)) {
    if (outcome !== 'success') continue;
    const { relation, changes } = before === undefined || before === sha ? NOTHING : compare(before, sha);
    const brought = deployed.has(sha) ? [] : changes.map((change) => change.sha);
    expected.set(id, {
      isRollback: relation === 'behind',
      changes: brought.filter((one) => !reached.has(one) && !deployed.has(one)),
    });
    for (const one of brought) reached.add(one);
    deployed.add(sha);
    before = sha;
  }
  return expected;
}

const NOTHING = { relation: 'identical', changes: [] as readonly Change[] } as const;
const RANK = { failure: 0, cancelled: 1, success: 2 };

function inOrder(deployments: readonly Deployment[]): Deployment[] {
  return deployments
    .filter(({ finishedAtMs }) => finishedAtMs !== undefined)
    .sort(
      (a, b) =>
        (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0) ||
        RANK[a.outcome ?? 'success'] - RANK[b.outcome ?? 'success'] ||
        a.startedAtMs - b.startedAtMs ||
        (a.id < b.id ? -1 : 1),
    );
}
