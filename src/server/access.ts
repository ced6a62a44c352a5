import { createHash, timingSafeEqual } from 'node:crypto';
import type { Passwords, PasswordVerdict } from './passwords.ts';

/** What opens the door: a bearer token, a user's password, or, when neither is configured, nothing. */
export interface Credentials {
  readonly bearerToken: string | undefined;
  /** Absent when no users are configured. */
  readonly passwords: Passwords | undefined;
}

/** Whether an Authorization header opens the door; with both kinds configured either is enough. */
export function judgeAccess(
  authorization: string | undefined,
  { bearerToken, passwords }: Credentials,
): PasswordVerdict | Promise<PasswordVerdict> {
  if (bearerToken === undefined && passwords === undefined) return 'right';
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer' && bearerToken !== undefined) {
    return isSameSecret(value, bearerToken) ? 'right' : 'wrong';
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

/** Compares digests: equal in length whatever the texts, so the time tells nothing. */
function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function readLogin(encoded: string): { user: string; password: string } | undefined {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
