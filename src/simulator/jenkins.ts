import { PEOPLE } from './people.ts';
import { type Fake, type FakeAnswer, type FakeOptions, type SeenRequest, startFake } from './platform.ts';

export const JENKINS_FAKE_ACCOUNT = 'exporter';
export const JENKINS_FAKE_TOKEN = '11demo0token';

/** One build; what lies after the fake's now has not happened. */
export interface SimulatedBuild {
  readonly number: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly result: string;
  readonly sha?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface SimulatedJob {
  /** With the folders that it is in; a slash in the name of a branch is `%2F`. */
  readonly fullName: string;
  builds: SimulatedBuild[];
}

/** What the fake of Jenkins shows: jobs, and which of the folders above them are multibranch projects. */
export interface JenkinsWorld {
  jobs: SimulatedJob[];
  readonly multibranch?: readonly string[];
}

/** Jenkins lists no more builds than this without a range. */
const BUILDS_MAX = 100;
const html = (status: number): FakeAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><body>${status}</body></html>`,
});

/** Starts Jenkins on loopback. */
export function startJenkinsFake(world: JenkinsWorld, options: FakeOptions = {}): Promise<Fake> {
  const nowMs = options.nowMs ?? Date.now;
  const credentials = Buffer.from(`${JENKINS_FAKE_ACCOUNT}:${JENKINS_FAKE_TOKEN}`).toString('base64');
  const answer = (request: SeenRequest): FakeAnswer => {
    if (request.headers.authorization !== `Basic ${credentials}`) return html(401);
    const found = route(request, world, nowMs());
    return { ...found, headers: { 'x-jenkins': '2.516.1', ...found.headers } };
  };
  return startFake({ answer, throttled: () => html(429) }, options);
}

function route({ path, query }: SeenRequest, world: JenkinsWorld, nowMs: number): FakeAnswer {
  if (!path.endsWith('/api/json')) return html(404);
  const tree = query.get('tree') ?? '';
  if (path === '/api/json') return { status: 200, body: { jobs: itemsBelow(world, '', depthOf(tree), nowMs) } };
  const parts = path.slice(0, -'/api/json'.length).split('/job/').slice(1);
  const [last = '', number] = (parts.at(-1) ?? '').split('/');
  const fullName = [...parts.slice(0, -1), last].map(decodeURIComponent).join('/');
  const job = world.jobs.find((one) => one.fullName === fullName);
  if (job === undefined) return html(404);
  if (number === undefined) return { status: 200, body: { allBuilds: buildsIn(job, tree, nowMs) } };
  const build = job.builds.find((one) => String(one.number) === number);
  return build === undefined ? html(404) : { status: 200, body: buildBody(build, fullName, nowMs) };
}

/** Levels of jobs that are asked for. */
function depthOf(tree: string): number {
  return tree.split('jobs[').length - 1;
}

function itemsBelow(world: JenkinsWorld, folder: string, depth: number, nowMs: number): unknown[] {
  if (depth === 0) return [];
  const below = world.jobs.filter(({ fullName }) => fullName.startsWith(folder));
  const names = [...new Set(below.map(({ fullName }) => folder + (fullName.slice(folder.length).split('/')[0] ?? '')))];
  return names.map((name) => {
    const job = world.jobs.find(({ fullName }) => fullName === name);
    if (job === undefined) {
      const isMultibranch = world.multibranch?.includes(name) === true;
      const type = isMultibranch
        ? 'multibranch.WorkflowMultiBranchProject'
        : 'com.cloudbees.hudson.plugins.folder.Folder';
      return { _class: type, fullName: name, jobs: itemsBelow(world, `${name}/`, depth - 1, nowMs) };
    }
    const last = started(job, nowMs)[0];
    const lastBuild = last && { number: last.number, timestamp: last.startedAtMs, building: last.endedAtMs > nowMs };
    return { _class: 'org.jenkinsci.plugins.workflow.job.WorkflowJob', fullName: name, lastBuild: lastBuild ?? null };
  });
}

/** The newest first. */
function started({ builds }: SimulatedJob, nowMs: number): SimulatedBuild[] {
  return builds.filter(({ startedAtMs }) => startedAtMs <= nowMs).toSorted((a, b) => b.number - a.number);
}

function buildsIn(job: SimulatedJob, tree: string, nowMs: number): unknown[] {
  const [, from = '0', to = String(BUILDS_MAX)] = /\{(\d+),(\d+)\}$/.exec(tree) ?? [];
  return started(job, nowMs)
    .slice(Number(from), Number(to))
    .map((build) => buildBody(build, job.fullName, nowMs));
}

function buildBody(build: SimulatedBuild, fullName: string, nowMs: number): unknown {
  const { number, startedAtMs, endedAtMs, result, sha, parameters = {} } = build;
  const isOver = endedAtMs <= nowMs;
  const person = PEOPLE[number % PEOPLE.length];
  return {
    _class: 'org.jenkinsci.plugins.workflow.job.WorkflowRun',
    number,
    url: `https://ci.example.com/${fullName}/${number}/`,
    timestamp: startedAtMs,
    duration: isOver ? endedAtMs - startedAtMs : 0,
    building: !isOver,
    result: isOver ? result : null,
    actions: [
      { causes: [{ shortDescription: `Started by ${person?.name}`, userId: person?.login }] },
      {},
      ...(sha === undefined
        ? []
        : [{ lastBuiltRevision: { SHA1: sha, branch: [{ name: 'refs/remotes/origin/main' }] } }]),
      { parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })) },
    ],
    culprits: [person],
  };
}
