/** Control and direction characters of a name could rewrite lines of a terminal, and break those of a document. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The text on one line, without control characters. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** `us`, `us or eu`, `a, b or c`. */
export function formatAlternatives(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** The word that `typed` was probably meant to be: at most a third of its letters differ; undefined when none is near. */
export function suggest(typed: string, words: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(typed.length / 3));
  const ranked = words.map((word) => ({ word, distance: levenshtein(typed.toLowerCase(), word.toLowerCase()) }));
  const best = ranked.toSorted((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= limit ? best.word : undefined;
}

/** How many letters to insert, delete or replace. */
function levenshtein(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** An escaped surrogate, alone or one of a pair: a reason to look closer. */
const SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * What `JSON.parse` returns, with U+FFFD for unpaired surrogates, which a platform leaves where it cuts a text: the
 * store, like any UTF-8, cannot represent them.
 */
export function parseJson(text: string): unknown {
  if (!SURROGATE.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value));
}

/** As many digits as the first integer that a JavaScript number may not hold has. */
const LARGE_INTEGER = /\d{16}/;

/** What `parseJson` returns, with integers that a number would round as text: two ids of records could become one. */
export function parseRecordJson(text: string): unknown {
  if (!LARGE_INTEGER.test(text)) return parseJson(text);
  return JSON.parse(text, (_name, value: unknown, ...[context]: readonly unknown[]) => {
    if (typeof value === 'string') return value.toWellFormed();
    const digits = typeof value === 'number' ? integerText(context) : undefined;
    return digits !== undefined && digits !== String(value) ? digits : value;
  });
}

/** The digits as they were written; undefined for an exponent or a fraction. */
function integerText(context: unknown): string | undefined {
  const isKnown = typeof context === 'object' && context !== null && 'source' in context;
  return isKnown && typeof context.source === 'string' && /^-?\d+$/.test(context.source) ? context.source : undefined;
}
