import { z } from 'zod';
import type { Findings } from './findings.ts';
import { nearest } from './near.ts';
import { listText, type Path } from './problems.ts';
import { valueAt } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** What a schema wants, in words. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text (in quotes, where YAML reads something else)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
};

/** A text where a mapping is wanted may be a key and its secret without a space between them: it is not shown. */
const COLLECTIONS: readonly string[] = ['array', 'object', 'record'];

/** What the two forms do not share. */
const KEY_TEXTS: ReadonlyMap<string, string> = new Map([
  ['time_range', 'belongs to the short form; expected incident_source beside it, or windows and history instead'],
  ['severity_filter', 'belongs to the short form; expected incident_source beside it, or a filter in each provider'],
]);
const LONG_FORM_KEYS: readonly string[] = ['providers', 'windows', 'history'];

/** The per-parse error map: an unknown key carries the known ones, all else is put into words by `tell`. */
export function knownKeys(issue: z.core.$ZodRawIssue): string {
  const isKeys = issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject;
  return isKeys ? Object.keys(issue.inst.shape).join('\n') : '';
}

/** Puts what a schema found at `path` into our words. */
export function tell(issue: Issue, path: Path, findings: Findings): void {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split('\n');
    for (const key of issue.keys) {
      const shownPath = [...path, withoutValue(key)];
      findings.say([...path, key], unknownKey(shownPath, known, findings), shownPath);
    }
    return;
  }
  if (valueAt(findings.document.value, path) === undefined) {
    findings.say(path, `is missing; expected ${expected(issue)}`);
    return;
  }
  findings.say(path, sentence(issue, path, findings));
}

/** A colon without a space after it makes one key of key and value, and the value may be a secret. */
function withoutValue(key: string): string {
  return key.replace(/^([\w-]*)[^\w-].*$/s, '$1…');
}

function unknownKey(path: Path, known: readonly string[], { document }: Findings): string {
  const key = String(path.at(-1));
  const isShortForm = valueAt(document.value, ['incident_source']) !== undefined;
  if (path.length === 1 && isShortForm && LONG_FORM_KEYS.includes(key)) {
    return 'cannot stand beside incident_source; expected the short form (incident_source) or the long one (providers)';
  }
  const ofAnotherTime = KEY_TEXTS.get(path.join('.'));
  if (ofAnotherTime !== undefined) return ofAnotherTime;
  if (path[0] === 'store' && valueAt(document.value, ['store', 'type']) === 'postgres') {
    return 'is not in this version; expected no such key';
  }
  const meant = nearest(key.replace('…', ''), known);
  return meant === undefined
    ? `is not a known key; expected ${listText(known)}`
    : `is not a known key; did you mean ${meant}?`;
}

/** Everything but keys: the value as it may be shown, what is wrong with it, what was expected. */
function sentence(issue: Issue, path: Path, findings: Findings): string {
  const value = valueAt(findings.document.value, path);
  if (isEmpty(issue, value)) return `is empty; expected ${expected(issue)}`;
  const isHidden = issue.code === 'custom' && issue.params?.['isHidden'] === true;
  const shown = isHidden ? 'the value' : findings.shown(path);
  // What a platform's own schema says of a secret may quote it.
  if (issue.message !== '' && findings.isSecret(path)) return `${shown} is not valid; expected another`;
  if (issue.code !== 'invalid_type') return `${shown} ${complaint(issue, path, findings)}`;
  const ofKind = `is ${kindOf(value)}; expected ${expected(issue)}`;
  if (typeof value === 'object' || COLLECTIONS.includes(issue.expected)) return ofKind;
  return `${shown} ${issue.message === '' ? ofKind : complaint(issue, path, findings)}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

function complaint(issue: Issue, path: Path, findings: Findings): string {
  if (path.join('.') === 'store.type' && valueAt(findings.document.value, path) === 'postgres') {
    return 'is not in this version; expected sqlite';
  }
  if (issue.message.startsWith('is ')) return issue.message;
  if (issue.message !== '') return `is not valid; ${issue.message}`;
  return `is not ${noun(issue)}; expected ${expected(issue)}`;
}

function isEmpty(issue: Issue, value: unknown): boolean {
  if (value === null) return true;
  return issue.code === 'too_small' && (issue.origin === 'string' || issue.origin === 'array') && issue.minimum === 1;
}

function noun(issue: Issue): string {
  if (issue.code === 'invalid_union') return 'a known type';
  if (issue.code === 'too_small' || issue.code === 'too_big') return 'in range';
  if (issue.code === 'invalid_format') return 'of the right form';
  return 'allowed';
}

function expected(issue: Issue): string {
  const [, own] = issue.message.split('; expected ');
  if (own !== undefined) return own;
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return listText(issue.values.map((value) => optionText(String(value))));
    case 'invalid_union':
      return `one of ${listText('options' in issue ? (issue.options ?? []).map(String) : [])}`;
    case 'too_small':
      return bound(issue, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return bound(issue, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'invalid_format':
      return issue.pattern === undefined ? `the form of ${issue.format}` : `what matches ${issue.pattern}`;
    default:
      return 'another value';
  }
}

/** An option with a comma in it would read as two. */
function optionText(option: string): string {
  return option.includes(',') ? JSON.stringify(option) : option;
}

function bound(issue: Issue & { origin: string }, limit: number | bigint, words: string): string {
  if (issue.origin === 'string') return limit === 1 ? 'a text' : `${words} ${limit} characters`;
  return issue.origin === 'array' ? `${words} ${limit} ${limit === 1 ? 'item' : 'items'}` : `${words} ${limit}`;
}
