import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../model/time.ts';
import { type Html, html } from './html.ts';
import { type Column, table } from './table.ts';
import { age, count, instant, spokenMinutes } from './values.ts';
import type { ProviderStatus, StatusView } from './view.ts';

const PERIODS: ReadonlyMap<number, string> = new Map([
  [SECOND_MS, 'a second'],
  [MINUTE_MS, 'a minute'],
  [HOUR_MS, 'an hour'],
]);

/** How each provider is doing. */
export function renderProviders({ providers, nowMs }: StatusView): Html {
  if (providers.length === 0) return html`<p>None is configured.</p>`;
  const columns: readonly Column<ProviderStatus>[] = [
    { title: 'Provider', cell: ({ name }) => name },
    { title: 'Type', cell: ({ type }) => type },
    { title: 'State', cell: state },
    { title: 'First sync', cell: ({ synced }) => (synced ? 'done' : 'not done') },
    { title: 'Last success', cell: ({ lastSuccessAtMs }) => instant(lastSuccessAtMs) },
    { title: 'Behind by', cell: ({ lastSuccessAtMs }) => behind(lastSuccessAtMs, nowMs) },
    { title: 'Requests left', cell: requestsLeft },
    { title: 'Held', cell: ({ heldIncidents }) => count(heldIncidents) },
    { title: 'Open', cell: ({ openIncidents }) => count(openIncidents) },
    { title: 'Resolved', cell: ({ resolvedIncidents }) => count(resolvedIncidents) },
    { title: 'To be fetched again', cell: ({ waitingRecords }) => count(waitingRecords) },
    { title: 'Rejected', cell: ({ rejectedRecords }) => count(rejectedRecords) },
    { title: 'Counting since', cell: ({ countingSinceMs }) => instant(countingSinceMs) },
    { title: 'Severities without a mapping', cell: ({ unmappedSeverities }) => names(unmappedSeverities) },
  ];
  return table('Where incidents come from', columns, providers);
}

function state({ state: word, error }: ProviderStatus): Html {
  if (error === undefined) return html`${word}`;
  return html`${word}<br><span class="bad error">${error}</span>`;
}

function behind(lastSuccessAtMs: number | undefined, nowMs: number): Html {
  return lastSuccessAtMs === undefined ? html`everything` : age(lastSuccessAtMs, nowMs);
}

function requestsLeft({ allowance }: ProviderStatus): Html {
  if (allowance === undefined) return html`none needed`;
  const { left, requests, perMs } = allowance;
  const period = PERIODS.get(perMs) ?? `in ${spokenMinutes(perMs / MINUTE_MS)}`;
  return html`${left === undefined ? 'not known' : count(left)} <small>of ${requests} ${period}</small>`;
}

function names(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.join(', ');
}
