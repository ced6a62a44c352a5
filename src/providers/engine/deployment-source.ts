import type { HttpClient } from '../../http/client.ts';
import type { Change, Comparison, DeploymentOutcome } from '../../model/deployment.ts';
import type { Rejection } from '../../model/incident.ts';
import type { ProbeCall, RequestEstimate } from '../probes.ts';

/** Where deployments are read. */
export interface DeploymentClient {
  readonly httpClient: Pick<HttpClient, 'get' | 'post'>;
  readonly signal: AbortSignal;
}

/** A repository, project, job or application of a platform. */
export interface Repository {
  /** The platform's own id: the same after it was renamed. */
  readonly id: string;
  /** Its whole name now. */
  readonly name: string;
  /** The part of the name that is the service; what follows the last `/` without it. */
  readonly serviceName?: string | undefined;
}

/** What a platform's record says, as its schema gives it. The engine makes a deployment of it. */
export interface DeploymentRecord {
  /** Unique within the provider. */
  readonly id: string;
  /** How the platform is asked for it again; the id without it. */
  readonly key?: string | undefined;
  /** In the platform's own words. */
  readonly environment: string;
  readonly ref?: string | undefined;
  readonly sha?: string | undefined;
  readonly startedAtMs: number;
  /** Present exactly when `outcome` is. */
  readonly finishedAtMs?: number | undefined;
  readonly outcome?: DeploymentOutcome | undefined;
  readonly url?: string | undefined;
  /** The list goes by this time. */
  readonly listedAtMs: number;
  readonly updatedAtMs: number;
}

/** One page of one repository's list. */
export interface RepositoryRequest {
  readonly repository: Repository;
  /** Nothing older is wanted. */
  readonly fromMs: number;
  /** Where the page begins; the beginning of the list without it. */
  readonly token?: string | undefined;
  /** A history is read, not what is new. */
  readonly isHistory?: true | undefined;
}

/** The answer to a `RepositoryRequest`, or why the platform refuses the repository. */
export type RepositoryPage =
  | {
      readonly records: readonly DeploymentRecord[];
      readonly rejected: readonly Rejection[];
      /** Where the next page begins; undefined on the last one. */
      readonly next: string | undefined;
    }
  | { readonly refused: string };

/** An unfinished deployment that no page showed. */
export interface UnfinishedDeployment {
  readonly repository: Repository;
  readonly id: string;
  readonly key: string;
}

/** What reading deployments again gave. */
export interface ReadAgain {
  readonly records: readonly { readonly repositoryId: string; readonly record: DeploymentRecord }[];
  readonly rejected: readonly Rejection[];
  /** Ids that the platform no longer has. */
  readonly deletedIds: readonly string[];
}

/** The repositories that the configuration asks for. */
export interface FoundRepositories {
  readonly repositories: readonly Repository[];
  /** Those named in full that the platform refuses, with the reason. */
  readonly refused: readonly RefusedRepository[];
}

export interface RefusedRepository {
  readonly name: string;
  readonly reason: string;
}

/** Two commits to compare. */
export interface CommitPair {
  readonly baseSha: string;
  readonly headSha: string;
}

/** A platform's deployments: what differs from platform to platform, for one provider. */
export interface DeploymentSource {
  /** `creation`: newest first, read until older ones come. `change`: oldest change first, from the time that is asked for. */
  readonly order: 'creation' | 'change';
  /** Repositories whose pages one request can ask for, in a first sync and in later polls. */
  readonly batch: { readonly history: number; readonly changes: number };
  /** What the configuration makes of the records; when it changes, the history is read again. */
  readonly readWith: readonly string[];
  repositories(client: DeploymentClient, nowMs: number): Promise<FoundRepositories>;
  /** Where the history begins that the platform still has, after `repositories`; absent where it has all of it. */
  historyStartMs?(): number | undefined;
  /** One page for each request, in their order. */
  read(client: DeploymentClient, requests: readonly RepositoryRequest[]): Promise<readonly RepositoryPage[]>;
  /** For lists by creation, which do not show a deployment again when it ends. */
  readAgain?(client: DeploymentClient, unfinished: readonly UnfinishedDeployment[]): Promise<ReadAgain>;
  /** How two commits of a repository relate; absent where the platform has no commits, or they are not wanted. */
  compare?(client: DeploymentClient, repository: Repository, pair: CommitPair): Promise<ComparedCommits>;
  /** Each kind of request once, in its smallest form, for `doctor`. */
  readonly probes: {
    readonly repositories: ProbeCall;
    readonly deployments: ProbeCall;
    readonly compare?: ProbeCall | undefined;
  };
  estimate(numbers: { readonly repositories: number; readonly deployments: number }): RequestEstimate;
}

export type ComparedCommits = Pick<Comparison, 'relation' | 'changes'>;

/** The platform can not tell (any more): no changes rather than wrong ones. */
export const UNKNOWN_RELATION: { readonly relation: 'unknown'; readonly changes: readonly Change[] } = {
  relation: 'unknown',
  changes: [],
};
