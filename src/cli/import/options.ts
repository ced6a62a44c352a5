import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { IANAZone } from 'luxon';
import type { Config, ProviderConfig } from '../../config/types.ts';
import { builtinMappings } from '../../imports/builtin-mappings.ts';
import { detectFormat, FORMATS, type Format } from '../../imports/file-format.ts';
import type { Mapping } from '../../imports/mapping.ts';
import { parseMapping } from '../../imports/mapping-file.ts';
import { SECOND_MS } from '../../model/time.ts';
import { platforms } from '../../providers/registry.ts';
import { parsePeriod } from '../../report/period.ts';
import type { ParsedArgs } from '../command.ts';
import { readTextFile } from '../configuration.ts';
import {
  configFile,
  type FlagValues,
  oneOf,
  optional,
  toggle,
  UsageError,
  wholeNumber,
  withDefault,
} from '../flags.ts';

const MAPPING_NAMES = [...builtinMappings.keys()].join(', ');

export const importFlags = {
  configFile,
  provider: optional('--provider <name>', 'provider of the incidents (default: the only one configured)'),
  mapping: optional(
    '--mapping <mapping>',
    `${MAPPING_NAMES}, or a YAML file (default: the one of the provider's platform, else mttr-exporter)`,
  ),
  deployments: toggle('--deployments', 'the files hold deployments, in the fields of docs/push.md'),
  format: oneOf('--format <format>', 'format of the files (default: by file extension)', FORMATS),
  timezone: optional(
    '--timezone <name>',
    'zone of dates without one (default: timezone of the mapping, else of the configuration)',
  ),
  from: optional('--from <time>', 'the files are complete from here on (default: their first incident)'),
  to: optional('--to <time>', 'the files are complete until here (default: their last event)'),
  dryRun: toggle('--dry-run', 'print what would be imported, write nothing'),
  rejectedFile: optional('--rejected-file <file>', 'file for rejected rows (default: FILE.rejected.ndjson)'),
  maxRejected: withDefault('--max-rejected <n>', 'rejected rows to tolerate with exit code 0', '0', wholeNumber),
};
type ImportFlags = FlagValues<typeof importFlags>;

/** The file name that stands for standard input. */
export const STANDARD_INPUT = '-';

/** One file to import. */
export interface ImportFile {
  readonly name: string;
  readonly format: Format;
}

/** The name of a file in messages. */
export function displayName({ name }: ImportFile): string {
  return name === STANDARD_INPUT ? 'standard input' : name;
}

/** The flags and files of an import, checked against the configuration. */
export interface ImportOptions {
  readonly files: readonly ImportFile[];
  readonly provider: ProviderConfig;
  /** Its platform has no incidents but those of files. */
  readonly isOnlySource: boolean;
  readonly mapping: Mapping;
  /** IANA name. */
  readonly zone: string;
  /** The period that the files cover completely; undefined where no flag says so. */
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly isDryRun: boolean;
  readonly rejectedFile: string | undefined;
  readonly maxRejected: number;
}

/** Throws UsageError or InputError, and ConfigError for an invalid mapping. */
export function readImportOptions(
  { flags, operands }: ParsedArgs<typeof importFlags>,
  config: Config,
  nowMs: number,
): ImportOptions {
  const provider = findProvider(flags.provider, config.providers);
  const platform = platforms.find(({ type }) => type === provider.type);
  const mapping = findMapping(flags.mapping, provider.type);
  const zone = flags.timezone ?? mapping.zone ?? config.timezone;
  if (!IANAZone.isValidZone(zone)) {
    throw new UsageError('--timezone', `"${zone}" is not a time zone; expected a name such as Europe/Berlin`);
  }
  return {
    files: operands.map((name) => toImportFile(name, flags.format)),
    provider,
    isOnlySource: platform?.isImportedOnly === true,
    mapping,
    zone,
    ...readCoveredPeriod(flags, zone, nowMs),
    isDryRun: flags.dryRun,
    rejectedFile: flags.rejectedFile,
    maxRejected: flags.maxRejected,
  };
}

function findProvider(name: string | undefined, providers: readonly ProviderConfig[]): ProviderConfig {
  const known = providers.map((one) => one.name).join(', ');
  const [only, ...others] = providers;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const found = providers.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new UsageError('--provider', `${name === undefined ? 'required' : `"${name}" is unknown`} (known: ${known})`);
}

function toImportFile(name: string, given: Format | undefined): ImportFile {
  const format = given ?? (name === STANDARD_INPUT ? undefined : detectFormat(name));
  if (format !== undefined) return { name, format };
  const file = name === STANDARD_INPUT ? 'standard input' : basename(name);
  throw new UsageError('--format', `required for ${file}, which has no known extension: ndjson, json or csv`);
}

function findMapping(name: string | undefined, type: string): Mapping {
  if (name === undefined) {
    const mapping = builtinMappings.get(type) ?? builtinMappings.get('mttr-exporter');
    if (mapping === undefined) throw new Error('the mapping mttr-exporter is missing');
    return mapping;
  }
  const mapping = builtinMappings.get(name);
  if (mapping !== undefined) return mapping;
  if (existsSync(name)) return parseMapping(readTextFile(name), name);
  throw new UsageError('--mapping', `"${name}" is neither a file nor a mapping (known: ${MAPPING_NAMES})`);
}

function readCoveredPeriod({ from, to }: ImportFlags, timezone: string, nowMs: number) {
  const period = parsePeriod({ from: from ?? '1970-01-02', to: to ?? 'now', nowMs, timezone });
  return {
    // A period begins a millisecond before its first day.
    fromMs: from === undefined ? undefined : Math.ceil(period.fromMs / SECOND_MS) * SECOND_MS,
    untilMs: to === undefined ? undefined : Math.min(period.toMs, nowMs),
  };
}
