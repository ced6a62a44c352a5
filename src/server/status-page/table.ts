import { type Html, html, type Part } from './html.ts';

/** A column of a table that stands as it is. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Part;
}

/** A table with a caption, heads and, in its first column, heads of its rows. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const heads = columns.map(({ title }) => html`<th scope="col">${title}</th>`);
  const [first, ...others] = columns;
  const lines = rows.map((row) => {
    const cells = others.map(({ cell }) => html`<td>${cell(row)}</td>`);
    return html`<tr><th scope="row">${first?.cell(row)}</th>${cells}</tr>\n`;
  });
  return scrolling(
    caption,
    html`<table>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody>
</table>`,
  );
}

/** Wide tables scroll within themselves, by keyboard too. */
export function scrolling(label: string, content: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}
