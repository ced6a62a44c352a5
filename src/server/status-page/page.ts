import { createHash } from 'node:crypto';
import { type Choice, linkTo } from './choice.ts';
import { renderOverall, renderSeverities } from './figures.ts';
import { type Html, html, trusted } from './html.ts';
import { renderOpen } from './open-incidents.ts';
import { renderProviders } from './providers.ts';
import { SCRIPT } from './script.ts';
import { isOrder, renderServices } from './services.ts';
import { STYLE } from './style.ts';
import { renderTrend } from './trend.ts';
import { renderTroubles } from './troubles.ts';
import { instant, spokenSpan } from './values.ts';
import type { StatusView } from './view.ts';

/** Lets the page's own style and script in, and its form back to where it came from; no frame, no request, nothing of anybody else. */
export const STATUS_PAGE_POLICY: string = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Links of the server's own endpoints, relative to the page so that they hold behind any prefix. */
export function ownLinks(telemetryPath: string): StatusView['links'] {
  return [
    { href: telemetryPath.slice(1), text: 'Metrics' },
    { href: '-/healthy', text: 'Health' },
    { href: '-/ready', text: 'Readiness' },
  ];
}

/** The first page as HTML: whole without style and script; a choice that means nothing shows what is shown without it. */
export function renderStatusPage(view: StatusView, choice: Choice): string {
  const isKnown = choice.window === undefined || choice.window === view.window;
  const chosen = {
    window: isKnown ? choice.window : undefined,
    sort: isOrder(choice.sort) ? choice.sort : undefined,
    filter: choice.filter,
  };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mttr-exporter</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${header(view, chosen)}
${isKnown ? undefined : html`<p class="bad">There is no window of that name; this is ${view.window}.</p>`}
<main id="main">
${section('now', 'What is wrong right now', renderTroubles(view.troubles))}
${section('recovery', `Recovery time over ${view.window}`, recovery(view))}
${section('trend', 'Trend', renderTrend(view))}
${section('open', 'Open incidents', renderOpen(view))}
${section('services', 'Services', renderServices(view, chosen))}
${section('providers', 'Providers', renderProviders(view))}
</main>
<footer><p>As of ${instant(view.nowMs)}. Version ${view.version}, up for ${spokenSpan(view.uptimeMs)}.</p></footer>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.markup;
}

function header(view: StatusView, choice: Choice): Html {
  const links = view.links.map(({ href, text }) => html`<li><a href="${href}">${text}</a></li>\n`);
  const windows = view.windows.map((name) => {
    const current = name === view.window ? html` aria-current="true"` : undefined;
    return html`<li><a href="${linkTo({ ...choice, window: name }, 'recovery')}"${current}>${name}</a></li>\n`;
  });
  return html`<header>
<h1>mttr-exporter</h1>
<p>How long it takes to recover, from the incidents of ${view.providers.length} ${view.providers.length === 1 ? 'provider' : 'providers'}.</p>
<nav aria-label="Endpoints"><ul>
${links}</ul></nav>
<nav aria-label="Window"><ul>
${windows}</ul></nav>
</header>`;
}

function recovery(view: StatusView): Html {
  return html`<h3>Everything</h3>
${renderOverall(view)}
<h3>By severity</h3>
${renderSeverities(view)}`;
}

function section(id: string, title: string, content: Html): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
