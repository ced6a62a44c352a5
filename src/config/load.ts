import { z } from 'zod';
import { formatAlternatives } from '../model/text.ts';
import { DAY_MS } from '../model/time.ts';
import type { ReadFile } from './context.ts';
import { type ConfigDocument, ConfigError, createDiagnostics, type Diagnostics } from './diagnostics.ts';
import { type Environment, environmentDocument, readDocument } from './document.ts';
import { DURATION_MAX_MS, parseDuration } from './durations.ts';
import { isMapping, valueAt } from './object-path.ts';
import { parsePart } from './parse.ts';
import { type ParsedConfig, resolveConfig } from './resolve.ts';
import { DEFAULT_WINDOWS, longForm, PROVIDERS_EXPECTED, sectionSchema, shortForm } from './schema.ts';
import { baselineHistoryMs, type Config, type PlatformSettings, type WindowConfig } from './types.ts';

/** A valid configuration, and what in it is probably not intended (one line each). */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** What a configuration is loaded with. */
export interface LoadOptions {
  /** The file's text. */
  readonly text: string;
  /** For messages, and for the files that it names relative to itself. */
  readonly filename: string;
  readonly env: Environment;
  /** The platforms that a provider may be of. */
  readonly platforms: readonly PlatformSettings[];
  /** Reads the files that the configuration names: secrets, holidays, owners. */
  readonly readFile: ReadFile;
  /** The time of start-up, from which a `start_date` that is a date counts; milliseconds. */
  readonly nowMs: number;
  /** `time_range.end_date` may be anything (for reports); else only `now`. */
  readonly hasAnyEnd?: boolean;
}

/** The whole configuration of a YAML text; throws ConfigError with one line `path (file:line:column): …` per problem. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  return loadDocument(readDocument(options), options);
}

/** The configuration from environment variables alone; throws ConfigError that says what can be set. */
export function configFromEnvironment({ env, platforms }: Pick<LoadOptions, 'env' | 'platforms'>): LoadedConfig {
  const providers = platforms.flatMap((platform) => {
    const entry = platform.fromEnvironment(env);
    return entry === undefined ? [] : [{ type: platform.type, ...entry }];
  });
  if (providers.length === 0) {
    const variables = formatAlternatives(platforms.flatMap(findVariables));
    throw new ConfigError([
      `no configuration: no file found, and no provider in the environment; expected --config.file (to import files alone, one with providers: [{ name: incidents, type: import }]), or one of the environment variables ${variables}`,
    ]);
  }
  const readFile = () => {
    throw new Error('the environment names no files');
  };
  return loadDocument(environmentDocument({ providers }), { platforms, readFile, filename: '', nowMs: 0 });
}

/** The variables each of which makes a provider by itself: of those that the platform reads from an empty environment. */
function findVariables(platform: PlatformSettings): string[] {
  const names = new Set<string>();
  const get = (_: object, name: string | symbol) => void names.add(String(name));
  platform.fromEnvironment(new Proxy({}, { get }));
  return [...names].filter((name) => platform.fromEnvironment({ [name]: 'something' }) !== undefined);
}

/** Files that are used when no flag names one, the first that exists. */
const DEFAULT_FILES = ['config/mttr-exporter.yml', '/etc/mttr-exporter/config.yml'] as const;

/** The configuration file: the flag's, else a default one that exists; undefined means the environment alone. */
export function findConfigFile(options: {
  readonly flag: string | undefined;
  exists(path: string): boolean;
}): string | undefined {
  return options.flag ?? DEFAULT_FILES.find((path) => options.exists(path));
}

type FormOptions = Pick<LoadOptions, 'platforms' | 'nowMs' | 'hasAnyEnd'>;

function loadDocument(
  document: ConfigDocument,
  options: FormOptions & Pick<LoadOptions, 'readFile' | 'filename'>,
): LoadedConfig {
  const platformSecrets = options.platforms.flatMap((platform) => platform.secrets);
  const diagnostics = createDiagnostics(
    document,
    new Set(['bearer_token', 'admin_token', 'secret', ...platformSecrets]),
  );
  const parsed = parseForm(options, diagnostics);
  diagnostics.throwIfAny();
  if (parsed === undefined) throw new TypeError('a refused configuration has errors');
  const { readFile, filename } = options;
  const config = resolveConfig(parsed, { readFile, filename, diagnostics });
  diagnostics.throwIfAny();
  return { config, warnings: diagnostics.warnings() };
}

/** A document of either form; undefined when it is refused, which the diagnostics report. */
function parseForm(options: FormOptions, diagnostics: Diagnostics): ParsedConfig | undefined {
  const { value } = diagnostics.document;
  if (value === null || (isMapping(value) && Object.keys(value).length === 0)) {
    diagnostics.error({ path: [], message: 'is empty', expected: PROVIDERS_EXPECTED });
    return undefined;
  }
  const isShort = valueAt(value, ['incident_source']) !== undefined;
  return isShort ? parseShortForm(options, diagnostics) : parseLongForm(options, diagnostics);
}

function parseLongForm({ platforms }: FormOptions, diagnostics: Diagnostics): ParsedConfig | undefined {
  const form = parsePart(longForm(platforms), [], diagnostics);
  if (form === undefined) return undefined;
  const providers = form.providers.flatMap((keys, index) => {
    const platform = platforms.find(({ type }) => type === keys.type);
    if (platform === undefined) return [];
    return [{ keys, platform, path: ['providers', index], name: keys.name ?? keys.type }];
  });
  const windows = form.windows.map((window, index) => ({ ...window, path: ['windows', index] }));
  return { settings: form, providers, historyMs: form.history, windows, timeRange: undefined };
}

function parseShortForm(options: FormOptions, diagnostics: Diagnostics): ParsedConfig | undefined {
  const { platforms, nowMs, hasAnyEnd } = options;
  const type = valueAt(diagnostics.document.value, ['incident_source']);
  const platform = platforms.find((one) => one.type === type);
  if (platform === undefined) {
    const expected = `one of ${formatAlternatives(platforms.map((one) => one.type))}`;
    diagnostics.invalidValue({ path: ['incident_source'], message: 'is not a known type', expected });
    return undefined;
  }
  const others = platforms.filter((one) => one !== platform);
  for (const { type: other } of others) {
    if (valueAt(diagnostics.document.value, [other]) === undefined) continue;
    const expected = `incident_source: ${other}, or both in providers`;
    diagnostics.warn({ path: [other], message: `is not used: incident_source is ${platform.type}`, expected });
  }
  const form = parsePart(shortForm(platform, z.unknown().optional(), others), [], diagnostics);
  const keys = parsePart(sectionSchema(platform).prefault({}), [platform.type], diagnostics);
  if (form === undefined || keys === undefined) return undefined;
  const { start_date: start, end_date: end } = form.time_range;
  if (end !== 'now' && hasAnyEnd !== true) {
    const path = ['time_range', 'end_date'];
    diagnostics.invalidValue({ path, message: 'is for reports only', expected: 'now' });
    return undefined;
  }
  const path = ['time_range', 'start_date'];
  const largest = parseStart(start, nowMs);
  if (largest === undefined) {
    const expected = 'a duration such as 30d, or a day in the past such as 2026-01-31';
    diagnostics.invalidValue({ path, message: 'is not a valid start', expected });
    return undefined;
  }
  const defaults = DEFAULT_WINDOWS.map((name) => ({ name, ms: parseDuration(name) ?? 0 }));
  const windows = [...defaults.filter(({ ms }) => ms < largest.ms), largest];
  // Twice the window: without the one before it there is no baseline.
  const historyMs = baselineHistoryMs(largest.ms);
  const hasRetention = valueAt(diagnostics.document.value, ['retention']) !== undefined;
  const settings = hasRetention ? form : { ...form, retention: Math.max(form.retention, historyMs) };
  const severityFilter = { path: ['severity_filter'], names: form.severity_filter };
  return {
    settings,
    providers: [{ keys, platform, path: [platform.type], name: platform.type, severityFilter }],
    historyMs,
    windows: windows.map((window) => ({ ...window, path })),
    timeRange: { start, end },
  };
}

const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** A window of the duration, or from the beginning of the day (UTC) to now in whole days, rounded up. */
function parseStart(start: string, nowMs: number): WindowConfig | undefined {
  const ms = parseDuration(start);
  if (ms !== undefined && ms >= 1000 && ms <= DURATION_MAX_MS) return { name: start, ms };
  const dayMs = DATE.test(start) ? Date.parse(`${start}T00:00:00Z`) : Number.NaN;
  const isDay = !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(start);
  const days = Math.ceil((nowMs - dayMs) / DAY_MS);
  return isDay && days > 0 ? { name: `${days}d`, ms: days * DAY_MS } : undefined;
}
