import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ProviderConfig, WebhookSettings } from '../config/types.ts';
import type { RequestObserver } from '../http/request-observer.ts';
import type { Log } from '../model/log.ts';
import type { Clock } from '../model/time.ts';

/** What a verifier may use: a public key has to be fetched. */
export interface WebhookDependencies {
  readonly clock: Clock;
  readonly observer: RequestObserver;
  readonly log?: Pick<Log, 'warn'>;
}

/** A delivery as it arrived: the signature is over these bytes. */
export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly nowMs: number;
}

/** Decides who may deliver. */
export interface WebhookVerifier {
  /** Why the body need not be read; undefined where it may be authentic. Where headers decide, nothing else is asked. */
  refuse(headers: IncomingHttpHeaders): string | undefined;
  /** Why the delivery is not authentic; undefined when it is. */
  verify(request: ReceivedRequest): string | undefined | Promise<string | undefined>;
  /** What an authentic delivery has to be answered with beside a poll, such as the confirmation of a subscription. */
  accepted?(request: ReceivedRequest): Promise<void>;
}

/** How the deliveries of a platform are authenticated, and what becomes of them. */
export interface Webhook extends WebhookSettings {
  open(config: ProviderConfig, dependencies: WebhookDependencies): WebhookVerifier;
  /**
   * Deliveries are content: their JSON, of so many bytes at most, goes to `Provider.receive`, and they are answered when it
   * is stored. Without it nothing of a delivery is read, and it starts a poll.
   */
  readonly content?: { readonly maxBytes: number };
}

/** One way in which a platform proves that a delivery is its own. */
export interface SignatureScheme {
  /** What it needs, for people: `the header X-Hub-Signature-256`. */
  readonly needs: string;
  /** The headers alone decide. */
  readonly isByHeaders: boolean;
  /** It may be authentic as far as the headers say. */
  isPresent(headers: IncomingHttpHeaders): boolean;
  isValid(request: ReceivedRequest, secret: string): boolean;
}

/** A webhook with a secret: one of the schemes is enough. */
export function signedBy(...schemes: readonly SignatureScheme[]): Webhook {
  return { hasSecret: true, open: ({ webhook }) => verifyAny(schemes, webhook?.secrets ?? []) };
}

/** Accepts what one of the schemes accepts with one of the secrets. */
export function verifyAny(schemes: readonly SignatureScheme[], secrets: readonly string[]): WebhookVerifier {
  const needed = schemes.map(({ needs }) => needs).join(' or ');
  const isValid = (some: readonly SignatureScheme[], request: ReceivedRequest) =>
    some.some((scheme) => scheme.isPresent(request.headers) && secrets.some((one) => scheme.isValid(request, one)));
  return {
    refuse: (headers) => {
      const present = schemes.filter((scheme) => scheme.isPresent(headers));
      if (present.length === 0) return `it lacks ${needed}`;
      const byHeaders = present.every((scheme) => scheme.isByHeaders);
      const isWrong = byHeaders && !isValid(present, { headers, body: EMPTY, nowMs: 0 });
      return isWrong ? 'the secret is wrong' : undefined;
    },
    verify: (request) => (isValid(schemes, request) ? undefined : 'the secret or the signature is wrong'),
  };
}

const EMPTY = Buffer.alloc(0);

/** The value of a header that must not be repeated. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whether both are the same; digests of equal length are compared in constant time. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'));
}

interface HmacOptions {
  /** In lower case. */
  readonly header: string;
  /** Before each signature; several may be separated by commas. */
  readonly prefix?: string;
  /** Header of a time that is signed before the body, with a colon. */
  readonly timestampHeader?: string | undefined;
}

/** HMAC-SHA256 of the raw body with the secret as UTF-8, in hexadecimal digits. */
export function hmacHex({ header, prefix = '', timestampHeader }: HmacOptions): SignatureScheme {
  const signatures = (headers: IncomingHttpHeaders) =>
    (headerOf(headers, header) ?? '')
      .split(',')
      .map((one) => one.trim())
      .flatMap((one) => (one.startsWith(prefix) ? [one.slice(prefix.length).toLowerCase()] : []))
      .filter((one) => /^[0-9a-f]{64}$/.test(one));
  return {
    needs: `a signature in the header ${header}`,
    isByHeaders: false,
    isPresent: (headers) => signatures(headers).length > 0,
    isValid: ({ headers, body }, secret) => {
      const hmac = createHmac('sha256', secret);
      const time = timestampHeader && headerOf(headers, timestampHeader.toLowerCase());
      if (time !== undefined) hmac.update(`${time}:`);
      const expected = hmac.update(body).digest('hex');
      // Each is compared, so that the time does not show which one is right.
      return signatures(headers).filter((one) => isSame(one, expected)).length > 0;
    },
  };
}

/** HMAC-SHA256 over time and body without anything between them, as `t=TIME,v1=HEX`. */
export function timedHmacHex(header: string): SignatureScheme {
  const parse = (headers: IncomingHttpHeaders) =>
    /^\s*t=(\d{1,20})\s*,\s*v1=([0-9a-f]{64})\s*$/i.exec(headerOf(headers, header) ?? '');
  return {
    needs: `a signature in the header ${header}`,
    isByHeaders: false,
    isPresent: (headers) => parse(headers) !== null,
    isValid: ({ headers, body }, secret) => {
      const [, time = '', signature = ''] = parse(headers) ?? [];
      return isSame(signature.toLowerCase(), createHmac('sha256', secret).update(time).update(body).digest('hex'));
    },
  };
}

/**
 * Standard Webhooks (https://www.standardwebhooks.com), as Svix sends them: `v1,BASE64` over id, time and body, several of
 * them separated by spaces. The time is not compared with ours: a delivery that comes late or twice changes nothing.
 */
export const standardWebhooks: SignatureScheme = {
  needs: 'a signature in the header webhook-signature',
  isByHeaders: false,
  isPresent: (headers) => {
    const [id, time, signature] = standardHeaders(headers);
    return id !== '' && time !== '' && signature.split(' ').some((one) => one.startsWith('v1,'));
  },
  isValid: ({ headers, body }, secret) => {
    const [id, time, signature] = standardHeaders(headers);
    const hmac = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
    const expected = `v1,${hmac.update(`${id}.${time}.`).update(body).digest('base64')}`;
    return signature.split(' ').filter((one) => isSame(one, expected)).length > 0;
  },
};

function standardHeaders(headers: IncomingHttpHeaders): [string, string, string] {
  const read = (name: string) => headerOf(headers, `webhook-${name}`) ?? headerOf(headers, `svix-${name}`) ?? '';
  return [read('id'), read('timestamp'), read('signature')];
}

/** A header that holds the secret itself. */
export function sharedToken(header: string): SignatureScheme {
  return {
    needs: `the secret in the header ${header}`,
    isByHeaders: true,
    isPresent: (headers) => headerOf(headers, header) !== undefined,
    isValid: ({ headers }, secret) => isSame(headerOf(headers, header) ?? '', secret),
  };
}

/** The secret as the token of `Authorization: Bearer`. */
export const bearer: SignatureScheme = {
  needs: 'the secret as bearer token',
  isByHeaders: true,
  isPresent: ({ authorization }) => bearerToken(authorization) !== undefined,
  isValid: ({ headers }, secret) => isSame(bearerToken(headers.authorization) ?? '', secret),
};

function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S.*?) *$/i.exec(authorization ?? '')?.[1];
}

/** The secret as the password of basic authentication, whatever the user is called. */
export const basicPassword: SignatureScheme = {
  needs: 'the secret as basic-auth password',
  isByHeaders: true,
  isPresent: ({ authorization }) => passwordOf(authorization) !== undefined,
  isValid: ({ headers }, secret) => isSame(passwordOf(headers.authorization) ?? '', secret),
};

function passwordOf(authorization: string | undefined): string | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : text.slice(colon + 1);
}
