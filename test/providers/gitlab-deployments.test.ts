import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { gitlab } from '../../src/providers/gitlab/platform.ts';
import type { SimulatedRepository } from '../../src/simulator/deployment-world.ts';
import { GITLAB_FAKE_TOKEN, startGitlabFake } from '../../src/simulator/gitlab.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import type { FakeOptions } from '../../src/simulator/platform.ts';
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

describe('the deployments of GitLab', () => {
  const opened: DeploymentStage[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  interface Given {
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly config?: Partial<ProviderConfig>;
    readonly options?: FakeOptions;
    readonly baseUrl?: (url: string) => string;
  }
  async function stage(repositories: SimulatedRepository[], given: Given = {}) {
    const made = await deploymentStage({
      platform: gitlab,
      world: { repositories },
      start: (of, nowMs) => startGitlabFake(of, { nowMs, ...given.options }),
      settings: { token: GITLAB_FAKE_TOKEN, projects: repositories.map(({ name }) => name), ...given.settings },
      ...(given.config && { config: given.config }),
      ...(given.baseUrl && { baseUrl: given.baseUrl }),
    });
    opened.push(made);
    return made;
  }
  const at = (minutes: number) => NOW_MS - 60 * MINUTE_MS + minutes * MINUTE_MS;

  it.each(['', '/api/v4'])("become records with the platform's own names, at HOST%s", async (path) => {
    const { memory, poll } = await stage(
      [
        repository(7, 'acme/shop/checkout', {
          deployments: [deployment(11, { minutesAgo: 60, sha: 'sha3', state: 'FAILURE' })],
        }),
      ],
      { baseUrl: (url) => `${url}${path}` },
    );

    await poll();

    expect([...memory.deployments.values()]).toEqual([
      {
        id: '11',
        repository: 'acme/shop/checkout',
        serviceName: 'checkout',
        environment: 'production',
        ref: 'main',
        sha: 'sha3',
        startedAtMs: at(0) + 10_000,
        finishedAtMs: at(5),
        outcome: 'failure',
        url: 'https://gitlab.example.com/jobs/11',
        updatedAtMs: at(5),
      },
    ]);
  });

  it.each([
    {
      says: 'without a job ends when it changed last',
      statuses: [{ state: 'SUCCESS', atMs: at(4) }],
      end: { outcome: 'success', finishedAtMs: at(4) },
    },
    {
      says: 'that was cancelled is',
      statuses: [{ state: 'INACTIVE', atMs: at(3) }],
      end: { outcome: 'cancelled', finishedAtMs: at(3) },
    },
    { says: 'that is blocked runs', statuses: [{ state: 'WAITING', atMs: at(1) }], end: {} },
  ])('one $says', async ({ statuses, end }) => {
    const { memory, poll } = await stage([
      repository(7, 'acme/checkout', { deployments: [{ ...deployment(11, { minutesAgo: 60 }), statuses }] }),
    ]);

    await poll();

    const { outcome, finishedAtMs } = memory.deployments.get('11') ?? {};
    expect({ outcome, finishedAtMs }).toEqual({ outcome: undefined, finishedAtMs: undefined, ...end });
  });

  it('that ran are seen when they end', async () => {
    const slow = {
      ...deployment(1, { minutesAgo: 50 }),
      statuses: [{ state: 'SUCCESS', atMs: NOW_MS + 90 * MINUTE_MS }],
    };
    const { memory, poll } = await stage([repository(7, 'acme/checkout', { deployments: [slow] })]);
    await poll();
    expect(memory.deployments.get('1')?.outcome).toBeUndefined();

    await poll({ minutes: 100 });

    expect(memory.deployments.get('1')).toMatchObject({ outcome: 'success', finishedAtMs: NOW_MS + 90 * MINUTE_MS });
  });

  it('are all read by a first sync, and by one that was killed after any page', async () => {
    // 150 of them changed at the same instant, more than a page.
    const many = Array.from({ length: 250 }, (_, index) =>
      deployment(index + 1, { minutesAgo: index < 150 ? 500 : 400 - index, sha: 'sha1' }),
    );
    const repositories = () => [repository(1, 'acme/a', { deployments: many })];
    const whole = await stage(repositories());
    await whole.poll();

    for (const dieAfterPages of [1, 2, 3, 4]) {
      const killed = await stage(repositories());
      await killed.poll({ dieAfterPages });
      await killed.poll();

      expect(killed.memory.deployments.size).toBe(250);
    }
    expect(whole.memory.deployments.size).toBe(250);
  });

  it('that change while they are read are not left out', async () => {
    const many = Array.from({ length: 220 }, (_, index) =>
      deployment(index + 1, { minutesAgo: 400 - index, sha: 'sha1' }),
    );
    const { memory, poll, world } = await stage([repository(1, 'acme/a', { deployments: many })]);
    await poll({ dieAfterPages: 2 });
    const [project] = world.repositories;
    for (const one of project?.deployments.slice(0, 30) ?? [])
      one.statuses = [...one.statuses, { state: 'SUCCESS', atMs: NOW_MS - MINUTE_MS }];

    await poll();

    expect(memory.deployments.size).toBe(220);
  });

  it('cost a quiet poll of 100 projects 100 requests', async () => {
    const repositories = Array.from({ length: 100 }, (_, index) =>
      repository(index, `acme/r${index}`, { deployments: [deployment(index + 1, { minutesAgo: 90 })] }),
    );
    const { poll } = await stage(repositories, { settings: { projects: ['acme/*'] } });
    await poll();

    expect(await poll({ minutes: 1 })).toHaveLength(100);
  });

  it('are read by the tier of their environment', async () => {
    const deployments = [
      deployment(1, { minutesAgo: 60, environment: 'prod/eu' }),
      deployment(2, { minutesAgo: 50, environment: 'review/x' }),
    ];
    const { memory, poll } = await stage([repository(7, 'acme/checkout', { deployments })], {
      config: { deployments: deploymentSettings({ production: ['tier:production/*'] }) },
    });

    await poll();

    expect([...memory.deployments.values()].map(({ environment }) => environment)).toEqual(['tier:production/prod/eu']);
    expect([...memory.unread.values()]).toEqual(['tier:development/review/x']);
  });

  it('of projects that are gone or forbidden are marked, while the others go on', async () => {
    const one = (id: number, name: string, change = {}) =>
      repository(id, name, { deployments: [deployment(id, { minutesAgo: 60 })], ...change });
    const { memory, poll } = await stage(
      [
        one(1, 'acme/good'),
        one(2, 'acme/secret', { forbidden: true }),
        one(3, 'acme/old', { archived: true }),
        one(4, 'acme/fork', { fork: true }),
      ],
      { settings: { projects: ['acme/*', 'acme/secret', 'acme/gone', 'acme/old'] } },
    );

    await poll();

    expect([...memory.deployments.values()].map((found) => found.repository).toSorted()).toEqual([
      'acme/good',
      'acme/old',
    ]);
    expect([...memory.rejected.values()].map(({ key, reason }) => `${key} ${reason}`).toSorted()).toEqual([
      'repository acme/gone forbidden',
      'repository acme/secret forbidden',
    ]);
  });

  it('of a project that was renamed stay its own', async () => {
    const one = repository(1, 'acme/old', { deployments: [deployment(1, { minutesAgo: 60 })] });
    const { memory, poll } = await stage([one]);
    await poll();
    one.formerNames = ['acme/old'];
    one.name = 'acme/new';
    one.deployments.push(deployment(2, { minutesAgo: -1 }));

    await poll({ minutes: 90 });

    expect([...memory.deployments.values()].map((found) => found.repository)).toEqual(['acme/old', 'acme/old']);
  });

  it('are compared with the ones before', async () => {
    const shas = ['sha2', 'sha4', 'sha3', 'gone'];
    const pullRequest = { firstCommitAtMs: at(-500), openedAtMs: at(-400), mergedAtMs: at(-300) };
    const commits = commitLine(5).map((one) => (one.sha === 'sha4' ? { ...one, pullRequest } : one));
    const deployments = shas.map((sha, index) => deployment(index + 1, { minutesAgo: 60 - 10 * index, sha }));
    const { memory, poll } = await stage([repository(7, 'acme/checkout', { commits, deployments })], {
      config: { deployments: deploymentSettings(undefined, 'pull_requests') },
    });

    await poll();

    expect([...memory.comparisons.values()]).toEqual([
      {
        repository: 'acme/checkout',
        baseSha: 'sha2',
        headSha: 'sha4',
        relation: 'ahead',
        changes: [
          { sha: 'sha3', authoredAtMs: commits[3]?.authoredAtMs },
          { sha: 'sha4', authoredAtMs: commits[4]?.authoredAtMs, pullRequest },
        ],
      },
      { repository: 'acme/checkout', baseSha: 'sha4', headSha: 'sha3', relation: 'behind', changes: [] },
      { repository: 'acme/checkout', baseSha: 'sha3', headSha: 'gone', relation: 'unknown', changes: [] },
    ]);
    const kept = JSON.stringify([[...memory.deployments.values()], [...memory.comparisons.values()], memory.cursor]);
    for (const { name, email, login } of PEOPLE)
      for (const word of [name, email, login]) expect(kept).not.toContain(word);
  });

  it.each([
    { says: 'a plain 429', answer: { status: 429, headers: { 'retry-after': '3' }, body: 'Retry later\n' } },
    { says: 'a 500', answer: { status: 500, body: { message: '500 Internal Server Error' } } },
    { says: 'a web page with status 200', answer: { status: 200, body: '<html>' } },
    { says: 'a cut answer', answer: 'truncate' as const },
  ])('are read after $says', async ({ answer }) => {
    const { memory, poll, fake } = await stage([
      repository(7, 'acme/checkout', { deployments: [deployment(1, { minutesAgo: 60 })] }),
    ]);
    fake.faults.push({ times: 1, path: /deployments/, answer });

    await poll();

    expect(memory.deployments.size).toBe(1);
  });

  it('fail the poll with a 401, which is tried once', async () => {
    const { poll, fake } = await stage([repository(7, 'acme/checkout')]);
    fake.faults.push({ times: 9, answer: { status: 401, body: { message: '401 Unauthorized' } } });

    await expect(poll()).rejects.toThrow('401 Unauthorized');

    expect(fake.requests).toHaveLength(1);
  });

  it('lack a malformed record, which is counted, and have the others', async () => {
    const deployments = [deployment(1, { minutesAgo: 60 }), deployment(2, { minutesAgo: 50, environment: 7 as never })];
    const { memory, poll } = await stage([repository(7, 'acme/checkout', { deployments })]);

    await poll();

    expect([...memory.deployments.keys()]).toEqual(['1']);
    expect([...memory.rejected.values()]).toMatchObject([{ id: '2', reason: 'malformed' }]);
  });

  it('are examined with one request of each kind', async () => {
    const deployments = [1, 2].map((id) => deployment(id, { minutesAgo: 60 - id, sha: `sha${id}` }));
    const { provider } = await stage([repository(7, 'acme/checkout', { deployments })]);

    const report = await provider.probe({
      nowMs: NOW_MS,
      historyStartMs: NOW_MS - 86_400_000,
      signal: new AbortController().signal,
    });

    expect(report.probes.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(report.estimate).toMatchObject({ perPoll: 1 });
  });
});
