import type { z } from 'zod';
import { Explanation } from '../../report/explain/explanation.ts';
import { ConfigAnswer, IncidentsAnswer, RefreshAnswer, StatisticsAnswer, StatusAnswer } from './answers.ts';
import {
  ExplainQuestion,
  fromWords,
  IncidentsQuestion,
  NoQuestion,
  parseParameters,
  RefreshRequest,
  StatisticsQuestion,
} from './parameters.ts';
import { RequestProblem, wrongParameters } from './problem.ts';
import type { ApiSource } from './source.ts';

/** What a client gives: the parameters of the query, and the JSON of the body where there was one. */
export interface Given {
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What it gets. */
export interface Answered {
  readonly status: number;
  /** A buffer is JSON in UTF-8 already. */
  readonly body: object | Buffer;
}

/** One endpoint: what it takes, what it gives, and how. */
export interface Endpoint {
  /** A POST changes something: it needs the admin token, and its parameters may stand in a JSON body instead of the query. */
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly parameters: z.ZodObject;
  readonly answers: readonly { readonly status: number; readonly name: string; readonly schema: z.ZodType }[];
  /** Statuses of its problem documents. */
  readonly problems: readonly number[];
  /** It reads the store: only some at once. */
  readonly isLong: boolean;
  readonly answer: (source: ApiSource, given: Given) => Answered | Promise<Answered>;
}

interface Reading<Question extends z.ZodObject, Answer extends z.ZodType<object>> {
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly question: Question;
  readonly answer: Answer;
  readonly problems?: readonly number[];
  readonly isLong?: boolean;
  readonly read: (
    source: ApiSource,
    question: z.output<Question>,
  ) => z.output<Answer> | Promise<z.output<Answer> | Buffer>;
}

/** A GET; its parameters are in the query. */
function reading<Question extends z.ZodObject, Answer extends z.ZodType<object>>(
  declared: Reading<Question, Answer>,
): Endpoint {
  const { path, name, summary, question, answer, problems = [], isLong = false, read } = declared;
  return {
    method: 'get',
    path,
    name,
    summary,
    parameters: question,
    answers: [{ status: 200, name, schema: answer }],
    problems: [400, 405, ...problems],
    isLong,
    answer: async (source, { query }) => ({
      status: 200,
      body: await read(source, parseParameters(question, query)),
    }),
  };
}

const refresh: Endpoint = {
  method: 'post',
  path: '/refresh',
  name: 'Refresh',
  summary: 'Reads again from the platforms what the store holds',
  parameters: RefreshRequest,
  answers: [
    { status: 200, name: 'Refresh', schema: RefreshAnswer },
    { status: 207, name: 'Refresh', schema: RefreshAnswer },
  ],
  problems: [400, 401, 403, 405, 409, 413, 415, 502, 503],
  isLong: false,
  answer: async (source, { query, body }) => {
    const answer = await source.refresh(parseParameters(RefreshRequest, joined(fromWords(query), body)));
    return { status: STATUS_OF[answer.outcome], body: answer };
  },
};

const STATUS_OF = { complete: 200, partial: 207, failed: 502 } as const;

/** A parameter stands in the query or in the body, not in both. */
function joined(query: Readonly<Record<string, unknown>>, body: unknown): unknown {
  if (body === undefined) return query;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const twice = Object.keys(query).filter((name) => name in body);
  if (twice.length === 0) return { ...query, ...body };
  throw wrongParameters(twice.map((name) => ({ name, reason: 'is in the query and in the body; expected it once' })));
}

/** All endpoints that read or change data, in the order of the documentation. */
export const ENDPOINTS: readonly Endpoint[] = [
  reading({
    path: '/status',
    name: 'Status',
    summary: 'How the exporter and its providers are doing',
    question: NoQuestion,
    answer: StatusAnswer,
    read: (source) => source.status(),
  }),
  reading({
    path: '/statistics',
    name: 'Statistics',
    summary: 'The windowed numbers of /metrics',
    question: StatisticsQuestion,
    answer: StatisticsAnswer,
    problems: [503],
    read: (source, question) => source.statistics(question),
  }),
  reading({
    path: '/incidents',
    name: 'Incidents',
    summary: 'The incidents behind the numbers, page by page',
    question: IncidentsQuestion,
    answer: IncidentsAnswer,
    problems: [503],
    isLong: true,
    read: (source, question) => source.incidents(question),
  }),
  reading({
    path: '/explain',
    name: 'Explanation',
    summary: 'Which incidents, exclusions and arithmetic stand behind a number',
    question: ExplainQuestion,
    answer: Explanation,
    problems: [503],
    isLong: true,
    read: (source, question) => source.explain(question),
  }),
  reading({
    path: '/config',
    name: 'Config',
    summary: 'The configuration in force, without secrets',
    question: NoQuestion,
    answer: ConfigAnswer,
    read: (source) => source.config(),
  }),
  refresh,
];

/** 403 or 401: what an endpoint for admins needs. */
export function adminProblem(token: string | undefined): RequestProblem {
  if (token === undefined) {
    return new RequestProblem(403, 'this is off; expected web.admin_token in the configuration');
  }
  return new RequestProblem(401, 'this needs the admin token; expected Authorization: Bearer with web.admin_token');
}
