import type { Config } from '../../config/types.ts';
import type { Clock } from '../../model/time.ts';
import type { Poller } from '../../poller/poller.ts';
import { createRefresh } from '../../poller/refresh.ts';
import type { RefreshTarget } from '../../poller/refreshing.ts';
import type { Store } from '../../store/store.ts';
import type { Intake } from '../intake.ts';
import type { OpenedProvider } from '../opened-providers.ts';

export interface RefreshTargetInput {
  readonly config: Pick<Config, 'historyMs' | 'retentionMs'>;
  readonly store: Store;
  readonly clock: Clock;
}

interface Parts {
  readonly opened: OpenedProvider;
  readonly poller: Poller;
  readonly intake: Intake;
}

/** An opened provider as one that can be read again; what that changes reaches the statistics as a poll's commit does. */
export function refreshTarget(input: RefreshTargetInput, { opened, poller, intake }: Parts): RefreshTarget {
  const { config, store, clock } = input;
  const { name, pollIntervalMs } = opened.config;
  return {
    name,
    pollIntervalMs,
    lastSuccessMs: () => store.provider(name).askedUntilMs,
    refresh: createRefresh({
      poller,
      provider: opened.provider,
      store,
      clock,
      historyMs: config.historyMs,
      retentionMs: config.retentionMs,
      requestsMade: opened.requestsMade,
      onCommitted: (committed) => intake.committed(name, committed),
    }),
  };
}
