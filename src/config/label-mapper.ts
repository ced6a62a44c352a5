import type { SeveritySources } from '../model/incident.ts';
import { type Facet, isKept } from '../model/stored.ts';
import type { ProviderConfig, RenameRule, SeverityConfig } from './types.ts';

/** Longest label value in characters; longer ones are cut (DESIGN §6: cardinality is bounded). */
const LABEL_LENGTH_MAX = 128;

/** What an incident without a service or team carries. */
export const NONE = 'none';

/** A severity by today's configuration, and why it is the default if the platform's own value did not decide. */
export interface SeverityReading {
  readonly name: string;
  readonly unmapped?: { readonly reason: 'unknown' | 'missing'; readonly value: string | undefined };
}

/** What a facet's incidents are called today. */
export interface FacetReading {
  readonly service: string;
  readonly severity: SeverityReading;
  readonly team: string;
  /** Outside the provider's filter, whatever the title. */
  readonly excluded: boolean;
}

/** Today's mappings of one provider, applied on reading: the store keeps the platform's own values. */
export interface Reader {
  readonly provider: ProviderConfig;
  facet(facet: Facet): FacetReading;
  excludesTitle(title: string): boolean;
  /** The recovery is shorter than the filter lets through. */
  excludesRecovery(ms: number): boolean;
}

/** Whether an incident takes part in statistics and counters at all; merged ones do, as openings. */
export function isVisible(
  incident: { readonly marks: number; readonly title: string | undefined; readonly recoveryMs: number | undefined },
  facet: { readonly excluded: boolean },
  reader: Reader,
): boolean {
  if (facet.excluded || !isKept(incident.marks)) return false;
  if (incident.title !== undefined && reader.excludesTitle(incident.title)) return false;
  return incident.recoveryMs === undefined || !reader.excludesRecovery(incident.recoveryMs);
}

/** Cuts a label value to what is allowed, by characters (a surrogate pair is one). */
export function cutLabel(value: string): string {
  if (value.length <= LABEL_LENGTH_MAX) return value;
  return Array.from(value).slice(0, LABEL_LENGTH_MAX).join('');
}

export function createReader(provider: ProviderConfig, severities: readonly SeverityConfig[]): Reader {
  const { filter } = provider;
  return {
    provider,
    facet: (facet) => {
      const severity = readSeverity(facet.severity, provider, severities);
      const service = readService(facet.serviceName, provider.services.rename);
      const team = facet.team === '' ? NONE : cutLabel(facet.team);
      const excluded =
        isOutside(filter.severities, severity.name) ||
        isOutside(filter.services, service) ||
        isOutside(filter.teams, facet.team);
      return { service, severity, team, excluded };
    },
    excludesTitle: (title) => filter.excludeTitles.some((expression) => expression.test(title)),
    excludesRecovery: (ms) => ms < filter.shorterThanMs,
  };
}

function isOutside(allowed: readonly string[], value: string): boolean {
  return allowed.length > 0 && !allowed.includes(value);
}

/** The tag first where one is configured, then `from` in its order: the first that has a value decides. */
function readSeverity(
  sources: SeveritySources,
  provider: ProviderConfig,
  severities: readonly SeverityConfig[],
): SeverityReading {
  const { severity } = provider;
  const values = [sources.tag, ...severity.from.map((source) => sources[source])];
  const value = values.find((one) => one !== undefined && one.trim() !== '')?.trim();
  if (value === undefined) return { name: severity.default, unmapped: { reason: 'missing', value } };
  const word = value.toLowerCase();
  const mapped = severity.map.get(word) ?? severities.find((one) => isCalled(one, word))?.name;
  if (mapped === undefined) return { name: severity.default, unmapped: { reason: 'unknown', value } };
  return { name: mapped };
}

function isCalled(severity: SeverityConfig, word: string): boolean {
  return severity.name.toLowerCase() === word || severity.aliases.includes(word);
}

/** Exact names first, then expressions in the order of the file; the first match ends. */
function readService(name: string, rules: readonly RenameRule[]): string {
  const exact = rules.find((rule) => rule.match === name);
  const renamed = exact?.to ?? renameByExpression(name, rules);
  return renamed === '' ? NONE : cutLabel(renamed);
}

function renameByExpression(name: string, rules: readonly RenameRule[]): string {
  for (const { match, to } of rules) {
    if (typeof match !== 'string' && match.test(name)) return name.replace(match, to);
  }
  return name;
}
