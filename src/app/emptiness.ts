import type { ProviderConfig } from '../config/types.ts';
import type { Core, CoreProviderStatus } from '../core/messages.ts';
import type { Remote } from '../core/remote.ts';
import { messageOf } from '../model/error-message.ts';
import { formatCount, formatList } from '../model/format.ts';
import type { Log } from '../model/log.ts';

/** What is asked about. */
export interface HeldIncidents {
  readonly config: Pick<ProviderConfig, 'name' | 'filter'>;
  /** Nothing is polled: its incidents come from files. */
  readonly isImportedOnly: boolean;
  /** Its records are pushed. */
  readonly push?: object | undefined;
  /** With `content` its records are delivered as webhooks. */
  readonly webhook?: { readonly content?: object | undefined } | undefined;
}

/** Why a synced provider adds nothing to any number: it holds nothing, or all is left out; undefined when it does add. */
export function findEmptiness(
  held: HeldIncidents,
  status: Pick<CoreProviderStatus, 'state' | 'counts' | 'hasDeployments'> | undefined,
): string | undefined {
  if (status?.counts === undefined || !status.state.isSynced) return undefined;
  const { open, resolved, excluded } = status.counts;
  if (open + resolved > 0 || status.hasDeployments) return undefined;
  if (excluded > 0) return describeExcluded(held.config, excluded);
  return `it holds no incidents: ${findHint(held)}`;
}

function findHint({ config, isImportedOnly, push, webhook }: HeldIncidents): string {
  if (isImportedOnly) return 'import some with mttr-exporter import';
  if (push !== undefined) return 'nothing was pushed yet';
  if (webhook?.content !== undefined) return `nothing came to /webhooks/${encodeURIComponent(config.name)} yet`;
  return 'is it the right account, and can the key read all teams?';
}

function describeExcluded({ filter }: HeldIncidents['config'], excluded: number): string {
  const isSet = {
    'filter.severities': filter.severities.length > 0,
    'filter.services': filter.services.length > 0,
    'filter.teams': filter.teams.length > 0,
    'filter.exclude_titles': filter.excludeTitles.length > 0,
    'filter.shorter_than': filter.shorterThanMs > 0,
  };
  const keys = Object.entries(isSet).flatMap(([key, isUsed]) => (isUsed ? [key] : []));
  const all = excluded === 1 ? 'the only incident' : `all ${formatCount(excluded, 'incident')}`;
  const flags = 'merged, deleted, expired or flaky';
  if (keys.length === 0) return `${all} that it holds ${excluded === 1 ? 'is' : 'are'} left out as ${flags}`;
  return `${all} that it holds ${excluded === 1 ? 'is' : 'are'} left out: by ${formatList(keys)}, or as ${flags}`;
}

/** Watches for providers that add nothing, and warns of each once as long as the reason stays. */
export interface EmptinessWatch {
  /** To be called after each successful poll. */
  check(provider: string): Promise<void>;
  /** As of its last successful poll; undefined when it adds something, or before that poll. */
  reason(provider: string): string | undefined;
}

export interface EmptinessWatchInput {
  readonly providers: readonly HeldIncidents[];
  readonly core: Pick<Remote<Core>, 'status'>;
  readonly log: Log;
}

export function createEmptinessWatch({ providers, core, log }: EmptinessWatchInput): EmptinessWatch {
  const reasons = new Map<string, string>();
  const update = (provider: string, reason: string | undefined) => {
    const before = reasons.get(provider);
    if (before === reason) return;
    if (reason === undefined) {
      reasons.delete(provider);
      log.info('provider has incidents again', { provider });
      return;
    }
    reasons.set(provider, reason);
    // A number that grows is no news.
    if (before === undefined) log.warn('provider adds nothing to any number', { provider, reason });
  };
  return {
    check: async (provider) => {
      const held = providers.find(({ config }) => config.name === provider);
      if (held === undefined) return;
      try {
        const status = await core.status([], 0);
        update(
          provider,
          findEmptiness(
            held,
            status.providers.find(({ state }) => state.name === provider),
          ),
        );
      } catch (error) {
        log.debug('cannot count the incidents of a provider', { provider, error: messageOf(error) });
      }
    },
    reason: (provider) => reasons.get(provider),
  };
}
