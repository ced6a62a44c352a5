import { DateTime } from 'luxon';
import { SECOND_MS } from '../model/time.ts';

export interface StampReading {
  /** Luxon's tokens, tried in order. */
  readonly formats: readonly string[];
  /** IANA name, for stamps that name no zone. */
  readonly zone: string;
}

/** Of the names of months. */
const LOCALE = 'en';

type TokenParser = ReturnType<typeof DateTime.buildFormatParser>;
const parsers = new Map<string, TokenParser>();

const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z$/;
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;
const EPOCH_SECONDS = /^\d{9,10}$/;
const EPOCH_MS = /^\d{12,13}$/;

/**
 * An instant in milliseconds: one of the formats, else ISO 8601 with a time (also with a blank in place of the T), else
 * the seconds or milliseconds of the Unix epoch. Undefined when it is none of them: a day alone is no instant.
 */
export function parseStamp(value: string | number, { formats, zone }: StampReading): number | undefined {
  const text = String(value).trim();
  if (ISO_UTC.test(text)) return parseUtc(text);
  for (const format of formats) {
    const ms = DateTime.fromFormatParser(text, parserOf(format), { zone, locale: LOCALE }).toMillis();
    if (!Number.isNaN(ms)) return ms;
  }
  if (EPOCH_MS.test(text)) return Number(text);
  if (EPOCH_SECONDS.test(text)) return Number(text) * SECOND_MS;
  const [, day, time, offset = ''] = ISO.exec(text) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const iso = `${day}T${time.padStart(5, '0').replace(',', '.')}${offset.toUpperCase() === 'UTC' ? 'Z' : offset}`;
  return numberOrNothing(DateTime.fromISO(iso, { zone }).toMillis());
}

/** Faster than by Luxon; Date.parse takes the 30th of February for the 2nd of March. */
function parseUtc(text: string): number | undefined {
  const ms = Date.parse(text);
  return new Date(ms).getUTCDate() === Number(text.slice(8, 10)) ? ms : undefined;
}

/** Kept, as making one costs more than reading many stamps with it: 80 s for a table of 100,000 rows, 12 s with this. */
function parserOf(format: string): TokenParser {
  const parser = parsers.get(format) ?? DateTime.buildFormatParser(format, { locale: LOCALE });
  parsers.set(format, parser);
  return parser;
}

function numberOrNothing(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}
