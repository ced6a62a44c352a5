import { parseJson } from '../model/text.ts';
import { type Clock, MINUTE_MS, SECOND_MS, steadyMs } from '../model/time.ts';
import type { Agents } from './agents.ts';
import { AttemptError } from './errors.ts';
import { sendRequest } from './transport.ts';

/** Where access tokens come from, and how they are asked for. */
export interface TokenSource {
  /** The request for a new token at this time of the platform. */
  request(nowMs: number): {
    readonly url: URL;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
  };
  /** The token of an answer and how long it lives; throws when the answer has another shape. */
  parse(body: unknown, nowMs: number): { readonly token: string; readonly seconds: number };
  /** Removed from every message. */
  readonly secrets: readonly string[];
}

/** The access token of one client. */
export interface AccessToken {
  /** The newest token; requested when there is none, or when it ends within a minute. Throws AttemptError. */
  get(signal: AbortSignal): Promise<string>;
  /** The platform took this token. */
  onAccepted(token: string): void;
  /** The platform answered 401 to this token: true when a new one may help, so once for each token that worked before. */
  onRefused(token: string): boolean;
}

/** Renewed so much before its end, so that no request takes a token that ends on its way. */
const RENEW_BEFORE_MS = MINUTE_MS;

interface TokenContext {
  readonly agents: Agents;
  readonly clock: Clock;
  /** The platform's time as far as it is known. */
  readonly platformNowMs: () => number;
  /** Called with each new token, which is a secret. */
  readonly onToken: (token: string) => void;
}

/** Requests a token from its source when one is needed, and keeps it until it ends. */
export function createAccessToken(source: TokenSource, context: TokenContext): AccessToken {
  const { agents, clock, platformNowMs, onToken } = context;
  let current: { readonly token: string; readonly endsAtMs: number } | undefined;
  let requesting: Promise<string> | undefined;
  let accepted: string | undefined;

  async function request(signal: AbortSignal): Promise<string> {
    const { status, text } = await sendRequest({ ...source.request(platformNowMs()), agents, signal });
    if (status < 200 || status > 299) {
      const retry = status === 408 || status === 429 || status >= 500;
      // The error says that the client was refused, not a request: both are credentials that do not work.
      throw new AttemptError(`no access token: the token address answered ${status}`, {
        status: status === 400 ? 401 : status,
        retry,
      });
    }
    const { token, seconds } = parseToken(source, text, platformNowMs());
    current = { token, endsAtMs: steadyMs(clock) + seconds * SECOND_MS };
    onToken(token);
    return token;
  }

  return {
    async get(signal) {
      if (current !== undefined) {
        const { token, endsAtMs } = current;
        if (steadyMs(clock) < endsAtMs - RENEW_BEFORE_MS) return token;
      }
      // Requests at the same time wait for one token.
      requesting ??= request(signal).finally(() => {
        requesting = undefined;
      });
      return requesting;
    },
    onAccepted(token) {
      accepted = token;
    },
    onRefused(token) {
      if (current?.token !== token) return true;
      current = undefined;
      return accepted === token;
    },
  };
}

function parseToken(source: TokenSource, text: string, nowMs: number): ReturnType<TokenSource['parse']> {
  try {
    return source.parse(parseJson(text), nowMs);
  } catch {
    throw new AttemptError('no access token: the token address answered in another shape', { retry: false });
  }
}
