import { z } from 'zod';
import { formatAlternatives, suggest } from '../model/text.ts';
import type { Diagnostics, Problem } from './diagnostics.ts';
import { type Path, replaceAt, valueAt } from './object-path.ts';

type Issue = z.core.$ZodIssue;

/**
 * What `schema` makes of the part of the document at `path`; undefined when it refuses, which `diagnostics` then reports.
 * A string where a number or boolean is expected is read as one, as variables expand to strings. A key without a value
 * where a mapping is expected is an empty mapping: a section whose keys are all commented out.
 *
 * The message of an issue is what is expected; what is wrong follows from its code, or is in its `IssueParams`.
 */
export function parsePart<T>(schema: z.ZodType<T>, path: Path, diagnostics: Diagnostics): T | undefined {
  const input: unknown = structuredClone(valueAt(diagnostics.document.value, path));
  let parsed = schema.safeParse(input, { error: schemaMessages });
  while (!parsed.success && coerce(input, parsed.error.issues)) {
    parsed = schema.safeParse(input, { error: schemaMessages });
  }
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) reportIssue(issue, [...path, ...toPath(issue)], diagnostics);
  return undefined;
}

/** The error map of schemas: an unknown key carries the known ones, one a line; all else is worded by `reportIssue`. */
export function schemaMessages(issue: z.core.$ZodRawIssue): string {
  const isKeys = issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject;
  return isKeys ? Object.keys(issue.inst.shape).join('\n') : '';
}

function toPath(issue: Issue): (string | number)[] {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}

/** Replaces each value that can be read as what the schema expects; false when there was none. */
function coerce(input: unknown, issues: readonly Issue[]): boolean {
  let isChanged = false;
  for (const issue of issues) {
    if (issue.code !== 'invalid_type' || issue.path.length === 0) continue;
    const path = toPath(issue);
    const value = coerceValue(issue.expected, valueAt(input, path));
    if (value === undefined) continue;
    replaceAt(input, path, value);
    isChanged = true;
  }
  return isChanged;
}

function coerceValue(type: string, value: unknown): unknown {
  if (value === null) return type === 'object' || type === 'record' ? {} : undefined;
  if (typeof value !== 'string') return undefined;
  if (type === 'boolean') return /^(true|false)$/.test(value) ? value === 'true' : undefined;
  const isNumber = (type === 'number' || type === 'int') && /^-?[0-9]{1,15}(\.[0-9]+)?$/.test(value);
  return isNumber ? Number(value) : undefined;
}

function reportIssue(issue: Issue, path: Path, diagnostics: Diagnostics): void {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split('\n');
    for (const key of issue.keys) {
      const displayPath = [...path, withoutValue(key)];
      diagnostics.error({ path: [...path, key], displayPath, ...unknownKey(displayPath, known, diagnostics) });
    }
    return;
  }
  diagnostics.error({ path, ...describeIssue(issue, path, diagnostics) });
}

/** A colon without a space after it makes one key of key and value, and the value may be a secret. */
function withoutValue(key: string): string {
  return key.replace(/^([\w-]*)[^\w-].*$/s, '$1…');
}

const UNSUPPORTED = 'is not supported in this version';
const SHORT_FORM = 'belongs to the short form';
/** Keys that only one of the two forms has. */
const SHORT_FORM_KEYS: ReadonlyMap<string, Omit<Problem, 'path'>> = new Map([
  ['time_range', { message: SHORT_FORM, expected: 'incident_source as well, or windows and history instead' }],
  ['severity_filter', { message: SHORT_FORM, expected: 'incident_source as well, or a filter in each provider' }],
]);
const LONG_FORM_KEYS: readonly string[] = ['providers', 'windows', 'history'];

function unknownKey(path: Path, known: readonly string[], { document }: Diagnostics): Omit<Problem, 'path'> {
  const key = String(path.at(-1));
  const isShortForm = valueAt(document.value, ['incident_source']) !== undefined;
  if (path.length === 1 && isShortForm && LONG_FORM_KEYS.includes(key)) {
    return {
      message: 'cannot be combined with incident_source',
      expected: 'either the short form (incident_source) or the long form (providers)',
    };
  }
  const otherForm = SHORT_FORM_KEYS.get(path.join('.'));
  if (otherForm !== undefined) return otherForm;
  if (path[0] === 'store' && valueAt(document.value, ['store', 'type']) === 'postgres') {
    return { message: UNSUPPORTED, expected: 'no such key' };
  }
  const message = 'is not a known key';
  return { message, expected: formatAlternatives(known), suggestion: suggest(key.replace('…', ''), known) };
}

/** A string where a collection is expected may be a key and its secret without a space between them: it is not shown. */
const COLLECTIONS: readonly string[] = ['array', 'object', 'record'];

function describeIssue(issue: Issue, path: Path, diagnostics: Diagnostics): Omit<Problem, 'path'> {
  const value = valueAt(diagnostics.document.value, path);
  const expected = describeExpected(issue);
  if (value === undefined) return { message: 'is missing', expected };
  if (isEmpty(issue, value)) return { message: 'is empty', expected };
  const isHidden = issue.code === 'custom' && issue.params?.['isHidden'] === true;
  const shown = isHidden ? 'the value' : diagnostics.displayValue(path);
  // The message of a platform's own schema may quote a secret.
  if (issue.message !== '' && diagnostics.isSecret(path)) {
    return { message: `${shown} is not valid`, expected: 'another value' };
  }
  if (path.join('.') === 'store.type' && value === 'postgres') {
    return { message: `${shown} ${UNSUPPORTED}`, expected };
  }
  if (issue.code !== 'invalid_type') return { message: `${shown} ${problemOf(issue)}`, expected };
  const isCollection = typeof value === 'object' || COLLECTIONS.includes(issue.expected);
  return { message: isCollection ? `is ${kindOf(value)}` : `${shown} is ${kindOf(value)}`, expected };
}

function isEmpty(issue: Issue, value: unknown): boolean {
  if (value === null) return true;
  return issue.code === 'too_small' && (issue.origin === 'string' || issue.origin === 'array') && issue.minimum === 1;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

function problemOf(issue: Issue): string {
  switch (issue.code) {
    case 'custom':
      return String(issue.params?.['problem'] ?? 'is not valid');
    case 'invalid_union':
      return issue.message === '' ? 'is not a known type' : 'is not valid';
    case 'too_small':
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array' ? 'has the wrong length' : 'is out of range';
    case 'invalid_format':
      return 'has the wrong format';
    default:
      return 'is not allowed';
  }
}

/** What a schema expects where it does not say so itself. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a string (in quotes, where YAML reads something else)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
};

function describeExpected(issue: Issue): string {
  if (issue.message !== '') return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return formatAlternatives(issue.values.map((value) => formatOption(String(value))));
    case 'invalid_union':
      return `one of ${formatAlternatives('options' in issue ? (issue.options ?? []).map(String) : [])}`;
    case 'too_small':
      return formatBound(issue, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return formatBound(issue, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'invalid_format':
      return issue.pattern === undefined ? `the format ${issue.format}` : `a match of ${issue.pattern}`;
    default:
      return 'another value';
  }
}

/** An option with a comma in it would read as two. */
function formatOption(option: string): string {
  return option.includes(',') ? JSON.stringify(option) : option;
}

function formatBound({ origin }: { origin: string }, limit: number | bigint, words: string): string {
  if (origin === 'string') return limit === 1 ? 'a string' : `${words} ${limit} characters`;
  return origin === 'array' ? `${words} ${limit} ${limit === 1 ? 'item' : 'items'}` : `${words} ${limit}`;
}
