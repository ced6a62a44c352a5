import { webLink } from '../../model/incident.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import {
  type Column,
  formatCount,
  formatMinutes,
  formatSpan,
  type Html,
  html,
  renderAge,
  renderCount,
  renderName,
  renderTable,
  renderTime,
} from './html.ts';
import type { DeliveryStatus, Issue, OpenIncident, ProviderStatus, StatusView } from './view.ts';

const KINDS = { problem: 'Problem', notice: 'Notice' } as const;

/** What is wrong right now in a few words, for the header; a link to the list when there is one. */
export function renderHealth(issues: readonly Issue[]): Html {
  const counts = (['problem', 'notice'] as const).flatMap((kind) => {
    const count = issues.filter((issue) => issue.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kind}${count === 1 ? '' : 's'}`];
  });
  if (counts.length === 0) return html`<span class="good"><span aria-hidden="true">✓</span> No issues</span>`;
  const [style, sign] = issues.some(isProblem) ? ['bad', '✗'] : ['warn', '!'];
  return html`<a class="${style}" href="#issues"><span aria-hidden="true">${sign}</span> ${counts.join(', ')}</a>`;
}

/** What is wrong right now, problems first. */
export function renderIssues(issues: readonly Issue[]): Html {
  const inOrder = [...issues.filter(isProblem), ...issues.filter((issue) => !isProblem(issue))];
  const items = inOrder.map(
    ({ kind, text }) => html`<li class="${kind}"><strong>${KINDS[kind]}:</strong> ${text}</li>\n`,
  );
  return html`<ul class="issues">
${items}</ul>`;
}

function isProblem({ kind }: Issue): boolean {
  return kind === 'problem';
}

/** The oldest open incidents by id: their titles may contain what is nobody's business here. */
export function renderOpen({ open, nowMs }: StatusView): Html {
  if (open.total === 0) return html`<p class="empty">No incident is open.</p>`;
  const columns: readonly Column<OpenIncident>[] = [
    { title: 'Incident', cell: renderId },
    { title: 'Open for', cell: ({ triggeredAtMs }) => renderAge(triggeredAtMs, nowMs), isNumber: true },
    { title: 'Against target', cell: (incident) => renderTimeLeft(incident, nowMs) },
    { title: 'Severity', cell: ({ severity }) => renderName(severity) },
    { title: 'Service', cell: ({ service }) => renderName(service) },
    { title: 'Status', cell: ({ status }) => status },
    { title: 'Provider', cell: ({ provider }) => renderName(provider) },
    { title: 'Triggered (UTC)', cell: ({ triggeredAtMs }) => renderTime(triggeredAtMs, nowMs), isNumber: true },
  ];
  const { length } = open.oldest;
  return html`${renderTable({ caption: 'Incidents that are open now, the oldest first', columns, rows: open.oldest })}
${open.total > length ? html`<p>Showing the oldest ${length} of ${formatCount(open.total)}.</p>` : undefined}`;
}

/** Longer ids are shortened in the middle: of an alarm's id both ends tell it from others. */
const ID_LENGTH_MAX = 34;
const ID_END = 14;

function renderId({ id, url }: OpenIncident): Html {
  const characters = Array.from(id);
  const isLong = characters.length > ID_LENGTH_MAX;
  const start = characters.slice(0, ID_LENGTH_MAX - ID_END - 1).join('');
  const text = isLong ? `${start}…${characters.slice(-ID_END).join('')}` : id;
  const title = isLong ? html` title="${id}"` : undefined;
  const href = webLink(url);
  if (href !== undefined) return html`<a href="${href}" rel="noreferrer"${title}>${text}</a>`;
  return html`<span${title}>${text}</span>`;
}

function renderTimeLeft({ dueAtMs }: OpenIncident, nowMs: number): Html {
  if (dueAtMs === undefined) return html`<span class="none">no target</span>`;
  const leftMs = dueAtMs - nowMs;
  if (leftMs >= 0) return html`${formatSpan(leftMs)} left`;
  return html`<span class="bad"><span aria-hidden="true">✗</span> ${formatSpan(-leftMs)} over</span>`;
}

const PERIODS: ReadonlyMap<number, string> = new Map([
  [SECOND_MS, 'a second'],
  [MINUTE_MS, 'a minute'],
  [HOUR_MS, 'an hour'],
]);

/** How each provider is doing. */
export function renderProviders({ providers, nowMs }: StatusView): Html {
  if (providers.length === 0) return html`<p class="empty">No provider is configured.</p>`;
  const columns: readonly Column<ProviderStatus>[] = [
    { title: 'Provider', cell: ({ name, type }) => html`${renderName(name)} <small>${type}</small>` },
    { title: 'State', cell: (one) => renderState(one, nowMs) },
    { title: 'Last success (UTC)', cell: ({ lastSuccessAtMs }) => renderLastSuccess(lastSuccessAtMs, nowMs) },
    { title: 'Requests left', cell: renderRequestsLeft },
    { title: 'Stored', cell: ({ heldIncidents }) => renderCount(heldIncidents), isNumber: true },
    { title: 'Open', cell: ({ openIncidents }) => renderCount(openIncidents), isNumber: true },
    { title: 'Resolved', cell: ({ resolvedIncidents }) => renderCount(resolvedIncidents), isNumber: true },
    { title: 'Rejected records', cell: renderRejected, isNumber: true },
    { title: 'Counting since', cell: ({ countingSinceMs }) => renderTime(countingSinceMs, nowMs, 'not yet') },
    { title: 'Unmapped severities', cell: ({ unmappedSeverities }) => joinNames(unmappedSeverities) },
  ];
  return renderTable({ caption: 'Providers: where incidents come from', columns, rows: providers });
}

/** What `state` says at a glance; the other states are on the way to one of these. */
const STATES: ReadonlyMap<string, Html> = new Map([
  ['up', html`<span class="good"><span aria-hidden="true">✓</span> up</span>`],
  ['down', html`<span class="bad"><span aria-hidden="true">✗</span> down</span>`],
]);

function renderState({ name, state, synced, error, deliveries }: ProviderStatus, nowMs: number): Html {
  const text = STATES.get(state) ?? html`<span class="warn"><span aria-hidden="true">…</span> ${state}</span>`;
  const reason = error === undefined ? undefined : html` <small class="error">${error}</small>`;
  // A line of its own: the table has no room for another column.
  const transcript = html`<br><small>${renderTranscriptLink(name)}</small>`;
  const received = deliveries && renderDeliveries(deliveries, nowMs);
  return html`${text} <small>first sync ${synced ? 'done' : 'not done'}</small>${reason}${transcript}${received}`;
}

/** When the webhook last delivered, and what was refused last and why. */
function renderDeliveries({ lastAcceptedAtMs, accepted, refused, lastRefusal }: DeliveryStatus, nowMs: number): Html {
  const last =
    lastAcceptedAtMs === undefined
      ? html`nothing delivered since the start`
      : html`last delivery ${renderAge(lastAcceptedAtMs, nowMs)} ago, ${formatCount(accepted)} in all`;
  const refusal =
    lastRefusal &&
    html`; ${formatCount(refused)} refused, the last one ${renderAge(lastRefusal.atMs, nowMs)} ago: ${lastRefusal.reason}`;
  return html`<br><small>${last}${refusal}</small>`;
}

function renderLastSuccess(lastSuccessAtMs: number | undefined, nowMs: number): Html {
  const time = renderTime(lastSuccessAtMs, nowMs);
  return lastSuccessAtMs === undefined ? time : html`${time} <small>${renderAge(lastSuccessAtMs, nowMs)} ago</small>`;
}

function renderRequestsLeft({ allowance }: ProviderStatus): Html {
  if (allowance === undefined) return html`none needed`;
  const { left, requests, perMs } = allowance;
  const period = PERIODS.get(perMs) ?? `in ${formatMinutes(perMs / MINUTE_MS)}`;
  return html`${left === undefined ? 'unknown' : renderCount(left)} <small>of ${requests} ${period}</small>`;
}

function renderRejected({ rejectedRecords, waitingRecords }: ProviderStatus): Html {
  return html`${renderCount(rejectedRecords)} <small>${formatCount(waitingRecords)} to fetch again</small>`;
}

/** The address is relative to the page, so that it holds behind any prefix. */
function renderTranscriptLink(name: string): Html {
  return html`<a href="api/v1/providers/${encodeURIComponent(name)}/last-poll">last poll</a>`;
}

function joinNames(names: readonly string[]): Html {
  return html`<span class="wrap">${names.length === 0 ? 'none' : names.join(', ')}</span>`;
}
