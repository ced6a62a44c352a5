import { z } from 'zod';
import { parseJson } from '../model/text.ts';
import { type Clock, MINUTE_MS, SECOND_MS, steadyMs } from '../model/time.ts';
import type { Agents } from './agents.ts';
import { AttemptError } from './errors.ts';
import { sendRequest } from './transport.ts';

/** OAuth 2 with client credentials (RFC 6749 §4.4). */
export interface ClientCredentialsOptions {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
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
/** RFC 6749 §5.1 leaves `expires_in` out at will; less than an hour is unusual. */
const LIFE_DEFAULT_SECONDS = 3600;

const TokenResponse = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional(),
});

/** Requests a token with the client's own credentials; `onToken` is called with each new one, which is a secret. */
export function createAccessToken(
  options: ClientCredentialsOptions,
  { agents, clock, onToken }: { agents: Agents; clock: Clock; onToken: (token: string) => void },
): AccessToken {
  const { tokenUrl, clientId, clientSecret, scope } = options;
  let current: { readonly token: string; readonly endsAtMs: number } | undefined;
  let requesting: Promise<string> | undefined;
  let accepted: string | undefined;

  async function request(signal: AbortSignal): Promise<string> {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const body = Buffer.from(new URLSearchParams({ ...form, ...(scope === undefined ? {} : { scope }) }).toString());
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, text } = await sendRequest({ url: new URL(tokenUrl), headers, agents, signal, body });
    if (status < 200 || status > 299) {
      const retry = status === 408 || status === 429 || status >= 500;
      // The error says that the client was refused, not a request: both are credentials that do not work.
      throw new AttemptError(`no access token: the token address answered ${status}`, {
        status: status === 400 ? 401 : status,
        retry,
      });
    }
    const { access_token: token, expires_in: seconds = LIFE_DEFAULT_SECONDS } = parseToken(text);
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

function parseToken(text: string): z.output<typeof TokenResponse> {
  try {
    return TokenResponse.parse(parseJson(text));
  } catch {
    throw new AttemptError('no access token: the token address answered in another shape', { retry: false });
  }
}
