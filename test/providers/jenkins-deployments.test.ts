import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { jenkins } from '../../src/providers/jenkins/platform.ts';
import {
  JENKINS_FAKE_ACCOUNT,
  JENKINS_FAKE_TOKEN,
  type JenkinsWorld,
  type SimulatedBuild,
  startJenkinsFake,
} from '../../src/simulator/jenkins.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import { type DeploymentStage, deploymentSettings, deploymentStage, NOW_MS } from './deployment-stage.ts';

const MINUTE_MS = 60_000;

describe('the deployments of Jenkins', () => {
  const opened: DeploymentStage<JenkinsWorld>[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  interface Given {
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly config?: Partial<ProviderConfig>;
  }
  async function stage(world: JenkinsWorld, given: Given = {}) {
    const made = await deploymentStage({
      platform: jenkins,
      world,
      start: (of, nowMs) => startJenkinsFake(of, { nowMs }),
      settings: { user: JENKINS_FAKE_ACCOUNT, token: JENKINS_FAKE_TOKEN, jobs: ['*'], ...given.settings },
      config: {
        deployments: deploymentSettings({ production: ['production', 'prod'], staging: ['staging'] }),
        ...given.config,
      },
    });
    opened.push(made);
    return made;
  }
  const at = (minutes: number) => NOW_MS - 600 * MINUTE_MS + minutes * MINUTE_MS;
  const build = (number: number, from: number, change: Partial<SimulatedBuild> = {}): SimulatedBuild => ({
    number,
    startedAtMs: at(from),
    endedAtMs: at(from + 5),
    result: 'SUCCESS',
    ...change,
  });

  it('are the builds of jobs, with an environment by the name of the job', async () => {
    const { memory, poll } = await stage({
      jobs: [{ fullName: 'shop/deploy-prod', builds: [build(114, 0, { sha: 'a84d', result: 'FAILURE' })] }],
    });

    await poll();

    expect([...memory.deployments.values()]).toEqual([
      {
        id: `shop/deploy-prod#114@${at(0)}`,
        repository: 'shop/deploy-prod',
        serviceName: 'deploy-prod',
        environment: 'prod',
        ref: 'main',
        sha: 'a84d',
        startedAtMs: at(0),
        finishedAtMs: at(5),
        outcome: 'failure',
        url: 'https://ci.example.com/shop/deploy-prod/114/',
        updatedAtMs: at(5),
      },
    ]);
  });

  it('have the environment of a parameter where there is one', async () => {
    const builds = ['staging', 'production', 'qa'].map((value, index) =>
      build(index, 10 * index, { parameters: { TARGET: value } }),
    );
    const { memory, poll } = await stage(
      { jobs: [{ fullName: 'deploy', builds }] },
      { settings: { environment_parameter: 'target' } },
    );

    await poll();

    expect([...memory.deployments.values()].map(({ environment }) => environment).toSorted()).toEqual([
      'production',
      'staging',
    ]);
    expect([...memory.unread.values()]).toEqual(['qa']);
  });

  it.each([
    ['SUCCESS', 'success'],
    ['FAILURE', 'failure'],
    ['UNSTABLE', 'failure'],
    ['ABORTED', 'cancelled'],
    ['NOT_BUILT', 'cancelled'],
  ])('end with %s as %s', async (result, outcome) => {
    const { memory, poll } = await stage({ jobs: [{ fullName: 'deploy-prod', builds: [build(1, 0, { result })] }] });

    await poll();

    expect([...memory.deployments.values()]).toMatchObject([{ outcome }]);
  });

  it('of the branches of a multibranch project are those of one repository', async () => {
    const jobs = [
      { fullName: 'org/shop-prod/main', builds: [build(1, 0)] },
      { fullName: 'org/shop-prod/hotfix%2Fx', builds: [build(1, 10)] },
    ];
    const { memory, poll } = await stage(
      { jobs, multibranch: ['org/shop-prod'] },
      { settings: { jobs: ['org/shop-prod'] } },
    );

    await poll();

    const found = [...memory.deployments.values()].map(({ repository, serviceName }) => `${repository} ${serviceName}`);
    expect(found).toEqual(['org/shop-prod shop-prod', 'org/shop-prod shop-prod']);
  });

  it('are all read by ranges, and by a first sync that was killed', async () => {
    const builds = Array.from({ length: 250 }, (_, index) => build(index + 1, index));
    for (const dieAfterPages of [1, 2, 3]) {
      const killed = await stage({ jobs: [{ fullName: 'deploy-prod', builds }] });
      await killed.poll({ dieAfterPages });
      await killed.poll();

      expect(killed.memory.deployments.size).toBe(250);
    }
  });

  it('cost one request while nothing new is built', async () => {
    const jobs = Array.from({ length: 100 }, (_, index) => ({
      fullName: `deploy-prod-${index}`,
      builds: [build(1, 0)],
    }));
    const { poll, world, memory } = await stage({ jobs });
    await poll();
    await poll({ minutes: 1 });

    expect(await poll({ minutes: 1 })).toHaveLength(1);
    world.jobs[3]?.builds.push(build(2, 601));

    expect(await poll({ minutes: 10 })).toHaveLength(2);
    expect(memory.deployments.size).toBe(101);
  });

  it('that run are read until they end', async () => {
    const slow = build(1, 590, { endedAtMs: at(700) });
    const { memory, poll } = await stage({ jobs: [{ fullName: 'deploy-prod', builds: [slow] }] });
    await poll();
    expect([...memory.deployments.values()]).toMatchObject([{ startedAtMs: at(590) }]);
    expect([...memory.deployments.values()][0]?.outcome).toBeUndefined();

    await poll({ minutes: 101 });

    expect([...memory.deployments.values()]).toMatchObject([{ outcome: 'success', finishedAtMs: at(700) }]);
  });

  it('that ended stay when Jenkins deletes them, and those that ran are deleted', async () => {
    const job = { fullName: 'deploy-prod', builds: [build(1, 0), build(2, 590, { endedAtMs: at(900) })] };
    const { memory, poll } = await stage({ jobs: [job] });
    await poll();
    job.builds = [];

    await poll({ minutes: 5 });

    expect([...memory.deployments.values()].map(({ startedAtMs }) => startedAtMs)).toEqual([at(0)]);
  });

  it('of a job that was made anew, with numbers from 1, are others', async () => {
    const job = { fullName: 'deploy-prod', builds: [build(1, 0), build(2, 10)] };
    const { memory, poll } = await stage({ jobs: [job] });
    await poll();
    job.builds = [build(1, 601)];

    await poll({ minutes: 10 });

    expect(memory.deployments.size).toBe(3);
  });

  it('of jobs that are gone are marked, while the others go on', async () => {
    const { memory, poll } = await stage(
      {
        jobs: [
          { fullName: 'deploy-prod', builds: [build(1, 0)] },
          { fullName: 'test', builds: [build(1, 0)] },
        ],
      },
      { settings: { jobs: ['deploy-*', 'gone'] } },
    );

    await poll();

    expect(memory.deployments.size).toBe(1);
    expect([...memory.rejected.values()]).toMatchObject([{ key: 'repository gone', reason: 'forbidden' }]);
  });

  it('name no person', async () => {
    const { memory, poll } = await stage({ jobs: [{ fullName: 'deploy-prod', builds: [build(1, 0)] }] });

    await poll();

    const kept = JSON.stringify([[...memory.deployments.values()], memory.cursor]);
    for (const { name, email, login } of PEOPLE)
      for (const word of [name, email, login]) expect(kept).not.toContain(word);
  });

  it.each([
    { says: 'a web page with status 200, as of a login', answer: { status: 200, body: '<html>login</html>' } },
    { says: 'a 503', answer: { status: 503, body: '<html>' } },
    { says: 'a cut answer', answer: 'truncate' as const },
  ])('are read after $says', async ({ answer }) => {
    const { memory, poll, fake } = await stage({ jobs: [{ fullName: 'deploy-prod', builds: [build(1, 0)] }] });
    fake.faults.push({ times: 1, answer });

    await poll();

    expect(memory.deployments.size).toBe(1);
  });

  it('fail the poll with a 401, which is tried once', async () => {
    const { poll, fake } = await stage({ jobs: [] }, { settings: { token: 'wrong' } });

    await expect(poll()).rejects.toThrow('401');

    expect(fake.requests).toHaveLength(1);
  });

  it('need the address of the server', () => {
    const settings = { user: 'u', token: 't', jobs: ['*'], environment_parameter: 'E' };
    const config = { settings, baseUrl: undefined } as unknown as ProviderConfig;

    expect(() => jenkins.create(config, {} as never)).toThrow('base_url is missing');
  });
});
