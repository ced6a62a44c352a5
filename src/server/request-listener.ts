import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createApp } from './app.ts';
import { createAuthMiddleware } from './auth-middleware.ts';
import { createMetricsEndpoint } from './metrics-endpoint.ts';
import type { ServerOptions } from './options.ts';
import { parseTelemetryPath, requestPath, routePrefix } from './paths.ts';
import { answerMethodNotAllowed, answerText, createFailureHandler } from './plain-text.ts';
import type { WebSettings } from './web-settings.ts';

/** Answers the GETs and HEADs of one path. */
type Endpoint = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * Answers every request. The page of metrics and the probes, which machines ask for all the time, come before Express,
 * which would take longer over a small page than sending it does.
 */
export function createRequestListener(options: ServerOptions, settings: () => WebSettings): RequestListener {
  const prefix = routePrefix(options);
  const apiBase = `${prefix}/api/v1`;
  const metricsPath = prefix + parseTelemetryPath(options.telemetryPath);
  const metrics = createMetricsEndpoint(options.page);
  const probes = createProbes(prefix, options);
  const fail = createFailureHandler(options.log);
  const app = createApp(options, { prefix, apiBase, fail });
  const authenticate = createAuthMiddleware({
    settings,
    bearerToken: options.bearerToken,
    adminToken: options.api.adminToken,
    apiBase,
  });

  const run = (endpoint: Endpoint, request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answerMethodNotAllowed(request, response, 'GET, HEAD');
      return;
    }
    try {
      endpoint(request, response)?.catch((error: unknown) => fail(error, request, response));
    } catch (error) {
      fail(error, request, response);
    }
  };

  return (request, response) => {
    const { headers } = settings();
    for (const name in headers) response.setHeader(name, headers[name] ?? '');
    const path = requestPath(request);
    const probe = probes.get(path);
    // Probes cannot log in, and must not fail from load.
    if (probe !== undefined) {
      run(probe, request, response);
      return;
    }
    authenticate(request, response, (error) => {
      if (error !== undefined) fail(error, request, response);
      else if (path === metricsPath) run(metrics, request, response);
      else app(request, response);
    });
  };
}

function createProbes(prefix: string, { healthy, readiness }: ServerOptions): ReadonlyMap<string, Endpoint> {
  return new Map<string, Endpoint>([
    [
      `${prefix}/-/healthy`,
      (_request, response) => {
        const { ok, reason } = healthy();
        answerText(response, ok ? 200 : 503, ok ? 'healthy' : (reason ?? 'not healthy'));
      },
    ],
    [
      `${prefix}/-/ready`,
      (_request, response) => {
        const { ready, lines } = readiness();
        answerText(response, ready ? 200 : 503, [ready ? 'ready' : 'not ready', ...lines].join('\n'));
      },
    ],
  ]);
}
