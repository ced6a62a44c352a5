import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Log } from '../../model/log.ts';
import { isSameSecret } from '../auth.ts';
import { type Answered, adminProblem, ENDPOINTS, type Endpoint } from './endpoints.ts';
import { openApiDocument } from './openapi.ts';
import { NoQuestion, parseParameters, readQuery } from './parameters.ts';
import { answerJson, answerProblem, PROBLEM_TYPE, problemOf, RequestProblem } from './problem.ts';
import { createSharing, type Sharing } from './sharing.ts';
import type { ApiSource } from './source.ts';
import { createWorkLimit, type WorkLimit } from './work-limit.ts';

/** Answers that read the store and are put together at once. */
const LONG_ANSWERS_MAX = 2;
/** Longest query in characters; every parameter at its longest would not be much more. */
const QUERY_LENGTH_MAX = 4096;
/** A body holds three small parameters. */
const BODY_BYTES_MAX = 4096;

interface ApiOptions {
  readonly source: ApiSource;
  readonly log: Log;
  /** The path that it is mounted at. */
  readonly base: string;
}

/** Everything below /api/v1: answers are JSON, what cannot be answered is a problem document (RFC 9457). */
export function createApi(options: ApiOptions): Router {
  const router = express.Router({ strict: true, caseSensitive: true });
  const inLimit = createWorkLimit(LONG_ANSWERS_MAX);
  const shared = createSharing<Sent>();
  for (const endpoint of ENDPOINTS) addEndpoint(router, endpoint, { ...options, inLimit, shared });
  addDocument(router, options.base);
  router.use((request) => {
    throw new RequestProblem(
      404,
      `there is nothing at ${pathOf(request)}; ${options.base}/openapi.json tells what there is`,
    );
  });
  router.use(onError(options.log));
  return router;
}

interface Serving extends ApiOptions {
  readonly inLimit: WorkLimit;
  readonly shared: Sharing<Sent>;
}

function addEndpoint(router: Router, endpoint: Endpoint, serving: Serving): void {
  const { source, inLimit, shared } = serving;
  const respond = async (request: Request, response: Response) => {
    const body: unknown = request.body;
    const query = queryOf(request);
    const given = { query: readQuery(query), body };
    const work = async () => {
      const answered = await endpoint.answer(source, given);
      return { ...answered, text: toJson(answered.body) };
    };
    send(request, response, await within(work, `${endpoint.path}?${query.toString()}`));
  };
  const within = (work: () => Promise<Sent>, key: string) => {
    if (endpoint.isLong) return inLimit(work);
    return endpoint.method === 'get' ? shared(key, work) : work();
  };
  const route = router.route(endpoint.path);
  if (endpoint.method === 'get') {
    route.get(respond).all(onlyMethods('GET, HEAD'));
    return;
  }
  const takeBody = express.json({ limit: BODY_BYTES_MAX, strict: false });
  route.post(onlyAdmins(source), patience, onlyJson, takeBody, respond).all(onlyMethods('POST'));
}

function toJson(body: Answered['body']): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

type Sent = Answered & { readonly text: Buffer };

/** A refresh that failed as a whole is a problem that says what became of each provider. */
function send(request: Request, response: Response, { status, body, text }: Sent): void {
  if (status < 400) {
    answerJson(response, { status, text });
    return;
  }
  const problem = problemOf(new RequestProblem(status, 'no provider could be read again'), pathOf(request));
  answerJson(response, { status, type: PROBLEM_TYPE, text: JSON.stringify({ ...problem, refresh: body }) });
}

function addDocument(router: Router, base: string): void {
  const text = JSON.stringify(openApiDocument(ENDPOINTS, base));
  router
    .route('/openapi.json')
    .get((request, response) => {
      parseParameters(NoQuestion, readQuery(queryOf(request)));
      answerJson(response, { status: 200, text });
    })
    .all(onlyMethods('GET, HEAD'));
}

function onlyAdmins({ adminToken }: ApiSource) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const token = adminToken();
    const [, given] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token !== undefined && given !== undefined && isSameSecret(given, token)) {
      next();
      return;
    }
    if (token !== undefined) response.setHeader('WWW-Authenticate', 'Bearer realm="mttr-exporter admin"');
    throw adminProblem(token);
  };
}

/** Reading a large account again takes longer than a silent connection may live otherwise. */
function patience(request: Request, _response: Response, next: NextFunction): void {
  request.socket.setTimeout(0);
  next();
}

function onlyJson(request: Request, _response: Response, next: NextFunction): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (hasBody && !request.is('application/json')) {
    throw new RequestProblem(415, 'the body has another type; expected application/json');
  }
  next();
}

function onlyMethods(allowed: string) {
  return (request: Request, response: Response): void => {
    response.setHeader('Allow', allowed);
    throw new RequestProblem(405, `${request.method} is not allowed; expected ${allowed}`);
  };
}

function queryOf(request: Request): URLSearchParams {
  const start = request.originalUrl.indexOf('?');
  const query = start < 0 ? '' : request.originalUrl.slice(start + 1);
  if (query.length <= QUERY_LENGTH_MAX) return new URLSearchParams(query);
  throw new RequestProblem(414, `the query is too long; expected ${QUERY_LENGTH_MAX} characters or fewer`);
}

function pathOf(request: Request): string {
  const [path = ''] = request.originalUrl.split('?', 1);
  return path;
}

function onError(log: Log) {
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const problem = error instanceof RequestProblem ? error : bodyProblem(error);
    if (problem === undefined) {
      const message = error instanceof Error ? error.message : String(error);
      log.error('request failed', { method: request.method, path: pathOf(request), error: message });
    }
    if (response.headersSent) response.destroy();
    else
      answerProblem(
        response,
        problem ?? new RequestProblem(500, 'this request failed; the log says why'),
        pathOf(request),
      );
  };
}

/** What Express says of a body that it cannot read. */
function bodyProblem(error: unknown): RequestProblem | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  if (error.status === 413)
    return new RequestProblem(413, `the body is too large; expected ${BODY_BYTES_MAX} bytes or fewer`);
  if (error.status < 400 || error.status > 499) return undefined;
  return new RequestProblem(error.status, 'the body cannot be read; expected JSON in UTF-8');
}
