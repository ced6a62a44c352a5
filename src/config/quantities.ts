import { z } from 'zod';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.ts';
import { DURATION_MAX_MS, DURATION_PATTERN, durationText, parseDuration } from './durations.ts';
import type { RateLimit } from './types.ts';

const NOT_A_DURATION = 'is not a duration; expected one or more of ms s m h d w, such as 1h30m';
const NOT_A_BUCKET = 'is not a bucket; expected minutes as a number, or a duration such as 1h30m';
const NOT_A_RATE = 'is not a rate limit; expected requests per s, min or h, such as 900/min';
const NOT_A_URL = 'is not a URL; expected one that begins with http:// or https://';
const CREDENTIALS = 'is a URL with a name or password in it; expected one without';
const NOT_AN_EXPRESSION = 'is not a regular expression';

/** Says why a text was refused; `isHidden` where the text itself may hold a secret. */
function refuse(context: z.core.$RefinementCtx, message: string, isHidden = false): never {
  context.addIssue({ code: 'custom', message, params: { isHidden } });
  return z.NEVER;
}

/** Duration text → milliseconds, both bounds included. */
export function duration({ minMs = 0, maxMs = DURATION_MAX_MS }: { minMs?: number; maxMs?: number } = {}) {
  return z
    .string({ error: NOT_A_DURATION })
    .meta({ pattern: DURATION_PATTERN })
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms === undefined) return refuse(context, NOT_A_DURATION);
      if (ms < minMs) return refuse(context, `is too short; expected ${durationText(minMs)} or more`);
      if (ms > maxMs) return refuse(context, `is too long; expected ${durationText(maxMs)} or less`);
      return ms;
    });
}

/** Duration text → its name as written, and milliseconds. */
export const windowSpan = z
  .string({ error: NOT_A_DURATION })
  .meta({ pattern: DURATION_PATTERN })
  .transform((name, context) => {
    const parsed = duration({ minMs: SECOND_MS }).safeParse(name);
    return parsed.success
      ? { name, ms: parsed.data }
      : refuse(context, parsed.error.issues[0]?.message ?? NOT_A_DURATION);
  });

/** A number of minutes, or a duration → milliseconds, more than zero. */
export const bucket = z.union([z.number(), z.string()], { error: NOT_A_BUCKET }).transform((value, context) => {
  const isNumber = typeof value === 'number' || /^[0-9]+(\.[0-9]+)?$/.test(value);
  const ms = isNumber ? Math.round(Number(value) * MINUTE_MS) : parseDuration(value);
  if (ms === undefined || ms <= 0 || ms > DURATION_MAX_MS) return refuse(context, NOT_A_BUCKET);
  return ms;
});

const RATE_PATTERN = '^[1-9][0-9]{0,8}/(s|min|h)$';
const RATE_UNITS: ReadonlyMap<string, number> = new Map([
  ['s', SECOND_MS],
  ['min', MINUTE_MS],
  ['h', HOUR_MS],
]);

/** `900/min` → requests and milliseconds. */
export const rateLimit = z
  .string({ error: NOT_A_RATE })
  .meta({ pattern: RATE_PATTERN })
  .transform((text, context): RateLimit => {
    if (!new RegExp(RATE_PATTERN).test(text)) return refuse(context, NOT_A_RATE);
    const [requests, unit = 's'] = text.split('/');
    return { requests: Number(requests), perMs: RATE_UNITS.get(unit) ?? SECOND_MS };
  });

/** The unit that `rateLimit` reads for so many milliseconds; undefined for other spans. */
export function rateUnit(perMs: number): string | undefined {
  for (const [unit, unitMs] of RATE_UNITS) if (unitMs === perMs) return unit;
  return undefined;
}

/** An http or https URL, or nothing (undefined) for an empty text. Its text is in no message: it may hold a password. */
export function webUrl({ credentials }: { credentials: 'allowed' | 'refused' }) {
  return z.string({ error: NOT_A_URL }).transform((text, context) => {
    if (text === '') return undefined;
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) return refuse(context, NOT_A_URL, true);
    const hasCredentials = url.username !== '' || url.password !== '';
    return hasCredentials && credentials === 'refused' ? refuse(context, CREDENTIALS, true) : text;
  });
}

/** The expression, or what is wrong with it. */
export function compileExpression(source: string): RegExp | { problem: string } {
  try {
    return new RegExp(source);
  } catch (error) {
    // V8 writes "Invalid regular expression: /source/: reason".
    const reason = error instanceof Error ? error.message.split(': ').at(-1) : 'unknown';
    return { problem: `${NOT_AN_EXPRESSION} (${reason}); expected one as JavaScript has them` };
  }
}

/** Text → expression. */
export const expression = z.string().transform((source, context) => {
  const compiled = compileExpression(source);
  return compiled instanceof RegExp ? compiled : refuse(context, compiled.problem);
});

const NOT_A_ZONE = 'is not a time zone; expected an IANA name such as Europe/Berlin, or UTC';

/** An IANA name that this machine's Node knows. */
export const timeZone = z
  .string({ error: NOT_A_ZONE })
  .transform((name, context) => (isTimeZone(name) ? name : refuse(context, NOT_A_ZONE)));

/** Offsets such as +02:00 are refused: a place changes its offset, and a report over such a change would be an hour off. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
