import { hash, timingSafeEqual } from 'node:crypto';
import type { BasicAuth } from './basic-auth.ts';
import type { AuthResult, Client, Login } from './login-queue.ts';

/** What clients must show: a bearer token, a user's password, or, when neither is configured, nothing. */
export interface Credentials {
  readonly bearerToken: string | undefined;
  /** Absent when no users are configured. */
  readonly basicAuth: BasicAuth | undefined;
  /** Grants access where the others are asked for: who may change something may look. */
  readonly adminToken?: string | undefined;
}

/** Judges an Authorization header; with tokens and users configured either is enough. */
export function authenticate(
  authorization: string | undefined,
  { bearerToken, basicAuth, adminToken }: Credentials,
  client: Client,
): AuthResult | Promise<AuthResult> {
  if (bearerToken === undefined && basicAuth === undefined) return 'granted';
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization ?? '') ?? [];
  const tokens = [bearerToken, adminToken].filter((token) => token !== undefined);
  if (scheme.toLowerCase() === 'bearer' && tokens.length > 0) {
    return tokens.some((token) => isSameSecret(value, token)) ? 'granted' : 'denied';
  }
  const login = scheme.toLowerCase() === 'basic' ? parseLogin(value) : undefined;
  if (login === undefined || basicAuth === undefined) return 'denied';
  return basicAuth.authenticate(login, client);
}

/** The values of WWW-Authenticate for what is configured. */
export function challenges({ bearerToken, basicAuth }: Credentials): string[] {
  const basic = basicAuth === undefined ? [] : ['Basic realm="mttr-exporter", charset="UTF-8"'];
  return bearerToken === undefined ? basic : [...basic, 'Bearer realm="mttr-exporter"'];
}

/** Whether both are the same; digests are compared, equal in length whatever the texts, so the time tells nothing. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}

function parseLogin(encoded: string): Login | undefined {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
