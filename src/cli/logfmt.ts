/** Whitespace, the signs of logfmt itself, and everything invisible: control, format and unassigned characters. */
const NEEDS_QUOTES = /[\s="\\\p{C}]/u;
/** What JSON leaves as it is although a terminal acts on it or shows it as a line end. */
const INVISIBLE = /[\p{C}\u2028\u2029]/gu;

/**
 * A JSON log line as logfmt: `ts`, `level` and `msg` first, then the fields as they come.
 * No value can end its line or its quotes, so none can forge a line or a field.
 */
export function logfmtLine(jsonLine: string): string {
  const { ts, level, msg, ...fields }: Record<string, unknown> = JSON.parse(jsonLine);
  const pairs = Object.entries({ ts, level, msg, ...fields }).filter(([, value]) => value !== undefined);
  return `${pairs.map(([name, value]) => `${name}=${logfmtValue(String(value))}`).join(' ')}\n`;
}

function logfmtValue(text: string): string {
  if (text !== '' && !NEEDS_QUOTES.test(text)) return text;
  return JSON.stringify(text).replace(INVISIBLE, escaped);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
