import { type Choice, FILTER_LENGTH_MAX, linkTo } from './choice.ts';
import { before } from './figures.ts';
import { type Html, html } from './html.ts';
import { scrolling } from './table.ts';
import { count, minutes, share } from './values.ts';
import type { ServiceFigures, StatusView } from './view.ts';

interface SortableColumn {
  /** The word of the parameter `sort`. */
  readonly name: string;
  readonly title: string;
  /** What is sorted by; undefined comes last either way. */
  readonly key: (service: ServiceFigures) => string | number | undefined;
  readonly cell: (service: ServiceFigures) => Html;
}

const MTTR: SortableColumn = {
  name: 'mttr',
  title: 'MTTR',
  key: ({ mttrMinutes }) => mttrMinutes,
  cell: ({ mttrMinutes }) => minutes(mttrMinutes),
};

const COLUMNS: readonly SortableColumn[] = [
  { name: 'service', title: 'Service', key: ({ name }) => name, cell: ({ name }) => html`${name}` },
  MTTR,
  { name: 'resolved', title: 'Resolved', key: ({ resolved }) => resolved, cell: ({ resolved }) => count(resolved) },
  { name: 'opened', title: 'Opened', key: ({ opened }) => opened, cell: ({ opened }) => count(opened) },
  { name: 'open', title: 'Open now', key: ({ openNow }) => openNow, cell: ({ openNow }) => count(openNow) },
  {
    name: 'median',
    title: 'Median',
    key: ({ medianMinutes }) => medianMinutes,
    cell: ({ medianMinutes }) => minutes(medianMinutes),
  },
  {
    name: 'p95',
    title: '95 % within',
    key: ({ p95Minutes }) => p95Minutes,
    cell: ({ p95Minutes }) => minutes(p95Minutes),
  },
  {
    name: 'within',
    title: 'Within target',
    key: ({ withinTarget }) => withinTarget,
    cell: ({ withinTarget }) => share(withinTarget),
  },
  { name: 'before', title: 'MTTR of the window before', key: ({ baselineMinutes }) => baselineMinutes, cell: before },
  { name: 'free', title: 'Time with nothing open', key: ({ free }) => free, cell: ({ free }) => share(free) },
];

interface Order {
  readonly column: SortableColumn;
  readonly isDescending: boolean;
}

const SLOWEST_FIRST: Order = { column: MTTR, isDescending: true };

/** The table of services with its filter; a choice that names no column is as if it was not made. */
export function renderServices(view: StatusView, choice: Choice): Html {
  const { services } = view;
  if (services === undefined)
    return html`<p>There are no rows by service: no provider has synced yet, or groupings leaves them out.</p>`;
  if (services.length === 0) return html`<p>No incident of any service is held.</p>`;
  const order = readOrder(choice.sort) ?? SLOWEST_FIRST;
  const wanted = choice.filter.toLowerCase();
  const rows = sorted(services, order).map((service) => ({
    service,
    isShown: service.name.toLowerCase().includes(wanted),
  }));
  const shown = rows.filter(({ isShown }) => isShown).length;
  return html`${filterForm(choice)}
<p id="shown" role="status">${shown} of ${services.length} services</p>
${serviceTable(rows, order, { view, choice })}`;
}

/** Whether a value of the parameter `sort` names a column. */
export function isOrder(sort: string | undefined): boolean {
  return readOrder(sort) !== undefined;
}

function readOrder(sort: string | undefined): Order | undefined {
  const isDescending = sort?.startsWith('-') === true;
  const column = COLUMNS.find(({ name }) => name === (isDescending ? sort?.slice(1) : sort));
  return column === undefined ? undefined : { column, isDescending };
}

function sorted(services: readonly ServiceFigures[], { column, isDescending }: Order): ServiceFigures[] {
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

function filterForm({ window, sort, filter }: Choice): Html {
  const kept = Object.entries({ window, sort }).flatMap(([name, value]) =>
    value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}">`],
  );
  return html`<form method="get" action="#services" role="search">
<label for="filter">Filter services by name</label>
<input type="search" id="filter" name="filter" value="${filter}" maxlength="${FILTER_LENGTH_MAX}" autocomplete="off">${kept}
<button>Filter</button>
</form>`;
}

interface Shown {
  readonly service: ServiceFigures;
  readonly isShown: boolean;
}

function serviceTable(
  rows: readonly Shown[],
  order: Order,
  { view, choice }: { readonly view: StatusView; readonly choice: Choice },
): Html {
  const heads = COLUMNS.map((column) => head(column, order, choice));
  const [first, ...others] = COLUMNS;
  const lines = rows.map(({ service, isShown }) => {
    const cells = others.map(({ cell }) => html`<td>${cell(service)}</td>`);
    const hidden = isShown ? undefined : html` hidden`;
    return html`<tr${hidden}><th scope="row">${first?.cell(service)}</th>${cells}</tr>\n`;
  });
  const caption = `Incidents resolved in the last ${view.window}, by service; a link in a head sorts by its column`;
  return scrolling(
    'Table of services',
    html`<table id="by-service">
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody>
</table>`,
  );
}

/** The link turns the order round when the column is sorted by already; numbers begin with the largest. */
function head({ name, title }: SortableColumn, { column, isDescending }: Order, choice: Choice): Html {
  const isSorted = column.name === name;
  const next = (isSorted ? isDescending : name === 'service') ? name : `-${name}`;
  const direction = isDescending ? 'descending' : 'ascending';
  const state = isSorted ? html` aria-sort="${direction}"` : undefined;
  return html`<th scope="col"${state}><a href="${linkTo({ ...choice, sort: next }, 'services')}">${title}</a></th>`;
}
