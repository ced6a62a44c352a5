import Table from 'cli-table3';
import type { ProviderConfig } from '../../config/types.ts';
import { printable } from '../../model/printable.ts';

/** Series of a page: of what was seen, and when every service has had incidents of every severity. */
export interface Series {
  readonly seen: number;
  readonly atMost: number;
}

/** How a check ended: only `failed` keeps the exporter from working; `untried` says nothing. */
export type Result = 'ok' | 'warning' | 'failed' | 'untried';

/** One thing that was looked at. */
export interface Check {
  /** Unique within a provider. */
  readonly check: string;
  readonly result: Result;
  /** One sentence for people. */
  readonly found: string;
  /** The same for programs; names end in their unit. */
  readonly numbers?: Readonly<Record<string, number>>;
}

export type Verdict = 'good' | 'warnings' | 'failed';

/** The worst of some results. */
export function verdictOf(results: readonly Result[]): Verdict {
  if (results.includes('failed')) return 'failed';
  return results.includes('warning') ? 'warnings' : 'good';
}

/** A number with thousands apart: 12,345. */
export function counted(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A number with its word: `1 request`, `2 requests`. */
export function some(number: number, word: string): string {
  return `${counted(number)} ${word}${number === 1 ? '' : 's'}`;
}

/** Names that one line has room for. */
const NAMES_MAX = 8;

/** The first of some names, and how many more there are. */
export function named(names: readonly string[]): string {
  const more = names.length - NAMES_MAX;
  return names.slice(0, NAMES_MAX).join(', ') + (more > 0 ? ` and ${counted(more)} more` : '');
}

/** One provider with all that was looked at. */
export interface Examined {
  readonly config: ProviderConfig;
  readonly checks: readonly Check[];
}

/** All that was examined. */
export interface Report {
  readonly version: string;
  readonly providers: readonly Examined[];
  /** Of the whole page, without what providers would have of which no incident was seen. */
  readonly series: Series & { readonly without: readonly string[] };
}

/** The worst of all results of these providers. */
export function verdictOnAll(providers: readonly Examined[]): Verdict {
  return verdictOf(providers.flatMap(({ checks }) => checks.map(({ result }) => result)));
}

/** The report for programs: keys in snake case, numbers with their unit, no secrets. */
export function jsonReport({ version, providers, series }: Report): string {
  const all = {
    version,
    verdict: verdictOnAll(providers),
    series: { seen: series.seen, at_most: series.atMost, without: series.without },
    providers: providers.map(({ config, checks }) => ({
      name: config.name,
      type: config.type,
      verdict: verdictOf(checks.map(({ result }) => result)),
      checks,
    })),
  };
  return `${JSON.stringify(all, undefined, 2)}\n`;
}

/** Where nobody says how wide the terminal is. */
const COLUMNS_DEFAULT = 110;
const COLUMNS_MIN = 60;
/** Frames and padding of three columns. */
const FRAME = 10;

const RESULTS: Readonly<Record<Result, string>> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  untried: 'not tried',
};

/** The report for people: a table for each provider, the series of the page, and a verdict. */
export function textReport({ providers, series }: Report, columns: number = COLUMNS_DEFAULT): string {
  const tables = providers.map(
    (one) => `${one.config.name} (${one.config.type})\n${table(one.checks, columns)}\n${verdict(one)}\n`,
  );
  return `${tables.join('\n')}\n${seriesText(series, providers.length)}${summary(providers)}\n`;
}

/** Nothing is said where no incident of any provider was seen. */
function seriesText({ seen, atMost, without }: Report['series'], providers: number): string {
  if (without.length === providers) return '';
  const besides = without.length === 0 ? '' : ` (without ${without.join(', ')})`;
  return `Series of the page${besides}: ${counted(seen)} for what the first pages show, at most ${counted(atMost)}.\n`;
}

function table(checks: readonly Check[], columns: number): string {
  const rows = checks.map(({ check, result, found }) => [printable(check), RESULTS[result], printable(found)]);
  const widest = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [checkWidth, resultWidth] = [Math.max(widest(0), 5), Math.max(widest(1), 6)];
  const foundWidth = Math.max(columns, COLUMNS_MIN) - checkWidth - resultWidth - FRAME;
  const drawn = new Table({
    head: ['Check', 'Result', 'Found'],
    // Widths hold the padding of a space on both sides.
    colWidths: [checkWidth + 2, resultWidth + 2, Math.max(foundWidth, 20) + 2],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  drawn.push(...rows);
  return drawn.toString();
}

function verdict({ config, checks }: Examined): string {
  const count = (result: Result) => checks.filter((one) => one.result === result).length;
  const parts = {
    good: 'is good',
    warnings: `works, with ${some(count('warning'), 'warning')}`,
    failed: `does not work: ${checks
      .filter(({ result }) => result === 'failed')
      .map(({ check }) => check)
      .join(', ')}`,
  } as const satisfies Record<Verdict, string>;
  return `${config.name} ${parts[verdictOf(checks.map(({ result }) => result))]}.`;
}

function summary(providers: readonly Examined[]): string {
  const failed = providers.filter(({ checks }) => checks.some(({ result }) => result === 'failed'));
  if (failed.length > 0) {
    const names = failed.map(({ config }) => config.name).join(', ');
    return `Verdict: ${counted(failed.length)} of ${some(providers.length, 'provider')} will not work: ${names}.`;
  }
  const warned = providers.filter(({ checks }) => checks.some(({ result }) => result === 'warning'));
  const all = providers.length === 1 ? 'the provider works' : `all ${counted(providers.length)} providers work`;
  return `Verdict: ${all}${warned.length > 0 ? ', with warnings' : ''}.`;
}
