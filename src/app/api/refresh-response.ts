import type { ProviderRefresh } from '../../poller/refresh.ts';
import type { RefreshAnswer } from '../../server/api/answers.ts';

/** What became of each provider; it failed as a whole when nobody was read again and somebody should have been. */
export function refreshResponse(outcomes: readonly ProviderRefresh[], isDryRun: boolean): RefreshAnswer {
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed' || outcome === 'ended');
  const hasRead = outcomes.some(({ outcome }) => outcome === 'refreshed');
  const partly = hasRead ? 'partial' : 'failed';
  return {
    outcome: failed.length === 0 ? 'complete' : partly,
    dry_run: isDryRun,
    providers: outcomes.map(providerResponse),
  };
}

function providerResponse(told: ProviderRefresh): RefreshAnswer['providers'][number] {
  const { provider, outcome } = told;
  if (outcome === 'skipped') return { provider, outcome };
  if (outcome !== 'refreshed') return { provider, outcome, error: told.error };
  const { requests, added, changed, unchanged, deleted, rejected, unverified } = told.refreshed;
  return { provider, outcome, requests, new: added, changed, unchanged, deleted, rejected, unverified };
}
