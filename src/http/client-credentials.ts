import { z } from 'zod';
import type { TokenSource } from './access-token.ts';

/** OAuth 2 with client credentials (RFC 6749 §4.4). */
export interface ClientCredentialsOptions {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
}

/** RFC 6749 §5.1 leaves `expires_in` out at will; less than an hour is unusual. */
const LIFE_DEFAULT_SECONDS = 3600;

const TokenResponse = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional(),
});

/** Tokens that are requested with the client's own credentials. */
export function clientCredentialsSource(options: ClientCredentialsOptions): TokenSource {
  const { tokenUrl, clientId, clientSecret, scope } = options;
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const body = new URLSearchParams({ ...form, ...(scope === undefined ? {} : { scope }) }).toString();
  return {
    request: () => ({
      url: new URL(tokenUrl),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(body),
    }),
    parse: (answer) => {
      const { access_token: token, expires_in: seconds = LIFE_DEFAULT_SECONDS } = TokenResponse.parse(answer);
      return { token, seconds };
    },
    secrets: [clientSecret],
  };
}
