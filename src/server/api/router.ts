import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { messageOf } from '../../model/error-message.ts';
import type { Log } from '../../model/log.ts';
import { requestPath } from '../addresses.ts';
import { isAdmin } from '../auth.ts';
import { INTERNAL_ERROR, RequestProblem, send, sendProblem } from '../responses.ts';
import { type ApiSource, ENDPOINTS, type Endpoint, MARKDOWN_TYPE, type RequestInput } from './endpoints.ts';
import { openApiDocument } from './openapi.ts';
import { NoParameters, parseParameters, parseQuery } from './queries.ts';

const JSON_TYPE = 'application/json';
/** Responses that read the store and are put together at once. */
const LONG_RESPONSES_MAX = 2;
/** A client that tries again after a second finds the others done, as a rule. */
const BUSY_RETRY_SECONDS = 1;
/** Longest query in characters; every parameter at its longest would not be much more. */
const QUERY_LENGTH_MAX = 4096;
/** A body holds three small parameters. */
const BODY_BYTES_MAX = 4096;

/** Everything below /api/v1, which it is mounted at: JSON, or a problem document (RFC 9457). */
export function createApi(source: ApiSource, log: Log, base: string): Router {
  const router = express.Router({ strict: true, caseSensitive: true });
  const runLimited = createSemaphore(LONG_RESPONSES_MAX);
  const runShared = createSingleflight<ApiResponse>();
  const runnerFor = ({ isLong, method }: Endpoint): Runner => {
    if (isLong) return (_key, task) => runLimited(task);
    return method === 'get' ? runShared : (_key, task) => task();
  };
  for (const endpoint of ENDPOINTS) addEndpoint(router, endpoint, source, runnerFor(endpoint));
  addDocument(router, base);
  router.use((request) => {
    throw new RequestProblem(404, `${pathOf(request)} does not exist; ${base}/openapi.json lists the endpoints`);
  });
  router.use(createErrorMiddleware(log));
  return router;
}

interface ApiResponse {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

type Runner = (key: string, task: () => Promise<ApiResponse>) => Promise<ApiResponse>;

/** Callers with the same key, while its task runs, share one result: a hundred that request the same large response cost the memory of one. */
function createSingleflight<Result>(): (key: string, task: () => Promise<Result>) => Promise<Result> {
  const running = new Map<string, Promise<Result>>();
  return (key, task) => {
    const known = running.get(key);
    if (known !== undefined) return known;
    const result = task().finally(() => running.delete(key));
    running.set(key, result);
    return result;
  };
}

/** Runs a task unless `permits` of them run already; then it throws a RequestProblem (503). */
function createSemaphore(permits: number): <Result>(task: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  return async (task) => {
    if (running >= permits) {
      const detail = `${permits} long responses are being prepared already; try again in a second`;
      throw new RequestProblem(503, detail, { retryAfterSeconds: BUSY_RETRY_SECONDS });
    }
    running += 1;
    try {
      return await task();
    } finally {
      running -= 1;
    }
  };
}

function addEndpoint(router: Router, endpoint: Endpoint, source: ApiSource, run: Runner): void {
  const respond = async (request: Request, response: Response) => {
    const text = queryText(request);
    const path: Record<string, string> = Object.fromEntries(
      Object.entries(request.params).map(([name, value]) => [name, String(value)]),
    );
    const input: RequestInput = { path, query: parseQuery(text), body: request.body, format: findFormat(request) };
    if (endpoint.hasMarkdown === true) response.setHeader('Vary', 'Accept');
    const { status, type, body } = await run(`${input.format} ${request.originalUrl}`, async () => {
      const { status, body, type = JSON_TYPE } = await endpoint.respond(source, input);
      return { status, type, body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)) };
    });
    send(response, status, { type, body });
  };
  // The names of a path are written as OpenAPI has them.
  const route = router.route(endpoint.path.replace(/\{(\w+)\}/g, ':$1'));
  if (endpoint.method === 'get') {
    route.get(respond).all(rejectOtherMethods('GET, HEAD'));
    return;
  }
  const parseBody = express.json({ limit: BODY_BYTES_MAX, strict: false });
  const steps = [requireAdmin(source), disableSocketTimeout, requireJson, parseBody];
  route.post(...steps, respond).all(rejectOtherMethods('POST'));
}

/** Markdown only for those who would rather have it than JSON. */
function findFormat(request: Request): RequestInput['format'] {
  return request.accepts([JSON_TYPE, MARKDOWN_TYPE]) === MARKDOWN_TYPE ? 'markdown' : 'json';
}

function addDocument(router: Router, base: string): void {
  const body = JSON.stringify(openApiDocument(ENDPOINTS, base));
  router
    .route('/openapi.json')
    .get((request, response) => {
      parseParameters(NoParameters, parseQuery(queryText(request)));
      send(response, 200, { type: JSON_TYPE, body });
    })
    .all(rejectOtherMethods('GET, HEAD'));
}

function requireAdmin({ adminToken }: ApiSource) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const token = adminToken();
    if (token === undefined) {
      throw new RequestProblem(403, 'this endpoint is disabled; set web.admin_token in the configuration');
    }
    if (!isAdmin(request.headers, token)) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="mttr-exporter admin"');
      throw new RequestProblem(
        401,
        'invalid admin token; expected web.admin_token in Authorization: Bearer or X-Admin-Token',
      );
    }
    next();
  };
}

/** Refreshing a large account takes longer than a silent connection may live otherwise. */
function disableSocketTimeout(request: Request, _response: Response, next: NextFunction): void {
  request.socket.setTimeout(0);
  next();
}

function requireJson(request: Request, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (hasBody && !request.is('application/json')) {
    throw new RequestProblem(415, 'unsupported content type; expected application/json');
  }
  next();
}

function rejectOtherMethods(allowed: string) {
  return (request: Request, response: Response): void => {
    response.setHeader('Allow', allowed);
    throw new RequestProblem(405, `${request.method} is not allowed; expected ${allowed}`);
  };
}

function queryText({ originalUrl }: Request): string {
  const start = originalUrl.indexOf('?');
  const query = start < 0 ? '' : originalUrl.slice(start + 1);
  if (query.length <= QUERY_LENGTH_MAX) return query;
  throw new RequestProblem(414, `the query is too long; expected ${QUERY_LENGTH_MAX} characters or fewer`);
}

/** Express takes the path of the router off `url`. */
function pathOf({ originalUrl }: Request): string {
  return requestPath({ url: originalUrl });
}

function createErrorMiddleware(log: Log) {
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const path = pathOf(request);
    const problem = error instanceof RequestProblem ? error : toBodyProblem(error);
    if (problem === undefined) log.error('request failed', { method: request.method, path, error: messageOf(error) });
    if (response.headersSent) response.destroy();
    else sendProblem(response, problem ?? new RequestProblem(500, INTERNAL_ERROR), path);
  };
}

/** An error of Express for a path or a body that it cannot parse. */
function toBodyProblem(error: unknown): RequestProblem | undefined {
  if (error instanceof URIError) {
    return new RequestProblem(400, 'cannot decode the path; expected UTF-8 in percent-encoding');
  }
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  if (error.status === 413) {
    return new RequestProblem(413, `the body is too large; expected ${BODY_BYTES_MAX} bytes or fewer`);
  }
  if (error.status < 400 || error.status > 499) return undefined;
  return new RequestProblem(error.status, 'cannot parse the body; expected JSON in UTF-8');
}
