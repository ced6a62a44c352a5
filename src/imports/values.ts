import type { Field, Mapping, Source } from './mapping.ts';
import { UNITS_MS } from './mapping.ts';
import { type Place, valueAt } from './paths.ts';
import { parseStamp } from './stamps.ts';

/** What a field is read with. */
export interface Surroundings {
  readonly mapping: Mapping;
  /** Names of the tags that the provider's configuration reads. */
  readonly tags: { readonly service: string | undefined; readonly severity: string | undefined };
  /** IANA name of the zone of stamps that name none. */
  readonly zone: string;
}

/** A value was there and could not be read; the message says where and what was expected, never the value. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
}

/** The text of a field; undefined where no source has one. */
export function readText(record: unknown, field: Field, around: Surroundings): string | undefined {
  for (const source of around.mapping.fields.get(field) ?? []) {
    const found = source.constant ?? firstText(record, source, around);
    if (found !== undefined) return withWords(found, source);
  }
  return undefined;
}

/** A stamp and whether it was told as a duration. */
export interface Stamp {
  readonly atMs: number;
  readonly isFromDuration: boolean;
}

/** The stamp of a field; undefined where no source has one, or where it counts from a trigger that is not known. */
export function readStamp(
  record: unknown,
  field: Field,
  { triggeredAtMs, ...around }: Surroundings & { readonly triggeredAtMs?: number },
): Stamp | undefined {
  for (const source of around.mapping.fields.get(field) ?? []) {
    const found = source.constant ?? firstText(record, source, around);
    if (found === undefined) continue;
    if (source.sinceTrigger === undefined)
      return { atMs: stampOf(found, field, { source, around }), isFromDuration: false };
    const durationMs = durationOf(found, field, source);
    return triggeredAtMs === undefined ? undefined : { atMs: triggeredAtMs + durationMs, isFromDuration: true };
  }
  return undefined;
}

const TRUE = new Set(['true', 'yes', '1']);
const FALSE = new Set(['false', 'no', '0']);

/** True or false; undefined where no source has a value. */
export function readFlag(record: unknown, field: Field, around: Surroundings): boolean | undefined {
  const word = readText(record, field, around)?.toLowerCase();
  if (word === undefined) return undefined;
  if (!TRUE.has(word) && !FALSE.has(word)) throw unreadable(field, around, 'expected true or false');
  return TRUE.has(word);
}

/** The value of a field as it stands in the record, for what is no text. */
export function readAny(record: unknown, field: Field, { mapping }: Surroundings): unknown {
  const places = (mapping.fields.get(field) ?? []).flatMap((source) => source.places);
  return places.map((place) => valueAt(record, place)).find((value) => value !== undefined && value !== null);
}

/** Where a field is, and what was expected there. */
export function unreadable(field: Field, { mapping }: Surroundings, expected: string): UnreadableValue {
  const places = (mapping.fields.get(field) ?? []).flatMap((source) => source.places.map(({ text }) => text));
  const where = places.length === 0 ? field : `${field} (${places.join(', ')})`;
  return new UnreadableValue(`${where}: ${expected}`);
}

function firstText(record: unknown, source: Source, { tags }: Surroundings): string | undefined {
  for (const place of source.places) {
    const value = valueAt(record, place);
    const text = source.tag === undefined ? textOf(value) : tagOf(value, tags[source.tag]);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Of a list (columns of one name, too) the first that is a text; blank and null are the same as absent. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  return value.map(textOf).find((one) => one !== undefined);
}

/** The value of the first tag `NAME:value` of a list, or of a text that separates tags by commas. */
function tagOf(value: unknown, name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined;
  const texts = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
  const tags = texts.length === 1 ? (texts[0]?.replace(/^\[|\]$/g, '').split(',') ?? []) : texts;
  const tag = tags.map((one) => one.trim().replace(/^"|"$/g, '')).find((one) => one.startsWith(`${name}:`));
  return tag?.slice(name.length + 1).trim() || undefined;
}

function withWords(value: string, { values, prefix = '' }: Source): string {
  return prefix + (values?.get(value.toLowerCase()) ?? values?.get('*') ?? value);
}

interface Reading {
  readonly source: Source;
  readonly around: Surroundings;
}

function stampOf(text: string, field: Field, { source, around }: Reading): number {
  const formats = source.formats ?? [];
  const atMs = parseStamp(text, { formats, zone: source.zone ?? around.zone });
  if (atMs !== undefined) return atMs;
  const others = formats.length === 0 ? '' : ` or one of the formats ${formats.join(' | ')}`;
  throw new UnreadableValue(`${field} (${placeTexts(source.places)}): expected a date with a time${others}`);
}

function durationOf(text: string, field: Field, { sinceTrigger = 'ms', places }: Source): number {
  const count = Number(text);
  if (Number.isFinite(count)) return Math.round(count * UNITS_MS[sinceTrigger]);
  throw new UnreadableValue(`${field} (${placeTexts(places)}): expected a number (${sinceTrigger})`);
}

function placeTexts(places: readonly Place[]): string {
  return places.map(({ text }) => text).join(', ');
}
