import {
  compareSimulated,
  type DeploymentWorld,
  type SimulatedDeployment,
  type SimulatedRepository,
} from '../deployment-world.ts';
import { PEOPLE } from '../people.ts';
import { type GraphqlNode, GraphqlRefusal } from './graphql.ts';

const FIRST_MAX = 100;
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** The repository of a name of now or before; undefined when there is none that these credentials see. */
export function findRepository({ repositories }: DeploymentWorld, name: string): SimulatedRepository | undefined {
  const asked = name.toLowerCase();
  const isNamed = (one: string) => one.toLowerCase() === asked;
  return (
    repositories.find((one) => isNamed(one.name)) ??
    repositories.find(({ formerNames = [] }) => formerNames.some(isNamed))
  );
}

/** What the question may select, at a time. */
export function graphqlRoot(world: DeploymentWorld, nowMs: number): GraphqlNode {
  return {
    __typename: 'Query',
    rateLimit: { cost: 1, limit: 5000, remaining: 4990, resetAt: iso(nowMs + 3_600_000), used: 10 },
    repository: (args: { owner?: string; name?: string }) => {
      const repository = findRepository(world, `${args.owner}/${args.name}`);
      if (repository === undefined) {
        const message = `Could not resolve to a Repository with the name '${args.owner}/${args.name}'.`;
        throw new GraphqlRefusal('NOT_FOUND', message);
      }
      if (repository.forbidden === true)
        throw new GraphqlRefusal('FORBIDDEN', 'Resource not accessible by personal access token');
      return repositoryNode(repository, nowMs);
    },
    node: ({ id }: { id: string }) => {
      for (const repository of world.repositories) {
        const found = repository.deployments.find((one) => `DE_${one.id}` === id);
        if (found !== undefined && isThere(found, nowMs)) return deploymentNode(found, nowMs);
      }
      throw new GraphqlRefusal('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'.`);
    },
  };
}

function isThere({ createdAtMs, deletedAtMs = Number.POSITIVE_INFINITY }: SimulatedDeployment, nowMs: number): boolean {
  return createdAtMs <= nowMs && nowMs < deletedAtMs;
}

function repositoryNode(repository: SimulatedRepository, nowMs: number): GraphqlNode {
  const { id, name, deployments, releases = [], commits } = repository;
  return {
    __typename: 'Repository',
    databaseId: id,
    nameWithOwner: name,
    deployments: connection(() => {
      const there = deployments.filter((one) => isThere(one, nowMs));
      return there.map((one) => ({ atMs: one.createdAtMs, key: one.id, node: deploymentNode(one, nowMs) }));
    }),
    releases: connection(() =>
      releases
        .filter(({ createdAtMs }) => createdAtMs <= nowMs)
        .map((one) => ({
          atMs: one.createdAtMs,
          key: one.id,
          node: {
            __typename: 'Release',
            databaseId: one.id,
            isDraft: one.publishedAtMs === undefined,
            createdAt: iso(one.createdAtMs),
            publishedAt: one.publishedAtMs === undefined ? null : iso(one.publishedAtMs),
            updatedAt: iso(one.publishedAtMs ?? one.createdAtMs),
            tagName: one.tag,
            tagCommit: { __typename: 'Commit', oid: one.sha },
            url: `https://github.com/${name}/releases/tag/${one.tag}`,
            author: person(one.id),
          },
        })),
    ),
    object: ({ oid }: { oid: string }) => {
      const commit = commits.find(({ sha }) => sha === oid);
      if (commit === undefined) return null;
      const { pullRequest: pull } = commit;
      const nodes =
        pull === undefined
          ? []
          : [
              {
                __typename: 'PullRequest',
                createdAt: iso(pull.openedAtMs),
                mergedAt: iso(pull.mergedAtMs),
                author: person(id),
                commits: () => ({ nodes: [{ commit: { authoredDate: iso(pull.firstCommitAtMs) } }] }),
              },
            ];
      return {
        __typename: 'Commit',
        oid,
        authoredDate: iso(commit.authoredAtMs),
        associatedPullRequests: () => ({ nodes }),
      };
    },
  };
}

const person = (number: number) => PEOPLE[number % PEOPLE.length] ?? PEOPLE[0];

function deploymentNode(one: SimulatedDeployment, nowMs: number): GraphqlNode {
  const statuses = one.statuses.filter(({ atMs }) => atMs <= nowMs);
  const changedMs = Math.max(one.createdAtMs, ...statuses.map(({ atMs }) => atMs));
  return {
    __typename: 'Deployment',
    id: `DE_${one.id}`,
    databaseId: one.id,
    createdAt: iso(one.createdAtMs),
    updatedAt: iso(changedMs),
    environment: one.environment,
    originalEnvironment: one.environment,
    commitOid: one.sha,
    ref: one.ref === undefined ? null : { name: one.ref },
    creator: person(one.id),
    statuses: ({ first = FIRST_MAX }: { first?: number }) => ({
      pageInfo: { hasNextPage: statuses.length > first, endCursor: null },
      nodes: statuses.slice(0, first).map(({ state, atMs }) => ({
        state,
        createdAt: iso(atMs),
        logUrl: `https://github.com/runs/${one.id}`,
        creator: person(one.id),
      })),
    }),
  };
}

interface Entry {
  readonly atMs: number;
  readonly key: number;
  readonly node: GraphqlNode;
}

interface ConnectionArguments {
  readonly first?: number;
  readonly after?: string;
  readonly orderBy?: { readonly direction?: string };
}

/** A list with cursors: at most 100 at once, and oldest first unless another order is asked for. */
function connection(all: () => readonly Entry[]) {
  return ({ first, after, orderBy }: ConnectionArguments) => {
    if (first === undefined)
      throw new GraphqlRefusal('MISSING_PAGINATION_BOUNDARIES', 'You must provide a `first` or `last` value');
    if (first > FIRST_MAX)
      throw new GraphqlRefusal('EXCESSIVE_PAGINATION', `Requesting ${first} records exceeds the limit of 100`);
    const sign = orderBy?.direction === 'DESC' ? -1 : 1;
    const sorted = all().toSorted((a, b) => sign * (a.atMs - b.atMs || a.key - b.key));
    const from = after === undefined ? 0 : sorted.findIndex(({ key }) => `cursor:${key}` === after) + 1;
    const shown = sorted.slice(from, from + first);
    const last = shown.at(-1);
    return {
      pageInfo: {
        hasNextPage: from + first < sorted.length,
        endCursor: last === undefined ? null : `cursor:${last.key}`,
      },
      nodes: shown.map(({ node }) => node),
      totalCount: sorted.length,
    };
  };
}

/** Two commits compared, as REST gives them: with the people that it names. */
export function comparisonBody(repository: SimulatedRepository, range: string, query: URLSearchParams): unknown {
  const [base = '', head = ''] = range.split('...');
  const compared = compareSimulated(repository, base, head);
  if (compared === undefined) return undefined;
  const isPaged = query.has('per_page') || query.has('page');
  const size = isPaged ? Math.min(Number(query.get('per_page') ?? '30'), 100) : 250;
  const page = Number(query.get('page') ?? '1');
  const shown = isPaged ? compared.commits.slice((page - 1) * size, page * size) : compared.commits.slice(-size);
  return {
    status: compared.status,
    ahead_by: compared.commits.length,
    total_commits: compared.commits.length,
    commits: shown.map(({ sha, authoredAtMs }, index) => {
      const { name, email, login } = person(index);
      const signature = { name, email, date: iso(authoredAtMs) };
      const committer = { name, email, date: iso(authoredAtMs + 60_000) };
      const account = { login, id: index, type: 'User' };
      return {
        sha,
        commit: { author: signature, committer, message: `by ${name}` },
        author: account,
        committer: account,
      };
    }),
    files: [],
  };
}
