import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { Endpoint } from './endpoints.ts';
import { PROBLEM_TYPE, Problem } from './problem.ts';

/** The version of the endpoints and their answers; not that of the program. */
const API_VERSION = '1.0.0';

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer', description: 'web.bearer_token, where one is configured' },
  basic: { type: 'http', scheme: 'basic', description: 'basic_auth_users of --web.config.file, where there are any' },
  admin: { type: 'http', scheme: 'bearer', description: 'web.admin_token' },
} as const;

/** The OpenAPI 3.1 document of these endpoints, which are served below `base`. */
export function openApiDocument(endpoints: readonly Endpoint[], base: string): Record<string, unknown> {
  const paths = endpoints.map((endpoint) => [endpoint.path, { [endpoint.method]: operationOf(endpoint) }]);
  const schemas = endpoints.flatMap(({ answers }) => answers).map(({ name, schema }) => [name, schemaOf(schema)]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'mttr-exporter',
      version: API_VERSION,
      description:
        'What the exporter knows, for programs and people: the numbers of /metrics and the incidents behind them.',
    },
    servers: [{ url: base }],
    paths: { ...Object.fromEntries(paths), '/openapi.json': { get: OWN } },
    components: { schemas: { ...Object.fromEntries(schemas), Problem: schemaOf(Problem) }, securitySchemes: SECURITY },
  };
}

/** How this document itself is had. */
const OWN = {
  operationId: 'openapi',
  summary: 'This document',
  security: [{}, { bearer: [] }, { basic: [] }],
  responses: {
    '200': { description: 'The document', content: { 'application/json': { schema: { type: 'object' } } } },
    ...problemsOf([400, 405]),
  },
};

function operationOf(endpoint: Endpoint): Record<string, unknown> {
  const { method, name, summary, answers, problems } = endpoint;
  const isPost = method === 'post';
  const responses = answers.map((answer) => [
    String(answer.status),
    {
      description: answer.status === 207 ? 'Some of the providers failed' : summary,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${answer.name}` } } },
    },
  ]);
  return {
    operationId: name.toLowerCase(),
    summary,
    security: isPost ? [{ admin: [] }] : [{}, { bearer: [] }, { basic: [] }],
    parameters: parametersOf(endpoint),
    ...(isPost ? { requestBody: bodyOf(endpoint) } : {}),
    responses: { ...Object.fromEntries(responses), ...problemsOf(problems) },
  };
}

function parametersOf({ parameters, method }: Endpoint): unknown[] {
  const required = new Set(requiredOf(parameters));
  return Object.entries(parameters.shape).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema);
    // Those of a POST stand in the query or in the body, so they are required in neither.
    return { name, in: 'query', description, required: required.has(name) && method === 'get', schema: rest };
  });
}

function bodyOf({ parameters }: Endpoint) {
  const { required: _either, ...schema } = schemaOf(parameters);
  return {
    required: false,
    description: 'The parameters, unless they stand in the query',
    content: { 'application/json': { schema } },
  };
}

function problemsOf(statuses: readonly number[]): Record<string, unknown> {
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  const known = statuses.map((status) => [String(status), { description: STATUS_CODES[status] ?? 'Error', content }]);
  return { ...Object.fromEntries(known), default: { description: 'Anything else that went wrong', content } };
}

/** Names that have to be given: what has a default need not. */
function requiredOf(schema: z.ZodObject): string[] {
  return Object.keys(schema.shape).filter((name) => !schema.shape[name]?.safeParse(undefined).success);
}

function schemaOf(schema: z.core.$ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return rest;
}
