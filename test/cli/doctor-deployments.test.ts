import { describe, expect, it } from 'vitest';
import { GITHUB_FAKE_TOKEN, startGithubFake } from '../../src/simulator/github.ts';
import { deployment, repository } from '../providers/deployment-stage.ts';
import { closing, runDoctorJson } from './run-doctor.ts';

const nowMs = () => Date.UTC(2026, 10, 2, 12);

async function examine(change: Parameters<typeof repository>[2] = {}, more = '') {
  const deployments = [
    deployment(1, { minutesAgo: 60, sha: 'sha2' }),
    deployment(2, { minutesAgo: 30, sha: 'sha4' }),
    deployment(3, { minutesAgo: 20, environment: 'preview', sha: 'sha5' }),
  ];
  const world = { repositories: [repository(1, 'acme/checkout', { deployments, ...change })] };
  const fake = closing(await startGithubFake(world, { nowMs, dateMs: () => Date.now() }));
  return runDoctorJson(
    `providers: [{ type: github, source: deployments, token: ${GITHUB_FAKE_TOKEN}, base_url: "${fake.url}", rate_limit: 100000/s, repositories: [acme/checkout${more}] }]`,
  );
}

describe('doctor, of a provider of deployments,', () => {
  it('tells what the first page shows, and forecasts the requests', async () => {
    const { check } = await examine();

    expect(check('deployments')).toMatchObject({
      result: 'ok',
      found:
        '3 deployments on the first page of 1 repository; environments read: production; not read, as environments does not name them: preview',
    });
    expect(check('requests')?.numbers?.['requests_per_day']).toBe(1440 + 24);
  });

  it('warns of repositories that cannot be read, and of commits that may not be', async () => {
    const { check, warned, json } = await examine({ commitsForbidden: true }, ', acme/gone');

    expect(check('deployments')?.found).toContain('cannot be read: acme/gone');
    expect(warned).toContain('deployments');
    expect(JSON.stringify(json)).toContain('lead times and rollbacks');
  });
});
