/** How a deployment ended. */
export const DEPLOYMENT_OUTCOMES = ['success', 'failure', 'cancelled'] as const;
export type DeploymentOutcome = (typeof DEPLOYMENT_OUTCOMES)[number];

/**
 * One record for every source, with the platform's own names. All times are integer milliseconds since the Unix epoch,
 * UTC. It names no person.
 */
export interface Deployment {
  /** Unique within its provider. */
  readonly id: string;
  /** The platform's whole name of the repository, project or job (`acme/checkout`); pairing goes by it and `environment`. */
  readonly repository: string;
  /** The repository without its owner; `services.rename` maps it to the name that incidents use. */
  readonly serviceName: string;
  /** In the platform's own words; `environments` maps it to ours. */
  readonly environment: string;
  /** Branch or tag. */
  readonly ref?: string | undefined;
  readonly sha?: string | undefined;
  readonly startedAtMs: number;
  /** Present exactly when `outcome` is. */
  readonly finishedAtMs?: number | undefined;
  /** Absent while it runs. */
  readonly outcome?: DeploymentOutcome | undefined;
  /** Link for people to the deployment. */
  readonly url?: string | undefined;
  readonly updatedAtMs: number;
  /** It came from a file, and no poll has reported it since. */
  readonly imported?: true | undefined;
}

/** A commit, known by its repository and `sha`; the times of its pull request only where they are requested. */
export interface Change {
  readonly sha: string;
  readonly authoredAtMs: number;
  readonly pullRequest?:
    | {
        /** Of the first commit of the pull request. */
        readonly firstCommitAtMs: number;
        readonly openedAtMs: number;
        readonly mergedAtMs?: number | undefined;
      }
    | undefined;
}

/** Two commits of one repository that were live one after the other. */
export interface CommitPair {
  readonly repository: string;
  readonly baseSha: string;
  readonly headSha: string;
}

/**
 * What lies between two commits of one repository. Which changes a deployment brought follows from the comparison of its
 * commit with that of the successful deployment before it in the same environment, whatever is learnt in which order.
 */
export interface Comparison extends CommitPair {
  /** `behind`: the head is an ancestor of the base, so a deployment of it is a rollback. `unknown`: the platform cannot tell any more. */
  readonly relation: 'ahead' | 'identical' | 'behind' | 'diverged' | 'unknown';
  /** Commits of the head that the base has not; none unless `ahead` or `diverged`. */
  readonly changes: readonly Change[];
}

/** Bits of `DeploymentSummary.flags`. */
export const DEPLOYMENT_FLAGS = {
  /** It deploys an ancestor of the successful deployment before it in the same repository and environment of ours. */
  rollback: 1,
  /** The platform no longer has it. */
  deleted: 2,
  /** It is in the cumulative series, or was before it was pruned. */
  counted: 4,
  /** It may still have to be counted: the first sync is not complete, or its environment was not read. */
  pending: 8,
  /** It came from a file, and no poll has reported it since. */
  imported: 16,
} as const;

/** When a change was made, as far as it is known. */
export interface ChangeTimes {
  readonly authoredAtMs: number;
  readonly firstCommitAtMs?: number | undefined;
  readonly openedAtMs?: number | undefined;
  readonly mergedAtMs?: number | undefined;
}

/** A deployment as statistics need it (a million of them are kept in memory). */
export interface DeploymentSummary {
  /** Key in the store; ascending in order of arrival. */
  readonly row: number;
  /** What its labels are found by: provider, repository and environment in the platform's own names. */
  readonly subjectRow: number;
  /** Bits of DEPLOYMENT_FLAGS. */
  readonly flags: number;
  readonly outcome: DeploymentOutcome | undefined;
  readonly startedAtMs: number;
  /** Present exactly when `outcome` is. */
  readonly finishedAtMs: number | undefined;
  readonly ref: string | undefined;
  /** The changes that reach our environment with this deployment first; none unless it is a success. */
  readonly changes: readonly ChangeTimes[];
}

/** The labels of a subject under today's configuration. */
export interface DeploymentLabels {
  readonly provider: string;
  /** The platform's whole name. */
  readonly repository: string;
  /** The platform's name of the environment: failures and successes are paired by it. */
  readonly platformEnvironment: string;
  /** Our name. */
  readonly environment: string;
  /** After renaming and the limit on services. */
  readonly service: string;
  /** After renaming alone: incidents are joined by it. */
  readonly renamedService: string;
  /** Empty without one. */
  readonly team: string;
}

/** A deployment to an environment that the configuration does not name: it is counted, and not read. */
export type UnreadDeployment = Pick<Deployment, 'id' | 'environment'>;

/** An environment of the platform that the configuration does not name; an empty name stands for all beyond the limit. */
export interface UnreadEnvironment {
  readonly name: string;
  readonly deployments: number;
}
