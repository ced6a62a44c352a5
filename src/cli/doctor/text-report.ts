import Table from 'cli-table3';
import { printable } from '../../model/text.ts';
import { type Check, counted, type Result, some, type Verdict, verdictOf } from './checks.ts';
import type { Examined, Report } from './report.ts';

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
