/** Removes secrets and e-mail addresses from what a platform sent. */
export interface Redactor {
  text(text: string): string;
  /** The same value with every string in it redacted; what is deeper than 8 levels is left out. */
  value(value: unknown): unknown;
}

const REMOVED = '[redacted]';

/** Nobody reads a code that is nested deeper in an error body, and it must not exhaust the stack. */
const DEPTH_MAX = 8;

/** Shorter pieces of base64 would match ordinary words. */
const BASE64_PIECE_MIN = 6;

/** Limited in length as addresses are (RFC 5321 §4.5.3.1), so that a long word does not take quadratic time. */
const EMAIL = /[^\s"'<>()[\]:;,@]{1,64}@[^\s"'<>()[\]:;,@]{1,255}/g;

/** Removes each secret as it is, URL-encoded, JSON-escaped, and inside base64 at any offset. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = [...new Set(secrets.filter((secret) => secret !== '').flatMap(encodedForms))];
  const text = (from: string) => removeForms(from, forms).replace(EMAIL, REMOVED);
  const value = (from: unknown, depth = 0): unknown => {
    if (typeof from === 'string') return text(from);
    if (typeof from !== 'object' || from === null) return from;
    if (depth >= DEPTH_MAX) return undefined;
    if (Array.isArray(from)) return from.map((item) => value(item, depth + 1));
    return Object.fromEntries(Object.entries(from).map(([key, item]) => [text(key), value(item, depth + 1)]));
  };
  return { text, value: (from) => value(from) };
}

function encodedForms(secret: string): string[] {
  const encoded = encodeURIComponent(secret.toWellFormed());
  const lower = encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
  const query = [encoded, lower].map((form) => form.replaceAll('%20', '+'));
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, encoded, lower, ...query, json, ...base64Forms(secret)];
}

/** `Basic` credentials contain the secret after a name, so its base64 is searched at each of the three offsets. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const whole = (['base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding));
  const pieces = [0, 1, 2].flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6)];
    return (['base64', 'base64url'] as const).map((encoding) => shifted.toString(encoding).slice(from, to));
  });
  return [...whole, ...pieces].filter((piece) => piece.length >= BASE64_PIECE_MIN);
}

/** Overlapping occurrences are removed as one, so that no part of a secret remains. */
function removeForms(text: string, forms: readonly string[]): string {
  const found = forms.flatMap((form) => findOccurrences(text, form)).sort((one, other) => one.from - other.from);
  let clean = '';
  let done = 0;
  for (const { from, to } of found) {
    if (from >= done) clean += `${text.slice(done, from)}${REMOVED}`;
    done = Math.max(done, to);
  }
  return clean + text.slice(done);
}

function findOccurrences(text: string, form: string): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (let from = text.indexOf(form); from !== -1; from = text.indexOf(form, from + 1)) {
    found.push({ from, to: from + form.length });
  }
  return found;
}
