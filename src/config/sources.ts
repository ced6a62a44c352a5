import { formatAlternatives } from '../model/text.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Path } from './object-path.ts';
import type { PlatformSettings, SourceKind } from './types.ts';

/** A place in a platform's records that may hold a severity, a service or a team: `priority`, `tag:NAME`, `field:PATH`. */
const SOURCE = /^(?:(tag|label|field):)?(.+)$/s;

/** How each kind of source is written. */
const SPELLINGS: Readonly<Record<SourceKind, string>> = {
  priority: 'priority',
  urgency: 'urgency',
  tag: 'tag:NAME',
  label: 'label:NAME',
  field: 'field:PATH',
};

/** What a platform has unless it says otherwise. */
const DEFAULT_KINDS: readonly SourceKind[] = ['priority', 'urgency'];

/** Steps of a path that lead to people: no person is ever read. */
const PERSONAL = new Set(
  'acknowledgement acknowledgements acknowledger acknowledgers actor actors agent assignee assignees assigned_to assignment assignments author authors caller caller_id closed_by commander committer created_by creator email emails incident_role_assignments last_modified_by last_status_change_by lead login mail opened_by owner owners person reporter requester resolved_by responder responders sys_created_by sys_updated_by updated_by user username users'.split(
    ' ',
  ),
);

/** The kind of an entry of `from` and the name or path behind its colon; undefined for any other word. */
export function parseSource(text: string): { readonly kind: SourceKind; readonly name: string } | undefined {
  const [, prefix, name = ''] = SOURCE.exec(text) ?? [];
  if (prefix === 'tag' || prefix === 'label' || prefix === 'field') return { kind: prefix, name };
  return name === 'priority' || name === 'urgency' ? { kind: name, name } : undefined;
}

/** Checks the entries of a `from`; `own` is the word for what the platform itself tells, where there is one. */
export function checkSources(
  from: readonly string[],
  input: { readonly path: Path; readonly platform: PlatformSettings; readonly own?: string | undefined },
  diagnostics: Diagnostics,
): void {
  const { path, platform, own } = input;
  const kinds = platform.sources ?? DEFAULT_KINDS;
  const known = [...kinds.map((kind) => SPELLINGS[kind]), ...(own === undefined ? [] : [own])];
  const expected = formatAlternatives(known);
  for (const [index, text] of from.entries()) {
    const at = [...path, index];
    const source = parseSource(text);
    if (text === own) continue;
    if (from.indexOf(text) !== index)
      diagnostics.invalidValue({ path: at, message: 'is listed twice', expected: 'it once' });
    else if (source === undefined || !kinds.includes(source.kind)) {
      diagnostics.invalidValue({ path: at, message: `is not known to ${platform.type}`, expected });
    } else if (source.kind === 'field' && isPersonal(source.name)) {
      const message = 'leads to a person, which is never read';
      diagnostics.invalidValue({ path: at, message, expected: 'the path of a field that names no person' });
    }
  }
}

function isPersonal(fieldPath: string): boolean {
  return fieldPath.split('.').some((step) => PERSONAL.has(toSnakeCase(step)));
}

function toSnakeCase(step: string): string {
  return step.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}
