import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../model/time.ts';
import { type Html, html } from './html.ts';

const COUNTS = new Intl.NumberFormat('en');
const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;

/** Stands where there is no number: nothing is ever shown as 0 that is not 0. */
export const NO_DATA: Html = html`<span class="none">no data</span>`;

/** Minutes for people with the exact number behind them. */
export function minutes(value: number | undefined): Html {
  return value === undefined ? NO_DATA : html`<data value="${value}">${spokenMinutes(value)}</data>`;
}

/** A share, 0 to 1, as percent; rounded down, so that 100 % means all. */
export function share(value: number | undefined): Html {
  return value === undefined ? NO_DATA : html`<data value="${value}">${percent(value)}</data>`;
}

export function count(value: number | undefined): Html {
  if (value === undefined) return NO_DATA;
  return html`<data value="${value}">${value < 1000 ? value : COUNTS.format(value)}</data>`;
}

/** `99.9 %`, never `100 %` for less. */
export function percent(value: number): string {
  // A product such as 0.57 · 1000 may miss its whole number by a hair.
  return `${Math.floor(value * 1000 + 1e-9) / 10} %`;
}

/** `42 s`, `45.2 min`, `2.4 h`, `3.1 d`: the unit that two or three digits suffice for. */
export function spokenMinutes(value: number): string {
  if (value < 1) return `${Math.round(value * 60)} s`;
  if (value < 2 * HOUR_MINUTES) return `${oneDecimal(value)} min`;
  return value < 2 * DAY_MINUTES ? `${oneDecimal(value / HOUR_MINUTES)} h` : `${oneDecimal(value / DAY_MINUTES)} d`;
}

function oneDecimal(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A span in its two largest units, in words for people: `3 d 4 h`, `4 h 7 min`, `0 min`. */
export function spokenSpan(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const rest = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${rest} min` : `${rest} min`;
}

/** An instant in UTC, to the second; `never` without one. */
export function instant(atMs: number | undefined): Html {
  if (atMs === undefined) return html`never`;
  return html`<time datetime="${new Date(atMs).toISOString()}">${spokenInstant(atMs)}</time>`;
}

export function spokenInstant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** How long ago, with the instant behind it. */
export function age(atMs: number, nowMs: number): Html {
  const span = spokenSpan(Math.max(0, nowMs - atMs));
  return html`<time datetime="${new Date(atMs).toISOString()}" title="${spokenInstant(atMs)}">${span}</time>`;
}
