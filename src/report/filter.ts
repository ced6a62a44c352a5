import { normalizeSeverity } from '../config/severities.ts';
import type { SeverityConfig } from '../config/types.ts';
import { formatList } from '../model/format.ts';
import { InputError } from '../model/input-error.ts';
import type { IncidentLabels } from '../model/stored.ts';
import { printable, suggest } from '../model/text.ts';

/** The labels of an incident that people may ask for. */
export const LABELS = ['service', 'severity', 'team', 'provider'] as const;
export type Label = (typeof LABELS)[number];

/** At most one value of each label; what is absent is not asked for. */
export type LabelQuery = Readonly<Partial<Record<Label, string | undefined>>>;

/** The same without undefined values: those that are asked for. */
export type LabelSet = Readonly<Partial<Record<Label, string>>>;

/** What people ask for by name; an empty list lets everything in. */
export interface Filter {
  readonly severities: readonly string[];
  readonly services: readonly string[];
  readonly teams: readonly string[];
}

/** Names listed in a message; more do not help anybody. */
const LISTED_MAX = 8;

/**
 * The filter with today's names: a severity may also be called by its title or an alias, in any case. Throws an
 * InputError for a severity that is not configured, and for a service or team that no incident has.
 */
export function resolveFilter(
  asked: Filter,
  { names, severities }: { readonly names: readonly IncidentLabels[]; readonly severities: readonly SeverityConfig[] },
): Filter {
  const services = names.map(({ service }) => service);
  const teams = names.map(({ team }) => team);
  return {
    severities: toUnique(asked.severities.map((name) => findSeverity(name, severities))),
    services: toUnique(asked.services.map((name) => findName('service', name, services))),
    teams: toUnique(asked.teams.map((name) => findName('team', name, teams))),
  };
}

/** Whether an incident with these labels passes. */
export function matchesFilter({ severities, services, teams }: Filter, labels: IncidentLabels): boolean {
  return (
    includesOrAll(severities, labels.severity) &&
    includesOrAll(services, labels.service) &&
    includesOrAll(teams, labels.team)
  );
}

function includesOrAll(wanted: readonly string[], value: string): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

/** Whether a filter lets only some incidents in. */
export function isRestricted({ severities, services, teams }: Filter): boolean {
  return severities.length + services.length + teams.length > 0;
}

/** Whether an incident with these labels is asked for. */
export function matchesLabels(query: LabelQuery, labels: Readonly<Record<Label, string>>): boolean {
  return LABELS.every((label) => query[label] === undefined || query[label] === labels[label]);
}

/** The configured name of a severity that may be called by its title or an alias, spelled in any way; throws an InputError. */
export function findSeverity(asked: string, severities: readonly SeverityConfig[]): string {
  const word = asked.toLowerCase();
  const found =
    severities.find(
      ({ name, title, aliases }) => [name, title].some((one) => one?.toLowerCase() === word) || aliases.includes(word),
    ) ?? severities.find(({ words }) => words.includes(normalizeSeverity(asked)));
  if (found !== undefined) return found.name;
  return findName(
    'severity',
    asked,
    severities.map(({ name }) => name),
  );
}

/** A name that exists; throws an InputError with the one that was meant perhaps. */
export function findName(field: Label, asked: string, names: Iterable<string>): string {
  const known = toUnique(names);
  if (known.includes(asked)) return asked;
  const near = suggest(asked, known);
  const meant = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
  const list =
    known.length === 0 ? `no ${field} is known yet` : `known: ${formatList(known.map(printable), LISTED_MAX)}`;
  throw new InputError({ field, value: asked, problem: `is unknown${meant} (${list})` });
}

function toUnique(names: Iterable<string>): string[] {
  return [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en'));
}

/** The names that exist. */
export interface KnownNames {
  readonly services: Iterable<string>;
  readonly teams: Iterable<string>;
  readonly severities: readonly SeverityConfig[];
  readonly providers: readonly string[];
}

/** A field of a query that cannot be understood. */
export interface FieldError {
  readonly name: string;
  readonly reason: string;
}

/** The labels of a query under their names of today, and an error for each name that nothing has. */
export interface LabelSelection {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly errors: readonly FieldError[];
}

/** Looks all labels of a query up, so that one answer names all that are wrong. */
export function selectLabels(query: LabelQuery, names: KnownNames): LabelSelection {
  const find: Readonly<Record<Label, (value: string) => string>> = {
    service: (value) => findName('service', value, names.services),
    severity: (value) => findSeverity(value, names.severities),
    team: (value) => findName('team', value, names.teams),
    provider: (value) => findName('provider', value, names.providers),
  };
  const labels: [string, string][] = [];
  const errors: FieldError[] = [];
  for (const name of LABELS) {
    const value = query[name];
    if (value === undefined) continue;
    try {
      labels.push([name, find[name](value)]);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.push({ name, reason: error.reason });
    }
  }
  return { labels, errors };
}
