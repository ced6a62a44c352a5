import type { RequestListener } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Log } from '../model/log.ts';
import { createApi } from './api/api.ts';
import { gate } from './gate.ts';
import type { ServerOptions } from './options.ts';
import { parseExternalUrl, parseRoutePrefix, parseTelemetryPath } from './paths.ts';
import { answerText } from './plain-text.ts';
import { scrape } from './scrape.ts';
import { readChoice } from './status-page/choice.ts';
import { ownLinks, renderStatusPage, STATUS_PAGE_POLICY } from './status-page/page.ts';
import type { WebSettings } from './web-settings.ts';

/** All endpoints below the prefix, the page of metrics first, as it is asked for most. */
export function createApp(options: ServerOptions, settings: () => WebSettings): RequestListener {
  const prefix = routePrefix(options);
  const apiBase = `${prefix}/api/v1`;
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(
    gate({
      settings,
      bearerToken: options.bearerToken,
      adminToken: options.api.adminToken,
      apiBase,
      openPaths: new Set([`${prefix}/-/healthy`, `${prefix}/-/ready`]),
    }),
  );
  app
    .route(prefix + parseTelemetryPath(options.telemetryPath))
    .get(scrape(options.page))
    .all(onlyMethods('GET, HEAD'));
  addProbes(app, prefix, options);
  addReload(app, prefix, options);
  addStatusPage(app, prefix, options);
  app.use(apiBase, createApi({ source: options.api, log: options.log, base: apiBase }));
  app.use((_request, response) => answerText(response, 404, `not found; the first page is ${prefix}/`));
  app.use(onError(options.log));
  return app;
}

/** Where everything is served below, without a slash at its end; the path of the external URL unless it was given. */
export function routePrefix({ routePrefix, externalUrl }: Pick<ServerOptions, 'routePrefix' | 'externalUrl'>): string {
  if (routePrefix !== undefined) return parseRoutePrefix(routePrefix);
  return externalUrl === undefined ? '' : parseRoutePrefix(parseExternalUrl(externalUrl).pathname);
}

function addProbes(app: Express, prefix: string, options: ServerOptions): void {
  app
    .route(`${prefix}/-/healthy`)
    .get((_request, response) => {
      const { ok, reason } = options.healthy();
      answerText(response, ok ? 200 : 503, ok ? 'healthy' : (reason ?? 'not healthy'));
    })
    .all(onlyMethods('GET, HEAD'));
  app
    .route(`${prefix}/-/ready`)
    .get((_request, response) => {
      const { ready, lines } = options.readiness();
      answerText(response, ready ? 200 : 503, [ready ? 'ready' : 'not ready', ...lines].join('\n'));
    })
    .all(onlyMethods('GET, HEAD'));
}

function addReload(app: Express, prefix: string, options: ServerOptions): void {
  app
    .route(`${prefix}/-/reload`)
    .post(async (_request, response) => {
      if (!options.enableLifecycle) {
        answerText(response, 403, 'reloading over HTTP is off; start with --web.enable-lifecycle, or send SIGHUP');
        return;
      }
      const { ok, message } = await options.reload();
      answerText(response, ok ? 200 : 500, message);
    })
    .all(onlyMethods('POST'));
}

function addStatusPage(app: Express, prefix: string, options: ServerOptions): void {
  const own = ownLinks(options.telemetryPath);
  app
    .route(`${prefix}/`)
    .get((request, response) => {
      const choice = readChoice(request.originalUrl);
      const view = options.status(choice.window);
      // A configured policy stands already.
      if (!response.hasHeader('Content-Security-Policy')) {
        response.setHeader('Content-Security-Policy', STATUS_PAGE_POLICY);
      }
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(renderStatusPage({ ...view, links: [...own, ...view.links] }, choice));
    })
    .all(onlyMethods('GET, HEAD'));
  if (prefix === '') return;
  app.get(['/', prefix], (_request, response) => response.redirect(`${prefix}/`));
}

function onlyMethods(allowed: string): (request: Request, response: Response) => void {
  return (request, response) => {
    response.setHeader('Allow', allowed);
    answerText(response, 405, `${request.method} is not allowed; expected ${allowed}`);
  };
}

/** Express' own would print the stack. */
function onError(log: Log) {
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const message = error instanceof Error ? error.message : String(error);
    log.error('request failed', { method: request.method, path: request.path, error: message });
    if (response.headersSent) response.destroy();
    else answerText(response, 500, 'this request failed; the log says why');
  };
}
