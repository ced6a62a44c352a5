/** A piece of finished markup. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: texts and numbers are escaped, markup and lists of it are taken as they are. */
export type Part = string | number | Html | undefined | readonly Part[];

/** Markup from a template literal; whatever is put in is escaped unless it came from here, for text and quoted attributes alike. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = texts[0] ?? '';
  for (const [at, part] of parts.entries()) markup += textOf(part) + (texts[at + 1] ?? '');
  return { markup };
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(textOf).join('');
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

/** Markup of our own that holds nothing foreign (style, script). */
export function trusted(markup: string): Html {
  return { markup };
}

/** A link that may be followed: only http and https, whatever a platform sends; undefined for the rest. */
export function safeUrl(text: string | undefined): string | undefined {
  const url = text === undefined ? null : URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : undefined;
}
