import { printable } from '../../model/text.ts';
import type { Report } from '../report.ts';
import { formatBounds, NO_DATA } from './format.ts';
import { type Cell, isEmpty, type Section } from './section.ts';
import { toSections } from './sections.ts';

/** Characters that Markdown or HTML in it would read as something else. */
const MARKUP = /[\\`*_{}[\]<>|#~&]/g;

/** The report as a page for a wiki (tables as GitHub, GitLab and Confluence read them). */
export function renderMarkdown(report: Report): string {
  const sections = toSections(report).map(renderMarkdownSection);
  const period = `Period: ${formatBounds(report.bounds, report.timezone)} (${escapeMarkdown(report.timezone)})`;
  return `${['# Mean Time to Recovery (MTTR) Report', period, ...sections].join('\n\n')}\n`;
}

/** One part of a page, under its title. */
export function renderMarkdownSection(section: Section): string {
  return `## ${escapeMarkdown(section.title)}\n\n${renderContents(section)}`;
}

function renderContents(section: Section): string {
  if (isEmpty(section)) return NO_DATA;
  if (section.kind === 'lines') {
    return section.lines.map(([label, value]) => `- ${escapeMarkdown(label)}: ${escapeMarkdown(value)}`).join('\n');
  }
  if (section.kind === 'list') return section.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n');
  const toLine = (cells: readonly Cell[]) => `| ${cells.map(renderCell).join(' | ')} |`;
  const rule = `| ${section.head.map((_, index) => (index < (section.textColumns ?? 1) ? '---' : '---:')).join(' | ')} |`;
  return [toLine(section.head), rule, ...section.rows.map(toLine)].join('\n');
}

function renderCell(cell: Cell): string {
  if (typeof cell === 'string') return escapeMarkdown(cell);
  // What is no web address is no link: a click on it could run something.
  const url = /^https?:/i.test(cell.url) ? URL.parse(cell.url) : null;
  return url === null
    ? escapeMarkdown(cell.text)
    : `[${escapeMarkdown(cell.text)}](<${url.href.replaceAll('|', '%7C')}>)`;
}

/** Text that Markdown shows as it is, on one line. */
export function escapeMarkdown(text: string): string {
  return printable(text).replace(MARKUP, '\\$&');
}
