import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Log } from '../model/log.ts';
import { findRoutePrefix, parseTelemetryPath, requestPath } from './addresses.ts';
import type { ApiSource } from './api/endpoints.ts';
import { createApi } from './api/router.ts';
import { createAuthMiddleware } from './auth.ts';
import { createDeliveryHandler, type DeliveryTargets } from './delivery-endpoints.ts';
import { createMetricsEndpoint, type PageSource } from './metrics-endpoint.ts';
import { createErrorHandler, type ErrorHandler, send, sendMethodNotAllowed, sendText } from './responses.ts';
import { endpointLinks, renderStatusPage, STATUS_PAGE_POLICY } from './status-page/page.ts';
import { parseViewParams, type StatusView } from './status-page/view.ts';
import type { WebSettings } from './web-settings.ts';

/** Whether the data can be used. */
export interface Readiness {
  readonly ready: boolean;
  /** Why, one line per provider. */
  readonly lines: readonly string[];
}

/** What the endpoints serve, and where; they know nothing of where it comes from. */
export interface EndpointOptions {
  readonly telemetryPath: string;
  /** Everything is served below it; without it, below the path of the external URL. */
  readonly routePrefix: string | undefined;
  readonly externalUrl: string | undefined;
  readonly enableLifecycle: boolean;
  /** Read on each request, so that a reload may change it. */
  readonly bearerToken: () => string | undefined;
  readonly log: Log;
  readonly page: PageSource;
  readonly readiness: () => Readiness;
  readonly reload: () => Promise<{ readonly ok: boolean; readonly message: string }>;
  /** What the status page shows, for the window of that name; for the default one when there is none of that name. */
  readonly status: (window: string | undefined) => Promise<StatusView>;
  readonly api: ApiSource;
  /** Where webhooks and pushed records come to. */
  readonly deliveries: DeliveryTargets;
}

/** Answers the GETs and HEADs of one path. */
type Endpoint = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * Answers every request. The metrics page and the probes, which machines request all the time, come before Express,
 * which would take longer over a small page than sending it does.
 */
export function createRequestHandler(options: EndpointOptions, settings: () => WebSettings): RequestListener {
  const prefix = findRoutePrefix(options.routePrefix, options.externalUrl);
  const apiBase = `${prefix}/api/v1`;
  const metricsPath = prefix + parseTelemetryPath(options.telemetryPath);
  const metrics = createMetricsEndpoint(options.page);
  const probes = createProbes(prefix, options);
  const onError = createErrorHandler(options.log);
  const app = createApp(options, prefix, onError);
  const deliver = createDeliveryHandler({ targets: options.deliveries, prefix, log: options.log });
  const authenticate = createAuthMiddleware({
    credentials: () => ({
      bearerToken: options.bearerToken(),
      basicAuth: settings().basicAuth,
      adminToken: options.api.adminToken(),
    }),
    rateLimit: () => settings().rateLimit,
    apiBase,
  });

  const run = (endpoint: Endpoint, request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendMethodNotAllowed(request, response, 'GET, HEAD');
      return;
    }
    try {
      endpoint(request, response)?.catch((error: unknown) => onError(error, request, response));
    } catch (error) {
      onError(error, request, response);
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
    // Senders have credentials of their own, and a flood of deliveries must not use up the rate limit of scrapes.
    if (deliver(request, response)) return;
    authenticate(request, response, (error) => {
      if (error !== undefined) onError(error, request, response);
      else if (path === metricsPath) run(metrics, request, response);
      else app(request, response);
    });
  };
}

function createProbes(prefix: string, { readiness }: EndpointOptions): ReadonlyMap<string, Endpoint> {
  const sendHealth: Endpoint = (_request, response) => sendText(response, 200, 'healthy');
  const sendReadiness: Endpoint = (_request, response) => {
    const { ready, lines } = readiness();
    sendText(response, ready ? 200 : 503, [ready ? 'ready' : 'not ready', ...lines].join('\n'));
  };
  return new Map([
    [`${prefix}/-/healthy`, sendHealth],
    [`${prefix}/-/ready`, sendReadiness],
  ]);
}

/** The endpoints for people and programs: status page, reload, API. Requests arrive authenticated. */
function createApp(options: EndpointOptions, prefix: string, onError: ErrorHandler): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  addReload(app, prefix, options);
  addStatusPage(app, prefix, options);
  const base = `${prefix}/api/v1`;
  app.use(base, createApi(options.api, options.log, base));
  app.use((_request, response) => sendText(response, 404, `not found; the status page is at ${prefix}/`));
  // Express' own error handler would send the stack.
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    onError(error, request, response);
  });
  return app;
}

function addReload(app: Express, prefix: string, options: EndpointOptions): void {
  app
    .route(`${prefix}/-/reload`)
    .post(async (_request, response) => {
      if (!options.enableLifecycle) {
        sendText(response, 403, 'reload over HTTP is disabled; start with --web.enable-lifecycle, or send SIGHUP');
        return;
      }
      const { ok, message } = await options.reload();
      sendText(response, ok ? 200 : 500, message);
    })
    .all((request, response) => sendMethodNotAllowed(request, response, 'POST'));
}

function addStatusPage(app: Express, prefix: string, options: EndpointOptions): void {
  const own = endpointLinks(options.telemetryPath);
  app
    .route(`${prefix}/`)
    .get(async (request, response) => {
      const params = parseViewParams(request.originalUrl);
      const view = await options.status(params.window);
      // A configured policy is set already.
      if (!response.hasHeader('Content-Security-Policy')) {
        response.setHeader('Content-Security-Policy', STATUS_PAGE_POLICY);
      }
      response.setHeader('Referrer-Policy', 'no-referrer');
      const body = renderStatusPage({ ...view, links: [...own, ...view.links] }, params);
      send(response, 200, { type: 'text/html', body });
    })
    .all((request, response) => sendMethodNotAllowed(request, response, 'GET, HEAD'));
  if (prefix === '') return;
  app.get(['/', prefix], (_request, response) => response.redirect(`${prefix}/`));
}
