/** Takes secrets and e-mail addresses out of what a platform sent. */
export interface Redactor {
  text(text: string): string;
  /** The same value with every string in it redacted; what lies deeper than 8 levels is left out. */
  value(value: unknown): unknown;
}

const REMOVED = '[redacted]';

/** An error body that nests deeper holds no code that anybody reads, and must not exhaust the stack. */
const DEPTH_MAX = 8;

/** Shorter pieces of base64 meet ordinary words. */
const BASE64_PIECE_MIN = 6;

/** Bounded as addresses are (RFC 5321 §4.5.3.1), so that a long word does not take quadratic time. */
const EMAIL = /[^\s"'<>()[\]:;,@]{1,64}@[^\s"'<>()[\]:;,@]{1,255}/g;

/** Finds each secret as it is, URL-encoded, JSON-escaped, and inside base64 at any offset. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = [...new Set(secrets.filter((secret) => secret !== '').flatMap(formsOf))];
  const text = (from: string) => withoutForms(from, forms).replace(EMAIL, REMOVED);
  const value = (from: unknown, depth = 0): unknown => {
    if (typeof from === 'string') return text(from);
    if (typeof from !== 'object' || from === null) return from;
    if (depth >= DEPTH_MAX) return undefined;
    if (Array.isArray(from)) return from.map((item) => value(item, depth + 1));
    return Object.fromEntries(Object.entries(from).map(([key, item]) => [text(key), value(item, depth + 1)]));
  };
  return { text, value: (from) => value(from) };
}

function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret.toWellFormed());
  const lower = encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
  const query = [encoded, lower].map((form) => form.replaceAll('%20', '+'));
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, encoded, lower, ...query, json, ...base64Forms(secret)];
}

/** `Basic` credentials hold the secret after a name, so its base64 is looked for at each of the three offsets. */
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

/** Occurrences that overlap are removed as one, so no rest of a secret stays behind. */
function withoutForms(text: string, forms: readonly string[]): string {
  const found = forms.flatMap((form) => occurrences(text, form)).sort((one, other) => one.from - other.from);
  let clean = '';
  let done = 0;
  for (const { from, to } of found) {
    if (from >= done) clean += `${text.slice(done, from)}${REMOVED}`;
    done = Math.max(done, to);
  }
  return clean + text.slice(done);
}

function occurrences(text: string, form: string): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (let from = text.indexOf(form); from !== -1; from = text.indexOf(form, from + 1)) {
    found.push({ from, to: from + form.length });
  }
  return found;
}
