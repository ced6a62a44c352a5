import { printable } from '../../model/text.ts';
import type { Report } from '../report.ts';
import { type Cell, isEmpty, type Section } from './section.ts';
import { sectionsOf } from './sections.ts';
import { boundsText } from './whole.ts';
import { NO_DATA } from './words.ts';

/** Characters that Markdown or HTML in it would read as something else. */
const MARKS = /[\\`*_{}[\]<>|#~&]/g;

/** The report as a page for a wiki (tables as GitHub, GitLab and Confluence read them). */
export function renderMarkdown(report: Report): string {
  const sections = sectionsOf(report).map(markdownSection);
  const period = `Period: ${boundsText(report.bounds, report.timezone)} (${escaped(report.timezone)})`;
  return `${['# Mean Time to Recovery (MTTR) Report', period, ...sections].join('\n\n')}\n`;
}

/** One part of a page, under its title. */
export function markdownSection(section: Section): string {
  return `## ${escaped(section.title)}\n\n${contents(section)}`;
}

function contents(section: Section): string {
  if (isEmpty(section)) return NO_DATA;
  if (section.kind === 'lines') {
    return section.lines.map(([label, value]) => `- ${escaped(label)}: ${escaped(value)}`).join('\n');
  }
  if (section.kind === 'list') return section.items.map((item) => `- ${escaped(item)}`).join('\n');
  const line = (cells: readonly Cell[]) => `| ${cells.map(shown).join(' | ')} |`;
  const rule = `| ${section.head.map((_, at) => (at < (section.words ?? 1) ? '---' : '---:')).join(' | ')} |`;
  return [line(section.head), rule, ...section.rows.map(line)].join('\n');
}

function shown(cell: Cell): string {
  if (typeof cell === 'string') return escaped(cell);
  // What is no web address is no link: a click on it could run something.
  const url = /^https?:/i.test(cell.url) ? URL.parse(cell.url) : null;
  return url === null ? escaped(cell.text) : `[${escaped(cell.text)}](<${url.href.replaceAll('|', '%7C')}>)`;
}

/** Text that Markdown shows as it is, on one line. */
export function escaped(text: string): string {
  return printable(text).replace(MARKS, '\\$&');
}
