import type { PageFormat } from './options.ts';

/** Exactly these: Prometheus 3 fails a scrape whose Content-Type it does not know. */
export const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<PageFormat, string>;

const VERSIONS = { text: '0.0.4', openmetrics: '1.0.0' } as const satisfies Record<PageFormat, string>;
const MEDIA_TYPES: ReadonlyMap<string, PageFormat> = new Map([
  ['text/plain', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
]);
const WILDCARDS: ReadonlySet<string> = new Set(['*/*', 'text/*']);

/** One element of Accept or Accept-Encoding, in lower case; `q` is 0 to 1. */
interface Range {
  readonly name: string;
  readonly q: number;
  readonly version: string | undefined;
}

/**
 * The format of the page for an Accept header: the highest q among the two that we serve wins, the first named among
 * equals; q=0 refuses; wildcards, other versions and anything odd mean text 0.0.4. Express' own `accepts` compares
 * every parameter, so it would give Prometheus 3 (`escaping=…`) the text format.
 */
export function negotiateFormat(accept: string | undefined): PageFormat {
  if (accept === undefined) return 'text';
  const ranges = parseRanges(accept);
  const [best] = ranges.filter((range) => formatOf(range) !== undefined).toSorted((a, b) => b.q - a.q);
  const format = best === undefined ? undefined : formatOf(best);
  if (best === undefined || format === undefined || best.q === 0) return 'text';
  return format === 'openmetrics' && wildcardQ(ranges) > best.q && !namesText(ranges) ? 'text' : format;
}

/** Whether gzip was asked for by its name and not refused (q=0). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  if (acceptEncoding === 'gzip') return true;
  return parseRanges(acceptEncoding).some(({ name, q }) => (name === 'gzip' || name === 'x-gzip') && q > 0);
}

function formatOf({ name, version }: Range): PageFormat | undefined {
  const format = MEDIA_TYPES.get(name);
  if (format === undefined || version === undefined || version === VERSIONS[format]) return format;
  return undefined;
}

function wildcardQ(ranges: readonly Range[]): number {
  return Math.max(0, ...ranges.filter(({ name }) => WILDCARDS.has(name)).map(({ q }) => q));
}

function namesText(ranges: readonly Range[]): boolean {
  return ranges.some((range) => formatOf(range) === 'text');
}

function parseRanges(header: string): Range[] {
  return header.toLowerCase().split(',').flatMap(parseRange);
}

/** An element with a q that is no number is left out. */
function parseRange(element: string): Range[] {
  const [name = '', ...parameters] = element.split(';').map((part) => part.trim());
  const values = new Map(parameters.map((parameter) => nameAndValue(parameter)));
  const q = Number(values.get('q') ?? 1);
  if (name === '' || !(q >= 0)) return [];
  return [{ name, q: Math.min(q, 1), version: values.get('version') }];
}

function nameAndValue(parameter: string): [string, string] {
  const [name = '', value = ''] = parameter.split('=').map((part) => part.trim());
  return [name, value.replaceAll('"', '')];
}
