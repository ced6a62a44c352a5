// Writes the table of all families into docs/metrics.md, between two comments. Run it after a change of a family.
import { readFileSync, writeFileSync } from 'node:fs';
import { families } from '../src/metrics/families.ts';
import { SELF_METRICS } from '../src/metrics/self-metrics.ts';

const BEGIN = '<!-- families -->';
const END = '<!-- /families -->';

/** A row per family that the exporter declares, in the order of the page. */
export function familiesTable(): string {
  const rows = [...families, ...Object.values(SELF_METRICS)].map(({ name, type, labels, help }) => {
    const names = labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${type} | ${names} | ${help.replaceAll('|', '\\|')} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

/** What stands between the two comments of a page; throws when it has none. */
export function tableOf(page: string): string {
  const [from, to] = findTable(page);
  return page.slice(from, to).trim();
}

function findTable(page: string): [number, number] {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/metrics.md: expected the comments ${BEGIN} and ${END}`);
  return [begin + BEGIN.length, end];
}

if (import.meta.main) {
  const file = new URL('../docs/metrics.md', import.meta.url);
  const page = readFileSync(file, 'utf8');
  const [from, to] = findTable(page);
  writeFileSync(file, `${page.slice(0, from)}\n${familiesTable()}\n${page.slice(to)}`);
}
