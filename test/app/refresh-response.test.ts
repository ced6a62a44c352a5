import { expect, it } from 'vitest';
import { toRefreshResponse } from '../../src/app/api/source.ts';
import type { ProviderRefresh, RefreshResult } from '../../src/poller/refresh.ts';

const FOUND: RefreshResult = {
  added: 1,
  changed: 2,
  unchanged: 3,
  deleted: 4,
  rejected: 5,
  unverified: 6,
  requests: 7,
};
const READ: ProviderRefresh = { provider: 'pd', outcome: 'refreshed', refreshed: FOUND };
const FAILED: ProviderRefresh = { provider: 'og', outcome: 'failed', error: '503' };
const ENDED: ProviderRefresh = { provider: 'aws', outcome: 'ended', error: '1 failed, which is max_failures' };
const SKIPPED: ProviderRefresh = { provider: 'aws', outcome: 'skipped' };

it.each([
  { outcomes: [READ], outcome: 'complete' },
  { outcomes: [SKIPPED], outcome: 'complete' },
  { outcomes: [READ, FAILED, SKIPPED], outcome: 'partial' },
  { outcomes: [READ, ENDED], outcome: 'partial' },
  { outcomes: [FAILED, SKIPPED], outcome: 'failed' },
  { outcomes: [FAILED, ENDED], outcome: 'failed' },
])('a refresh is $outcome when providers ended as $outcomes', ({ outcomes, outcome }) => {
  const answer = toRefreshResponse(outcomes, true);

  expect(answer).toMatchObject({ outcome, dry_run: true, providers: outcomes.map(({ provider }) => ({ provider })) });
});

it('a refresh tells numbers of incidents', () => {
  const { providers } = toRefreshResponse([READ], false);

  const counts = { requests: 7, new: 1, changed: 2, unchanged: 3, deleted: 4, rejected: 5, unverified: 6 };
  expect(providers).toEqual([{ provider: 'pd', outcome: 'refreshed', ...counts }]);
});
