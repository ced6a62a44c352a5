import { createHash } from 'node:crypto';
import { renderTrend } from './chart.ts';
import { renderDelivery } from './delivery.ts';
import { formatSpan, type Html, html, renderTime, trusted } from './html.ts';
import { SCRIPT } from './script.ts';
import { renderHealth, renderIssues, renderOpen, renderProviders } from './sections.ts';
import { isOrder, renderOverall, renderServices, renderSeverities } from './stats.ts';
import { STYLE } from './style.ts';
import { type StatusView, toLink, type ViewParams } from './view.ts';

/** Allows the page's own style, script and form; no frame, no request, nothing of anybody else. */
export const STATUS_PAGE_POLICY: string = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Links of the server's own endpoints, relative to the page so that they hold behind any prefix. */
export function endpointLinks(telemetryPath: string): StatusView['links'] {
  return [
    { href: telemetryPath.slice(1), text: 'Metrics' },
    { href: '-/healthy', text: 'Health' },
    { href: '-/ready', text: 'Readiness' },
  ];
}

/** The status page as HTML: complete without style and script; parameters that mean nothing are ignored. */
export function renderStatusPage(view: StatusView, params: ViewParams): string {
  const isKnown = params.window === undefined || params.window === view.window;
  const used = {
    window: isKnown ? params.window : undefined,
    sort: isOrder(params.sort) ? params.sort : undefined,
    filter: params.filter,
  };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title(view)}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${header(view, used)}
<main id="main">
${isKnown ? undefined : html`<p class="unknown">There is no window of that name; this is ${view.window}.</p>`}
${section('recovery', html`Recovery time <small>${subtitle(view)}</small>`, renderOverall(view))}
${view.issues.length === 0 ? undefined : section('issues', html`Issues`, renderIssues(view.issues))}
${section('severities', html`By severity`, renderSeverities(view))}
${section('trend', html`Trend <small>MTTR over the ${view.window} before each time</small>`, renderTrend(view))}
${section('open', html`Open incidents`, renderOpen(view))}
${
  view.delivery === undefined
    ? undefined
    : section(
        'delivery',
        html`Delivery <small>deployments of the last ${view.window}</small>`,
        renderDelivery(view.delivery),
      )
}
${section('providers', html`Providers`, renderProviders(view))}
${section('services', html`Services`, renderServices(view, used))}
</main>
${footer(view)}
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.markup;
}

/** In a tab of the browser the number of problems is all that is seen. */
function title({ issues }: StatusView): string {
  const problems = issues.filter(({ kind }) => kind === 'problem').length;
  return problems === 0 ? 'mttr-exporter' : `(${problems}) mttr-exporter`;
}

function subtitle({ window, minimumSample, providers }: StatusView): string {
  const sources = `${providers.length} ${providers.length === 1 ? 'provider' : 'providers'}`;
  const omitted = minimumSample > 1 ? `; means of fewer than ${minimumSample} incidents are omitted` : '';
  return `incidents resolved in the last ${window}, from ${sources}${omitted}`;
}

function header(view: StatusView, params: ViewParams): Html {
  const windows = view.windows.map((name) => {
    const current = name === view.window ? html` aria-current="true"` : undefined;
    return html`<li><a href="${toLink({ ...params, window: name }, 'main')}"${current}>${name}</a></li>\n`;
  });
  return html`<header>
<h1>mttr-exporter</h1>
<nav aria-label="Window"><ul class="windows">
${windows}</ul></nav>
<p class="health">${renderHealth(view.issues)}</p>
<div class="freshness"><p>As of ${renderTime(view.nowMs, view.nowMs)} UTC</p>
<label hidden><input type="checkbox" id="refresh" checked autocomplete="off"> Refresh every minute</label></div>
</header>`;
}

function footer({ links, version, uptimeMs }: StatusView): Html {
  const items = links.map(({ href, text }) => html`<li><a href="${href}">${text}</a></li>\n`);
  return html`<footer>
<nav aria-label="Endpoints"><ul>
${items}</ul></nav>
<p>Version ${version}, up for ${formatSpan(uptimeMs)}. Times are UTC.</p>
</footer>`;
}

function section(id: string, title: Html, content: Html): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
