import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { TokenSource } from '../../http/access-token.ts';
import { SECOND_MS } from '../../model/time.ts';
import { timestamp } from '../answers.ts';

/** GitHub accepts no token of an app that lives longer than ten minutes; a minute is left to clocks that differ. */
const LIFE_SECONDS = 9 * 60;
/** So much in the past it was issued, as GitHub advises. */
const ISSUED_BEFORE_SECONDS = 60;

export interface AppOptions {
  readonly id: string;
  readonly installationId: string;
  /** PEM. */
  readonly privateKey: string;
  /** Of the REST API, without a slash at its end. */
  readonly apiUrl: () => string;
}

const InstallationToken = z.object({ token: z.string().min(1), expires_at: timestamp });

/** Tokens of one installation of a GitHub App; throws for a key that is none. */
export function appTokenSource({ id, installationId, privateKey, apiUrl }: AppOptions): TokenSource {
  const key = parseKey(privateKey);
  return {
    request: (nowMs) => ({
      url: new URL(`${apiUrl()}/app/installations/${encodeURIComponent(installationId)}/access_tokens`),
      headers: {
        authorization: `Bearer ${signToken(id, key, nowMs)}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      },
      body: Buffer.from(''),
    }),
    parse: (answer, nowMs) => {
      const { token, expires_at: endsAtMs } = InstallationToken.parse(answer);
      return { token, seconds: Math.max(0, (endsAtMs - nowMs) / SECOND_MS) };
    },
    secrets: [privateKey],
  };
}

function parseKey(text: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // The reason could quote the key.
  }
  throw new Error('app.private_key_file: expected the RSA private key of the app, as the PEM file that GitHub gave');
}

/** A JSON Web Token (RFC 7519) with RS256. */
function signToken(issuer: string, key: KeyObject, nowMs: number): string {
  const now = Math.floor(nowMs / SECOND_MS);
  const claims = { iat: now - ISSUED_BEFORE_SECONDS, exp: now - ISSUED_BEFORE_SECONDS + LIFE_SECONDS, iss: issuer };
  const text = [{ alg: 'RS256', typ: 'JWT' }, claims].map(encode).join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
