import { describeConfig } from '../../config/describe.ts';
import type { Core } from '../../core/messages.ts';
import type { Remote } from '../../core/remote.ts';
import { asBuffer } from '../../model/shared-bytes.ts';
import type { Clock } from '../../model/time.ts';
import type { Platform } from '../../providers/provider.ts';
import { type RefreshRequest, spanOf } from '../../server/api/parameters.ts';
import { RequestProblem, wrongParameters } from '../../server/api/problem.ts';
import type { ApiSource } from '../../server/api/source.ts';
import type { Engine } from '../engine.ts';
import type { PageLoop } from '../page-loop.ts';
import type { JsonAnswer, QuestionContext, Questions } from '../questions.ts';
import { readCoreStatus } from '../status.ts';
import { refreshResponse } from './refresh-response.ts';
import { statusResponse } from './status-response.ts';

/** A first page takes seconds. */
const STARTING_RETRY_SECONDS = 5;

/** What works now, and what the program is. */
export interface ApiSourceInput {
  readonly engine: () => Engine;
  readonly core: Pick<Remote<Core>, 'status' | 'statistics'>;
  readonly questions: Remote<Questions>;
  readonly pageLoop: PageLoop;
  readonly reloadFailure: () => string | undefined;
  /** The store that is open, whatever the configuration says since. */
  readonly storePath: string;
  readonly platforms: readonly Platform[];
  readonly clock: Clock;
  readonly version: string;
  readonly startedAtMs: number;
}

/** What a question on the other thread needs to know. */
export function questionContext({
  engine,
  storePath,
  clock,
}: Pick<ApiSourceInput, 'engine' | 'storePath' | 'clock'>): QuestionContext {
  return { ...engine().setup, storePath, nowMs: clock.nowMs() };
}

/** Puts the answers of the API together: from the core where the page of metrics comes from, else from the store, read at one instant. */
export function createApiSource(input: ApiSourceInput): ApiSource {
  const { engine, core, questions, clock, version, startedAtMs, pageLoop } = input;
  return {
    adminToken: () => engine().config.web.adminToken,
    status: async () =>
      statusResponse({
        engine: engine(),
        core: await readCoreStatus(input),
        version,
        uptimeMs: clock.nowMs() - startedAtMs,
        isOpen: pageLoop.hasPage(),
        reloadFailure: input.reloadFailure(),
      }),
    statistics: async (question) => {
      requirePage(input);
      const answer = await core.statistics(question);
      if ('errors' in answer) throw wrongParameters(answer.errors);
      return asBuffer(answer.json);
    },
    incidents: async (question) => {
      requirePage(input);
      return toBytes(await questions.incidents(questionContext(input), question));
    },
    explain: async (question) => {
      requirePage(input);
      return toBytes(await questions.explain(questionContext(input), question));
    },
    config: () => describeConfig(engine().config, input.platforms),
    refresh: (request) => refresh(input, request),
  };
}

function requirePage({ pageLoop }: ApiSourceInput): void {
  if (pageLoop.hasPage()) return;
  const retryAfterSeconds = STARTING_RETRY_SECONDS;
  throw new RequestProblem(503, 'the exporter is still starting', { retryAfterSeconds });
}

function toBytes(answer: JsonAnswer): Buffer {
  if ('json' in answer) return asBuffer(answer.json);
  const { status, detail, errors = [] } = answer.problem;
  throw new RequestProblem(status, detail, { errors });
}

async function refresh(input: ApiSourceInput, request: RefreshRequest) {
  const { scope, dry_run: isDryRun, max_failures: failuresMax } = request;
  requirePage(input);
  const providers = scope === 'stale' ? 'stale' : 'all';
  const outcomes = input.engine().refreshRunner.begin({ providers, spanMs: spanOf(scope), isDryRun, failuresMax });
  if (outcomes === undefined) throw new RequestProblem(409, 'a refresh is under way already; expected one at a time');
  return refreshResponse(await outcomes, isDryRun);
}
