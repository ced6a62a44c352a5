import { formatDuration } from '../model/format.ts';
import { type Context, findSeverity, type ReadFile } from './context.ts';
import { resolveDora, resolveRecords } from './deployments.ts';
import type { Diagnostics } from './diagnostics.ts';
import { compileExpression } from './field-types.ts';
import { type Path, valueAt } from './object-path.ts';
import { type ProviderKeys, type Settings, WEEKDAYS } from './schema.ts';
import { readErrorText, readSecretFile, resolveSecret, resolveWebhook } from './secrets.ts';
import { resolveServices } from './services.ts';
import { normalizeSeverity, resolveSeverities } from './severities.ts';
import { checkSources } from './sources.ts';
import {
  BASELINE_MARGIN_MS,
  baselineHistoryMs,
  type Config,
  type PlatformSettings,
  type ProviderConfig,
  type RenameRule,
  type ServiceSettings,
  type SeverityConfig,
  type WindowConfig,
} from './types.ts';

/** One provider's keys and where they are in the file. */
export interface ProviderEntry {
  readonly path: Path;
  readonly name: string;
  readonly platform: PlatformSettings;
  readonly keys: ProviderKeys;
  /** `severity_filter` of the short form. */
  readonly severityFilter?: { readonly path: Path; readonly names: readonly string[] };
}

/** A configuration of either form, each part valid by itself. */
export interface ParsedConfig {
  readonly settings: Settings;
  readonly providers: readonly ProviderEntry[];
  readonly historyMs: number;
  readonly windows: readonly (WindowConfig & { readonly path: Path })[];
  readonly timeRange: Config['timeRange'];
}

/** Joins the parts and checks them against each other; what is wrong is in the diagnostics. */
export function resolveConfig(
  parsed: ParsedConfig,
  { readFile, filename, diagnostics }: { readFile: ReadFile; filename: string; diagnostics: Diagnostics },
): Config {
  const { settings } = parsed;
  const severities = resolveSeverities(settings, diagnostics);
  checkProviderNames(parsed.providers, diagnostics);
  checkDurations(parsed, diagnostics);
  checkLevels(settings.levels, diagnostics);
  checkGroupings(settings.groupings, diagnostics);
  const context = { severities, readFile, diagnostics };
  const { levels, metrics, recovery } = settings;
  const services = resolveServices(settings, filename, context);
  const providers = parsed.providers.map((entry) => resolveProvider(entry, context));
  return {
    providers,
    severities,
    services,
    historyMs: parsed.historyMs,
    windows: parsed.windows.map(({ name, ms }) => ({ name, ms })),
    groupings: settings.groupings,
    recovery: {
      reopened: recovery.reopened,
      clock: recovery.clock,
      until: recovery.until,
      settleMs: recovery.settle,
    },
    levels: { eliteMs: levels.elite, highMs: levels.high, mediumMs: levels.medium },
    dora: resolveDora(settings, providers, diagnostics),
    metrics: {
      detail: metrics.detail,
      team: metrics.team,
      maxServices: metrics.max_services,
      minimumSample: metrics.minimum_sample,
      newSeriesHoldMs: metrics.new_series_hold,
      bucketsMs: joinBuckets(settings, severities, services),
    },
    retentionMs: settings.retention,
    store: { path: settings.store.path },
    availability: resolveAvailability(settings.availability, context),
    businessHours: resolveBusinessHours(settings.business_hours, context),
    timezone: settings.timezone,
    timeRange: parsed.timeRange,
    web: {
      bearerToken: resolveToken('bearer_token', settings, context),
      adminToken: resolveToken('admin_token', settings, context),
    },
  };
}

function checkProviderNames(providers: readonly ProviderEntry[], diagnostics: Diagnostics): void {
  for (const [index, { name, ...provider }] of providers.entries()) {
    const first = providers.findIndex((other) => other.name === name);
    if (first === index) continue;
    const path = [...provider.path, 'name'];
    // A provider without a name has that of its type, which is no secret.
    const isDefault = diagnostics.document.rawValue(path) === undefined;
    const shown = isDefault ? JSON.stringify(name) : diagnostics.displayValue(path);
    const message = `${shown} is already the name of providers[${first}]`;
    diagnostics.error({ path, message, expected: 'a unique name for each provider' });
  }
}

function checkDurations({ windows, historyMs, settings }: ParsedConfig, diagnostics: Diagnostics): void {
  for (const [index, { ms, path }] of windows.entries()) {
    const first = windows.findIndex((other) => other.ms === ms);
    if (first === index) continue;
    const message = `is the same duration as windows[${first}]`;
    diagnostics.invalidValue({ path, message, expected: 'each duration once' });
  }
  const largest = windows.reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, name: '', path: [] });
  const problem = (key: string, valueMs: number, text: string, minimumMs: number) => ({
    path: valueAt(diagnostics.document.value, [key]) === undefined ? largest.path : [key],
    message: `${key} of ${formatDuration(valueMs)} is ${text}`,
    expected: `${key} of ${formatDuration(minimumMs)} or more`,
  });
  const { retention } = settings;
  const wantedMs = largest.ms + BASELINE_MARGIN_MS;
  if (historyMs < largest.ms) {
    diagnostics.error(problem('history', historyMs, 'shorter than the largest window', largest.ms));
  } else if (historyMs < wantedMs) {
    const text = 'shorter than the largest window and 30d: it may miss the longest recoveries';
    diagnostics.warn(problem('history', historyMs, text, wantedMs));
  }
  for (const { name, ms, path } of windows) {
    const neededMs = baselineHistoryMs(ms);
    if (historyMs < wantedMs || historyMs >= neededMs) continue;
    const message = `the window ${name} has no baseline, and its alerts cannot fire: history of ${formatDuration(historyMs)} is too short`;
    diagnostics.warn({ path, message, expected: `history of ${formatDuration(neededMs)} or more` });
  }
  if (retention < 2 * largest.ms) {
    diagnostics.error(problem('retention', retention, 'shorter than twice the largest window', 2 * largest.ms));
  }
  if (retention < historyMs) {
    const text = 'shorter than history: older incidents are fetched and then deleted';
    diagnostics.warn(problem('retention', retention, text, historyMs));
  }
}

function checkLevels({ elite, high, medium }: Settings['levels'], diagnostics: Diagnostics): void {
  if (elite < high && high < medium) return;
  const bounds = [elite, high, medium].map(formatDuration).join(', ');
  const message = `elite, high and medium are ${bounds}`;
  diagnostics.error({ path: ['levels'], message, expected: 'each longer than the one before' });
}

function checkGroupings(groupings: Settings['groupings'], diagnostics: Diagnostics): void {
  for (const [index, grouping] of groupings.entries()) {
    if (groupings.indexOf(grouping) === index) continue;
    diagnostics.invalidValue({ path: ['groupings', index], message: 'is listed twice', expected: 'it once' });
  }
}

/** Every target and level bound is a bucket bound, so that shares within them are exact. */
function joinBuckets(
  { metrics, levels }: Settings,
  severities: readonly SeverityConfig[],
  { overrides }: ServiceSettings,
): number[] {
  const ofServices = [...overrides.values()].flatMap(({ targetsMs }) => [...targetsMs.values()]);
  const targets = [...severities.map(({ targetMs }) => targetMs), ...ofServices].filter((ms) => ms !== undefined);
  const all = new Set([...metrics.buckets, ...targets, levels.elite, levels.high, levels.medium]);
  return [...all].toSorted((a, b) => a - b);
}

function resolveProvider(entry: ProviderEntry, context: Context): ProviderConfig {
  const { keys, platform } = entry;
  return {
    name: entry.name,
    type: platform.type,
    baseUrl: keys.base_url,
    pollIntervalMs: keys.poll_interval,
    rateLimit: keys.rate_limit ?? platform.defaultRateLimit,
    timeoutMs: keys.timeout,
    proxyUrl: keys.proxy_url,
    caFile: keys.tls.ca_file,
    ...resolveRecords(entry, context.diagnostics),
    severity: resolveSeverity(entry, context),
    services: {
      tag: keys.services.tag ?? platform.defaultTags.service,
      from: resolveSources('services', 'service', entry, context),
      rename: resolveRenameRules(entry, context),
    },
    team: resolveTeam(entry, context),
    filter: resolveFilter(entry, context),
    webhook: resolveWebhook(entry, context),
    settings: resolveSettings(entry, context),
  };
}

const DEFAULT_SOURCES = ['priority', 'urgency'];

/** The checked `from` of one section; `own` is the word for what the platform itself tells. */
function resolveSources(
  section: 'severity' | 'services' | 'team',
  own: string | undefined,
  { keys, path, platform }: Pick<ProviderEntry, 'keys' | 'path' | 'platform'>,
  { diagnostics }: Context,
): readonly string[] | undefined {
  const { from } = keys[section];
  if (from !== undefined) checkSources(from, { path: [...path, section, 'from'], platform, own }, diagnostics);
  return from;
}

function resolveTeam(entry: ProviderEntry, context: Context): ProviderConfig['team'] {
  const from = resolveSources('team', 'team', entry, context);
  return from === undefined ? undefined : { from };
}

function resolveSeverity({ keys, path, platform }: ProviderEntry, context: Context): ProviderConfig['severity'] {
  const { severity } = keys;
  const map = new Map<string, string>();
  for (const [word, name] of Object.entries(severity.map)) {
    const wordPath = [...path, 'severity', 'map', word];
    const normalized = normalizeSeverity(word);
    if (map.has(normalized)) {
      const expected = 'keys that differ in more than case, spaces, _ and -';
      context.diagnostics.error({ path: wordPath, message: 'is mapped twice', expected });
    }
    map.set(normalized, findSeverity(name, wordPath, context) ?? name);
  }
  const from = resolveSources('severity', undefined, { keys, path, platform }, context) ?? DEFAULT_SOURCES;
  // A list that names places of its own stands in the place of the platform's usual tag.
  const usualTag = from.every((source) => DEFAULT_SOURCES.includes(source)) ? platform.defaultTags.severity : undefined;
  return {
    from,
    tag: severity.tag ?? usualTag,
    map,
    default: resolveDefaultSeverity(severity.default, [...path, 'severity', 'default'], context),
  };
}

/** P3 unless configured; where there is no P3 the least severe one. */
function resolveDefaultSeverity(name: string | undefined, path: Path, context: Context): string {
  if (name !== undefined) return findSeverity(name, path, context) ?? name;
  const { severities } = context;
  return severities.find((severity) => severity.name === 'P3')?.name ?? severities.at(-1)?.name ?? 'P3';
}

function resolveAvailability(
  { severities, objective }: Settings['availability'],
  context: Context,
): Config['availability'] {
  if (severities.length === 0) return undefined;
  const names = severities.map((name, index) => findSeverity(name, ['availability', 'severities', index], context));
  return { severities: [...new Set(names.filter((name) => name !== undefined))], objective };
}

function resolveBusinessHours(hours: Settings['business_hours'], context: Context): Config['businessHours'] {
  if (hours === undefined) return undefined;
  if (hours.to <= hours.from) {
    const path = ['business_hours', 'to'];
    context.diagnostics.invalidValue({ path, message: 'is not after from', expected: 'a later time of the same day' });
  }
  return {
    timezone: hours.timezone,
    days: hours.days.map((day) => WEEKDAYS.indexOf(day) + 1),
    fromMinute: hours.from,
    toMinute: hours.to,
    holidays: hours.holidays === '' ? [] : readHolidays(hours.holidays, context),
  };
}

/** One date per line; what follows a space, a comma or a semicolon is for people, as are lines that begin with `#`. */
function readHolidays(file: string, { readFile, diagnostics }: Context): string[] {
  const path = ['business_hours', 'holidays'];
  const expected = 'a file with one date such as 2026-12-25 per line';
  try {
    const lines = readFile(file).split(/\r?\n/);
    return lines.flatMap((line, index) => {
      if (/^\s*(#|$)/.test(line)) return [];
      const date = /^\s*"?(\d{4}-\d{2}-\d{2})(?=$|[\s,;"])/.exec(line.replace(/^\uFEFF/, ''))?.[1];
      if (date !== undefined && isDate(date)) return [date];
      diagnostics.invalidValue({ path, message: `has no date in line ${index + 1}`, expected });
      return [];
    });
  } catch (error) {
    diagnostics.invalidValue({ path, message: `cannot be read: ${readErrorText(error)}`, expected });
    return [];
  }
}

/** The day exists: 2026-02-30 does not. */
function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

const EXPRESSION_KEY = /^\/(.+)\/$/s;

/** Exact names first, then expressions, each in the order of the file. */
function resolveRenameRules({ keys, path }: ProviderEntry, { diagnostics }: Context): RenameRule[] {
  const exact: RenameRule[] = [];
  const expressions: RenameRule[] = [];
  for (const [key, to] of Object.entries(keys.services.rename)) {
    const source = EXPRESSION_KEY.exec(key)?.[1];
    if (source === undefined) {
      exact.push({ match: key, to });
      continue;
    }
    const match = compileExpression(source);
    if (match instanceof RegExp) expressions.push({ match, to });
    else {
      const { problem: message, expected } = match;
      diagnostics.error({ path: [...path, 'services', 'rename', key], message, expected });
    }
  }
  return [...exact, ...expressions];
}

function resolveFilter({ keys, path, severityFilter }: ProviderEntry, context: Context): ProviderConfig['filter'] {
  const { filter } = keys;
  const own = { path: [...path, 'filter', 'severities'], names: filter.severities };
  const outer = severityFilter ?? { path: [], names: [] };
  if (own.names.length > 0 && outer.names.length > 0) {
    const message = 'cannot be combined with severity_filter';
    context.diagnostics.error({ path: own.path, message, expected: 'only one of the two' });
  }
  const severities = [own, outer].flatMap((list) =>
    list.names.map((name, index) => findSeverity(name, [...list.path, index], context)),
  );
  return {
    severities: [...new Set(severities.filter((name) => name !== undefined))],
    services: filter.services,
    teams: filter.teams,
    excludeTitles: filter.exclude_titles,
    shorterThanMs: filter.shorter_than,
  };
}

/** The platform's own keys, secrets read from their files. */
function resolveSettings(entry: ProviderEntry, context: Context): Record<string, unknown> {
  const { platform, keys, path } = entry;
  if (platform.isBaseUrlRequired === true && keys.base_url === undefined) {
    const expected = "the address of the platform's API";
    context.diagnostics.error({ path: [...path, 'base_url'], message: 'is missing', expected });
  }
  const settings = Object.keys(platform.shape).map((key) => {
    const isSecret = platform.secrets.includes(key);
    return [key, isSecret ? resolveSecret(key, entry, context) : valueAt(keys, [key])];
  });
  return Object.fromEntries(settings);
}

/** An empty token is none. */
function resolveToken(name: 'bearer_token' | 'admin_token', { web }: Settings, context: Context): string | undefined {
  const file = { file: web[`${name}_file`], value: web[name], path: ['web', `${name}_file`] };
  const token = readSecretFile(file, name, context) ?? web[name];
  return token === '' ? undefined : token;
}
