import { createHash, timingSafeEqual } from 'node:crypto';
import type { Passwords, PasswordVerdict } from './passwords.ts';

/** What opens the door: a bearer token, a user's password, or, when neither is configured, nothing. */
export interface Credentials {
  readonly bearerToken: string | undefined;
  /** Absent when no users are configured. */
  readonly passwords: Passwords | undefined;
  /** Opens the door too where it is closed: who may change something may look. */
  readonly adminToken?: string | undefined;
}

/** Whether an Authorization header opens the door; with both kinds configured either is enough. */
export function judgeAccess(
  authorization: string | undefined,
  { bearerToken, passwords, adminToken }: Credentials,
): PasswordVerdict | Promise<PasswordVerdict> {
  if (bearerToken === undefined && passwords === undefined) return 'right';
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization ?? '') ?? [];
  const tokens = [bearerToken, adminToken].filter((token) => token !== undefined);
  if (scheme.toLowerCase() === 'bearer' && tokens.length > 0) {
    return tokens.some((token) => isSameSecret(value, token)) ? 'right' : 'wrong';
  }
  const login = scheme.toLowerCase() === 'basic' ? readLogin(value) : undefined;
  if (login === undefined || passwords === undefined) return 'wrong';
  return passwords.check(login.user, login.password);
}

/** The values of WWW-Authenticate for what is configured. */
export function challenges({ bearerToken, passwords }: Credentials): string[] {
  const basic = passwords === undefined ? [] : ['Basic realm="mttr-exporter", charset="UTF-8"'];
  return bearerToken === undefined ? basic : [...basic, 'Bearer realm="mttr-exporter"'];
}

/** Whether both are the same; digests are compared, equal in length whatever the texts, so the time tells nothing. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function readLogin(encoded: string): { user: string; password: string } | undefined {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
