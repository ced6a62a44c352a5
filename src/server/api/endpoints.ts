import type { z } from 'zod';
import { Explanation } from '../../report/explain/explanation.ts';
import { Postmortem } from '../../report/postmortem/document.ts';
import { invalidParameters, RequestProblem } from '../responses.ts';
import {
  DeploymentsQuery,
  DoraQuery,
  ExplainQuery,
  IncidentsQuery,
  NoParameters,
  PostmortemPath,
  type PostmortemRequest,
  ProviderPath,
  parseParameters,
  RefreshQuery,
  StatisticsQuery,
  toJsonValues,
} from './queries.ts';
import {
  ConfigResponse,
  DeploymentsResponse,
  DoraResponse,
  IncidentsResponse,
  LastPollResponse,
  RefreshResponse,
  StatisticsResponse,
  StatusResponse,
} from './schemas.ts';

/**
 * Where the responses of the API come from. What cannot be answered is thrown as RequestProblem. Responses that may be
 * large come as JSON in UTF-8, written on a thread that does not serve.
 */
export interface ApiSource {
  /** Opens the endpoints that change something; without one they are closed. Read on each request. */
  readonly adminToken: () => string | undefined;
  readonly status: () => Promise<StatusResponse>;
  readonly statistics: (query: StatisticsQuery) => Promise<Buffer>;
  readonly incidents: (query: IncidentsQuery) => Promise<Buffer>;
  readonly dora: (query: DoraQuery) => Promise<Buffer>;
  readonly deployments: (query: DeploymentsQuery) => Promise<Buffer>;
  readonly explain: (query: ExplainQuery) => Promise<Buffer>;
  /** JSON or Markdown, as asked for. */
  readonly postmortem: (query: PostmortemRequest) => Promise<Buffer>;
  readonly config: () => Record<string, unknown>;
  /** Of the provider of that name. */
  readonly lastPoll: (provider: string) => Promise<LastPollResponse>;
  readonly refresh: (query: RefreshQuery) => Promise<RefreshResponse>;
}

/** What a client sends: the parameters of the query, and the JSON of the body where there is one. */
export interface RequestInput {
  /** The values of the `{…}` of the path. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** What the client would rather have, of the two. */
  readonly format: 'json' | 'markdown';
}

/** The media type of Markdown (RFC 7763). */
export const MARKDOWN_TYPE = 'text/markdown';

/** What it gets. */
export interface EndpointResult {
  readonly status: number;
  /** A buffer is in UTF-8 already. */
  readonly body: object | Buffer;
  /** JSON without it. */
  readonly type?: typeof MARKDOWN_TYPE;
}

/** One endpoint, declared: its parameters, its responses, and the function that answers. */
export interface Endpoint {
  /** A POST changes something: it needs the admin token, and its parameters may be in a JSON body instead of the query. */
  readonly method: 'get' | 'post';
  /** May have a `{name}`, which `pathParameters` describe. */
  readonly path: string;
  readonly pathParameters?: z.ZodObject;
  readonly name: string;
  readonly summary: string;
  readonly parameters: z.ZodObject;
  /** It also answers in Markdown, to those who ask for it by Accept. */
  readonly hasMarkdown?: boolean;
  readonly responses: readonly { readonly status: number; readonly schema: z.ZodType }[];
  /** Statuses of its problem documents. */
  readonly problems: readonly number[];
  /** It reads the whole store: only some run at once. */
  readonly isLong: boolean;
  readonly respond: (source: ApiSource, input: RequestInput) => EndpointResult | Promise<EndpointResult>;
}

/** A GET; its parameters are in the query. */
function get<Query extends z.ZodObject, Response extends z.ZodType<object>>({
  query,
  response,
  read,
  ...endpoint
}: Pick<Endpoint, 'path' | 'name' | 'summary' | 'problems' | 'isLong'> & {
  readonly query: Query;
  readonly response: Response;
  readonly read: (
    source: ApiSource,
    query: z.output<Query>,
  ) => z.output<Response> | Promise<z.output<Response> | Buffer>;
}): Endpoint {
  return {
    ...endpoint,
    method: 'get',
    parameters: query,
    responses: [{ status: 200, schema: response }],
    respond: async (source, input) => ({ status: 200, body: await read(source, parseParameters(query, input.query)) }),
  };
}

/** All endpoints that read or change data, in the order of the documentation. */
export const ENDPOINTS: readonly Endpoint[] = [
  get({
    path: '/status',
    name: 'Status',
    summary: 'The state of the exporter and its providers',
    query: NoParameters,
    response: StatusResponse,
    problems: [400, 405],
    isLong: false,
    read: (source) => source.status(),
  }),
  get({
    path: '/statistics',
    name: 'Statistics',
    summary: 'The windowed numbers of /metrics',
    query: StatisticsQuery,
    response: StatisticsResponse,
    problems: [400, 405, 503],
    isLong: false,
    read: (source, query) => source.statistics(query),
  }),
  get({
    path: '/incidents',
    name: 'Incidents',
    summary: 'The incidents behind the numbers, page by page',
    query: IncidentsQuery,
    response: IncidentsResponse,
    problems: [400, 405, 503],
    isLong: true,
    read: (source, query) => source.incidents(query),
  }),
  {
    method: 'get',
    path: '/incidents/{provider}/{id}/postmortem',
    name: 'Postmortem',
    summary: 'A post-incident review, filled in with what is known',
    parameters: NoParameters,
    pathParameters: PostmortemPath,
    hasMarkdown: true,
    responses: [{ status: 200, schema: Postmortem }],
    problems: [400, 404, 405, 503],
    isLong: true,
    respond: async (source, { path, query, format }) => {
      parseParameters(NoParameters, query);
      const body = await source.postmortem({ ...parseParameters(PostmortemPath, path), format });
      return { status: 200, body, ...(format === 'markdown' ? { type: MARKDOWN_TYPE } : {}) };
    },
  },
  get({
    path: '/dora',
    name: 'Dora',
    summary: 'The four DORA keys and rework, as in /metrics',
    query: DoraQuery,
    response: DoraResponse,
    problems: [400, 405, 503],
    isLong: true,
    read: (source, query) => source.dora(query),
  }),
  get({
    path: '/deployments',
    name: 'Deployments',
    summary: 'Deployments with why they failed and how they recovered, page by page',
    query: DeploymentsQuery,
    response: DeploymentsResponse,
    problems: [400, 405, 503],
    isLong: true,
    read: (source, query) => source.deployments(query),
  }),
  get({
    path: '/explain',
    name: 'Explanation',
    summary: 'The incidents, exclusions and arithmetic behind a number',
    query: ExplainQuery,
    response: Explanation,
    problems: [400, 405, 503],
    isLong: true,
    read: (source, query) => source.explain(query),
  }),
  get({
    path: '/config',
    name: 'Config',
    summary: 'The configuration in force, without secrets',
    query: NoParameters,
    response: ConfigResponse,
    problems: [400, 405],
    isLong: false,
    read: (source) => source.config(),
  }),
  {
    method: 'get',
    path: '/providers/{name}/last-poll',
    pathParameters: ProviderPath,
    name: 'LastPoll',
    summary: 'The requests and decisions of the last poll of a provider',
    parameters: NoParameters,
    responses: [{ status: 200, schema: LastPollResponse }],
    problems: [400, 404, 405],
    isLong: false,
    respond: async (source, { path, query }) => {
      parseParameters(NoParameters, query);
      return { status: 200, body: await source.lastPoll(parseParameters(ProviderPath, path).name) };
    },
  },
  {
    method: 'post',
    path: '/refresh',
    name: 'Refresh',
    summary: 'Reads again from the platforms what the store holds',
    parameters: RefreshQuery,
    responses: [
      { status: 200, schema: RefreshResponse },
      { status: 207, schema: RefreshResponse },
    ],
    problems: [400, 401, 403, 405, 409, 413, 415, 502, 503],
    isLong: false,
    respond: async (source, { query, body }) => {
      const parameters = mergeParameters(toJsonValues(query), body);
      const refresh = await source.refresh(parseParameters(RefreshQuery, parameters));
      if (refresh.outcome !== 'failed') return { status: refresh.outcome === 'partial' ? 207 : 200, body: refresh };
      throw new RequestProblem(502, 'no provider could be refreshed', { refresh });
    },
  },
];

/** A parameter is in the query or in the body, not in both. */
function mergeParameters(query: Readonly<Record<string, unknown>>, body: unknown): unknown {
  if (body === undefined) return query;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const repeated = Object.keys(query).filter((name) => name in body);
  if (repeated.length === 0) return { ...query, ...body };
  throw invalidParameters(
    repeated.map((name) => ({ name, reason: 'is in the query and in the body; expected it once' })),
  );
}
