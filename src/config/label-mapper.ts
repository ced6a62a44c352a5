import type { SeveritySources } from '../model/incident.ts';
import { type Dimensions, isCountable } from '../model/stored.ts';
import { normalizeSeverity } from './severities.ts';
import type { ProviderConfig, RenameRule, ServiceSettings, SeverityConfig } from './types.ts';

/** Longest label value in characters; longer ones are cut, as Prometheus keeps each in memory. */
const LABEL_LENGTH_MAX = 128;

/** The label of an incident without a service or team. */
export const NONE = 'none';

/** A severity of the configuration, and why it is the default where the platform's own value did not decide. */
export interface MappedSeverity {
  readonly name: string;
  readonly unmapped?: { readonly reason: 'unknown' | 'missing'; readonly value: string | undefined };
}

/** The labels that the current configuration gives to the incidents of a set of dimensions. */
export interface MappedLabels {
  readonly service: string;
  readonly severity: MappedSeverity;
  readonly team: string;
  /** Recovery target of the service and severity; undefined without one. */
  readonly targetMs: number | undefined;
  /** The provider's filter leaves it out, whatever the title. */
  readonly excluded: boolean;
}

/** The mappings of one provider, applied when incidents are read: the store keeps the platform's own values. */
export interface LabelMapper {
  readonly provider: ProviderConfig;
  /** What is particular to services, by their labels. */
  readonly services: ServiceSettings;
  map(dimensions: Dimensions): MappedLabels;
  excludesTitle(title: string): boolean;
  /** The recovery is shorter than the filter accepts. */
  excludesRecovery(ms: number): boolean;
}

/** Whether an incident is part of statistics and counters; merged ones are, as openings. */
export function isVisible(
  incident: { readonly flags: number; readonly title: string | undefined; readonly recoveryMs: number | undefined },
  labels: { readonly excluded: boolean },
  labelMapper: LabelMapper,
): boolean {
  if (labels.excluded || !isCountable(incident.flags)) return false;
  if (incident.title !== undefined && labelMapper.excludesTitle(incident.title)) return false;
  return incident.recoveryMs === undefined || !labelMapper.excludesRecovery(incident.recoveryMs);
}

/** Cuts a label value to its longest length, by characters (a surrogate pair is one). */
export function cutLabel(value: string): string {
  if (value.length <= LABEL_LENGTH_MAX) return value;
  return Array.from(value).slice(0, LABEL_LENGTH_MAX).join('');
}

const NO_SERVICES: ServiceSettings = { overrides: new Map(), teams: new Map() };

/** The label mapper of one provider. */
export function createLabelMapper(
  provider: ProviderConfig,
  severities: readonly SeverityConfig[],
  services: ServiceSettings = NO_SERVICES,
): LabelMapper {
  const { filter } = provider;
  return {
    provider,
    services,
    map: (dimensions) => {
      const severity = mapSeverity(dimensions.severity, provider, severities);
      const service = mapService(dimensions.serviceName, provider.services.rename);
      const override = services.overrides.get(service);
      const team = override?.team ?? (dimensions.team || (services.teams.get(service) ?? ''));
      const targetMs =
        override?.targetsMs.get(severity.name) ?? severities.find(({ name }) => name === severity.name)?.targetMs;
      const excluded =
        isFilteredOut(filter.severities, severity.name) ||
        isFilteredOut(filter.services, service) ||
        isFilteredOut(filter.teams, team);
      return { service, severity, team: team === '' ? NONE : cutLabel(team), targetMs, excluded };
    },
    excludesTitle: (title) => filter.excludeTitles.some((expression) => expression.test(title)),
    excludesRecovery: (ms) => ms < filter.shorterThanMs,
  };
}

function isFilteredOut(allowed: readonly string[], value: string): boolean {
  return allowed.length > 0 && !allowed.includes(value);
}

/** The tag first where one is configured, then `from` in its order: the first value decides. */
function mapSeverity(
  sources: SeveritySources,
  provider: ProviderConfig,
  severities: readonly SeverityConfig[],
): MappedSeverity {
  const { severity } = provider;
  const values = [sources.tag, ...severity.from.map((source) => ownValue(sources, source))];
  const value = values.find((one) => one !== undefined && one.trim() !== '')?.trim();
  if (value === undefined) return { name: severity.default, unmapped: { reason: 'missing', value } };
  const name = findMapped(value, (word) => severity.map.get(word)) ?? findByName(value, severities);
  return name === undefined ? { name: severity.default, unmapped: { reason: 'unknown', value } } : { name };
}

/** Tags, labels and fields were looked up when the record was read: what one of them decided is `sources.tag`. */
function ownValue({ priority, urgency }: SeveritySources, source: string): string | undefined {
  if (source === 'priority') return priority;
  return source === 'urgency' ? urgency : undefined;
}

/** The severity that a value stands for; undefined for a value that names two, such as `P1/P2`. */
function findByName(value: string, severities: readonly SeverityConfig[]): string | undefined {
  const find = (word: string) => severities.find(({ words }) => words.includes(word))?.name;
  const name = findMapped(value, find);
  // Words such as "high" behind a level are a description; a second level is not, written `P2` or `Sev 2`.
  const tokens = toTokens(value);
  const levels = tokens.flatMap((token, at) => (/\d/.test(token) ? [token, `${tokens[at - 1] ?? ''}${token}`] : []));
  const others = levels.flatMap((level) => find(level) ?? []);
  return others.every((other) => other === name) ? name : undefined;
}

/** By the whole value, else by what it begins with: `sev1_critical`, `Sev 1 (major)`, `P1 - Critical`. */
function findMapped(value: string, find: (word: string) => string | undefined): string | undefined {
  const tokens = toTokens(value);
  const beginnings = tokens.map((_token, at) => tokens.slice(0, tokens.length - at).join(''));
  for (const word of [normalizeSeverity(value), ...beginnings]) {
    const found = find(word);
    if (found !== undefined) return found;
  }
  return undefined;
}

function toTokens(value: string): string[] {
  return value.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Exact names first, then expressions in the order of the file; the first match wins. */
function mapService(name: string, rules: readonly RenameRule[]): string {
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
