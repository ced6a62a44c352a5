import type { ClientCredentialsOptions } from '../../http/client-credentials.ts';

/** How requests are authenticated, as a value. */
export type Auth =
  | {
      readonly kind: 'headers';
      readonly headers: Readonly<Record<string, string>>;
      readonly secrets: readonly string[];
    }
  | ({ readonly kind: 'client_credentials' } & ClientCredentialsOptions);

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
  return { kind: 'client_credentials', ...options };
}
