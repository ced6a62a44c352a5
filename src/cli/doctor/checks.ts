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
