import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { argocd } from '../../src/providers/argocd/platform.ts';
import {
  ARGOCD_FAKE_TOKEN,
  type ArgocdWorld,
  type SimulatedSync,
  startArgocdFake,
} from '../../src/simulator/argocd.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import { type DeploymentStage, deploymentStage, HISTORY_START_MS, NOW_MS } from './deployment-stage.ts';

const MINUTE_MS = 60_000;

describe('the deployments of Argo CD', () => {
  const opened: DeploymentStage<ArgocdWorld>[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  async function stage(world: ArgocdWorld, settings: Readonly<Record<string, unknown>> = {}) {
    const made = await deploymentStage({
      platform: argocd,
      world,
      start: (of, nowMs) => startArgocdFake(of, { nowMs }),
      settings: { token: ARGOCD_FAKE_TOKEN, applications: ['*'], ...settings },
    });
    opened.push(made);
    return made;
  }
  const at = (minutes: number) => NOW_MS - 600 * MINUTE_MS + minutes * MINUTE_MS;
  const sync = (from: number, change: Partial<SimulatedSync> = {}): SimulatedSync => ({
    startedAtMs: at(from),
    endedAtMs: at(from + 5),
    phase: 'Succeeded',
    revision: `sha${from}`,
    ...change,
  });
  const application = (name: string, syncs: SimulatedSync[], namespace = 'production') => ({ name, namespace, syncs });

  it('are the history of successes and the last operation if it failed', async () => {
    const { memory, poll } = await stage({
      applications: [application('checkout', [sync(0), sync(10, { phase: 'Failed' })])],
    });

    await poll();

    const common = { repository: 'checkout', serviceName: 'checkout', environment: 'production' };
    expect([...memory.deployments.values()]).toEqual([
      {
        ...common,
        id: `argocd/checkout@${at(0)}`,
        sha: 'sha0',
        startedAtMs: at(0),
        finishedAtMs: at(5),
        outcome: 'success',
        updatedAtMs: at(5),
      },
      {
        ...common,
        id: `argocd/checkout@${at(10)}`,
        sha: 'sha10',
        startedAtMs: at(10),
        finishedAtMs: at(15),
        outcome: 'failure',
        updatedAtMs: at(15),
      },
    ]);
  });

  it('are seen once, and when they end', async () => {
    const { memory, poll } = await stage({
      applications: [application('checkout', [sync(0), sync(598), sync(610, { phase: 'Error' })])],
    });
    await poll();
    expect(memory.deployments.size).toBe(1);

    await poll({ minutes: 4 });
    expect(memory.deployments.size).toBe(2);
    await poll({ minutes: 20 });

    expect([...memory.deployments.values()].map(({ outcome }) => outcome)).toEqual(['success', 'success', 'failure']);
  });

  it('have a history from the oldest success on where Argo CD has dropped older ones', async () => {
    const many = Array.from({ length: 14 }, (_, index) => sync(10 * index));
    const { memory, poll } = await stage({ applications: [application('old', [sync(0)]), application('busy', many)] });

    await poll();

    expect(memory.complete).toEqual({ polledUntilMs: NOW_MS, historyStartMs: at(45) });
    expect([...memory.deployments.values()].every(({ repository }) => repository === 'busy')).toBe(true);
  });

  it('have the whole history where none was dropped', async () => {
    const { memory, poll } = await stage({ applications: [application('checkout', [sync(0)])] });

    await poll();

    expect(memory.complete?.historyStartMs).toBe(HISTORY_START_MS);
  });

  it('are of the applications and environments that are named; missing ones are marked', async () => {
    const applications = [
      application('checkout', [sync(0)]),
      application('search', [sync(0)]),
      application('shop-staging', [sync(0)], 'staging'),
      application('shop-production', [sync(0)], 'team-shop'),
    ];
    const { memory, poll } = await stage({ applications }, { applications: ['checkout', 'shop-*', 'gone'] });

    await poll();

    expect([...memory.deployments.values()].map((one) => `${one.repository} ${one.environment}`)).toEqual([
      'checkout production',
      'shop-production production',
    ]);
    expect([...memory.rejected.values()]).toMatchObject([{ key: 'repository gone', reason: 'forbidden' }]);
  });

  it('cost one request a poll, and name no person', async () => {
    const { memory, poll } = await stage({ applications: [application('checkout', [sync(0)])] });
    await poll();

    expect(await poll({ minutes: 1 })).toHaveLength(1);
    const kept = JSON.stringify([[...memory.deployments.values()], memory.cursor]);
    for (const { name, email, login } of PEOPLE)
      for (const word of [name, email, login]) expect(kept).not.toContain(word);
  });

  it.each([
    { says: 'a 503', answer: { status: 503, body: 'upstream' } },
    { says: 'a web page with status 200', answer: { status: 200, body: '<html>' } },
  ])('are read after $says', async ({ answer }) => {
    const { memory, poll, fake } = await stage({ applications: [application('checkout', [sync(0)])] });
    fake.faults.push({ times: 1, answer });

    await poll();

    expect(memory.deployments.size).toBe(1);
  });

  it('fail the poll with a 403, which is tried once, and with another shape', async () => {
    const { poll, fake } = await stage({ applications: [] });
    fake.faults.push({ times: 1, answer: { status: 403, body: { message: 'permission denied' } } });
    await expect(poll()).rejects.toThrow('403: permission denied');
    expect(fake.requests).toHaveLength(1);
    fake.faults.push({ times: 1, answer: { status: 200, body: { items: [{}, {}] } } });

    await expect(poll()).rejects.toThrow('no application has the expected shape');
  });

  it('need the address of the server', () => {
    const config = { settings: { token: 't', applications: ['*'] }, baseUrl: undefined } as unknown as ProviderConfig;

    expect(() => argocd.create(config, {} as never)).toThrow('base_url is missing');
  });
});
