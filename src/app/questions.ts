import type { Config } from '../config/types.ts';
import { describeProviders, readersOf, shownProvider } from '../core/settings.ts';
import type { Capabilities } from '../model/capabilities.ts';
import { sharedJson } from '../model/threads.ts';
import type { ExplainQuestion, IncidentsQuestion } from '../server/api/parameters.ts';
import { type ParameterError, RequestProblem } from '../server/api/problem.ts';
import type { TrendSeries } from '../server/status-page/view.ts';
import { type History, openHistory } from '../store/history.ts';
import { explainResponse } from './api/explain-response.ts';
import { incidentsResponse } from './api/incidents-response.ts';
import { readTrend } from './trend.ts';

/** What every question needs. */
export interface QuestionContext {
  /** Without secrets. */
  readonly config: Config;
  /** By provider. */
  readonly capabilities: ReadonlyMap<string, Capabilities>;
  readonly storePath: string;
  readonly nowMs: number;
}

/** JSON on shared memory, or what is wrong with the question. */
export type JsonAnswer =
  | { readonly json: Uint8Array }
  | {
      readonly problem: {
        readonly status: number;
        readonly detail: string;
        readonly errors?: readonly ParameterError[];
      };
    };

/** Questions that read the whole store; each sees it as it is when it is asked. */
export interface Questions {
  explain(context: QuestionContext, question: ExplainQuestion): JsonAnswer;
  incidents(context: QuestionContext, question: IncidentsQuestion): JsonAnswer;
  /** By window, of these providers. */
  trend(context: QuestionContext, providers: readonly string[]): readonly (readonly TrendSeries[])[];
}

export const questions: Questions = {
  explain: (context, question) =>
    answer(context, (history) => {
      const { config, nowMs } = context;
      const providers = describeProviders(context).map(shownProvider);
      return explainResponse({ config, history, readers: readersOf(config), nowMs, providers }, question);
    }),
  incidents: (context, question) =>
    answer(context, (history) => {
      const { config, nowMs } = context;
      return incidentsResponse({ config, history, readers: readersOf(config), nowMs }, question);
    }),
  trend: (context, providers) => withHistory(context, (history) => readTrend(context.config, history, providers)),
};

function answer(context: QuestionContext, read: (history: History) => object): JsonAnswer {
  try {
    return { json: sharedJson(withHistory(context, read)) };
  } catch (error) {
    if (!(error instanceof RequestProblem)) throw error;
    const { status, message: detail, errors } = error;
    return { problem: { status, detail, errors } };
  }
}

/** Opens the store for one question and closes it after. */
function withHistory<Result>({ config, storePath }: QuestionContext, read: (history: History) => Result): Result {
  const readers = readersOf(config);
  const history = openHistory({ path: storePath, readers, maxServices: config.metrics.maxServices });
  try {
    return read(history);
  } finally {
    history.close();
  }
}
