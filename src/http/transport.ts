import { validateHeaderValue } from 'node:http';
import axios from 'axios';
import type { Agents } from './agents.ts';
import { AttemptError } from './errors.ts';

/** The largest response that is read, unpacked: far above any page of 100 records, and four at once still fit in memory. */
export const RESPONSE_MAX_BYTES = 32 * 1024 * 1024;

interface RawRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agents: Agents;
  readonly signal: AbortSignal;
  /** Sent by POST; without it the request is a GET. */
  readonly body?: Uint8Array;
}

/** A response with any status, unparsed; header names are in lower case. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Sends one GET (or POST, with a body) and reads the whole response as text; redirects are not followed.
 * Throws AttemptError when there is no complete response; axios errors hold the token and never leave this function.
 */
export async function sendRequest({ url, headers, agents, signal, body }: RawRequest): Promise<RawResponse> {
  try {
    const response = await axios.request<string>({
      url: url.href,
      ...(body === undefined ? {} : { method: 'POST', data: Buffer.from(body) }),
      headers: { accept: 'application/json', 'user-agent': 'mttr-exporter', ...headers },
      ...agents,
      signal,
      adapter: 'http',
      maxRedirects: 0,
      maxContentLength: RESPONSE_MAX_BYTES,
      responseType: 'text',
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
    return { status: response.status, headers: toPlainHeaders(response.headers), text: response.data };
  } catch (error) {
    throw toAttemptError(error);
  }
}

/** Throws for a value that HTTP cannot send: a line break in a token is a configuration error, reported at the start. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderValue(name, value);
    } catch {
      throw new Error(`header ${name}: the credential contains a character that HTTP does not allow (a line break?)`);
    }
  }
}

function toPlainHeaders(received: object): Record<string, string> {
  return Object.fromEntries(Object.entries(received).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function toAttemptError(error: unknown): AttemptError {
  if (!axios.isAxiosError(error)) return new AttemptError('the request could not be made', { retry: false });
  // ERR_BAD_RESPONSE alone may also be a connection that was cut, which is worth another attempt.
  if (error.message.startsWith('maxContentLength')) {
    return new AttemptError(`the response is larger than ${RESPONSE_MAX_BYTES / 1024 / 1024} MiB`, { retry: false });
  }
  const { code = 'no code', message } = error;
  return new AttemptError(message.includes(code) ? message : `${message} (${code})`.trim(), { retry: true });
}
