import {
  type Field,
  type FieldPath,
  type FieldSource,
  type Mapping,
  type RowCondition,
  UNITS_MS,
  valueAt,
} from './mapping.ts';
import { isDateLike, isUnsetTime, parseTimestamp, suggestFormats } from './timestamps.ts';

/** How records are read. */
export interface ReadContext {
  readonly mapping: Mapping;
  /** Names of the tags that the provider's configuration reads. */
  readonly tags: { readonly service: string | undefined; readonly severity: string | undefined };
  /** IANA name of the zone of timestamps without one. */
  readonly zone: string;
  /** Gets the zone of each time that has none. */
  readonly assumedZones?: Set<string> | undefined;
}

/** A value that cannot be read; the message says where it is and what was expected, and the value only of a date. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
  readonly field: Field;

  constructor(field: Field, message: string) {
    super(message);
    this.field = field;
  }
}

/** The error of a field: where the mapping looks for it, and what was expected there. */
export function unreadable(field: Field, { mapping }: ReadContext, expected: string): UnreadableValue {
  const paths = (mapping.fields.get(field) ?? []).flatMap((source) => source.paths);
  return new UnreadableValue(
    field,
    `${paths.length === 0 ? field : describeField(field, paths)}: expected ${expected}`,
  );
}

function describeField(field: Field, paths: readonly FieldPath[]): string {
  return `${field} (${paths.map(({ text }) => text).join(', ')})`;
}

/** Whether the mapping's `where` and `skip` let a record be imported. */
export function isSelected(record: unknown, { where = [], skip = [] }: Mapping): boolean {
  const isMet = ({ path, values }: RowCondition) => {
    const text = toText(valueAt(record, path));
    if (text === undefined) return false;
    return values.some((value) => (typeof value === 'string' ? value === text.toLowerCase() : value.test(text)));
  };
  return where.every(isMet) && !skip.some(isMet);
}

/** The text of a field; undefined where no source has a value. */
export function readText(record: unknown, field: Field, context: ReadContext): string | undefined {
  const found = findValue(record, field, context);
  return found && (found.source.prefix ?? '') + found.text;
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

/** What people and databases write where there is no time. */
const NO_TIME = new Set(['-', '--', '–', '—', 'n/a', 'na', 'null', 'none', 'nil']);

/** The time of a field; undefined where no source has a value, or where it counts from an unknown trigger. */
export function readTimestamp(
  record: unknown,
  field: Field,
  { triggeredAtMs, ...context }: ReadContext & { readonly triggeredAtMs?: number },
): Timestamp | undefined {
  const found = findValue(record, field, context, NO_TIME);
  if (found === undefined) return undefined;
  const { text, source } = found;
  const { formats = [], zone = context.zone, sinceTrigger } = source;
  if (sinceTrigger === undefined) {
    const atMs = parseTimestamp(text, { formats, zone, assumedZones: context.assumedZones });
    if (atMs !== undefined && isUnsetTime(atMs)) return undefined;
    if (atMs !== undefined) return { atMs, isFromDuration: false };
    throw new UnreadableValue(field, `${describeField(field, source.paths)}: ${describeDate(text, formats, zone)}`);
  }
  const count = Number(text);
  if (!Number.isFinite(count)) {
    throw new UnreadableValue(field, `${describeField(field, source.paths)}: expected a number (${sinceTrigger})`);
  }
  if (triggeredAtMs === undefined) return undefined;
  return { atMs: triggeredAtMs + Math.round(count * UNITS_MS[sinceTrigger]), isFromDuration: true };
}

/** What is wrong with a date; a value that could be something else is not shown. */
function describeDate(text: string, formats: readonly string[], zone: string): string {
  const shown = isDateLike(text) ? `${JSON.stringify(text)} is not a known date; ` : '';
  const expected = [
    'a date with a time',
    ...(formats.length === 0 ? [] : [`one of the formats ${formats.join(' | ')}`]),
  ];
  const suggested = suggestFormats(text, zone).map((format) => JSON.stringify(format));
  const advice = suggested.length === 0 ? '' : `; add format: ${suggested.join(' or ')}`;
  return `${shown}expected ${expected.join(' or ')}${advice}`;
}

/** The first value among the sources of a field, with `values` of its source applied; empty ones are absent. */
function findValue(
  record: unknown,
  field: Field,
  { mapping, tags }: ReadContext,
  absent: ReadonlySet<string> = new Set(),
): { readonly text: string; readonly source: FieldSource } | undefined {
  for (const source of mapping.fields.get(field) ?? []) {
    const { constant, paths, values, tag, onlyWith } = source;
    if (onlyWith?.some((path) => toText(valueAt(record, path)) !== undefined) === false) continue;
    const texts =
      constant === undefined
        ? paths.map((path) => {
            const value = valueAt(record, path);
            return tag === undefined ? toText(value) : findTag(value, tags[tag]);
          })
        : [constant];
    for (const found of texts) {
      if (found === undefined) continue;
      const text = values?.get(found.toLowerCase()) ?? values?.get('*') ?? found;
      if (text !== '' && !absent.has(text.toLowerCase())) return { text, source };
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
