import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import type { Config, ProviderConfig } from '../../config/types.ts';
import { builtinMappings } from '../../imports/builtin-mappings.ts';
import { detectFormat, FORMATS, type Format } from '../../imports/file-format.ts';
import type { Mapping } from '../../imports/mapping.ts';
import { parseMapping } from '../../imports/mapping-file.ts';
import { SECOND_MS } from '../../model/time.ts';
import type { Platform } from '../../providers/provider.ts';
import { parsePeriod } from '../../report/period.ts';
import { type Asked, WrongUse } from '../command.ts';
import { readText } from '../configuration.ts';
import { wrongUseOf } from '../wrong-use.ts';

/** The file name that stands for standard input. */
export const STANDARD_INPUT = '-';

/** One file to import. */
export interface ImportFile {
  readonly name: string;
  readonly format: Format;
}

/** What a file is called in messages. */
export function shownName({ name }: ImportFile): string {
  return name === STANDARD_INPUT ? 'standard input' : name;
}

/** What an import is asked to do, all of it checked. */
export interface ImportOrder {
  readonly files: readonly ImportFile[];
  readonly provider: ProviderConfig;
  /** Its platform has incidents of files alone. */
  readonly isOnlySource: boolean;
  readonly mapping: Mapping;
  /** IANA name. */
  readonly zone: string;
  /** What the files are said to tell everything of; a side that nobody named is absent. */
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly isDryRun: boolean;
  readonly rejectedFile: string | undefined;
  readonly maxRejected: number;
}

const Values = z.object({
  'config.file': z.string().optional(),
  provider: z.string().optional(),
  mapping: z.string().optional(),
  format: z.enum(FORMATS).optional(),
  timezone: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  dryRun: z.boolean().default(false),
  rejectedFile: z.string().optional(),
  maxRejected: z.string().default('0'),
});
type Values = z.infer<typeof Values>;

/** Which configuration was asked for. */
export function configFileOf({ values }: Asked): string | undefined {
  return Values.parse(values)['config.file'];
}

export interface OrderInput {
  readonly config: Config;
  readonly platforms: readonly Platform[];
  readonly nowMs: number;
}

/** Checks what was asked against the configuration; throws WrongUse, and ConfigError for a mapping that is wrong. */
export function readOrder(asked: Asked, { config, platforms, nowMs }: OrderInput): ImportOrder {
  const values = Values.parse(asked.values);
  const provider = providerNamed(values.provider, config.providers);
  const platform = platforms.find(({ type }) => type === provider.type);
  const zone = values.timezone ?? config.timezone;
  if (!IANAZone.isValidZone(zone)) {
    throw new WrongUse(`--timezone: "${zone}" is no time zone; expected a name such as Europe/Berlin`);
  }
  return {
    files: asked.words.map((name) => fileNamed(name, values.format)),
    provider,
    isOnlySource: platform?.isImportedOnly === true,
    mapping: mappingNamed(values.mapping, provider.type),
    zone,
    ...spanOf(values, zone, nowMs),
    isDryRun: values.dryRun,
    rejectedFile: values.rejectedFile,
    maxRejected: numberOf(values.maxRejected),
  };
}

/** Where the rejected rows of a file go; undefined when nobody said where those of standard input go. */
export function rejectedFileOf(file: ImportFile, order: ImportOrder): string | undefined {
  if (order.rejectedFile !== undefined) return order.rejectedFile;
  return file.name === STANDARD_INPUT ? undefined : `${file.name}.rejected.ndjson`;
}

function providerNamed(name: string | undefined, providers: readonly ProviderConfig[]): ProviderConfig {
  const names = providers.map((one) => one.name).join(', ');
  const [only, ...others] = providers;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const found = providers.find((one) => one.name === name);
  if (found !== undefined) return found;
  if (name === undefined) throw new WrongUse(`--provider is missing; expected one of ${names}`);
  throw new WrongUse(`--provider: no provider is called "${name}"; the configuration has ${names}`);
}

function fileNamed(name: string, format: Format | undefined): ImportFile {
  const found = format ?? (name === STANDARD_INPUT ? undefined : detectFormat(name));
  if (found !== undefined) return { name, format: found };
  const what = name === STANDARD_INPUT ? 'standard input' : basename(name);
  throw new WrongUse(`${what} does not tell its format by a name; expected --format ndjson, json or csv`);
}

function mappingNamed(name: string | undefined, type: string): Mapping {
  const found =
    builtinMappings.get(name ?? type) ?? (name === undefined ? builtinMappings.get('mttr-exporter') : undefined);
  if (found !== undefined) return found;
  const path = name ?? '';
  if (!existsSync(path)) {
    const names = [...builtinMappings.keys()].join(', ');
    throw new WrongUse(`--mapping: "${path}" is neither a mapping (${names}) nor a file`);
  }
  return parseMapping(readText(path), path);
}

function spanOf({ from, to }: Values, timezone: string, nowMs: number) {
  try {
    const period = parsePeriod({ from: from ?? '1970-01-02', to: to ?? 'now', nowMs, timezone });
    return {
      // A period begins a millisecond before its first day.
      fromMs: from === undefined ? undefined : Math.ceil(period.fromMs / SECOND_MS) * SECOND_MS,
      untilMs: to === undefined ? undefined : Math.min(period.toMs, nowMs),
    };
  } catch (error) {
    throw wrongUseOf(error);
  }
}

function numberOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new WrongUse(`--max-rejected: "${text}" is no number; expected 0 or more`);
}
