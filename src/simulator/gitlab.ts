import {
  compareSimulated,
  type DeploymentWorld,
  type SimulatedDeployment,
  type SimulatedRepository,
} from './deployment-world.ts';
import { PEOPLE } from './people.ts';
import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';

export const GITLAB_FAKE_TOKEN = 'glpat-demo0token';
/** Lists by offset end there. */
const OFFSET_MAX = 50_000;

const iso = (ms: number) => new Date(ms).toISOString();
const error = (status: number, message: string): FakeAnswer => ({ status, body: { message } });
const notFound = error(404, '404 Project Not Found');

/** GitLab's words for what the world calls as GitHub does. */
const STATUSES: Readonly<Record<string, string>> = {
  PENDING: 'created',
  WAITING: 'blocked',
  IN_PROGRESS: 'running',
  SUCCESS: 'success',
  FAILURE: 'failed',
  INACTIVE: 'canceled',
};

/** Starts GitLab on loopback, with the parts of its API that belong to deployments. */
export function startGitlabFake(world: DeploymentWorld, options: FakeOptions = {}): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  const answer = (request: SeenRequest): FakeAnswer => {
    const { headers, path, method } = request;
    if (!path.startsWith('/api/v4/')) return { status: 404, body: '<html>404</html>' };
    const token = headers['private-token'] ?? /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    if (token !== GITLAB_FAKE_TOKEN) return error(401, '401 Unauthorized');
    if (method !== 'GET') return error(405, '405 Method Not Allowed');
    return route({ ...request, path: path.slice('/api/v4'.length) }, world, nowMs());
  };
  const throttled = (seconds: number): FakeAnswer => ({
    status: 429,
    headers: { 'retry-after': String(seconds), 'content-type': 'text/plain' },
    body: 'Retry later\n',
  });
  return startFake({ answer, throttled }, options);
}

function route(request: SeenRequest, world: DeploymentWorld, nowMs: number): FakeAnswer {
  const { path, query } = request;
  if (path === '/projects') return projectsAnswer(request, world);
  const [, id = '', below = ''] = /^\/projects\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  const name = decodeURIComponent(id);
  const project = world.repositories.find((one) => String(one.id) === name || one.name === name);
  const moved = world.repositories.find(({ formerNames = [] }) => formerNames.includes(name));
  if (project === undefined && moved !== undefined) {
    const location = `/api/v4/projects/${moved.id}${below}`;
    return { status: 301, headers: { location }, body: { message: 'Moved Permanently' } };
  }
  if (project === undefined || project.forbidden === true) return notFound;
  if (below === '') return { status: 200, body: projectBody(project) };
  if (below === '/deployments') return deploymentsAnswer(project, query, nowMs);
  if (below === '/environments') return { status: 200, body: environments(project) };
  if (below.startsWith('/repository/') && project.commitsForbidden === true) return error(403, '403 Forbidden');
  if (below === '/repository/compare') return compareAnswer(project, query);
  if (below === '/repository/merge_base') return mergeBaseAnswer(project, query.getAll('refs[]'));
  const sha = /^\/repository\/commits\/([^/]+)\/merge_requests$/.exec(below)?.[1];
  if (sha !== undefined) return { status: 200, body: mergeRequests(project, decodeURIComponent(sha)) };
  const iid = /^\/merge_requests\/(\d+)\/commits$/.exec(below)?.[1];
  return iid === undefined ? notFound : { status: 200, body: mergeRequestCommits(project, Number(iid)) };
}

function projectBody({ id, name, archived = false, fork = false }: SimulatedRepository) {
  return {
    id,
    path_with_namespace: name,
    archived,
    ...(fork ? { forked_from_project: { id: 1 } } : {}),
    owner: PEOPLE[id % PEOPLE.length],
  };
}

/** By keyset: the link to the next page is all that tells of it. */
function projectsAnswer({ query, headers }: SeenRequest, { repositories }: DeploymentWorld): FakeAnswer {
  const size = Math.min(Number(query.get('per_page') ?? '20'), 100);
  if (query.get('pagination') !== 'keyset' || query.get('order_by') !== 'id') return error(400, 'keyset is expected');
  const after = Number(query.get('id_after') ?? '-1');
  const seen = repositories.filter((one) => one.forbidden !== true && one.id > after).toSorted((a, b) => a.id - b.id);
  const shown = seen.slice(0, size);
  const next = new URLSearchParams(query);
  next.set('id_after', String(shown.at(-1)?.id ?? 0));
  const link = `<http://${headers.host}/api/v4/projects?${next.toString()}>; rel="next"`;
  return { status: 200, headers: seen.length > size ? { link } : {}, body: shown.map(projectBody) };
}

function deploymentsAnswer({ deployments }: SimulatedRepository, query: URLSearchParams, nowMs: number): FakeAnswer {
  const [after, orderBy] = [query.get('updated_after'), query.get('order_by') ?? 'id'];
  if (after !== null && orderBy !== 'updated_at') {
    return error(400, '400 (Bad request) "`updated_at` filter requires `updated_at` sort" not given');
  }
  const size = Math.min(Number(query.get('per_page') ?? '20'), 100);
  const page = Number(query.get('page') ?? '1');
  if ((page - 1) * size >= OFFSET_MAX) return error(405, 'Offset pagination has a maximum allowed offset of 50000');
  const there = deployments
    .filter(({ createdAtMs }) => createdAtMs <= nowMs)
    .map((one) => ({ one, updatedAtMs: updatedAt(one, nowMs) }))
    .filter(({ updatedAtMs }) => after === null || updatedAtMs > Date.parse(after));
  const sign = query.get('sort') === 'desc' ? -1 : 1;
  const sorted = there.toSorted((a, b) =>
    orderBy === 'updated_at'
      ? sign * (a.updatedAtMs - b.updatedAtMs) || b.one.id - a.one.id
      : sign * (a.one.id - b.one.id),
  );
  const shown = sorted.slice((page - 1) * size, page * size);
  return {
    status: 200,
    headers: { 'x-page': String(page), 'x-next-page': page * size < sorted.length ? String(page + 1) : '' },
    body: shown.map(({ one }) => deploymentBody(one, nowMs)),
  };
}

function past({ statuses }: SimulatedDeployment, nowMs: number) {
  return statuses.filter(({ atMs }) => atMs <= nowMs).toSorted((a, b) => a.atMs - b.atMs);
}

function updatedAt(one: SimulatedDeployment, nowMs: number): number {
  return Math.max(one.createdAtMs, past(one, nowMs).at(-1)?.atMs ?? 0);
}

function deploymentBody(one: SimulatedDeployment, nowMs: number): unknown {
  const statuses = past(one, nowMs);
  const last = statuses.at(-1);
  const status = STATUSES[last?.state ?? 'PENDING'] ?? last?.state ?? '';
  const started = statuses.find(({ state }) => state === 'IN_PROGRESS');
  const isOver = ['success', 'failed', 'canceled'].includes(status);
  const person = PEOPLE[one.id % PEOPLE.length];
  return {
    id: one.id,
    iid: one.id,
    ref: one.ref ?? null,
    sha: one.sha,
    created_at: iso(one.createdAtMs),
    updated_at: iso(updatedAt(one, nowMs)),
    status,
    user: person,
    environment: { id: 9, name: one.environment, external_url: '' },
    deployable:
      started === undefined
        ? null
        : {
            id: one.id,
            status,
            created_at: iso(one.createdAtMs),
            started_at: iso(started.atMs),
            finished_at: isOver ? iso(last?.atMs ?? 0) : null,
            web_url: `https://gitlab.example.com/jobs/${one.id}`,
            user: person,
            commit: {
              id: one.sha,
              author_name: person?.name,
              author_email: person?.email,
              title: `by ${person?.name}`,
            },
          },
  };
}

/** Tiers by the beginning of the name, as GitLab guesses them. */
function environments({ deployments }: SimulatedRepository): unknown[] {
  const names = [...new Set(deployments.map(({ environment }) => environment))];
  return names.map((name, id) => ({ id, name, tier: /^(?:prod|live)/.test(name) ? 'production' : 'development' }));
}

function compareAnswer(project: SimulatedRepository, query: URLSearchParams): FakeAnswer {
  const compared = compareSimulated(project, query.get('from') ?? '', query.get('to') ?? '');
  if (compared === undefined) return error(404, '404 Ref Not Found');
  const commits = compared.commits.map(({ sha, authoredAtMs, parents }, index) => {
    const person = PEOPLE[index % PEOPLE.length];
    return {
      id: sha,
      parent_ids: parents,
      authored_date: iso(authoredAtMs),
      committed_date: iso(authoredAtMs + 60_000),
      author_name: person?.name,
      author_email: person?.email,
      title: `by ${person?.name}`,
    };
  });
  return { status: 200, body: { commits, diffs: [], compare_timeout: false, compare_same_ref: false } };
}

function mergeBaseAnswer(project: SimulatedRepository, [base = '', head = '']: readonly string[]): FakeAnswer {
  const compared = compareSimulated(project, base, head);
  if (compared === undefined) return error(404, '404 Merge Base Not Found');
  return { status: 200, body: { id: compared.status === 'behind' ? head : base, author_name: PEOPLE[0].name } };
}

function mergeRequests({ commits }: SimulatedRepository, sha: string): unknown[] {
  const index = commits.findIndex((one) => one.sha === sha);
  const pull = commits[index]?.pullRequest;
  if (pull === undefined) return [];
  const [created_at, merged_at] = [pull.openedAtMs, pull.mergedAtMs].map(iso);
  return [{ iid: index, created_at, merged_at, state: 'merged', title: `by ${PEOPLE[0].name}`, author: PEOPLE[0] }];
}

function mergeRequestCommits({ commits }: SimulatedRepository, iid: number): unknown[] {
  const { pullRequest, authoredAtMs = 0 } = commits[iid] ?? {};
  const times = [authoredAtMs, pullRequest?.firstCommitAtMs ?? authoredAtMs];
  return times.map((atMs) => ({ authored_date: iso(atMs), author_name: PEOPLE[0].name }));
}
