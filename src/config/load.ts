import { type Document, environmentDocument, readDocument } from './document.ts';
import { createFindings } from './findings.ts';
import { readForm } from './forms.ts';
import { ConfigError, listText } from './problems.ts';
import { resolve } from './resolve.ts';
import type { ReadFile } from './secrets.ts';
import type { Config, PlatformSettings } from './types.ts';
import type { Environment } from './variables.ts';

/** A configuration that can be used, and what is hardly meant so (one line each). */
export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** What a configuration is read with. */
export interface LoadOptions {
  /** The file's text. */
  readonly text: string;
  /** For messages only. */
  readonly filename: string;
  readonly env: Environment;
  /** The platforms that a provider may be of. */
  readonly platforms: readonly PlatformSettings[];
  /** Reads the files of secrets. */
  readonly readFile: ReadFile;
  /** The start-up, from which a `start_date` that is a date counts; milliseconds. */
  readonly nowMs: number;
  /** `time_range.end_date` may be anything (for reports); else only `now`. */
  readonly hasAnyEnd?: boolean;
}

/** The whole configuration of a YAML text; throws ConfigError with one line `path (file:line:column): …` per problem. */
export function loadConfig(options: LoadOptions): Loaded {
  return load(readDocument(options), options);
}

/** The configuration that the environment alone amounts to; throws ConfigError that says what can be set. */
export function configFromEnvironment(options: Pick<LoadOptions, 'env' | 'platforms'>): Loaded {
  const { env, platforms } = options;
  const providers = platforms.flatMap((platform) => {
    const entry = platform.fromEnvironment(env);
    return entry === undefined ? [] : [{ type: platform.type, ...entry }];
  });
  if (providers.length === 0) {
    const variables = platforms.flatMap(variablesOf);
    throw new ConfigError([
      `no configuration: there is no file, and no provider in the environment; expected --config.file, or one of the environment variables ${listText(variables)}`,
    ]);
  }
  const document = environmentDocument({ providers });
  return load(document, { platforms, readFile: refuseFiles, nowMs: 0 });
}

function load(document: Document, options: Omit<LoadOptions, 'text' | 'filename' | 'env'>): Loaded {
  const secrets = new Set([
    'bearer_token',
    'admin_token',
    ...options.platforms.flatMap((platform) => platform.secrets),
  ]);
  const findings = createFindings(document, secrets);
  const draft = readForm(options, findings);
  findings.throwIfAny();
  if (draft === undefined) throw new TypeError('a refused configuration has findings');
  const config = resolve(draft, options.readFile, findings);
  findings.throwIfAny();
  return { config, warnings: findings.warnings() };
}

/** The variables of which each by itself makes a provider: of those that the platform asks an empty environment for. */
function variablesOf(platform: PlatformSettings): string[] {
  const asked = new Set<string>();
  const env = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get: (_, name) => {
        asked.add(String(name));
        return undefined;
      },
    },
  );
  platform.fromEnvironment(env);
  return [...asked].filter((name) => platform.fromEnvironment({ [name]: 'something' }) !== undefined);
}

function refuseFiles(): string {
  throw new Error('the environment names no files');
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
