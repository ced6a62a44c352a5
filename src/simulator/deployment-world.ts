/** One status of a deployment. */
export interface SimulatedStatus {
  /** As the platform calls it. */
  readonly state: string;
  readonly atMs: number;
}

/** One deployment with its whole life, future included; a fake shows what has happened by its own now. */
export interface SimulatedDeployment {
  readonly id: number;
  readonly environment: string;
  readonly ref?: string;
  readonly sha: string;
  readonly createdAtMs: number;
  /** In any order. */
  statuses: readonly SimulatedStatus[];
  /** Not found from here on. */
  deletedAtMs?: number;
}

export interface SimulatedCommit {
  readonly sha: string;
  readonly authoredAtMs: number;
  readonly parents: readonly string[];
  readonly pullRequest?: { readonly firstCommitAtMs: number; readonly openedAtMs: number; readonly mergedAtMs: number };
}

export interface SimulatedRelease {
  readonly id: number;
  readonly tag: string;
  readonly sha: string;
  readonly createdAtMs: number;
  /** Absent: a draft. */
  readonly publishedAtMs?: number;
}

/** One attempt of a run of a workflow. */
export interface SimulatedAttempt {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly conclusion: string;
}

export interface SimulatedRun {
  readonly id: number;
  readonly branch: string;
  readonly sha: string;
  attempts: readonly SimulatedAttempt[];
}

/** A repository or project with all that a platform knows of it. */
export interface SimulatedRepository {
  readonly id: number;
  /** Its whole name now. */
  name: string;
  /** Names that lead to it by a redirect. */
  formerNames?: readonly string[];
  archived?: boolean;
  fork?: boolean;
  /** These credentials may not read it. */
  forbidden?: boolean;
  /** These credentials may not read its commits. */
  commitsForbidden?: boolean;
  deployments: SimulatedDeployment[];
  /** The newest one last. */
  commits: SimulatedCommit[];
  releases?: SimulatedRelease[];
  runs?: SimulatedRun[];
}

/** What the fakes of deployment platforms are fakes of. Tests change it while the fakes run. */
export interface DeploymentWorld {
  repositories: SimulatedRepository[];
}

/** How two commits relate, and what the second one has that the first has not, the oldest first; undefined for a commit that is gone. */
export function compareSimulated(
  { commits }: Pick<SimulatedRepository, 'commits'>,
  baseSha: string,
  headSha: string,
): { readonly status: 'ahead' | 'behind' | 'identical' | 'diverged'; readonly commits: SimulatedCommit[] } | undefined {
  const bySha = new Map(commits.map((one) => [one.sha, one]));
  if (!bySha.has(baseSha) || !bySha.has(headSha)) return undefined;
  const [ofBase, ofHead] = [ancestors(bySha, baseSha), ancestors(bySha, headSha)];
  const added = commits.filter(({ sha }) => ofHead.has(sha) && !ofBase.has(sha));
  if (baseSha === headSha) return { status: 'identical', commits: [] };
  if (ofBase.has(headSha)) return { status: 'behind', commits: [] };
  return { status: ofHead.has(baseSha) ? 'ahead' : 'diverged', commits: added };
}

/** The commit and all before it. */
function ancestors(bySha: ReadonlyMap<string, SimulatedCommit>, sha: string): Set<string> {
  const found = new Set<string>();
  const left = [sha];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    left.push(...(bySha.get(next)?.parents ?? []));
  }
  return found;
}
