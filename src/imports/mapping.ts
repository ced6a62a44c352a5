import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.ts';
import { type Place, placeOf } from './paths.ts';

/** What a mapping may say of an incident; `docs/importing.md` tells what each means. */
export const FIELDS = [
  'id',
  'url',
  'title',
  'service_id',
  'service',
  'team',
  'severity',
  'urgency',
  'severity_tag',
  'status',
  'started_at',
  'triggered_at',
  'identified_at',
  'acknowledged_at',
  'mitigated_at',
  'resolved_at',
  'status_changed_at',
  'updated_at',
  'auto_resolved',
  'merged',
  'fingerprint',
  'intervals',
] as const;
export type Field = (typeof FIELDS)[number];

/** Milliseconds of one of the units that a duration may be in. */
export const UNITS_MS = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS } as const;
export type Unit = keyof typeof UNITS_MS;

/** One way to a field's value. */
export interface Source {
  readonly places: readonly Place[];
  /** The value, whatever the record holds. */
  readonly constant?: string | undefined;
  /** Other words for values, keys in lower case; `*` stands for all others. */
  readonly values?: ReadonlyMap<string, string> | undefined;
  /** Put before the value. */
  readonly prefix?: string | undefined;
  /** The value is a list of tags: take that of the tag which the provider's configuration names for this. */
  readonly tag?: 'service' | 'severity' | undefined;
  /** Luxon's tokens; tried in order, before what is understood anyway. */
  readonly formats?: readonly string[] | undefined;
  /** IANA name of the zone of stamps that name none. */
  readonly zone?: string | undefined;
  /** The value is a duration since the trigger, in this unit. */
  readonly sinceTrigger?: Unit | undefined;
}

/** Where each field is; of several sources the first that has a value decides. */
export interface Mapping {
  readonly name: string;
  readonly fields: ReadonlyMap<Field, readonly Source[]>;
}

/** A source as it is written: a column or path, several of them, or the whole thing. */
type Written = string | readonly string[] | LongForm;

interface LongForm extends Omit<Source, 'places' | 'values'> {
  readonly from?: readonly string[] | undefined;
  readonly values?: Readonly<Record<string, string>> | undefined;
}

/** Several ways to one value; the first is written as a whole. */
type Several = readonly [LongForm, ...Written[]];

/** A source from its short or long form. */
export function sourceOf(written: Written): Source {
  if (typeof written === 'string') return { places: [placeOf(written)] };
  if ('length' in written) return { places: written.map(placeOf) };
  const { from = [], values, ...rest } = written;
  return { ...rest, places: from.map(placeOf), values: values && lowerCased(values) };
}

/** A mapping from the short form that the named ones are written in. */
export function mappingOf(name: string, fields: Readonly<Partial<Record<Field, Written | Several>>>): Mapping {
  const entries = FIELDS.flatMap((field) => {
    const written = fields[field];
    return written === undefined ? [] : [[field, sourcesOf(written)] as const];
  });
  return { name, fields: new Map(entries) };
}

/** Every place that a mapping reads. */
export function placesOf(mapping: Mapping): Place[] {
  return [...mapping.fields.values()].flatMap((sources) => sources.flatMap(({ places }) => places));
}

/** Words compare without case. */
function lowerCased(values: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(values).map(([word, meaning]) => [word.trim().toLowerCase(), meaning]));
}

function sourcesOf(written: Written | Several): Source[] {
  return isSeveral(written) ? written.map(sourceOf) : [sourceOf(written)];
}

/** A list of texts is one source with several places; a list that begins with a whole source is several. */
function isSeveral(written: Written | Several): written is Several {
  return typeof written === 'object' && 'length' in written && typeof written[0] === 'object';
}
