import axios from 'axios';
import type { Agents } from './agents.ts';
import { AttemptFailure } from './failure.ts';

/** The largest answer that is read, unpacked: far above any page of 100 records, and four at once still fit in memory. */
export const ANSWER_MAX_BYTES = 32 * 1024 * 1024;

interface Outgoing {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agents: Agents;
  readonly signal: AbortSignal;
  /** Posted; without it the request is a GET. */
  readonly body?: Uint8Array;
}

/** An answer with any status, as it came; header names are in lower case. */
export interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Sends one GET (or POST, with a body) and reads the whole answer as text; no redirect is followed.
 * Throws AttemptFailure when there is no whole answer; an error of axios holds the token and goes no further.
 */
export async function send({ url, headers, agents, signal, body }: Outgoing): Promise<Sent> {
  try {
    const {
      status,
      headers: received,
      data,
    } = await axios.request<string>({
      url: url.href,
      ...(body === undefined ? {} : { method: 'POST', data: Buffer.from(body) }),
      headers: { accept: 'application/json', 'user-agent': 'mttr-exporter', ...headers },
      ...agents,
      signal,
      adapter: 'http',
      maxRedirects: 0,
      maxContentLength: ANSWER_MAX_BYTES,
      responseType: 'text',
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
    return { status, headers: plain(received), text: data };
  } catch (error) {
    throw failureOf(error);
  }
}

function plain(received: object): Record<string, string> {
  return Object.fromEntries(Object.entries(received).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function failureOf(error: unknown): AttemptFailure {
  if (!axios.isAxiosError(error)) return new AttemptFailure('the request could not be made', { retry: false });
  // ERR_BAD_RESPONSE alone may also be a connection that was cut, which is worth another try.
  if (error.message.startsWith('maxContentLength')) {
    return new AttemptFailure(`the answer is larger than ${ANSWER_MAX_BYTES / 1024 / 1024} MiB`, { retry: false });
  }
  const { code = 'no code', message } = error;
  return new AttemptFailure(message.includes(code) ? message : `${message} (${code})`.trim(), { retry: true });
}
