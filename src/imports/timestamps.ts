import { DateTime } from 'luxon';
import { DAY_MS, SECOND_MS } from '../model/time.ts';

/** Of the names of months. */
const LOCALE = 'en';

const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z$/;
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;
const EPOCH_SECONDS = /^\d{9,10}(?:\.\d+)?$/;
const EPOCH_MS = /^\d{12,13}(?:\.\d+)?$/;

/** How texts are parsed as times. */
export interface TimestampFormat {
  /** Luxon's tokens or names of `NAMED_FORMATS`, tried in order. */
  readonly formats: readonly string[];
  /** IANA name, for timestamps without a zone. */
  readonly zone: string;
  /** Gets the zone when a timestamp has none. */
  readonly assumedZones?: Set<string> | undefined;
}

/**
 * Milliseconds of one of the formats, else of ISO 8601 with a time (a space may replace the T), RFC 2822, or the seconds
 * or milliseconds of the Unix epoch. Undefined when it is none of them: a day alone is not a time.
 */
export function parseTimestamp(
  value: string | number,
  { formats, zone, assumedZones }: TimestampFormat,
): number | undefined {
  const text = String(value).trim();
  if (ISO_UTC.test(text)) return parseUtc(text);
  for (const format of formats) {
    const ms = parseFormat(text, format, zone);
    if (Number.isNaN(ms)) continue;
    if (!hasZone(format)) assumedZones?.add(zone);
    return ms;
  }
  if (EPOCH_MS.test(text)) return Math.round(Number(text));
  if (EPOCH_SECONDS.test(text)) return Math.round(Number(text) * SECOND_MS);
  const [, day, time, offset = ''] = ISO.exec(text) ?? [];
  if (day === undefined || time === undefined) return toOptional(DateTime.fromRFC2822(text).toMillis());
  if (offset === '') assumedZones?.add(zone);
  const iso = `${day}T${time.padStart(5, '0').replace(',', '.')}${offset.toUpperCase() === 'UTC' ? 'Z' : offset}`;
  return toOptional(DateTime.fromISO(iso, { zone }).toMillis());
}

/** Programs write the zero of their clock where there is no time: Unix time 0, or the year 1 of Go and .NET. */
export function isUnsetTime(ms: number): boolean {
  return ms <= 0;
}

function toOptional(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}

/** Formats that tokens cannot express. */
const NAMED_FORMATS: ReadonlyMap<string, (text: string, zone: string) => number> = new Map([
  ['excel', parseExcelSerial],
]);

function parseFormat(text: string, format: string, zone: string): number {
  const parseNamed = NAMED_FORMATS.get(format);
  if (parseNamed !== undefined) return parseNamed(text, zone);
  return DateTime.fromFormatParser(text, formatParser(format), { zone, locale: LOCALE }).toMillis();
}

const EXCEL_SERIAL = /^\d{5}(?:\.\d+)?$/;

/** Days since 1899-12-30 on the clock of the zone, as spreadsheets export a date that is formatted as a number. */
function parseExcelSerial(text: string, zone: string): number {
  if (!EXCEL_SERIAL.test(text)) return Number.NaN;
  const local = DateTime.fromMillis(Date.UTC(1899, 11, 30) + Math.round(Number(text) * DAY_MS), { zone: 'utc' });
  return local.setZone(zone, { keepLocalTime: true }).toMillis();
}

/** Faster than Luxon; Date.parse reads the 30th of February as the 2nd of March. */
function parseUtc(text: string): number | undefined {
  const ms = Date.parse(text);
  return new Date(ms).getUTCDate() === Number(text.slice(8, 10)) ? ms : undefined;
}

/** Whether the tokens of a format include a zone or an offset; quoted text is no token. */
function hasZone(format: string): boolean {
  return format !== 'excel' && /[zZ]/.test(format.replace(/'[^']*'/g, ''));
}

type FormatParser = ReturnType<typeof DateTime.buildFormatParser>;
const formatParsers = new Map<string, FormatParser>();

/** Cached, as building one costs more than parsing many timestamps: 80 s for a table of 100,000 rows, 12 s with the cache. */
function formatParser(format: string): FormatParser {
  const parser = formatParsers.get(format) ?? DateTime.buildFormatParser(format, { locale: LOCALE });
  formatParsers.set(format, parser);
  return parser;
}

/** Formats that an export is likely to have, to be suggested. */
const COMMON_FORMATS = [
  'd.M.yyyy',
  'd-M-yyyy',
  'd/M/yyyy',
  'M/d/yyyy',
  'M-d-yyyy',
  'yyyy/M/d',
  'd/LLL/yy',
  'd LLL yyyy',
  'LLL d, yyyy',
].flatMap((day) => ['H:mm', 'H:mm:ss', 'h:mm a', 'h:mm:ss a'].map((time) => `${day} ${time}`));

/** The formats of `COMMON_FORMATS` and `NAMED_FORMATS` that parse a text; several where day and month could be swapped. */
export function suggestFormats(text: string, zone: string): string[] {
  return [...COMMON_FORMATS, ...NAMED_FORMATS.keys()].filter(
    (format) => !Number.isNaN(parseFormat(text.trim(), format, zone)),
  );
}

const DATE_WORDS =
  /^(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?|(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?|am|pm|t|z|utc|gmt)$/i;
const DATE_NUMBERS = /\d{1,4}[./-]\w{1,3}[./-]?\d{0,4}|\d{1,2}\s+\p{L}{3}|\p{L}{3}\w*\s+\d{1,2}|^\d{5}(\.\d+)?$/u;

/** True for a text that is certainly a date, if one in an unknown format, and so names no person. */
export function isDateLike(text: string): boolean {
  const words = text.match(/\p{L}+/gu) ?? [];
  return text.length <= 40 && DATE_NUMBERS.test(text) && words.every((word) => DATE_WORDS.test(word));
}
