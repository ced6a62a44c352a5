import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/model/deployment.ts';
import { missingComparisons } from '../../src/model/missing-comparisons.ts';

function success(sha: string | undefined, finishedAtMs: number, change: Partial<Deployment> = {}): Deployment {
  const names = { repository: 'acme/checkout', serviceName: 'checkout', environment: 'production' };
  const times = { startedAtMs: finishedAtMs - 1, finishedAtMs, updatedAtMs: finishedAtMs };
  return { id: `${finishedAtMs}`, ...names, sha, ...times, outcome: 'success', ...change };
}
const toEnvironment = (name: string) => (name === 'staging' ? undefined : 'production');
const pair = (baseSha: string, headSha: string) => ({ repository: 'acme/checkout', baseSha, headSha });

describe('the comparisons that are missing', () => {
  it('are those of successive successes of one repository in one environment of ours, newest first', () => {
    const deployments = [
      success('c', 30, { environment: 'prod-eu' }),
      success('a', 10),
      success('b', 20),
      success('f', 25, { outcome: 'failure' }),
      success('s', 26, { environment: 'staging' }),
      success('x', 27, { repository: 'acme/search' }),
    ];

    expect(missingComparisons(deployments, [], toEnvironment)).toEqual([pair('b', 'c'), pair('a', 'b')]);
    expect(missingComparisons(deployments, [pair('b', 'c')], toEnvironment)).toEqual([pair('a', 'b')]);
  });

  it('are not those of equal or unknown commits, and each pair once', () => {
    const deployments = [
      success('a', 10),
      success('a', 20),
      success(undefined, 30),
      success('b', 40),
      success('a', 50),
      success('b', 60),
      success('a', 70),
    ];

    expect(missingComparisons(deployments, [], toEnvironment)).toEqual([pair('a', 'b'), pair('b', 'a')]);
  });
});
