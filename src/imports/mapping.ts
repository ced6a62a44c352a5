import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/time.ts';

/** The fields of an incident that a mapping can set; `docs/importing.md` describes each. */
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

/** The units of durations, in milliseconds. */
export const UNITS_MS = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS } as const;
export type Unit = keyof typeof UNITS_MS;

/** One way to find the value of a field. */
export interface FieldSource {
  readonly paths: readonly FieldPath[];
  /** The value, whatever the record contains. */
  readonly constant?: string | undefined;
  /** Replacements of values, keys in lower case; `*` stands for all others. */
  readonly values?: ReadonlyMap<string, string> | undefined;
  /** Put before the value. */
  readonly prefix?: string | undefined;
  /** The value is a list of tags: take the one that the provider's configuration names for this. */
  readonly tag?: 'service' | 'severity' | undefined;
  /** Luxon's tokens, tried in order, before the formats that are always understood. */
  readonly formats?: readonly string[] | undefined;
  /** IANA name of the zone of timestamps without one. */
  readonly zone?: string | undefined;
  /** The value is a duration since the trigger, in this unit. */
  readonly sinceTrigger?: Unit | undefined;
  /** The value counts only where one of these has one. */
  readonly onlyWith?: readonly FieldPath[] | undefined;
}

/** Where each field is; of several sources the first with a value decides. */
export interface Mapping {
  readonly name: string;
  readonly fields: ReadonlyMap<Field, readonly FieldSource[]>;
  /** IANA name of the zone of timestamps without one, where the source of a field has none of its own. */
  readonly zone?: string | undefined;
  /** Only rows that meet all of these are imported. */
  readonly where?: readonly RowCondition[] | undefined;
  /** Rows that meet any of these are left out. */
  readonly skip?: readonly RowCondition[] | undefined;
  /** Fields whose columns a file must have: those that a person mapped, not those of a built-in mapping. */
  readonly requiredFields?: readonly Field[] | undefined;
}

/** A value that a column must have: a word in lower case, or an expression; of several any one. */
export interface RowCondition {
  readonly path: FieldPath;
  readonly values: readonly (string | RegExp)[];
  /** A file may lack the column: those of built-in mappings have several names. */
  readonly isOptional?: boolean | undefined;
}

/** A source as it is written: a column or path, several of them, or all its settings. */
type SourceShorthand = string | readonly string[] | SourceSettings;

interface SourceSettings extends Omit<FieldSource, 'paths' | 'values' | 'onlyWith'> {
  readonly from?: readonly string[] | undefined;
  readonly onlyWith?: readonly string[] | undefined;
  readonly values?: Readonly<Record<string, string>> | undefined;
}

/** Several sources of one field; the first has all its settings, as a list of strings is one source with several paths. */
type SourceList = readonly [SourceSettings, ...SourceShorthand[]];

/** A source from its shorthand. */
export function toSource(written: SourceShorthand): FieldSource {
  if (typeof written === 'string') return { paths: [parseFieldPath(written)] };
  if ('length' in written) return { paths: written.map(parseFieldPath) };
  const { from = [], onlyWith, values, ...rest } = written;
  return {
    ...rest,
    paths: from.map(parseFieldPath),
    onlyWith: onlyWith?.map(parseFieldPath),
    values: values && lowerCaseKeys(values),
  };
}

/** A mapping from the shorthand that the built-in ones are written in. */
export function toMapping(
  name: string,
  fields: Readonly<Partial<Record<Field, SourceShorthand | SourceList>>>,
): Mapping {
  const entries = FIELDS.flatMap((field) => {
    const written = fields[field];
    if (written === undefined) return [];
    return [[field, isSourceList(written) ? written.map(toSource) : [toSource(written)]] as const];
  });
  return { name, fields: new Map(entries) };
}

function isSourceList(written: SourceShorthand | SourceList): written is SourceList {
  return typeof written === 'object' && 'length' in written && typeof written[0] === 'object';
}

function lowerCaseKeys(values: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(values).map(([word, meaning]) => [word.trim().toLowerCase(), meaning]));
}

/** Every path that a mapping reads. */
export function listPaths(mapping: Mapping): FieldPath[] {
  const conditions = [...(mapping.where ?? []), ...(mapping.skip ?? [])];
  const fields = [...mapping.fields.values()].flatMap((sources) =>
    sources.flatMap(({ paths, onlyWith = [] }) => [...paths, ...onlyWith]),
  );
  return [...fields, ...conditions.map(({ path }) => path)];
}

/** What the mapping requires of a file whose columns have these names, and the columns that it names for it. */
export function findMissingColumns(
  { fields, requiredFields = [], where = [], skip = [] }: Mapping,
  names: ReadonlySet<string>,
): { readonly usedFor: string; readonly columns: readonly string[] } | undefined {
  const isFound = ({ text, steps: [first] }: FieldPath) =>
    names.has(text) || (first?.kind === 'member' && names.has(first.name));
  const ofFields = requiredFields.flatMap((field) => {
    const sources = fields.get(field) ?? [];
    const hasConstant = sources.some(({ constant }) => constant !== undefined);
    return hasConstant ? [] : [{ usedFor: field, paths: sources.flatMap(({ paths }) => paths) }];
  });
  const columnsOf = (usedFor: string, conditions: readonly RowCondition[]) =>
    conditions.filter(({ isOptional }) => isOptional !== true).map(({ path }) => ({ usedFor, paths: [path] }));
  const ofWhere = columnsOf('where', where);
  const ofSkip = columnsOf('skip', skip);
  const missing = [...ofFields, ...ofWhere, ...ofSkip].find(({ paths }) => !paths.some(isFound));
  return missing && { usedFor: missing.usedFor, columns: missing.paths.map(({ text }) => text) };
}

/** One step into a record: a member, a list index, or the first of a list whose member has a value. */
type PathStep =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'element'; readonly index: number }
  | { readonly kind: 'where'; readonly name: string; readonly value: string };

/** Where a value is in a record: a column's name, or a path such as `service.summary` or `people[kind=team].id`. */
export interface FieldPath {
  readonly text: string;
  readonly steps: readonly PathStep[];
}

const PATH_STEP = /([^.[\]]+)|\[([^=[\]]+)=([^[\]]*)\]/g;

/** Parses dots between members, numbers for list indexes, and `[member=value]`, which chooses from a list. */
export function parseFieldPath(text: string): FieldPath {
  const steps = [...text.matchAll(PATH_STEP)].map(([, name = '', member, value = '']): PathStep => {
    if (member !== undefined) return { kind: 'where', name: member, value };
    return /^\d+$/.test(name) ? { kind: 'element', index: Number(name) } : { kind: 'member', name };
  });
  return { text, steps };
}

/** The value at a path; undefined where there is none. A member whose name is the whole text takes precedence. */
export function valueAt(record: unknown, path: FieldPath): unknown {
  if (Object.hasOwn(Object(record), path.text)) return memberOf(record, path.text);
  let value = record;
  for (const step of path.steps) value = takeStep(value, step);
  return value;
}

/** The record reduced to these paths. */
export function pickPaths(record: unknown, paths: readonly FieldPath[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const path of paths) {
    if (Object.hasOwn(Object(record), path.text)) picked[path.text] = memberOf(record, path.text);
    else mergeInto(picked, pickPath(record, path.steps));
  }
  return picked;
}

function takeStep(value: unknown, step: PathStep): unknown {
  if (step.kind === 'member') return memberOf(value, step.name);
  if (!Array.isArray(value)) return undefined;
  if (step.kind === 'element') return value[step.index];
  return value.find((one) => String(memberOf(one, step.name)) === step.value);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/** The value at these steps with its parents, and nothing else in them. */
function pickPath(value: unknown, [step, ...rest]: readonly PathStep[]): unknown {
  if (step === undefined) return value;
  const inner = takeStep(value, step);
  if (inner === undefined) return undefined;
  const below = pickPath(inner, rest);
  if (below === undefined) return undefined;
  if (step.kind === 'member') return { [step.name]: below };
  if (step.kind === 'element') return [below];
  return [{ [step.name]: step.value, ...Object(below) }];
}

function mergeInto(target: Record<string, unknown>, addition: unknown): void {
  for (const [key, value] of Object.entries(Object(addition))) {
    const known = target[key];
    if (isObject(known) && isObject(value)) mergeInto(known, value);
    else target[key] = value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
