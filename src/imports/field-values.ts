import { DateTime } from 'luxon';
import { SECOND_MS } from '../model/time.ts';
import { type Field, type FieldPath, type FieldSource, type Mapping, UNITS_MS, valueAt } from './mapping.ts';

/** How records are read. */
export interface ReadContext {
  readonly mapping: Mapping;
  /** Names of the tags that the provider's configuration reads. */
  readonly tags: { readonly service: string | undefined; readonly severity: string | undefined };
  /** IANA name of the zone of timestamps without one. */
  readonly zone: string;
}

/** A value that cannot be read; the message says where it is and what was expected, never the value. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
}

/** The error of a field: where the mapping looks for it, and what was expected there. */
export function unreadable(field: Field, { mapping }: ReadContext, expected: string): UnreadableValue {
  const paths = (mapping.fields.get(field) ?? []).flatMap((source) => source.paths);
  return new UnreadableValue(`${paths.length === 0 ? field : describeField(field, paths)}: expected ${expected}`);
}

function describeField(field: Field, paths: readonly FieldPath[]): string {
  return `${field} (${paths.map(({ text }) => text).join(', ')})`;
}

/** The text of a field; undefined where no source has a value. */
export function readText(record: unknown, field: Field, context: ReadContext): string | undefined {
  const found = findValue(record, field, context);
  if (found === undefined) return undefined;
  const { values, prefix = '' } = found.source;
  return prefix + (values?.get(found.text.toLowerCase()) ?? values?.get('*') ?? found.text);
}

const TRUE = new Set(['true', 'yes', '1']);
const FALSE = new Set(['false', 'no', '0']);

/** True or false; undefined where no source has a value. */
export function readFlag(record: unknown, field: Field, context: ReadContext): boolean | undefined {
  const word = readText(record, field, context)?.toLowerCase();
  if (word === undefined) return undefined;
  if (!TRUE.has(word) && !FALSE.has(word)) throw unreadable(field, context, 'true or false');
  return TRUE.has(word);
}

/** The value of a field as it is in the record, for what is not text. */
export function readRaw(record: unknown, field: Field, { mapping }: ReadContext): unknown {
  const paths = (mapping.fields.get(field) ?? []).flatMap((source) => source.paths);
  return paths.map((path) => valueAt(record, path)).find((value) => value !== undefined && value !== null);
}

/** A time, and whether the record has it as a duration since the trigger. */
export interface Timestamp {
  readonly atMs: number;
  readonly isFromDuration: boolean;
}

/** The time of a field; undefined where no source has a value, or where it counts from an unknown trigger. */
export function readTimestamp(
  record: unknown,
  field: Field,
  { triggeredAtMs, ...context }: ReadContext & { readonly triggeredAtMs?: number },
): Timestamp | undefined {
  const found = findValue(record, field, context);
  if (found === undefined) return undefined;
  const { text, source } = found;
  const { formats = [], zone = context.zone, sinceTrigger } = source;
  if (sinceTrigger === undefined) {
    const atMs = parseTimestamp(text, { formats, zone });
    if (atMs !== undefined) return { atMs, isFromDuration: false };
    const others = formats.length === 0 ? '' : ` or one of the formats ${formats.join(' | ')}`;
    throw new UnreadableValue(`${describeField(field, source.paths)}: expected a date with a time${others}`);
  }
  const count = Number(text);
  if (!Number.isFinite(count)) {
    throw new UnreadableValue(`${describeField(field, source.paths)}: expected a number (${sinceTrigger})`);
  }
  if (triggeredAtMs === undefined) return undefined;
  return { atMs: triggeredAtMs + Math.round(count * UNITS_MS[sinceTrigger]), isFromDuration: true };
}

/** The first value among the sources of a field. */
function findValue(
  record: unknown,
  field: Field,
  { mapping, tags }: ReadContext,
): { readonly text: string; readonly source: FieldSource } | undefined {
  for (const source of mapping.fields.get(field) ?? []) {
    if (source.constant !== undefined) return { text: source.constant, source };
    for (const path of source.paths) {
      const value = valueAt(record, path);
      const text = source.tag === undefined ? toText(value) : findTag(value, tags[source.tag]);
      if (text !== undefined) return { text, source };
    }
  }
  return undefined;
}

/** The first text of a list (columns with the same name, too); blank and null are the same as absent. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  return value.map(toText).find((one) => one !== undefined);
}

/** The value of the first tag `NAME:value` in a list, or in a string that separates tags by commas. */
function findTag(value: unknown, name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined;
  const texts = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
  const tags = texts.length === 1 ? (texts[0]?.replace(/^\[|\]$/g, '').split(',') ?? []) : texts;
  const tag = tags.map((one) => one.trim().replace(/^"|"$/g, '')).find((one) => one.startsWith(`${name}:`));
  return tag?.slice(name.length + 1).trim() || undefined;
}

/** Of the names of months. */
const LOCALE = 'en';

const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z$/;
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;
const EPOCH_SECONDS = /^\d{9,10}$/;
const EPOCH_MS = /^\d{12,13}$/;

/** How texts are parsed as times. */
export interface TimestampFormat {
  /** Luxon's tokens, tried in order. */
  readonly formats: readonly string[];
  /** IANA name, for timestamps without a zone. */
  readonly zone: string;
}

/**
 * Milliseconds of one of the formats, else of ISO 8601 with a time (a space may replace the T), else of the seconds or
 * milliseconds of the Unix epoch. Undefined when it is none of them: a day alone is not a time.
 */
export function parseTimestamp(value: string | number, { formats, zone }: TimestampFormat): number | undefined {
  const text = String(value).trim();
  if (ISO_UTC.test(text)) return parseUtc(text);
  for (const format of formats) {
    const ms = DateTime.fromFormatParser(text, formatParser(format), { zone, locale: LOCALE }).toMillis();
    if (!Number.isNaN(ms)) return ms;
  }
  if (EPOCH_MS.test(text)) return Number(text);
  if (EPOCH_SECONDS.test(text)) return Number(text) * SECOND_MS;
  const [, day, time, offset = ''] = ISO.exec(text) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const iso = `${day}T${time.padStart(5, '0').replace(',', '.')}${offset.toUpperCase() === 'UTC' ? 'Z' : offset}`;
  const ms = DateTime.fromISO(iso, { zone }).toMillis();
  return Number.isNaN(ms) ? undefined : ms;
}

/** Faster than Luxon; Date.parse reads the 30th of February as the 2nd of March. */
function parseUtc(text: string): number | undefined {
  const ms = Date.parse(text);
  return new Date(ms).getUTCDate() === Number(text.slice(8, 10)) ? ms : undefined;
}

type FormatParser = ReturnType<typeof DateTime.buildFormatParser>;
const formatParsers = new Map<string, FormatParser>();

/** Cached, as building one costs more than parsing many timestamps: 80 s for a table of 100,000 rows, 12 s with the cache. */
function formatParser(format: string): FormatParser {
  const parser = formatParsers.get(format) ?? DateTime.buildFormatParser(format, { locale: LOCALE });
  formatParsers.set(format, parser);
  return parser;
}
