import { createHash } from 'node:crypto';
import type { DeploymentWorld, SimulatedRepository, SimulatedRun } from './deployment-world.ts';
import { answerGraphql } from './github/graphql.ts';
import { comparisonBody, findRepository, graphqlRoot } from './github/schema.ts';
import { PEOPLE } from './people.ts';
import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';

export const GITHUB_FAKE_TOKEN = 'ghp_demo0token';
/** What an installation of the fake's app gets, with the number of the token behind it. */
const INSTALLATION_TOKEN = 'ghs_demo0installation';

export interface GithubFakeOptions extends FakeOptions {
  /** An Enterprise Server: REST is below /api/v3, GraphQL at /api/graphql. */
  readonly isServer?: boolean;
  /** Tokens of the app live this long; an hour without it. */
  readonly tokenLifeMs?: number;
}

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
const notFound: FakeAnswer = { status: 404, body: { message: 'Not Found', status: '404' } };
const forbidden: FakeAnswer = {
  status: 403,
  body: { message: 'Resource not accessible by personal access token', status: '403' },
};
const unauthorized: FakeAnswer = { status: 401, body: { message: 'Bad credentials', status: '401' } };

/** Starts GitHub on loopback: GraphQL and the parts of REST that belong to deployments. */
export function startGithubFake(world: DeploymentWorld, options: GithubFakeOptions = {}): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  const tokens = new Map<string, number>();
  const prefix = options.isServer === true ? '/api/v3' : '';
  const answer = (request: SeenRequest): FakeAnswer => {
    if (request.headers['user-agent'] === undefined) return forbidden;
    const isGraphql = request.path === (options.isServer === true ? '/api/graphql' : '/graphql');
    if (!isGraphql && !request.path.startsWith(`${prefix}/`)) return notFound;
    const path = isGraphql ? '/graphql' : request.path.slice(prefix.length);
    if (/^\/app\/installations\/\d+\/access_tokens$/.test(path)) return newToken(request, tokens, nowMs(), options);
    if (!isAuthorized(request, tokens, nowMs())) return unauthorized;
    if (isGraphql) return graphqlAnswer(request, world, nowMs());
    return withEtag(request, restAnswer({ ...request, path }, world, nowMs()));
  };
  const throttled = (seconds: number): FakeAnswer => ({
    status: 403,
    headers: options.bareThrottling === true ? {} : limitHeaders(0, seconds, nowMs()),
    body: {
      message:
        options.bareThrottling === true
          ? 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'
          : 'API rate limit exceeded for installation.',
    },
  });
  const allowance = (left: number, seconds: number) => limitHeaders(left, seconds, nowMs());
  return startFake({ answer, throttled, allowance }, options);
}

function limitHeaders(left: number, seconds: number, nowMs: number): Record<string, string> {
  const reset = String(Math.ceil(nowMs / 1000) + seconds);
  return { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': String(left), 'x-ratelimit-reset': reset };
}

/** The app's own token is checked by its shape and times: a signature needs the key, which tests check. */
function newToken(
  { headers, method }: SeenRequest,
  tokens: Map<string, number>,
  nowMs: number,
  { tokenLifeMs = 3_600_000 }: GithubFakeOptions,
): FakeAnswer {
  const claims = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(headers.authorization ?? '')?.[1];
  if (method !== 'POST' || claims === undefined) return unauthorized;
  const { iat, exp }: { iat: number; exp: number } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  if (iat * 1000 > nowMs || exp * 1000 <= nowMs || exp - iat > 600) return unauthorized;
  const token = `${INSTALLATION_TOKEN}${tokens.size + 1}`;
  tokens.set(token, nowMs + tokenLifeMs);
  return { status: 201, body: { token, expires_at: iso(nowMs + tokenLifeMs), permissions: { deployments: 'read' } } };
}

function isAuthorized({ headers }: SeenRequest, tokens: ReadonlyMap<string, number>, nowMs: number): boolean {
  const token = /^(?:Bearer|token) (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  return token === GITHUB_FAKE_TOKEN || nowMs < (tokens.get(token) ?? 0);
}

function graphqlAnswer({ body, method }: SeenRequest, world: DeploymentWorld, nowMs: number): FakeAnswer {
  if (method !== 'POST') return notFound;
  try {
    const { query }: { query: string } = JSON.parse(body);
    return { status: 200, body: answerGraphql(query, graphqlRoot(world, nowMs)) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { status: 200, body: { errors: [{ message: error.message, extensions: { code: 'undefinedField' } }] } };
  }
}

/** A list that has not changed answers 304, which is free. */
function withEtag({ headers }: SeenRequest, answer: FakeAnswer): FakeAnswer {
  if (answer.status !== 200) return answer;
  const etag = `"${createHash('sha256').update(JSON.stringify(answer.body)).digest('hex')}"`;
  if (headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' };
  return { ...answer, headers: { ...answer.headers, etag } };
}

function restAnswer(request: SeenRequest, world: DeploymentWorld, nowMs: number): FakeAnswer {
  const { path, query } = request;
  if (path === '/user/repos') return listAnswer(request, world, (repositories) => repositories);
  if (path === '/installation/repositories') {
    return listAnswer(request, world, (repositories, total) => ({ total_count: total, repositories }));
  }
  const [, name = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  const byId = /^\/repositories\/(\d+)(\/.*)?$/.exec(path);
  const repository =
    byId === null ? findRepository(world, name) : world.repositories.find(({ id }) => String(id) === byId[1]);
  if (repository === undefined || repository.forbidden === true) return notFound;
  const below = byId?.[2] ?? rest;
  if (byId === null && repository.name !== name) {
    const search = query.size === 0 ? '' : `?${query.toString()}`;
    return {
      status: 301,
      headers: { location: `/repositories/${repository.id}${below}${search}` },
      body: { message: 'Moved Permanently' },
    };
  }
  return repositoryAnswer(repository, below, query, nowMs);
}

function listAnswer(
  { query, path, headers }: SeenRequest,
  { repositories }: DeploymentWorld,
  envelope: (repositories: unknown[], total: number) => unknown,
): FakeAnswer {
  const seen = repositories.filter((one) => one.forbidden !== true);
  const size = Math.min(Number(query.get('per_page') ?? '30'), 100);
  const page = Number(query.get('page') ?? '1');
  const shown = seen.slice((page - 1) * size, page * size);
  const next = new URLSearchParams(query);
  next.set('page', String(page + 1));
  const hasNext = page * size < seen.length;
  const link = `<http://${headers.host}${path}?${next.toString()}>; rel="next"`;
  return {
    status: 200,
    headers: hasNext ? { link } : {},
    body: envelope(shown.map(repositoryBody), seen.length),
  };
}

function repositoryBody({ id, name, archived = false, fork = false }: SimulatedRepository) {
  const { login } = PEOPLE[id % PEOPLE.length] ?? PEOPLE[0];
  return { id, full_name: name, archived, fork, default_branch: 'main', owner: { login, type: 'User' } };
}

function repositoryAnswer(
  repository: SimulatedRepository,
  below: string,
  query: URLSearchParams,
  nowMs: number,
): FakeAnswer {
  if (below === '') return { status: 200, body: repositoryBody(repository) };
  const range = /^\/compare\/(.+)$/.exec(below)?.[1];
  if (range !== undefined) {
    if (repository.commitsForbidden === true) return forbidden;
    const body = comparisonBody(repository, decodeURIComponent(range), query);
    return body === undefined ? notFound : { status: 200, body };
  }
  const id = /^\/deployments\/(\d+)\/statuses$/.exec(below)?.[1];
  if (id !== undefined) return statusesAnswer(repository, Number(id), query, nowMs);
  if (/^\/actions\/workflows\/[^/]+\/runs$/.test(below)) return runsAnswer(repository, query, nowMs);
  const attempt = /^\/actions\/runs\/(\d+)\/attempts\/(\d+)$/.exec(below);
  const run = (repository.runs ?? []).find((one) => String(one.id) === attempt?.[1]);
  return run === undefined ? notFound : { status: 200, body: runBody(run, Number(attempt?.[2]), nowMs) };
}

/** Newest first, as GitHub does without saying so. */
function statusesAnswer(
  { deployments }: SimulatedRepository,
  id: number,
  query: URLSearchParams,
  nowMs: number,
): FakeAnswer {
  const found = deployments.find((one) => one.id === id);
  if (found === undefined) return notFound;
  const page = Number(query.get('page') ?? '1');
  const size = Math.min(Number(query.get('per_page') ?? '30'), 100);
  const past = found.statuses.filter(({ atMs }) => atMs <= nowMs).toSorted((a, b) => b.atMs - a.atMs);
  const body = past.slice((page - 1) * size, page * size).map(({ state, atMs }, index) => ({
    id: index,
    state: state.toLowerCase(),
    created_at: iso(atMs),
    creator: PEOPLE[0],
    log_url: '',
  }));
  const link = `<http://host/statuses?page=${page + 1}&per_page=${size}>; rel="next"`;
  return { status: 200, headers: page * size < past.length ? { link } : {}, body };
}

function runsAnswer({ runs = [] }: SimulatedRepository, query: URLSearchParams, nowMs: number): FakeAnswer {
  const branch = query.get('branch');
  const there = runs.filter(
    (one) => (branch === null || one.branch === branch) && (one.attempts[0]?.startedAtMs ?? 0) <= nowMs,
  );
  const size = Math.min(Number(query.get('per_page') ?? '30'), 100);
  const page = Number(query.get('page') ?? '1');
  const shown = there.toReversed().slice((page - 1) * size, page * size);
  const newest = (run: SimulatedRun) => run.attempts.filter(({ startedAtMs }) => startedAtMs <= nowMs).length;
  const body = { total_count: there.length, workflow_runs: shown.map((run) => runBody(run, newest(run), nowMs)) };
  return { status: 200, body };
}

function runBody({ id, branch, sha, attempts }: SimulatedRun, number: number, nowMs: number): unknown {
  const attempt = attempts[number - 1];
  const isOver = attempt !== undefined && attempt.endedAtMs <= nowMs;
  return {
    id,
    run_attempt: number,
    status: isOver ? 'completed' : 'in_progress',
    conclusion: isOver ? attempt.conclusion : null,
    head_branch: branch,
    head_sha: sha,
    html_url: `https://github.com/runs/${id}`,
    created_at: iso(attempts[0]?.startedAtMs ?? 0),
    run_started_at: iso(attempt?.startedAtMs ?? 0),
    updated_at: iso(isOver ? attempt.endedAtMs : (attempt?.startedAtMs ?? 0)),
    actor: PEOPLE[0],
    triggering_actor: PEOPLE[1],
    head_commit: { author: PEOPLE[2] },
  };
}
