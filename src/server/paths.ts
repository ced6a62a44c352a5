const TELEMETRY_PATH = /^\/[\w.~/-]*$/;

/** Checks the path of the page of metrics: it begins with a slash and holds letters, digits and `. _ ~ - /` only. */
export function parseTelemetryPath(text: string): string {
  if (TELEMETRY_PATH.test(text) && !text.includes('//')) return text;
  throw new Error(`"${text}" is no path; expected one such as /metrics, of letters, digits and . _ ~ - /`);
}

/** Checks where everything is served below and returns it without its last slash: `` for `/`, `/mttr` for `/mttr/`. */
export function parseRoutePrefix(text: string): string {
  const trimmed = text.replace(/^\/|\/$/g, '');
  return trimmed === '' ? '' : parseTelemetryPath(`/${trimmed}`);
}

/** Checks the URL that users type to reach this program; throws an Error that says what was expected. */
export function parseExternalUrl(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  throw new Error(`"${text}" is no external URL; expected one such as https://monitoring.example.com/mttr/`);
}
