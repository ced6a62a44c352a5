import { MINUTE_MS } from '../../model/time.ts';
import { type Html, html, safeUrl } from './html.ts';
import { type Column, table } from './table.ts';
import { age, instant, spokenSpan } from './values.ts';
import type { OpenIncident, StatusView } from './view.ts';

/** The oldest open incidents by id: their titles may hold what is nobody's business here. */
export function renderOpen({ open, nowMs }: StatusView): Html {
  if (open.total === 0) return html`<p>None.</p>`;
  const columns: readonly Column<OpenIncident>[] = [
    { title: 'Incident', cell: incidentLink },
    { title: 'Open for', cell: ({ triggeredAtMs }) => age(triggeredAtMs, nowMs) },
    { title: 'Against target', cell: (incident) => againstTarget(incident, nowMs) },
    { title: 'Severity', cell: ({ severity }) => severity },
    { title: 'Service', cell: ({ service }) => service },
    { title: 'Status', cell: ({ status }) => status },
    { title: 'Provider', cell: ({ provider }) => provider },
    { title: 'Triggered', cell: ({ triggeredAtMs }) => instant(triggeredAtMs) },
  ];
  const more = open.total - open.oldest.length;
  return html`${table('Incidents that are open now, the oldest first', columns, open.oldest)}
${more > 0 ? html`<p>and ${more} more</p>` : undefined}`;
}

function incidentLink({ id, url }: OpenIncident): Html {
  const href = safeUrl(url);
  return href === undefined ? html`${id}` : html`<a href="${href}" rel="noreferrer">${id}</a>`;
}

function againstTarget({ triggeredAtMs, targetMinutes }: OpenIncident, nowMs: number): Html {
  if (targetMinutes === undefined) return html`no target`;
  const leftMs = triggeredAtMs + targetMinutes * MINUTE_MS - nowMs;
  if (leftMs >= 0) return html`${spokenSpan(leftMs)} left`;
  return html`<strong class="bad"><span aria-hidden="true">✗</span> late by ${spokenSpan(-leftMs)}</strong>`;
}
