import type { Config } from '../config/types.ts';
import { createLabelMappers, describeProviders, statisticsSettings, toPageProvider } from '../core/settings.ts';
import type { Capabilities } from '../model/capabilities.ts';
import { InputError } from '../model/input-error.ts';
import { sharedBytes } from '../model/threads.ts';
import { explain } from '../report/explain/explain.ts';
import { parseQuestion } from '../report/explain/question.ts';
import type {
  DeploymentsQuery,
  DoraQuery,
  ExplainQuery,
  IncidentsQuery,
  PostmortemRequest,
} from '../server/api/queries.ts';
import { invalidParameters, type ParameterError, RequestProblem } from '../server/responses.ts';
import type { TrendSeries } from '../server/status-page/view.ts';
import { openSnapshot, type StoreSnapshot } from '../store/snapshot.ts';
import { listDeployments } from './api/deployments.ts';
import { readDora } from './api/dora.ts';
import { listIncidents } from './api/incidents.ts';
import { writePostmortem } from './api/postmortem.ts';
import { readTrend } from './trend.ts';

/** What every query needs. */
export interface QueryContext {
  /** Without secrets. */
  readonly config: Config;
  /** By provider. */
  readonly capabilities: ReadonlyMap<string, Capabilities>;
  readonly storePath: string;
  readonly nowMs: number;
}

/** The body of a response in UTF-8 on shared memory, or what is wrong with the query. */
export type QueryResult =
  | { readonly body: Uint8Array }
  | {
      readonly problem: {
        readonly status: number;
        readonly detail: string;
        readonly errors: readonly ParameterError[];
      };
    };

/** Queries that read the whole store; each sees it as it is when it runs. */
export interface StoreQueries {
  explain(context: QueryContext, query: ExplainQuery): QueryResult;
  incidents(context: QueryContext, query: IncidentsQuery): QueryResult;
  dora(context: QueryContext, query: DoraQuery): QueryResult;
  deployments(context: QueryContext, query: DeploymentsQuery): QueryResult;
  /** In JSON or Markdown. */
  postmortem(context: QueryContext, query: PostmortemRequest): QueryResult;
  /** By window, of these providers. */
  trend(context: QueryContext, providers: readonly string[]): readonly (readonly TrendSeries[])[];
}

export const storeQueries: StoreQueries = {
  explain: (context, query) =>
    toResult(context, (history) => {
      const { config, nowMs } = context;
      const labelMappers = createLabelMappers(config);
      return explain({
        question: parseQuestion(query, { config, nowMs }),
        history,
        settings: statisticsSettings(config),
        providers: describeProviders(context).map(toPageProvider),
        retentionMs: config.retentionMs,
        labelMapper: (name) => labelMappers.get(name),
      });
    }),
  incidents: (context, query) =>
    toResult(context, (history) => {
      const { config, nowMs } = context;
      return listIncidents({ config, history, labelMappers: createLabelMappers(config), nowMs }, query);
    }),
  dora: (context, query) => toResult(context, (history) => readDora({ config: context.config, history }, query)),
  deployments: (context, query) =>
    toResult(context, (history) => listDeployments({ config: context.config, history, nowMs: context.nowMs }, query)),
  postmortem: (context, query) =>
    toTextResult(context, (history) => {
      const { config } = context;
      const labelMappers = createLabelMappers(config);
      const providers = describeProviders(context).map(toPageProvider);
      return writePostmortem({ config, history, providers, labelMapper: (name) => labelMappers.get(name) }, query);
    }),
  trend: (context, providers) => withHistory(context, (history) => readTrend(context.config, history, providers)),
};

function toResult(context: QueryContext, read: (history: StoreSnapshot) => object): QueryResult {
  return toTextResult(context, (history) => JSON.stringify(read(history)));
}

function toTextResult(context: QueryContext, write: (history: StoreSnapshot) => string): QueryResult {
  try {
    return { body: sharedBytes([Buffer.from(withHistory(context, write))]) };
  } catch (error) {
    const { status, message: detail, errors } = toRequestProblem(error);
    return { problem: { status, detail, errors } };
  }
}

/** 400: the parameter that is invalid, or the request as a whole; any other error is thrown again. */
function toRequestProblem(error: unknown): RequestProblem {
  if (error instanceof RequestProblem) return error;
  if (!(error instanceof InputError)) throw error;
  const { field, reason } = error;
  return field === undefined ? new RequestProblem(400, reason) : invalidParameters([{ name: field, reason }]);
}

/** Opens the store for one query and closes it after. */
function withHistory<Result>({ config, storePath }: QueryContext, read: (history: StoreSnapshot) => Result): Result {
  const labelMappers = createLabelMappers(config);
  const history = openSnapshot({ path: storePath, labelMappers, maxServices: config.metrics.maxServices });
  try {
    return read(history);
  } finally {
    history.close();
  }
}
