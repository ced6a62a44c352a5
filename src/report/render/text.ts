import Table from 'cli-table3';
import { printable } from '../../model/text.ts';
import type { Report } from '../report.ts';
import { formatBounds, NO_DATA } from './format.ts';
import { type Cell, isEmpty, type Section } from './section.ts';
import { toSections } from './sections.ts';

/** Lines below the title. */
export const RULE = '='.repeat(50);

/** Rows of a ranked table that a person reads in a terminal; the other formats have all. */
const RANKED_MAX = 25;

/** The report for a terminal, with box-drawn tables and no colours. */
export function renderText(report: Report): string {
  const sections = toSections(report).map(renderTextSection);
  const period = `Period: ${formatBounds(report.bounds, report.timezone)}`;
  return `${[`MEAN TIME TO RECOVERY (MTTR) REPORT\n${RULE}`, period, ...sections].join('\n\n')}\n`;
}

/** One part of a report for a terminal, under its title; of a long ranked table the beginning. */
export function renderTextSection(section: Section): string {
  return `${printable(section.title)}:\n${renderContents(section)}`;
}

function renderContents(section: Section): string {
  if (isEmpty(section)) return `  ${NO_DATA}`;
  if (section.kind === 'lines') {
    return section.lines.map(([label, value]) => `  ${printable(label)}: ${printable(value)}`).join('\n');
  }
  if (section.kind === 'list') return section.items.map((item) => `  - ${printable(item)}`).join('\n');
  const rows = section.isRanked === true ? section.rows.slice(0, RANKED_MAX) : section.rows;
  const table = new Table({ head: section.head.map(printable), style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => row.map(toPlainText)));
  const rest = section.rows.length - rows.length;
  const links = rows.flatMap((row) => row.flatMap((cell) => (typeof cell === 'string' ? [] : [cell])));
  return [
    table.toString(),
    ...(rest > 0 ? [`  and ${rest} more; --output json, csv or markdown has all`] : []),
    ...links.map(({ text, url }) => `  ${printable(text)}: ${printable(url)}`),
  ].join('\n');
}

function toPlainText(cell: Cell): string {
  return printable(typeof cell === 'string' ? cell : cell.text);
}
