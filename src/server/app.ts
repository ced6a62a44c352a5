import type { RequestListener } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { createApi } from './api/api.ts';
import type { ServerOptions } from './options.ts';
import { answerMethodNotAllowed, answerText, type FailureHandler } from './plain-text.ts';
import { endpointLinks, renderStatusPage, STATUS_PAGE_POLICY } from './status-page/page.ts';
import { parseViewParams } from './status-page/view.ts';

/** Where the endpoints are. */
interface Mounting {
  readonly prefix: string;
  readonly apiBase: string;
  readonly fail: FailureHandler;
}

/** The endpoints for people and programs: status page, reload, API. Requests arrive authenticated. */
export function createApp(options: ServerOptions, { prefix, apiBase, fail }: Mounting): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  addReload(app, prefix, options);
  addStatusPage(app, prefix, options);
  app.use(apiBase, createApi({ source: options.api, log: options.log, base: apiBase }));
  app.use((_request, response) => answerText(response, 404, `not found; the first page is ${prefix}/`));
  // Express' own error handler would send the stack.
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    fail(error, request, response);
  });
  return app;
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
    .all((request, response) => answerMethodNotAllowed(request, response, 'POST'));
}

function addStatusPage(app: Express, prefix: string, options: ServerOptions): void {
  const own = endpointLinks(options.telemetryPath);
  app
    .route(`${prefix}/`)
    .get(async (request, response) => {
      const params = parseViewParams(request.originalUrl);
      const view = await options.status(params.window);
      // A configured policy stands already.
      if (!response.hasHeader('Content-Security-Policy')) {
        response.setHeader('Content-Security-Policy', STATUS_PAGE_POLICY);
      }
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(renderStatusPage({ ...view, links: [...own, ...view.links] }, params));
    })
    .all((request, response) => answerMethodNotAllowed(request, response, 'GET, HEAD'));
  if (prefix === '') return;
  app.get(['/', prefix], (_request, response) => response.redirect(`${prefix}/`));
}
