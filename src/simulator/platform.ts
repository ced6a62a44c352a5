import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/** One request as a fake saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
  /** Filled in when the answer went out. */
  status: number;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body: unknown;
}

/** What shall go wrong: the next `times` matching requests get this instead of the platform's answer. */
export interface Fault {
  times: number;
  readonly path?: RegExp;
  /** Only requests whose body it finds something in. */
  readonly body?: RegExp;
  /** `reset` cuts the connection, `hang` never answers, `truncate` sends half of the real body. */
  readonly answer: FakeAnswer | 'reset' | 'hang' | 'truncate';
}

export interface FakeOptions {
  /** The platform's own now: of what it shows, and of the header `Date` of its answers. The machine's without it. */
  readonly nowMs?: () => number;
  /** What `Date` says instead; answers have none while it gives undefined. */
  readonly dateMs?: () => number | undefined;
  readonly port?: number;
  /** Each answer takes this long. */
  readonly latencyMs?: number;
  /** Requests per rolling minute of real time; the next ones get the platform's throttling answer. */
  readonly perMinute?: number;
  /** The period of `perMinute`, where it is no minute. */
  readonly perMs?: number;
  /** Throttling answers carry no header that tells when to come back. */
  readonly bareThrottling?: boolean;
  /** Each list shows some records twice. */
  readonly duplicates?: boolean;
}

/** A platform on loopback. */
export interface Fake {
  readonly url: string;
  readonly requests: SeenRequest[];
  readonly faults: Fault[];
  close(): Promise<void>;
}

export interface PlatformRules {
  answer(request: SeenRequest): FakeAnswer;
  /** Only these requests count for the limit; all without it. */
  isLimited?(request: SeenRequest): boolean;
  /** What the platform says over its limit; `resetSeconds` until the oldest request leaves the minute. */
  throttled(resetSeconds: number): FakeAnswer;
  /** Headers that tell how much of the allowance is left; added to every answer. */
  allowance?(left: number, resetSeconds: number): Readonly<Record<string, string>>;
}

const MINUTE_MS = 60_000;

/** Starts a fake on a free port of 127.0.0.1 that answers by `rules` and keeps the limits of `options`. */
export async function startFake(rules: PlatformRules, options: FakeOptions): Promise<Fake> {
  const requests: SeenRequest[] = [];
  const faults: Fault[] = [];
  const answerTo = pacedRules(rules, options);
  const server = createServer((request, response) => {
    void readRequest(request).then((seen) => {
      requests.push(seen);
      reply({ seen, response, fault: takeFault(faults, seen), answerTo, options });
    });
  });
  const port = await listen(server, options.port ?? 0);
  return { url: `http://127.0.0.1:${port}`, requests, faults, close: () => closeServer(server) };
}

async function readRequest(request: IncomingMessage): Promise<SeenRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const url = new URL(request.url ?? '/', 'http://fake');
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    atMs: Date.now(),
    status: 0,
  };
}

function takeFault(faults: Fault[], seen: SeenRequest): Fault | undefined {
  const fault = faults.find(
    ({ times, path, body }) => times > 0 && path?.test(seen.path) !== false && body?.test(seen.body) !== false,
  );
  if (fault !== undefined) fault.times -= 1;
  return fault;
}

interface Reply {
  readonly seen: SeenRequest;
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
  readonly answerTo: (seen: SeenRequest) => FakeAnswer;
  readonly options: FakeOptions;
}

function reply({ seen, response, fault, answerTo, options }: Reply): void {
  const wrong = fault?.answer;
  if (wrong === 'hang') return;
  if (wrong === 'reset') {
    response.destroy();
    return;
  }
  const answer = wrong === undefined || wrong === 'truncate' ? answerTo(seen) : wrong;
  seen.status = answer.status;
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  const sent = wrong === 'truncate' ? text.slice(0, text.length / 2) : text;
  const send = () => {
    response.sendDate = false;
    response.writeHead(answer.status, { ...commonHeaders(options), ...answer.headers }).end(sent);
  };
  const { latencyMs = 0 } = options;
  if (latencyMs === 0) send();
  else setTimeout(send, latencyMs);
}

function commonHeaders({ nowMs = Date.now, dateMs = nowMs }: FakeOptions): Record<string, string> {
  const atMs = dateMs();
  const json = { 'content-type': 'application/json' };
  return atMs === undefined ? json : { ...json, date: new Date(atMs).toUTCString() };
}

/** Lets `perMinute` requests of any rolling minute (or `perMs`) of real time through to the platform's own rules. */
function pacedRules(
  rules: PlatformRules,
  { perMinute, perMs = MINUTE_MS }: FakeOptions,
): (seen: SeenRequest) => FakeAnswer {
  if (perMinute === undefined) return (seen) => rules.answer(seen);
  const takenAtMs: number[] = [];
  return (seen) => {
    if (rules.isLimited?.(seen) === false) return rules.answer(seen);
    while (takenAtMs[0] !== undefined && takenAtMs[0] <= seen.atMs - perMs) takenAtMs.shift();
    const resetSeconds = Math.ceil(((takenAtMs[0] ?? seen.atMs) + perMs - seen.atMs) / 1000);
    if (takenAtMs.length >= perMinute) return rules.throttled(resetSeconds);
    takenAtMs.push(seen.atMs);
    const answer = rules.answer(seen);
    return {
      ...answer,
      headers: { ...rules.allowance?.(perMinute - takenAtMs.length, resetSeconds), ...answer.headers },
    };
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
