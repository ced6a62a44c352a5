import Table from 'cli-table3';
import type { ProviderConfig } from '../../config/types.ts';
import { printable } from '../../model/text.ts';

/** How a check ended: only `failed` keeps the exporter from working; `untried` was not asked. */
export type Result = 'ok' | 'warning' | 'failed' | 'untried';

/** One thing that was checked. */
export interface Check {
  /** Unique within a provider. */
  readonly check: string;
  readonly result: Result;
  /** One sentence for people. */
  readonly found: string;
  /** The same for programs; names end in their unit. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** Series of a page: for the incidents of the first page, and once every service has had incidents of every severity. */
export interface SeriesCount {
  readonly seen: number;
  readonly atMost: number;
}

/** One provider with all its checks. */
export interface CheckedProvider {
  readonly config: ProviderConfig;
  readonly checks: readonly Check[];
}

export interface DoctorReport {
  readonly version: string;
  readonly providers: readonly CheckedProvider[];
  /** Of the whole page; `without` names the providers whose incidents could not be listed. */
  readonly series: SeriesCount & { readonly without: readonly string[] };
}

export type Verdict = 'good' | 'warnings' | 'failed';

function findVerdict(checks: readonly Check[]): Verdict {
  const results = checks.map(({ result }) => result);
  if (results.includes('failed')) return 'failed';
  return results.includes('warning') ? 'warnings' : 'good';
}

/** The worst of all providers. */
export function findOverallVerdict(providers: readonly CheckedProvider[]): Verdict {
  return findVerdict(providers.flatMap(({ checks }) => checks));
}

/** The report for programs: keys in snake case, no secrets. */
export function renderJson({ version, providers, series }: DoctorReport): string {
  const report = {
    version,
    verdict: findOverallVerdict(providers),
    series: { seen: series.seen, at_most: series.atMost, without: series.without },
    providers: providers.map(({ config, checks }) => ({
      name: config.name,
      type: config.type,
      verdict: findVerdict(checks),
      checks,
    })),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** Width where the output is no terminal. */
const COLUMNS_DEFAULT = 110;
const COLUMNS_MIN = 60;
/** Frames and padding of three columns. */
const FRAME = 10;

const RESULT_TEXT: Readonly<Record<Result, string>> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  untried: 'not tried',
};

/** The report for people: a table for each provider, the series of the page, and a verdict. */
export function renderText({ providers, series }: DoctorReport, columns: number = COLUMNS_DEFAULT): string {
  const tables = providers.map(
    (one) => `${one.config.name} (${one.config.type})\n${drawTable(one.checks, columns)}\n${verdictText(one)}\n`,
  );
  return `${tables.join('\n')}\n${seriesText(series, providers.length)}${summaryText(providers)}\n`;
}

function drawTable(checks: readonly Check[], columns: number): string {
  const rows = checks.map(({ check, result, found }) => [printable(check), RESULT_TEXT[result], printable(found)]);
  const widest = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [checkWidth, resultWidth] = [Math.max(widest(0), 5), Math.max(widest(1), 6)];
  const foundWidth = Math.max(columns, COLUMNS_MIN) - checkWidth - resultWidth - FRAME;
  const table = new Table({
    head: ['Check', 'Result', 'Found'],
    // Widths include a space of padding on both sides.
    colWidths: [checkWidth + 2, resultWidth + 2, Math.max(foundWidth, 20) + 2],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows);
  return table.toString();
}

function verdictText({ config, checks }: CheckedProvider): string {
  const withResult = (wanted: Result) => checks.filter(({ result }) => result === wanted);
  const failed = withResult('failed').map(({ check }) => check);
  const texts = {
    good: 'works',
    warnings: `works, with ${countText(withResult('warning').length, 'warning')}`,
    failed: `does not work: ${failed.join(', ')}`,
  } as const satisfies Record<Verdict, string>;
  return `${config.name} ${texts[findVerdict(checks)]}.`;
}

/** Empty where no provider's incidents could be listed. */
function seriesText({ seen, atMost, without }: DoctorReport['series'], providers: number): string {
  if (without.length === providers) return '';
  const missing = without.length === 0 ? '' : ` (without ${without.join(', ')})`;
  return `Series of the page${missing}: ${numberText(seen)} for the incidents of the first pages, at most ${numberText(atMost)}.\n`;
}

function summaryText(providers: readonly CheckedProvider[]): string {
  const failed = providers.filter(({ checks }) => findVerdict(checks) === 'failed');
  if (failed.length > 0) {
    const names = failed.map(({ config }) => config.name).join(', ');
    return `Verdict: ${numberText(failed.length)} of ${countText(providers.length, 'provider')} will not work: ${names}.`;
  }
  const all = providers.length === 1 ? 'the provider works' : `all ${numberText(providers.length)} providers work`;
  return `Verdict: ${all}${findOverallVerdict(providers) === 'warnings' ? ', with warnings' : ''}.`;
}

/** A number with thousands separators: 12,345. */
export function numberText(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A number with its noun: `1 request`, `2 requests`. */
export function countText(number: number, noun: string): string {
  return `${numberText(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** Names that fit on one line. */
const NAMES_MAX = 8;

/** The first of some names, and how many more there are. */
export function listNames(names: readonly string[]): string {
  const more = names.length - NAMES_MAX;
  return names.slice(0, NAMES_MAX).join(', ') + (more > 0 ? ` and ${numberText(more)} more` : '');
}
