import { createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { github } from '../../src/providers/github/platform.ts';
import type { DeploymentWorld, SimulatedRepository } from '../../src/simulator/deployment-world.ts';
import { GITHUB_FAKE_TOKEN, type GithubFakeOptions, startGithubFake } from '../../src/simulator/github.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import type { SeenRequest } from '../../src/simulator/platform.ts';
import {
  commitLine,
  type DeploymentStage,
  deployment,
  deploymentSettings,
  deploymentStage,
  NOW_MS,
  repository,
} from './deployment-stage.ts';

const MINUTE_MS = 60_000;

describe('the deployments of GitHub', () => {
  const opened: DeploymentStage[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  interface Given {
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly config?: Partial<ProviderConfig>;
    readonly options?: GithubFakeOptions;
    readonly baseUrl?: (url: string) => string;
  }
  async function stage(repositories: SimulatedRepository[], given: Given = {}) {
    const world: DeploymentWorld = { repositories };
    const made = await deploymentStage({
      platform: github,
      world,
      start: (of, nowMs) => startGithubFake(of, { nowMs, ...given.options }),
      settings: { token: GITHUB_FAKE_TOKEN, repositories: repositories.map(({ name }) => name), ...given.settings },
      ...(given.config && { config: given.config }),
      ...(given.baseUrl && { baseUrl: given.baseUrl }),
    });
    opened.push(made);
    return made;
  }

  it("become records with the platform's own names", async () => {
    const { memory, poll } = await stage([
      repository(7, 'acme/checkout', {
        deployments: [deployment(11, { minutesAgo: 60, sha: 'sha3', state: 'FAILURE' })],
      }),
    ]);

    await poll();

    expect([...memory.deployments.values()]).toEqual([
      {
        id: '11',
        repository: 'acme/checkout',
        serviceName: 'checkout',
        environment: 'production',
        ref: 'main',
        sha: 'sha3',
        startedAtMs: NOW_MS - 60 * MINUTE_MS,
        finishedAtMs: NOW_MS - 55 * MINUTE_MS,
        outcome: 'failure',
        url: 'https://github.com/runs/11',
        updatedAtMs: NOW_MS - 55 * MINUTE_MS,
      },
    ]);
    expect(memory.complete).toEqual({ polledUntilMs: NOW_MS, historyStartMs: NOW_MS - 30 * 86_400_000 });
  });

  const at = (minutes: number) => NOW_MS - 60 * MINUTE_MS + minutes * MINUTE_MS;
  it.each([
    {
      says: 'the first final status decides, whatever follows it',
      statuses: [
        { state: 'INACTIVE', atMs: at(9) },
        { state: 'SUCCESS', atMs: at(4) },
        { state: 'FAILURE', atMs: at(6) },
        { state: 'IN_PROGRESS', atMs: at(1) },
      ],
      end: { outcome: 'success', finishedAtMs: at(4) },
    },
    {
      says: 'an error is a failure',
      statuses: [{ state: 'ERROR', atMs: at(2) }],
      end: { outcome: 'failure', finishedAtMs: at(2) },
    },
    {
      says: 'inactive alone is cancelled',
      statuses: [{ state: 'INACTIVE', atMs: at(3) }],
      end: { outcome: 'cancelled', finishedAtMs: at(3) },
    },
    {
      says: 'waiting and pending run',
      statuses: [
        { state: 'WAITING', atMs: at(1) },
        { state: 'PENDING', atMs: at(2) },
      ],
      end: {},
    },
  ])('$says', async ({ statuses, end }) => {
    const { memory, poll } = await stage([
      repository(7, 'acme/checkout', { deployments: [{ ...deployment(11, { minutesAgo: 60 }), statuses }] }),
    ]);

    await poll();

    const { outcome, finishedAtMs } = memory.deployments.get('11') ?? {};
    expect({ outcome, finishedAtMs }).toEqual({ outcome: undefined, finishedAtMs: undefined, ...end });
  });

  it('that end before they start are rejected', async () => {
    const before = { state: 'SUCCESS', atMs: at(-1) };
    const { memory, poll } = await stage([
      repository(7, 'acme/checkout', { deployments: [{ ...deployment(11, { minutesAgo: 60 }), statuses: [before] }] }),
    ]);

    await poll();

    expect(memory.deployments.size).toBe(0);
    expect([...memory.rejected.values()]).toMatchObject([{ id: '11', reason: 'negative_duration' }]);
  });

  it('of environments that the configuration does not name are not read, and are told of', async () => {
    const preview = [1, 2].map((id) => deployment(id, { minutesAgo: 60 + id, environment: 'preview' }));
    const { memory, poll } = await stage([
      repository(7, 'acme/checkout', {
        deployments: [...preview, deployment(3, { minutesAgo: 30, environment: 'prod-eu' })],
      }),
    ]);

    await poll();
    await poll({ minutes: 1 });

    expect([...memory.deployments.keys()]).toEqual(['3']);
    expect([...memory.unread]).toEqual([
      ['1', 'preview'],
      ['2', 'preview'],
    ]);
  });

  it('are all read by a first sync, and by one that was killed after any page', async () => {
    const many = Array.from({ length: 130 }, (_, index) =>
      deployment(index + 1, { minutesAgo: 400 - index, sha: 'sha1' }),
    );
    const names = ['acme/a', 'acme/b', 'acme/c', 'acme/d', 'acme/e'];
    const repositories = () =>
      names.map((name, index) =>
        repository(index, name, { deployments: many.map((one) => ({ ...one, id: one.id + 1000 * index })) }),
      );
    const whole = await stage(repositories());
    await whole.poll();

    for (const dieAfterPages of [1, 2, 3, 5, 7]) {
      const killed = await stage(repositories());
      await killed.poll({ dieAfterPages });
      await killed.poll();

      expect([...killed.memory.deployments.keys()].toSorted()).toEqual([...whole.memory.deployments.keys()].toSorted());
    }
    expect(whole.memory.deployments.size).toBe(650);
  });

  it('that ran are read again by their id until they end', async () => {
    const slow = {
      ...deployment(1, { minutesAgo: 50 }),
      statuses: [{ state: 'SUCCESS', atMs: NOW_MS + 90 * MINUTE_MS }],
    };
    const others = Array.from({ length: 60 }, (_, index) =>
      deployment(index + 2, { minutesAgo: 40 - index / 2, sha: 'sha1' }),
    );
    const { memory, poll } = await stage([repository(7, 'acme/checkout', { deployments: [slow, ...others] })]);
    await poll();
    expect(memory.deployments.get('1')?.outcome).toBeUndefined();

    await poll({ minutes: 100 });

    expect(memory.deployments.get('1')).toMatchObject({ outcome: 'success', finishedAtMs: NOW_MS + 90 * MINUTE_MS });
  });

  it('that ran and are gone are deleted', async () => {
    const slow = { ...deployment(1, { minutesAgo: 50 }), statuses: [], deletedAtMs: NOW_MS + MINUTE_MS };
    const { memory, poll } = await stage([repository(7, 'acme/checkout', { deployments: [slow] })]);
    await poll();
    expect([...memory.deployments.keys()]).toEqual(['1']);

    await poll({ minutes: 2 });

    expect(memory.deployments.size).toBe(0);
  });

  it('of more than fifty statuses end by the first final one of all', async () => {
    const statuses = Array.from({ length: 120 }, (_, index) => ({
      state: index === 119 ? 'SUCCESS' : 'IN_PROGRESS',
      atMs: at(1 + index / 10),
    }));
    const { memory, poll } = await stage([
      repository(7, 'acme/checkout', { deployments: [{ ...deployment(11, { minutesAgo: 60 }), statuses }] }),
    ]);

    await poll();

    expect(memory.deployments.get('11')).toMatchObject({ outcome: 'success' });
  });

  it('cost a quiet poll of 100 repositories at most ten requests', async () => {
    const repositories = Array.from({ length: 100 }, (_, index) =>
      repository(index, `acme/r${index}`, { deployments: [deployment(index + 1, { minutesAgo: 90 })] }),
    );
    const { poll } = await stage(repositories, { settings: { repositories: ['acme/*'] } });
    await poll();

    const requests = await poll({ minutes: 1 });

    expect(requests.length).toBeLessThanOrEqual(10);
  });

  describe('repositories', () => {
    it('match globs, but archived and forked ones only come when they are named in full', async () => {
      const one = (id: number, name: string, change = {}) =>
        repository(id, name, { deployments: [deployment(id, { minutesAgo: 60 })], ...change });
      const { memory, poll } = await stage(
        [
          one(1, 'acme/shop-web'),
          one(2, 'acme/shop-old', { archived: true }),
          one(3, 'acme/shop-fork', { fork: true }),
          one(4, 'acme/other'),
          one(5, 'acme/named', { archived: true }),
        ],
        { settings: { repositories: ['acme/shop-*', 'acme/named'] } },
      );

      await poll();

      expect([...memory.deployments.values()].map((found) => found.repository).toSorted()).toEqual([
        'acme/named',
        'acme/shop-web',
      ]);
    });

    it('that are gone or forbidden are marked, while the others go on', async () => {
      const good = repository(1, 'acme/good', { deployments: [deployment(1, { minutesAgo: 60 })] });
      const { memory, poll } = await stage([good, repository(2, 'acme/secret', { forbidden: true })], {
        settings: { repositories: ['acme/good', 'acme/secret', 'acme/gone'] },
      });

      await poll();

      expect(memory.deployments.size).toBe(1);
      expect([...memory.rejected.values()].map(({ key, reason }) => `${key} ${reason}`).toSorted()).toEqual([
        'repository acme/gone forbidden',
        'repository acme/secret forbidden',
      ]);
    });

    it('that are refused for hours are read from where they were', async () => {
      const one = repository(1, 'acme/one', { deployments: [deployment(1, { minutesAgo: 60 })] });
      const other = repository(2, 'acme/two', { deployments: [deployment(2, { minutesAgo: 60 })] });
      const { memory, poll } = await stage([one, other]);
      await poll();
      one.deployments.push(deployment(3, { minutesAgo: -10 }));
      one.forbidden = true;
      for (const minutes of [20, 100, 100]) await poll({ minutes });
      one.forbidden = false;

      await poll({ minutes: 1 });

      expect([...memory.deployments.keys()].toSorted()).toEqual(['1', '2', '3']);
    });

    it('that are all refused in a later poll fail it', async () => {
      const one = repository(1, 'acme/one', { deployments: [deployment(1, { minutesAgo: 60 })] });
      const { poll } = await stage([one]);
      await poll();
      one.forbidden = true;

      await expect(poll({ minutes: 1 })).rejects.toThrow('none of the repositories may be read');
    });

    it('of which none can be read fail the poll with the reason', async () => {
      const { poll } = await stage([repository(2, 'acme/secret', { forbidden: true })]);

      await expect(poll()).rejects.toThrow('acme/secret can be read: FORBIDDEN');
    });

    it('that are renamed stay the same', async () => {
      const one = repository(1, 'acme/old', { deployments: [deployment(1, { minutesAgo: 60, sha: 'sha1' })] });
      const { memory, poll } = await stage([one], { settings: { repositories: ['acme/old'] } });
      await poll();
      one.formerNames = ['acme/old'];
      one.name = 'acme/new';
      one.deployments.push(deployment(2, { minutesAgo: -1, sha: 'sha4' }));

      await poll({ minutes: 90 });

      expect([...memory.deployments.values()].map((found) => found.repository)).toEqual(['acme/old', 'acme/old']);
      expect([...memory.comparisons.values()]).toMatchObject([
        { repository: 'acme/old', baseSha: 'sha1', headSha: 'sha4', relation: 'ahead' },
      ]);
    });

    it('that come later have their whole history read', async () => {
      const { memory, poll, world } = await stage([repository(1, 'acme/one')], {
        settings: { repositories: ['acme/*'] },
      });
      await poll();
      const late = Array.from({ length: 70 }, (_, index) =>
        deployment(index + 1, { minutesAgo: 300 - index, sha: 'sha2' }),
      );
      world.repositories.push(repository(2, 'acme/two', { deployments: late }));

      await poll({ minutes: 61 });

      expect(memory.deployments.size).toBe(70);
    });
  });

  describe('comparisons', () => {
    const successes = (...shas: readonly string[]) =>
      shas.map((sha, index) => deployment(index + 1, { minutesAgo: 60 - 10 * index, sha }));

    it('tell what each success brought', async () => {
      const { memory, poll } = await stage([
        repository(7, 'acme/checkout', { deployments: successes('sha2', 'sha4', 'sha4', 'sha3') }),
      ]);

      await poll();

      expect(
        [...memory.comparisons.values()].map(({ baseSha, headSha, relation, changes }) => [
          baseSha,
          headSha,
          relation,
          changes.map(({ sha }) => sha),
        ]),
      ).toEqual([
        ['sha2', 'sha4', 'ahead', ['sha3', 'sha4']],
        ['sha4', 'sha4', 'identical', []],
        ['sha4', 'sha3', 'behind', []],
      ]);
      const [change] = memory.comparisons.get('acme/checkout sha2 sha4')?.changes ?? [];
      expect(change).toEqual({ sha: 'sha3', authoredAtMs: commitLine(20)[3]?.authoredAtMs });
    });

    it('read all pages of more than 250 commits', async () => {
      const commits = commitLine(400);
      const { memory, poll } = await stage([
        repository(7, 'acme/checkout', { commits, deployments: successes('sha10', 'sha390') }),
      ]);

      await poll();

      expect(memory.comparisons.get('acme/checkout sha10 sha390')?.changes).toHaveLength(380);
    });

    it('with a commit that is gone are unknown: no changes rather than wrong ones', async () => {
      const { memory, poll } = await stage([
        repository(7, 'acme/checkout', { deployments: successes('forced', 'sha4') }),
      ]);

      await poll();

      expect([...memory.comparisons.values()]).toMatchObject([{ relation: 'unknown', changes: [] }]);
    });

    it('that are forbidden are counted, and requested again until they are not', async () => {
      const one = repository(7, 'acme/checkout', { commitsForbidden: true, deployments: successes('sha2', 'sha4') });
      const { memory, poll } = await stage([one]);
      await poll();
      expect(memory.comparisons.size).toBe(0);
      expect([...memory.rejected.values()]).toMatchObject([{ reason: 'forbidden' }]);
      one.commitsForbidden = false;

      await poll({ minutes: 1 });

      expect(memory.comparisons.size).toBe(1);
    });

    it('are made anew where a late success comes between two others', async () => {
      const one = repository(7, 'acme/checkout', { deployments: successes('sha2', 'sha8') });
      const { memory, poll } = await stage([one]);
      await poll();
      one.deployments.push({
        ...deployment(9, { minutesAgo: 2, sha: 'sha5' }),
        statuses: [{ state: 'SUCCESS', atMs: NOW_MS - MINUTE_MS }],
      });
      one.deployments.push(deployment(10, { minutesAgo: -1, sha: 'sha9' }));

      await poll({ minutes: 10 });

      expect([...memory.comparisons.keys()].toSorted()).toEqual([
        'acme/checkout sha2 sha8',
        'acme/checkout sha5 sha9',
        'acme/checkout sha8 sha5',
      ]);
    });

    it('have the times of pull requests where they are asked for', async () => {
      const pullRequest = {
        firstCommitAtMs: NOW_MS - 500_000,
        openedAtMs: NOW_MS - 400_000,
        mergedAtMs: NOW_MS - 300_000,
      };
      const commits = commitLine(5).map((one) => (one.sha === 'sha4' ? { ...one, pullRequest } : one));
      const { memory, poll } = await stage(
        [repository(7, 'acme/checkout', { commits, deployments: successes('sha2', 'sha4') })],
        {
          config: { deployments: deploymentSettings(undefined, 'pull_requests') },
        },
      );

      await poll();

      const changes = memory.comparisons.get('acme/checkout sha2 sha4')?.changes;
      expect(changes?.map((one) => one.pullRequest)).toEqual([undefined, pullRequest]);
    });

    it('are not requested with lead_time: off', async () => {
      const { memory, poll } = await stage(
        [repository(7, 'acme/checkout', { deployments: successes('sha2', 'sha4') })],
        {
          config: { deployments: deploymentSettings(undefined, 'off') },
        },
      );

      const requests = await poll();

      expect(memory.comparisons.size).toBe(0);
      expect(requests.filter(({ path }) => path.includes('compare'))).toEqual([]);
    });
  });

  it('name no person: neither in questions nor in what is kept', async () => {
    const one = repository(7, 'acme/checkout', {
      deployments: [1, 2].map((id) => deployment(id, { minutesAgo: 60 - id, sha: `sha${2 * id}` })),
    });
    const { memory, poll, fake } = await stage([one], {
      config: { deployments: deploymentSettings(undefined, 'pull_requests') },
      settings: { repositories: ['acme/*'] },
    });

    await poll();

    const kept = JSON.stringify([[...memory.deployments.values()], [...memory.comparisons.values()], memory.cursor]);
    for (const { name, email, login } of PEOPLE)
      for (const word of [name, email, login]) expect(kept).not.toContain(word);
    const asked = fake.requests.map(({ body }) => body).join('\n');
    expect(asked).not.toMatch(/\b(creator|author|committer|login|email|title|message|description|reviewer)\b/);
    expect(memory.comparisons.size).toBe(1);
  });

  describe('at another address', () => {
    const one = () => repository(7, 'acme/checkout', { deployments: [deployment(1, { minutesAgo: 60 })] });

    it.each([
      { says: 'an Enterprise Server by its host', isServer: true, path: '' },
      { says: 'an Enterprise Server by its REST API', isServer: true, path: '/api/v3' },
      { says: 'anything with the paths of api.github.com', isServer: false, path: '' },
    ])('are read from $says', async ({ isServer, path }) => {
      const { memory, poll } = await stage([one()], { options: { isServer }, baseUrl: (url) => `${url}${path}` });

      await poll();

      expect(memory.deployments.size).toBe(1);
    });
  });

  describe('read by a GitHub App', () => {
    const folder = mkdtempSync(join(tmpdir(), 'github-app-'));
    const file = join(folder, 'key.pem');
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(file, privateKey.export({ type: 'pkcs1', format: 'pem' }));
    afterAll(() => rmSync(folder, { recursive: true }));
    const app = { id: 12, installation_id: '34', private_key_file: file };
    const settings = { token: undefined, app, repositories: ['acme/*'] };
    const one = () => repository(7, 'acme/checkout', { deployments: [deployment(1, { minutesAgo: 60 })] });
    const tokens = (requests: readonly SeenRequest[]) => requests.filter(({ path }) => path.endsWith('/access_tokens'));

    it('use the token of its installation, signed with RS256, and list what the installation sees', async () => {
      const { memory, poll } = await stage([one()], { settings });

      const requests = await poll();

      const [asked] = tokens(requests);
      const jwt = asked?.headers.authorization?.slice('Bearer '.length) ?? '';
      const [head = '', claims = '', signature = ''] = jwt.split('.');
      expect(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url')).toBe(
        true,
      );
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: '12' });
      expect(tokens(requests)).toHaveLength(1);
      expect(requests.map(({ path }) => path)).toContain('/installation/repositories');
      expect(memory.deployments.size).toBe(1);
    });

    it('renew it before it ends', async () => {
      const { poll } = await stage([one()], { settings, options: { tokenLifeMs: 10 * MINUTE_MS } });
      await poll();

      expect(tokens(await poll({ minutes: 5 }))).toHaveLength(0);
      expect(tokens(await poll({ minutes: 4.5 }))).toHaveLength(1);
    });

    it('get a new one after a 401', async () => {
      const { poll, fake } = await stage([one()], { settings });
      await poll();
      fake.faults.push({ times: 1, path: /graphql/, answer: { status: 401, body: { message: 'Bad credentials' } } });

      expect(tokens(await poll({ minutes: 1 }))).toHaveLength(1);
    });

    it('tell of a key that is none, without its text', async () => {
      writeFileSync(join(folder, 'bad.pem'), 'hush-hush');

      const opening = stage([one()], {
        settings: { ...settings, app: { ...app, private_key_file: join(folder, 'bad.pem') } },
      });

      await expect(opening).rejects.toThrow('app.private_key_file: expected the RSA private key');
      await expect(opening).rejects.not.toThrow('hush-hush');
    });
  });

  it.each([
    { says: 'neither token nor app', settings: { token: undefined }, error: 'expected either token' },
    {
      says: 'runs of no workflow',
      settings: { deployments_from: 'workflow_runs' },
      error: 'expected workflow together with',
    },
  ])('are not opened with $says', async ({ settings, error }) => {
    await expect(stage([repository(1, 'acme/one')], { settings })).rejects.toThrow(error);
  });

  describe('from releases', () => {
    it('are successes of production when they are published', async () => {
      const releases = [
        { id: 1, tag: 'v1', sha: 'sha2', createdAtMs: at(0), publishedAtMs: at(5) },
        { id: 2, tag: 'v2', sha: 'sha4', createdAtMs: at(10) },
      ];
      const { memory, poll } = await stage([repository(7, 'acme/checkout', { releases })], {
        settings: { deployments_from: 'releases' },
      });

      await poll();

      expect([...memory.deployments.values()]).toMatchObject([
        { id: 'release-1', environment: 'production', ref: 'v1', sha: 'sha2', outcome: 'success', finishedAtMs: at(5) },
      ]);
    });
  });

  describe('from runs of a workflow', () => {
    const settings = { deployments_from: 'workflow_runs', workflow: 'deploy.yml' };
    const attempt = (from: number, conclusion: string) => ({
      startedAtMs: at(from),
      endedAtMs: at(from + 5),
      conclusion,
    });

    it('take each attempt on the default branch for one', async () => {
      const runs = [
        { id: 1, branch: 'main', sha: 'sha2', attempts: [attempt(0, 'failure'), attempt(20, 'success')] },
        { id: 2, branch: 'feature', sha: 'sha3', attempts: [attempt(10, 'failure')] },
        { id: 3, branch: 'main', sha: 'sha4', attempts: [attempt(30, 'cancelled')] },
      ];
      const { memory, poll } = await stage([repository(7, 'acme/checkout', { runs })], { settings });

      await poll();

      const found = [...memory.deployments.values()].map(
        ({ id, outcome, environment }) => `${id} ${outcome} ${environment}`,
      );
      expect(found.toSorted()).toEqual([
        'run-1-1 failure production',
        'run-1-2 success production',
        'run-3-1 cancelled production',
      ]);
    });

    it('are of the environment that is named first, whatever names the others have', async () => {
      const runs = [{ id: 1, branch: 'main', sha: 'sha2', attempts: [attempt(0, 'success')] }];
      const named = deploymentSettings({ production: ['prod-*'], staging: ['staging'] });
      const { memory, poll } = await stage([repository(7, 'acme/checkout', { runs })], {
        settings,
        config: { deployments: { ...named, firstEnvironment: 'production' } },
      });

      await poll();

      expect([...memory.deployments.values()].map(({ environment }) => environment)).toEqual(['prod-x']);
    });

    it('see a run that is repeated later as another deployment', async () => {
      const run = { id: 1, branch: 'main', sha: 'sha2', attempts: [attempt(0, 'failure')] };
      const { memory, poll } = await stage([repository(7, 'acme/checkout', { runs: [run] })], { settings });
      await poll();
      run.attempts = [...run.attempts, attempt(70, 'success')];

      await poll({ minutes: 30 });

      expect([...memory.deployments.keys()]).toEqual(['run-1-1', 'run-1-2']);
    });
  });

  describe('of a platform in trouble', () => {
    const one = () => repository(7, 'acme/checkout', { deployments: [deployment(1, { minutesAgo: 60 })] });
    const limited = { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] };
    const ok = (body: unknown) => ({ status: 200, body });

    it.each([
      { says: 'an error of GraphQL that is a limit', answer: ok(limited) },
      { says: 'a failure of GraphQL', answer: ok({ data: null, errors: [{ message: 'Something went wrong' }] }) },
      { says: 'a 502', answer: { status: 502, body: '<html>' } },
      { says: 'a web page with status 200', answer: ok('<!DOCTYPE html>') },
      { says: 'a header-less 429', answer: { status: 429, body: { message: 'too many' } } },
      {
        says: 'a secondary limit',
        answer: { status: 403, body: { message: 'You have exceeded a secondary rate limit' } },
      },
      { says: 'a cut answer', answer: 'truncate' as const },
    ])('are read after $says', async ({ answer }) => {
      const { memory, poll, fake } = await stage([one()]);
      fake.faults.push({ times: 1, path: /graphql/, answer });

      await poll();

      expect(memory.deployments.size).toBe(1);
    });

    it.each([
      {
        says: 'a 401',
        answer: { status: 401, body: { message: 'Bad credentials' } },
        error: '401: Bad credentials',
        tries: 1,
      },
      { says: 'a 403', answer: { status: 403, body: { message: 'SAML' } }, error: '403: SAML', tries: 1 },
      {
        says: 'another shape',
        answer: ok({ data: { r0: { databaseId: 7, nameWithOwner: 'acme/checkout', deployments: 7 } } }),
        error: 'another shape',
        tries: 2,
      },
    ])('fail the poll with $says', async ({ answer, error, tries }) => {
      const { poll, fake } = await stage([one()]);
      fake.faults.push({ times: 9, path: /graphql/, answer });

      await expect(poll()).rejects.toThrow(error);

      expect(fake.requests).toHaveLength(tries);
    });

    it('lack a malformed record, which is counted, and have the others', async () => {
      const bad = {
        ...deployment(2, { minutesAgo: 50 }),
        createdAtMs: NOW_MS - 50 * MINUTE_MS,
        statuses: [{ state: '', atMs: at(11) }],
      };
      const { memory, poll } = await stage([
        repository(7, 'acme/checkout', { deployments: [deployment(1, { minutesAgo: 60 }), bad] }),
      ]);

      await poll();

      expect([...memory.deployments.keys()]).toEqual(['1']);
      expect([...memory.rejected.values()]).toMatchObject([{ id: '2', reason: 'malformed' }]);
    });
  });

  it('are examined with one request of each kind', async () => {
    const deployments = [1, 2].map((id) => deployment(id, { minutesAgo: 60 - id, sha: `sha${id}` }));
    const preview = deployment(3, { minutesAgo: 30, environment: 'preview' });
    const { provider } = await stage([repository(7, 'acme/checkout', { deployments: [...deployments, preview] })]);

    const report = await provider.probe({
      nowMs: NOW_MS,
      historyStartMs: NOW_MS - 30 * 86_400_000,
      signal: new AbortController().signal,
    });

    expect(report.probes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(report.deployments).toEqual({
      repositories: 1,
      refused: [],
      count: 3,
      environments: ['production'],
      unknownEnvironments: ['preview'],
    });
    expect(report.estimate).toMatchObject({ perPoll: 1, rateLimitCount: 1 });
  });
});
