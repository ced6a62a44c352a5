import type { SeverityConfig } from '../config/types.ts';
import { InputError } from '../model/input-error.ts';
import type { FacetLabels } from '../model/stored.ts';
import { printable, suggest } from '../model/text.ts';

/** What people ask for by name; an empty list lets everything in. */
export interface Filter {
  readonly severities: readonly string[];
  readonly services: readonly string[];
  readonly teams: readonly string[];
}

/** What names there are. */
export interface NameSource {
  /** Labels of everything in the store. */
  readonly names: readonly FacetLabels[];
  readonly severities: readonly SeverityConfig[];
}

/** Names listed in a message; more do not help anybody. */
const LISTED_MAX = 8;

/**
 * The filter with today's names: a severity may also be called by its title or an alias, in any case. Throws an
 * InputError for a severity that is not configured, and for a service or team that no incident has.
 */
export function resolveFilter(asked: Filter, { names, severities }: NameSource): Filter {
  const services = unique(names.map(({ service }) => service));
  const teams = unique(names.map(({ team }) => team));
  return {
    severities: unique(asked.severities.map((name) => severityOf(name, severities))),
    services: unique(asked.services.map((name) => known('service', name, services))),
    teams: unique(asked.teams.map((name) => known('team', name, teams))),
  };
}

/** Whether an incident with these labels passes. */
export function isWanted({ severities, services, teams }: Filter, labels: FacetLabels): boolean {
  return isIn(severities, labels.severity) && isIn(services, labels.service) && isIn(teams, labels.team);
}

/** Whether a filter lets everything in. */
export function isOpen({ severities, services, teams }: Filter): boolean {
  return severities.length + services.length + teams.length === 0;
}

function isIn(wanted: readonly string[], value: string): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

/** The configured name of a severity that may be called by its title or an alias; throws an InputError. */
export function severityOf(asked: string, severities: readonly SeverityConfig[]): string {
  const word = asked.toLowerCase();
  const found = severities.find(
    ({ name, title, aliases }) => [name, title].some((one) => one?.toLowerCase() === word) || aliases.includes(word),
  );
  return found?.name ?? known('severity', asked, unique(severities.map(({ name }) => name)));
}

/** A name that there is; throws an InputError with the one that was meant perhaps. */
export function known(
  kind: 'provider' | 'service' | 'severity' | 'team',
  asked: string,
  names: readonly string[],
): string {
  if (names.includes(asked)) return asked;
  const near = suggest(asked, names);
  const meant = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
  throw new InputError(kind, `${JSON.stringify(asked)} is unknown${meant} ${listed(kind, names)}`);
}

function listed(kind: string, names: readonly string[]): string {
  if (names.length === 0) return `(no ${kind} is known yet)`;
  const shown = names.slice(0, LISTED_MAX).map(printable).join(', ');
  const more = names.length > LISTED_MAX ? `, and ${names.length - LISTED_MAX} more` : '';
  return `(known: ${shown}${more})`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en'));
}
