import { z } from 'zod';
import type { BodyProblem } from '../../http/client.ts';
import { parseResponse } from '../answers.ts';
import type { DeploymentClient } from '../engine/deployment-source.ts';

const GraphqlError = z.object({
  type: z.string().nullish(),
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).nullish(),
});
const Answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(GraphqlError).nullish(),
});

/** Errors that concern one part of a question alone: it is missing or forbidden. */
const PARTIAL = ['NOT_FOUND', 'FORBIDDEN', 'INSUFFICIENT_SCOPES', 'UNAUTHORIZED'];

/** What an answer with status 200 reports as an error of the whole question. */
export function graphqlProblem(body: unknown): BodyProblem | undefined {
  const { data } = Answer.safeParse(body);
  const errors = data?.errors ?? [];
  const limited = errors.find(({ type }) => type === 'RATE_LIMITED');
  if (limited !== undefined) return { message: limited.message, retry: true, throttled: true };
  const whole = errors.find(({ type, path }) => !PARTIAL.includes(type ?? '') || (path ?? []).length === 0);
  // Without a type it is a time-out or a failure of the platform; a question that is wrong has no data at all and stays wrong.
  if (whole !== undefined) return { message: whole.message, retry: whole.type == null, throttled: false };
  return undefined;
}

/** The parts of an answer by their aliases, and why some are missing. */
export interface GraphqlAnswer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly refused: ReadonlyMap<string, string>;
}

/** Asks a question whose parts have aliases; a part that is missing or forbidden is in `refused`. */
export async function askGraphql(client: DeploymentClient, path: string, query: string): Promise<GraphqlAnswer> {
  const { body } = await client.httpClient.post({ path, endpoint: '/graphql' }, { query }, client.signal);
  const { data, errors } = parseResponse(Answer, body, 'POST /graphql');
  const refused = new Map<string, string>();
  for (const { type, message, path: at } of errors ?? []) {
    const alias = at?.[0];
    if (alias !== undefined && data?.[String(alias)] == null) refused.set(String(alias), `${type}: ${message}`);
  }
  return { data: data ?? {}, refused };
}
