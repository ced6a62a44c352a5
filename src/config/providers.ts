import { z } from 'zod';
import type { Findings } from './findings.ts';
import { type Entry, isRequired } from './forms-schema.ts';
import type { Path } from './problems.ts';
import { compileExpression } from './quantities.ts';
import { type ReadFile, readSecret } from './secrets.ts';
import { severityNamed } from './severities.ts';
import { valueAt } from './tree.ts';
import type { PlatformSettings, ProviderConfig, RenameRule, SeverityConfig } from './types.ts';

/** One provider's keys and where they stand. */
export interface Source {
  readonly path: Path;
  readonly name: string;
  readonly platform: PlatformSettings;
  readonly entry: Entry;
  /** Severity names from outside the entry that it keeps, for the short form. */
  readonly severityFilter?: { readonly path: Path; readonly names: readonly string[] };
}

/** What all providers are resolved with. */
export interface Surroundings {
  readonly severities: readonly SeverityConfig[];
  readonly readFile: ReadFile;
  readonly findings: Findings;
}

/** The provider with all its defaults; what is wrong is in the findings. */
export function resolveProvider(source: Source, around: Surroundings): ProviderConfig {
  const { entry, platform } = source;
  return {
    name: source.name,
    type: platform.type,
    baseUrl: entry.base_url,
    pollIntervalMs: entry.poll_interval,
    rateLimit: entry.rate_limit ?? platform.defaultRateLimit,
    timeoutMs: entry.timeout,
    proxyUrl: entry.proxy_url,
    caFile: entry.tls.ca_file,
    overall: entry.overall,
    severity: resolveSeverity(source, around),
    services: {
      tag: entry.services.tag ?? platform.defaultTags.service,
      rename: renameRules(entry.services.rename, [...source.path, 'services', 'rename'], around.findings),
    },
    filter: resolveFilter(source, around),
    settings: resolveSettings(source, around),
  };
}

function resolveSeverity(source: Source, { severities, findings }: Surroundings): ProviderConfig['severity'] {
  const { severity } = source.entry;
  const path = [...source.path, 'severity'];
  const map = new Map<string, string>();
  for (const [word, name] of Object.entries(severity.map)) {
    const at = [...path, 'map', word];
    if (map.has(word.toLowerCase())) findings.say(at, 'is mapped twice; expected keys that differ in more than case');
    map.set(word.toLowerCase(), severityNamed({ name, path: at }, severities, findings) ?? name);
  }
  const fallback = { name: severity.default, path: [...path, 'default'] };
  return {
    from: severity.from,
    tag: severity.tag ?? source.platform.defaultTags.severity,
    map,
    default: severityNamed(fallback, severities, findings) ?? severity.default,
  };
}

const EXPRESSION_KEY = /^\/(.+)\/$/s;

/** Exact names first, then expressions, each in the order of the file. */
function renameRules(rename: Readonly<Record<string, string>>, path: Path, findings: Findings): RenameRule[] {
  const exact: RenameRule[] = [];
  const expressions: RenameRule[] = [];
  for (const [key, to] of Object.entries(rename)) {
    const source = EXPRESSION_KEY.exec(key)?.[1];
    if (source === undefined) {
      exact.push({ match: key, to });
      continue;
    }
    const match = compileExpression(source);
    if (match instanceof RegExp) expressions.push({ match, to });
    else findings.say([...path, key], match.problem);
  }
  return [...exact, ...expressions];
}

function resolveFilter(source: Source, { severities, findings }: Surroundings): ProviderConfig['filter'] {
  const { filter } = source.entry;
  const own = { path: [...source.path, 'filter', 'severities'], names: filter.severities };
  const outer = source.severityFilter ?? { path: [], names: [] };
  if (own.names.length > 0 && outer.names.length > 0) {
    findings.say(own.path, 'stands beside severity_filter; expected only one of the two');
  }
  const named = [own, outer].flatMap(({ names, path }) =>
    names.map((name, index) => severityNamed({ name, path: [...path, index] }, severities, findings)),
  );
  return {
    severities: [...new Set(named.filter((name) => name !== undefined))],
    services: filter.services,
    teams: filter.teams,
    excludeTitles: filter.exclude_titles,
    shorterThanMs: filter.shorter_than,
  };
}

/** The platform's own keys, secrets read from their files. */
function resolveSettings(source: Source, around: Surroundings): Record<string, unknown> {
  const { platform, entry } = source;
  const settings: Record<string, unknown> = {};
  for (const key of Object.keys(platform.shape)) {
    settings[key] = platform.secrets.includes(key) ? resolveSecret(key, source, around) : valueAt(entry, [key]);
  }
  return settings;
}

function resolveSecret(key: string, { entry, path, platform }: Source, { readFile, findings }: Surroundings): unknown {
  const schema = platform.shape[key];
  const value = valueAt(entry, [key]);
  const file = valueAt(entry, [`${key}_file`]);
  const filePath = [...path, `${key}_file`];
  if (file === undefined) {
    const isMissing = value === undefined && isRequired(schema);
    if (isMissing) findings.say([...path, key], `is missing; expected ${key} or ${key}_file`);
    return value;
  }
  const secret = readSecret({ name: key, value, file, path: filePath }, readFile, findings);
  if (secret === undefined || schema === undefined) return undefined;
  const parsed = z.safeParse(schema, secret);
  if (!parsed.success) findings.refuse(filePath, `holds what is no ${key}; expected what ${key} itself may be`);
  return parsed.data;
}
