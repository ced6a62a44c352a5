import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../model/time.ts';

/** A piece of finished markup. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: texts and numbers are escaped, markup and lists of it are taken as they are. */
export type Part = string | number | Html | undefined | readonly Part[];

/** Markup from a template literal; whatever is put in is escaped unless it came from here, for text and quoted attributes alike. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = texts[0] ?? '';
  for (const [index, part] of parts.entries()) markup += toMarkup(part) + (texts[index + 1] ?? '');
  return { markup };
}

function toMarkup(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(toMarkup).join('');
}

/** Most texts have none of these. */
const SPECIAL = /[&<>"']/;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escapeHtml(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '');
}

/** Markup of our own that contains nothing foreign (style, script). */
export function trusted(markup: string): Html {
  return { markup };
}

/** A column of a table; the first one heads its rows. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Part;
  /** Aligned to the right. */
  readonly isNumber?: boolean;
}

export interface TableOptions<Row, ItsColumn extends Column<Row> = Column<Row>> {
  /** What screen readers call the table. */
  readonly caption: string;
  readonly columns: readonly ItsColumn[];
  readonly rows: readonly Row[];
  readonly id?: string;
  /** What stands in a column's head instead of its plain title, and attributes of the head. */
  readonly head?: (column: ItsColumn) => { readonly content: Html; readonly attributes: Html | undefined };
  readonly isHidden?: (row: Row) => boolean;
}

/** A table that scrolls within itself where it is too wide, by keyboard too; on phones each row is a block of labelled values. */
export function renderTable<Row, ItsColumn extends Column<Row>>(options: TableOptions<Row, ItsColumn>): Html {
  const { caption, columns, rows, id, head, isHidden } = options;
  const heads = columns.map((column) => {
    const { content, attributes } = head?.(column) ?? { content: html`${column.title}`, attributes: undefined };
    return html`<th scope="col"${numberClass(column)}${attributes}>${content}</th>`;
  });
  const [first, ...others] = columns.map((column) => ({ ...column, attributes: numberClass(column) }));
  const lines = rows.map((row) => {
    const cells = others.map(
      ({ title, cell, attributes }) => html`<td${attributes} data-label="${title}">${cell(row)}</td>`,
    );
    const hidden = isHidden?.(row) === true ? html` hidden` : undefined;
    return html`<tr${hidden}><th scope="row">${first?.cell(row)}</th>${cells}</tr>\n`;
  });
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table${id === undefined ? undefined : html` id="${id}"`}>
<caption class="unseen">${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>`;
}

function numberClass({ isNumber }: Column<never>): Html | undefined {
  return isNumber === true ? html` class="number"` : undefined;
}

/** Stands where there is no number: nothing is ever shown as 0 that is not 0. */
export const NO_DATA: Html = html`<span class="none">no data</span>`;

/** Minutes in a rounded form with the exact number behind it. */
export function renderMinutes(value: number | undefined): Html {
  return value === undefined ? NO_DATA : html`<data value="${value}">${formatMinutes(value)}</data>`;
}

/** A ratio, 0 to 1, as percent; rounded down, so that 100 % means all. */
export function renderRatio(value: number | undefined): Html {
  return value === undefined ? NO_DATA : html`<data value="${value}">${formatPercent(value)}</data>`;
}

export function renderCount(value: number | undefined): Html {
  return value === undefined ? NO_DATA : html`<data value="${value}">${formatCount(value)}</data>`;
}

/** A time in UTC in its shortest clear form, the whole one on hover; `otherwise` without one. */
export function renderTime(atMs: number | undefined, nowMs: number, otherwise = 'never'): Html {
  return atMs === undefined ? html`${otherwise}` : timeElement(atMs, formatShortTime(atMs, nowMs));
}

/** How long ago, the time itself on hover. */
export function renderAge(atMs: number, nowMs: number): Html {
  return timeElement(atMs, formatSpan(Math.max(0, nowMs - atMs)));
}

function timeElement(atMs: number, text: string): Html {
  return html`<time datetime="${new Date(atMs).toISOString()}" title="${formatUtc(atMs)}">${text}</time>`;
}

/** Characters of a name that every column has room for. */
const CLIP_FROM = 16;

/** A name that is cut by the style where it is too long for its column; the whole one stands in the page and on hover. */
export function renderName(name: string): Html {
  return name.length < CLIP_FROM ? html`${name}` : html`<span class="clip" title="${name}">${name}</span>`;
}

const COUNTS = new Intl.NumberFormat('en');

/** `1,240`. */
export function formatCount(value: number): string {
  return value < 1000 ? String(value) : COUNTS.format(value);
}

/** `99.9 %`, never `100 %` for less. */
export function formatPercent(value: number, decimals = 1): string {
  const parts = 10 ** decimals;
  // A product such as 0.57 · 1000 may miss its whole number by a hair.
  return `${Math.floor(value * 100 * parts + 1e-9) / parts} %`;
}

const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;

/** `42 s`, `45.2 min`, `2.4 h`, `3.1 d`: the unit that two or three digits suffice for. */
export function formatMinutes(value: number): string {
  if (value < 1) return `${Math.round(value * 60)} s`;
  if (value < 2 * HOUR_MINUTES) return `${oneDecimal(value)} min`;
  return value < 2 * DAY_MINUTES ? `${oneDecimal(value / HOUR_MINUTES)} h` : `${oneDecimal(value / DAY_MINUTES)} d`;
}

function oneDecimal(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A time span in its two largest units: `3 d 4 h`, `4 h 7 min`, `0 min`. */
export function formatSpan(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const rest = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${rest} min` : `${rest} min`;
}

/** `2026-11-21 08:30:00 UTC`. */
export function formatUtc(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const MONTH = new Intl.DateTimeFormat('en-US', { month: 'short', timeZone: 'UTC' });

/** In UTC: `2 Jan 08:30` this year, `2 Jan 2025` in another. */
function formatShortTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const isThisYear = at.getUTCFullYear() === new Date(nowMs).getUTCFullYear();
  return `${at.getUTCDate()} ${MONTH.format(at)} ${isThisYear ? at.toISOString().slice(11, 16) : at.getUTCFullYear()}`;
}
