/** Half of a character that takes two escapes, and often a whole one: no more than a reason to look closer. */
const SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * What `JSON.parse` gives, with U+FFFD for the halves of characters that a platform leaves where it cuts a text: UTF-8,
 * and so the store, cannot hold them, and would give back another text than the one it was given.
 */
export function parseJson(text: string): unknown {
  if (!SURROGATE.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value));
}
