import { z } from 'zod';
import { formatDuration } from '../model/format.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.ts';
import { DURATION_MAX_MS, DURATION_PATTERN, parseDuration } from './durations.ts';
import type { RateLimit } from './types.ts';

/** What schemas report to `parsePart` beside zod's own codes: the message of an issue is what is expected. */
export interface IssueParams {
  /** What is wrong, to follow the value: `is not a duration`. */
  readonly problem: string;
  /** The value may contain a secret. */
  readonly isHidden?: boolean;
}

const DURATION = { problem: 'is not a duration', expected: 'a duration in ms, s, m, h, d or w, such as 1h30m' };
const BUCKET = { problem: 'is not a bucket', expected: 'minutes as a number, or a duration such as 1h30m' };
const RATE = { problem: 'is not a rate limit', expected: 'requests per s, min or h, such as 900/min' };
const URL_TEXT = { problem: 'is not a URL', expected: 'one that begins with http:// or https://', isHidden: true };
const URL_CREDENTIALS = {
  problem: 'is a URL with credentials',
  expected: 'one without user name and password',
  isHidden: true,
};
const TIME_OF_DAY = { problem: 'is not a time of day', expected: 'hours and minutes such as 09:30, at most 24:00' };
const TIME_OF_DAY_PATTERN = '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$';
const TIME_ZONE = { problem: 'is not a time zone', expected: 'an IANA name such as Europe/Berlin, or UTC' };

function reject(context: z.core.$RefinementCtx, { expected, ...params }: IssueParams & { expected: string }): never {
  context.addIssue({ code: 'custom', message: expected, params: { ...params } });
  return z.NEVER;
}

/** Duration text → milliseconds, both bounds included. */
export function duration({ minMs = 0, maxMs = DURATION_MAX_MS }: { minMs?: number; maxMs?: number } = {}) {
  return z
    .string({ error: DURATION.expected })
    .meta({ pattern: DURATION_PATTERN })
    .transform((text, context) => parseWithin(text, { minMs, maxMs }, context));
}

function parseWithin(
  text: string,
  { minMs, maxMs }: { minMs: number; maxMs: number },
  context: z.core.$RefinementCtx,
): number {
  const ms = parseDuration(text);
  if (ms === undefined) return reject(context, DURATION);
  if (ms < minMs) return reject(context, { problem: 'is too short', expected: `${formatDuration(minMs)} or more` });
  if (ms > maxMs) return reject(context, { problem: 'is too long', expected: `${formatDuration(maxMs)} or less` });
  return ms;
}

/** Duration text → its name as written, and milliseconds. */
export const windowDuration = z
  .string({ error: DURATION.expected })
  .meta({ pattern: DURATION_PATTERN })
  .transform((name, context) => ({
    name,
    ms: parseWithin(name, { minMs: SECOND_MS, maxMs: DURATION_MAX_MS }, context),
  }));

/** A number of minutes, or a duration → milliseconds, more than zero. */
export const bucket = z.union([z.number(), z.string()], { error: BUCKET.expected }).transform((value, context) => {
  const isNumber = typeof value === 'number' || /^[0-9]+(\.[0-9]+)?$/.test(value);
  const ms = isNumber ? Math.round(Number(value) * MINUTE_MS) : parseDuration(value);
  return ms === undefined || ms <= 0 || ms > DURATION_MAX_MS ? reject(context, BUCKET) : ms;
});

const RATE_PATTERN = '^[1-9][0-9]{0,8}/(s|min|h)$';
const RATE_UNITS: ReadonlyMap<string, number> = new Map([
  ['s', SECOND_MS],
  ['min', MINUTE_MS],
  ['h', HOUR_MS],
]);

/** `900/min` → requests and milliseconds. */
export const rateLimit = z
  .string({ error: RATE.expected })
  .meta({ pattern: RATE_PATTERN })
  .transform((text, context): RateLimit => {
    if (!new RegExp(RATE_PATTERN).test(text)) return reject(context, RATE);
    const [requests, unit = 's'] = text.split('/');
    return { requests: Number(requests), perMs: RATE_UNITS.get(unit) ?? SECOND_MS };
  });

/** The text that `rateLimit` parses. */
export function formatRateLimit({ requests, perMs }: RateLimit): string {
  const unit = [...RATE_UNITS].find(([, unitMs]) => unitMs === perMs)?.[0];
  return `${requests}/${unit ?? formatDuration(perMs)}`;
}

/** An http or https URL, or nothing (undefined) for an empty text. No message contains it: it may contain a password. */
export function webUrl({ credentials }: { credentials: 'allowed' | 'refused' }) {
  return z.string({ error: URL_TEXT.expected }).transform((text, context) => {
    if (text === '') return undefined;
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) return reject(context, URL_TEXT);
    const hasCredentials = url.username !== '' || url.password !== '';
    return hasCredentials && credentials === 'refused' ? reject(context, URL_CREDENTIALS) : text;
  });
}

/** The regular expression, or what is wrong with it. */
export function compileExpression(source: string): RegExp | (IssueParams & { expected: string }) {
  try {
    return new RegExp(source);
  } catch (error) {
    // V8 writes "Invalid regular expression: /source/: reason".
    const reason = error instanceof Error ? error.message.split(': ').at(-1) : 'unknown';
    return { problem: `is not a regular expression (${reason})`, expected: 'JavaScript syntax' };
  }
}

/** Text → regular expression. */
export const expression = z.string().transform((source, context) => {
  const compiled = compileExpression(source);
  return compiled instanceof RegExp ? compiled : reject(context, compiled);
});

/** `09:30` → minutes after midnight; `24:00` is the end of the day. */
export const timeOfDay = z
  .string({ error: TIME_OF_DAY.expected })
  .meta({ pattern: TIME_OF_DAY_PATTERN })
  .transform((text, context) => {
    if (!new RegExp(TIME_OF_DAY_PATTERN).test(text)) return reject(context, TIME_OF_DAY);
    const [hours, minutes] = text.split(':').map(Number);
    return (hours ?? 0) * 60 + (minutes ?? 0);
  });

/** An IANA name that this machine's Node knows. */
export const timeZone = z
  .string({ error: TIME_ZONE.expected })
  .transform((name, context) => (isTimeZone(name) ? name : reject(context, TIME_ZONE)));

/** Offsets such as +02:00 are refused: a place changes its offset, and a report over such a change would be an hour off. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
