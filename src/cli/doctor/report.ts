import type { ProviderConfig } from '../../config/types.ts';
import { type Check, type Verdict, verdictOf } from './checks.ts';
import type { Series } from './series.ts';

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
