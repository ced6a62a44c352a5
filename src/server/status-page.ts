import { createHash } from 'node:crypto';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../model/time.ts';
import type { ProviderStatus, StatusView } from './options.ts';

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border-bottom:1px solid #8886}
.scroll{overflow-x:auto}.error{color:light-dark(#b00020,#ff8a80)}li{display:inline-block;margin-right:1.2rem}ul{padding:0}`;

/** Lets the page's own style in and nothing else: no script, no frame, no form, no request. */
export const STATUS_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
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

/** The first page as HTML: every provider's state, links, version; readable without style and script. */
export function renderStatusPage(view: StatusView): string {
  const links = view.links.map(({ href, text }) => `<li><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mttr-exporter</title>
<style>${STYLE}</style>
</head>
<body>
<h1>mttr-exporter</h1>
<p>Recovery times of incidents for Prometheus. Version ${escapeHtml(view.version)}, up for ${spoken(view.uptimeMs)}.</p>
<ul>
${links.join('\n')}
</ul>
<h2>Providers</h2>
${renderProviders(view.providers)}
</body>
</html>
`;
}

const COLUMNS: readonly { readonly title: string; readonly cell: (provider: ProviderStatus) => string }[] = [
  { title: 'Provider', cell: ({ name }) => escapeHtml(name) },
  { title: 'Type', cell: ({ type }) => escapeHtml(type) },
  { title: 'State', cell: renderState },
  { title: 'First sync', cell: ({ synced }) => (synced ? 'done' : 'not done') },
  { title: 'Last success', cell: ({ lastSuccessAtMs }) => instant(lastSuccessAtMs) },
  { title: 'Counting since', cell: ({ countingSinceMs }) => instant(countingSinceMs) },
  { title: 'Open', cell: ({ openIncidents }) => String(openIncidents) },
  { title: 'Resolved', cell: ({ resolvedIncidents }) => String(resolvedIncidents) },
  { title: 'Rejected', cell: ({ rejectedRecords }) => String(rejectedRecords) },
  { title: 'Severities without a mapping', cell: ({ unmappedSeverities }) => renderNames(unmappedSeverities) },
];

function renderProviders(providers: readonly ProviderStatus[]): string {
  if (providers.length === 0) return '<p>None is configured.</p>';
  const head = COLUMNS.map(({ title }) => `<th scope="col">${title}</th>`).join('');
  const rows = providers.map((one) => `<tr>${COLUMNS.map(({ cell }) => `<td>${cell(one)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table></div>`;
}

function renderState({ state, error }: ProviderStatus): string {
  if (error === undefined) return escapeHtml(state);
  return `${escapeHtml(state)}<br><span class="error">${escapeHtml(error)}</span>`;
}

function renderNames(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map(escapeHtml).join(', ');
}

function instant(atMs: number | undefined): string {
  if (atMs === undefined) return 'never';
  const text = new Date(atMs).toISOString();
  return `<time datetime="${text}">${text.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

/** A span in its two largest units, in words for people: `3 d 4 h`, `4 h 7 min`, `0 min`. */
function spoken(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '');
}
