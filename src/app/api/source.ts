import { describeConfig } from '../../config/describe.ts';
import type { Reader } from '../../config/reading.ts';
import type { Config } from '../../config/types.ts';
import { createBreath } from '../../model/breath.ts';
import type { Clock } from '../../model/time.ts';
import type { Platform } from '../../providers/provider.ts';
import { type RefreshRequest, spanOf } from '../../server/api/parameters.ts';
import { RequestProblem } from '../../server/api/problem.ts';
import type { ApiSource } from '../../server/api/source.ts';
import { type History, openHistory } from '../../store/history.ts';
import type { Store } from '../../store/store.ts';
import type { Engine } from '../engine.ts';
import { readersOf, shownProvider } from '../../core/settings.ts';
import { explainAnswer } from './explain-answer.ts';
import { incidentsAnswer } from './incidents-answer.ts';
import { refreshAnswer } from './refresh-answer.ts';
import { statisticsAnswer } from './statistics-answer.ts';
import { statusAnswer } from './status-answer.ts';

/** A first page takes seconds. */
const STARTING_RETRY_SECONDS = 5;

/** What works now, and what the program is. */
export interface ApiInput {
  readonly engine: () => Engine;
  readonly config: () => Config;
  /** The first engine is open. */
  readonly isOpen: () => boolean;
  readonly reloadFailure: () => string | undefined;
  readonly store: Store;
  /** The store that is open, whatever the configuration says since. */
  readonly storePath: string;
  readonly platforms: readonly Platform[];
  readonly clock: Clock;
  readonly version: string;
  readonly startedAtMs: number;
}

/** Puts the answers of the API together: from memory where the page of metrics comes from, else from the store, read at one instant. */
export function createApiSource(input: ApiInput): ApiSource {
  const { engine, config, store, clock, version, startedAtMs } = input;
  const withHistory = historyReader(input);
  return {
    adminToken: () => config().web.adminToken,
    status: () =>
      statusAnswer({
        engine: engine(),
        store,
        version,
        uptimeMs: clock.nowMs() - startedAtMs,
        isOpen: input.isOpen(),
        reloadFailure: input.reloadFailure(),
      }),
    statistics: async (question) => {
      requireOpen(input);
      return statisticsAnswer({ config: config(), rows: engine().shown().rows }, question);
    },
    incidents: (question) => withHistory((opened) => incidentsAnswer(opened, question)),
    explain: (question) =>
      withHistory((opened) => {
        const providers = engine().providers.map(shownProvider);
        return explainAnswer({ ...opened, providers }, question);
      }),
    config: () => describeConfig(config(), input.platforms),
    refresh: (request) => refresh(input, request),
  };
}

function requireOpen({ isOpen }: ApiInput): void {
  if (isOpen()) return;
  const retryAfterSeconds = STARTING_RETRY_SECONDS;
  throw new RequestProblem(503, 'the exporter is still starting', { retryAfterSeconds });
}

interface Opened {
  readonly config: Config;
  readonly history: History;
  readonly readers: ReadonlyMap<string, Reader>;
  readonly nowMs: number;
}

/** Opens the store for one answer and closes it after. */
function historyReader(input: ApiInput) {
  return async <Answer>(read: (opened: Opened) => Promise<Answer>): Promise<Answer> => {
    requireOpen(input);
    const config = input.config();
    const readers = readersOf(config);
    const history = openHistory({ path: input.storePath, readers, maxServices: config.metrics.maxServices });
    try {
      // Reading what thousands of incidents are called has used up the slice of this request.
      await createBreath(0)();
      return await read({ config, history, readers, nowMs: input.clock.nowMs() });
    } finally {
      history.close();
    }
  };
}

async function refresh(input: ApiInput, { scope, dry_run: isDryRun, max_failures: failuresMax }: RefreshRequest) {
  requireOpen(input);
  const providers = scope === 'stale' ? 'stale' : 'all';
  const outcomes = input.engine().refreshing.begin({ providers, spanMs: spanOf(scope), isDryRun, failuresMax });
  if (outcomes === undefined) throw new RequestProblem(409, 'a refresh is under way already; expected one at a time');
  return refreshAnswer(await outcomes, isDryRun);
}
