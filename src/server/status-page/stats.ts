import { scaleLinear } from 'd3-scale';
import {
  type Column,
  formatMinutes,
  formatPercent,
  type Html,
  html,
  NO_DATA,
  renderCount,
  renderMinutes,
  renderName,
  renderRatio,
  renderTable,
} from './html.ts';
import {
  FILTER_LENGTH_MAX,
  type ServiceStats,
  type SeverityStats,
  type StatusView,
  toLink,
  type ViewParams,
  type WindowStats,
} from './view.ts';

/** Pixels of the bar that sets a mean against its target. */
const BAR_WIDTH = 96;
const NO_TARGET = html`<span class="none">no target</span>`;

/** The statistics of all incidents, each a term with its value. */
export function renderOverall({ overall, window, availabilityObjective }: StatusView): Html {
  if (overall === undefined) return noRows('all');
  const cards: readonly Card[] = [
    { term: 'MTTR', value: renderMinutes(overall.mttrMinutes), note: compareWithBaseline(overall, window) },
    { term: 'Level', value: renderLevel(overall) },
    { term: 'Median', value: renderMinutes(overall.medianMinutes) },
    { term: 'p95', value: renderMinutes(overall.p95Minutes) },
    { term: 'Within target', value: renderRatio(overall.withinTarget) },
    { term: 'Resolved', value: renderCount(overall.resolved) },
    { term: 'Opened', value: renderCount(overall.opened) },
    { term: 'Incident-free', value: renderRatio(overall.incidentFree) },
    ...availabilityCards(overall, availabilityObjective),
  ];
  const items = cards.map(({ term, value, note }) => {
    const more = note === undefined ? undefined : html`<dd class="note">${note}</dd>`;
    return html`<div><dt>${term}</dt><dd>${value}</dd>${more}</div>\n`;
  });
  return html`<dl class="cards">
${items}</dl>`;
}

interface Card {
  readonly term: string;
  readonly value: Html;
  readonly note?: Html;
}

/** Availability and what is left of the error budget, where an objective is configured. */
function availabilityCards({ availability, errorBudgetMinutes }: WindowStats, objective: number | undefined): Card[] {
  if (objective === undefined) return [];
  const isMet = availability !== undefined && availability >= objective;
  const verdict = availability === undefined ? undefined : html`: ${renderVerdict(isMet)}`;
  return [
    {
      term: 'Availability',
      value:
        availability === undefined
          ? NO_DATA
          : html`<data value="${availability}">${formatPercent(availability, 3)}</data>`,
      note: html`objective ${formatPercent(objective, 3)}${verdict}`,
    },
    { term: 'Error budget', ...renderErrorBudget(errorBudgetMinutes) },
  ];
}

function renderErrorBudget(minutes: number | undefined): Omit<Card, 'term'> {
  if (minutes === undefined) return { value: NO_DATA };
  const value = html`<data value="${minutes}">${formatMinutes(Math.abs(minutes))}</data>`;
  if (minutes >= 0) return { value, note: html`left` };
  return { value, note: html`<span class="bad"><span aria-hidden="true">✗</span> overspent</span>` };
}

function renderVerdict(isMet: boolean): Html {
  if (isMet) return html`<span class="good"><span aria-hidden="true">✓</span> met</span>`;
  return html`<span class="bad"><span aria-hidden="true">✗</span> missed</span>`;
}

function compareWithBaseline({ mttrMinutes, baselineMinutes }: WindowStats, window: string): Html {
  const baseline = renderMinutes(baselineMinutes);
  if (baselineMinutes === undefined) return html`preceding ${window}: ${baseline}`;
  if (mttrMinutes === undefined) return html`${baseline} in the preceding ${window}`;
  if (mttrMinutes === baselineMinutes) return html`same as in the preceding ${window}`;
  return html`${arrow(mttrMinutes > baselineMinutes)} than ${baseline} in the preceding ${window}`;
}

/** Longer or shorter than before, in a word as well as by an arrow. */
function arrow(isLonger: boolean): Html {
  return isLonger ? html`<span aria-hidden="true">▲</span> longer` : html`<span aria-hidden="true">▼</span> shorter`;
}

const SEVERITY_COLUMNS: readonly Column<SeverityStats>[] = [
  {
    title: 'Severity',
    cell: ({ name, title }) =>
      html`${renderName(name)}${title === undefined ? undefined : html` <small>${title}</small>`}`,
  },
  { title: 'MTTR', cell: ({ mttrMinutes }) => renderMinutes(mttrMinutes), isNumber: true },
  {
    title: 'Target',
    cell: ({ targetMinutes }) => (targetMinutes === undefined ? 'none' : renderMinutes(targetMinutes)),
    isNumber: true,
  },
  { title: 'Against target', cell: renderBar },
  { title: 'Within target', cell: renderObjective },
  { title: 'Level', cell: renderLevel },
  { title: 'Resolved', cell: ({ resolved }) => renderCount(resolved), isNumber: true },
  { title: 'Opened', cell: ({ opened }) => renderCount(opened), isNumber: true },
  { title: 'Open now', cell: ({ openNow }) => renderCount(openNow), isNumber: true },
  { title: 'Median', cell: ({ medianMinutes }) => renderMinutes(medianMinutes), isNumber: true },
  { title: 'p95', cell: ({ p95Minutes }) => renderMinutes(p95Minutes), isNumber: true },
  { title: 'Preceding MTTR', cell: renderBaseline, isNumber: true },
];

/** A row for each severity, the worst first. */
export function renderSeverities({ severities, window }: StatusView): Html {
  if (severities === undefined) return noRows('severity');
  const caption = `Incidents resolved in the last ${window}, by severity`;
  return renderTable({ caption, columns: SEVERITY_COLUMNS, rows: severities });
}

function noRows(grouping: string): Html {
  return html`<p class="empty">No data yet: no provider has synced, or <code>groupings</code> does not include <code>${grouping}</code>.</p>`;
}

function renderBaseline({ mttrMinutes, baselineMinutes }: WindowStats): Html {
  if (mttrMinutes === undefined || baselineMinutes === undefined) return renderMinutes(baselineMinutes);
  if (mttrMinutes === baselineMinutes) return html`${renderMinutes(baselineMinutes)} <small>same</small>`;
  return html`${renderMinutes(baselineMinutes)} <small>${arrow(mttrMinutes > baselineMinutes)} now</small>`;
}

function renderLevel({ level }: WindowStats): Html {
  return level === undefined ? NO_DATA : html`<span class="level ${level}">${level}</span>`;
}

/** A bar up to the mean with a mark at the target, and the same in a word. */
function renderBar({ mttrMinutes, targetMinutes }: SeverityStats): Html {
  if (targetMinutes === undefined) return NO_TARGET;
  if (mttrMinutes === undefined) return NO_DATA;
  const isAbove = mttrMinutes > targetMinutes;
  const scale = scaleLinear([0, Math.max(mttrMinutes, targetMinutes * 1.25)], [0, BAR_WIDTH]);
  const target = scale(targetMinutes).toFixed(1);
  return html`<svg class="bar" width="${BAR_WIDTH}" height="12" viewBox="0 0 ${BAR_WIDTH} 12" aria-hidden="true"><rect class="track" y="2" width="${BAR_WIDTH}" height="8" rx="2"/><rect class="${isAbove ? 'above' : 'within'}" y="2" width="${scale(mttrMinutes).toFixed(1)}" height="8" rx="2"/><path class="mark" d="M${target} 0V12"/></svg> <small>${isAbove ? 'above' : 'within'}</small>`;
}

function renderObjective({ withinTarget, objective, targetMinutes }: SeverityStats): Html {
  if (targetMinutes === undefined) return NO_TARGET;
  if (withinTarget === undefined || objective === undefined) return renderRatio(withinTarget);
  const verdict = renderVerdict(withinTarget >= objective);
  return html`${renderRatio(withinTarget)} <small>of ${formatPercent(objective)}: ${verdict}</small>`;
}

interface SortableColumn extends Column<ServiceStats> {
  /** The word of the parameter `sort`. */
  readonly name: string;
  /** What is sorted by; undefined comes last either way. */
  readonly key: (service: ServiceStats) => string | number | undefined;
}

/** A column of numbers that are sorted by what they show. */
function numberColumn(
  name: string,
  title: string,
  key: (service: ServiceStats) => number | undefined,
  render: (value: number | undefined) => Html,
): SortableColumn {
  return { name, title, key, cell: (service) => render(key(service)), isNumber: true };
}

const MTTR = numberColumn('mttr', 'MTTR', ({ mttrMinutes }) => mttrMinutes, renderMinutes);

const SERVICE_COLUMNS: readonly SortableColumn[] = [
  { name: 'service', title: 'Service', key: ({ name }) => name, cell: ({ name }) => renderName(name) },
  MTTR,
  numberColumn('resolved', 'Resolved', ({ resolved }) => resolved, renderCount),
  numberColumn('opened', 'Opened', ({ opened }) => opened, renderCount),
  numberColumn('open', 'Open now', ({ openNow }) => openNow, renderCount),
  numberColumn('median', 'Median', ({ medianMinutes }) => medianMinutes, renderMinutes),
  numberColumn('p95', 'p95', ({ p95Minutes }) => p95Minutes, renderMinutes),
  numberColumn('within', 'Within target', ({ withinTarget }) => withinTarget, renderRatio),
  {
    name: 'before',
    title: 'Preceding MTTR',
    key: ({ baselineMinutes }) => baselineMinutes,
    cell: renderBaseline,
    isNumber: true,
  },
  numberColumn('free', 'Incident-free', ({ incidentFree }) => incidentFree, renderRatio),
];

interface Order {
  readonly column: SortableColumn;
  readonly isDescending: boolean;
}

const SLOWEST_FIRST: Order = { column: MTTR, isDescending: true };

/** The table of services with its filter; parameters that name no column are as if they were not there. */
export function renderServices({ services, window }: StatusView, params: ViewParams): Html {
  if (services === undefined) return noRows('service');
  if (services.length === 0) return html`<p class="empty">No incident of any service is stored.</p>`;
  const order = parseOrder(params.sort) ?? SLOWEST_FIRST;
  const wanted = params.filter.toLowerCase();
  const isHidden = ({ name }: ServiceStats) => !name.toLowerCase().includes(wanted);
  const shown = services.filter((service) => !isHidden(service)).length;
  const table = renderTable({
    id: 'by-service',
    caption: `Incidents resolved in the last ${window}, by service; a column is sorted by the link in its head`,
    columns: SERVICE_COLUMNS,
    rows: sortServices(services, order),
    head: (column) => sortableHead(column, order, params),
    isHidden,
  });
  return html`${filterForm(params, `${shown} of ${services.length} services`)}
${table}`;
}

/** Whether a value of the parameter `sort` names a column. */
export function isOrder(sort: string | undefined): boolean {
  return parseOrder(sort) !== undefined;
}

function parseOrder(sort: string | undefined): Order | undefined {
  const isDescending = sort?.startsWith('-') === true;
  const column = SERVICE_COLUMNS.find(({ name }) => name === (isDescending ? sort?.slice(1) : sort));
  return column === undefined ? undefined : { column, isDescending };
}

function sortServices(services: readonly ServiceStats[], { column, isDescending }: Order): ServiceStats[] {
  const sign = isDescending ? -1 : 1;
  return services.toSorted((a, b) => {
    const [keyA, keyB] = [column.key(a), column.key(b)];
    if (keyA === keyB) return compare(a.name, b.name);
    if (keyA === undefined) return 1;
    return keyB === undefined ? -1 : sign * compare(keyA, keyB);
  });
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : Number(a > b);
}

function filterForm({ window, sort, filter }: ViewParams, shown: string): Html {
  const kept = Object.entries({ window, sort }).flatMap(([name, value]) =>
    value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}">`],
  );
  return html`<form method="get" action="#services" role="search">
<label for="filter">Filter by name</label>
<input type="search" id="filter" name="filter" value="${filter}" maxlength="${FILTER_LENGTH_MAX}" autocomplete="off">${kept}
<button>Filter</button>
<span id="shown" role="status">${shown}</span>
</form>`;
}

/** The link reverses the order when the column is sorted by already; numbers begin with the largest. */
function sortableHead({ name, title }: SortableColumn, { column, isDescending }: Order, params: ViewParams) {
  const isSorted = column.name === name;
  const next = (isSorted ? isDescending : name === 'service') ? name : `-${name}`;
  return {
    content: html`<a href="${toLink({ ...params, sort: next }, 'services')}">${title}</a>`,
    attributes: isSorted ? html` aria-sort="${isDescending ? 'descending' : 'ascending'}"` : undefined,
  };
}
