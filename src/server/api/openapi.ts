import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { PROBLEM_TYPE, Problem } from '../responses.ts';
import { type Endpoint, MARKDOWN_TYPE } from './endpoints.ts';

/** The version of the endpoints and their responses; not that of the program. */
const API_VERSION = '1.0.0';

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer', description: 'web.bearer_token, where one is configured' },
  basic: { type: 'http', scheme: 'basic', description: 'basic_auth_users of --web.config.file, where there are any' },
  admin: { type: 'http', scheme: 'bearer', description: 'web.admin_token' },
  admin_header: { type: 'apiKey', in: 'header', name: 'X-Admin-Token', description: 'web.admin_token' },
} as const;

/** The OpenAPI 3.1 document of these endpoints, which are served below `base`. */
export function openApiDocument(endpoints: readonly Endpoint[], base: string): Record<string, unknown> {
  const paths = endpoints.map((endpoint) => [endpoint.path, { [endpoint.method]: toOperation(endpoint) }]);
  const schemas = endpoints.flatMap(({ name, responses }) => responses.map(({ schema }) => [name, toSchema(schema)]));
  return {
    openapi: '3.1.0',
    info: {
      title: 'mttr-exporter',
      version: API_VERSION,
      description: 'The numbers of /metrics and the incidents behind them.',
    },
    servers: [{ url: base }],
    paths: { ...Object.fromEntries(paths), '/openapi.json': { get: OPENAPI_OPERATION } },
    components: { schemas: { ...Object.fromEntries(schemas), Problem: toSchema(Problem) }, securitySchemes: SECURITY },
  };
}

/** The operation that returns this document. */
const OPENAPI_OPERATION = {
  operationId: 'openapi',
  summary: 'This document',
  security: [{}, { bearer: [] }, { basic: [] }],
  responses: {
    '200': { description: 'The document', content: { 'application/json': { schema: { type: 'object' } } } },
    ...toProblems([400, 405]),
  },
};

function toOperation(endpoint: Endpoint): Record<string, unknown> {
  const { method, name, summary, responses, problems } = endpoint;
  const isPost = method === 'post';
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
  const markdown = endpoint.hasMarkdown === true ? { [MARKDOWN_TYPE]: { schema: { type: 'string' } } } : {};
  const successes = responses.map(({ status }) => {
    const description = status === 207 ? 'Some of the providers failed' : summary;
    return [String(status), { description, content: { ...content, ...markdown } }];
  });
  return {
    operationId: name.toLowerCase(),
    summary,
    security: isPost ? [{ admin: [] }, { admin_header: [] }] : [{}, { bearer: [] }, { basic: [] }],
    parameters: toParameters(endpoint),
    ...(isPost ? { requestBody: toBody(endpoint) } : {}),
    responses: { ...Object.fromEntries(successes), ...toProblems(problems) },
  };
}

function toParameters({ parameters, pathParameters, method }: Endpoint): unknown[] {
  const required = new Set(findRequired(parameters));
  const inPath = Object.entries(pathParameters?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = toSchema(schema);
    return { name, in: 'path', description, required: true, schema: rest };
  });
  const inQuery = Object.entries(parameters.shape).map(([name, schema]) => {
    const { description, ...rest } = toSchema(schema);
    // Those of a POST are in the query or in the body, so they are required in neither.
    return { name, in: 'query', description, required: required.has(name) && method === 'get', schema: rest };
  });
  return [...inPath, ...inQuery];
}

function toBody({ parameters }: Endpoint) {
  const { required: _required, ...schema } = toSchema(parameters);
  return {
    required: false,
    description: 'The parameters, unless they are in the query',
    content: { 'application/json': { schema } },
  };
}

function toProblems(statuses: readonly number[]): Record<string, unknown> {
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  const known = statuses.map((status) => [String(status), { description: STATUS_CODES[status] ?? 'Error', content }]);
  return { ...Object.fromEntries(known), default: { description: 'Any other error', content } };
}

/** Names of parameters without a default. */
function findRequired(schema: z.ZodObject): string[] {
  return Object.keys(schema.shape).filter((name) => !schema.shape[name]?.safeParse(undefined).success);
}

function toSchema(schema: z.core.$ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return rest;
}
