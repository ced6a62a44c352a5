import type { TokenSource } from '../../http/access-token.ts';
import { type ClientCredentialsOptions, clientCredentialsSource } from '../../http/client-credentials.ts';

/** How requests are authenticated, as a value. */
export type Auth =
  | {
      readonly kind: 'headers';
      readonly headers: Readonly<Record<string, string>>;
      readonly secrets: readonly string[];
    }
  | { readonly kind: 'token'; readonly tokenSource: TokenSource };

/** The same header with each request; `secret` is removed from every message. */
export function header(name: string, value: string, secret: string): Auth {
  return { kind: 'headers', headers: { [name]: value }, secrets: [secret, value] };
}

/** `Authorization: Bearer TOKEN` */
export function bearer(token: string): Auth {
  return header('authorization', `Bearer ${token}`, token);
}

/** Basic authentication (RFC 7617). */
export function basic(name: string, password: string): Auth {
  return header('authorization', `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`, password);
}

/** OAuth 2 with client credentials (RFC 6749 §4.4): a token is renewed before it ends, and once after a 401. */
export function clientCredentials(options: ClientCredentialsOptions): Auth {
  return { kind: 'token', tokenSource: clientCredentialsSource(options) };
}

/** What the HTTP client is created with; `headers` are sent as well. */
export function authOptions(auth: Auth, headers: Readonly<Record<string, string>> = {}) {
  if (auth.kind === 'headers') return { headers: { ...headers, ...auth.headers }, secrets: auth.secrets };
  return { headers, secrets: [], tokenSource: auth.tokenSource };
}
