import { formatList, formatLocalTime } from '../model/format.ts';
import type { StoreSnapshot } from '../store/snapshot.ts';
import { EXCLUSION_TEXTS, EXCLUSIONS, type Exclusion } from './exclusion.ts';
import type { HistorySummary } from './summary.ts';
import type { ProviderWindow } from './timeline.ts';

export interface HintsInput {
  readonly windows: readonly ProviderWindow[];
  readonly summary: HistorySummary;
  readonly timezone: string;
  /** Severities, services or teams were asked for. */
  readonly isFiltered: boolean;
  readonly history: StoreSnapshot;
}

/** The likely reasons why nothing was resolved in a period: credentials, filter, range, nothing closed yet. */
export function findEmptyReportHints(input: HintsInput): string[] {
  const { windows, history } = input;
  const unsynced = history.providers.filter(({ isSynced }) => !isSynced).map(({ name }) => name);
  const text = `credentials: first sync incomplete: ${formatList(unsynced)}; mttr-exporter doctor says what is wrong`;
  const credentials = unsynced.length === 0 ? [] : [text];
  if (windows.length === 0) return credentials;
  if (windows.every(({ provider }) => !provider.isOverall)) {
    return [...credentials, 'filter: every provider counts only in numbers of its own (overall: false)'];
  }
  return [...credentials, ...findFilterHints(input), ...findRangeHints(input), ...findStateHints(input)];
}

function findFilterHints({ summary: { resolvedOutsideFilter, excluded }, isFiltered }: HintsInput): string[] {
  const incidents = resolvedOutsideFilter === 1 ? '1 incident was' : `${resolvedOutsideFilter} incidents were`;
  const outside = `filter: ${incidents} resolved in the period, but outside of what was asked for`;
  const uncounted = EXCLUSIONS.flatMap((exclusion) => {
    const count = excluded.get(exclusion);
    return count === undefined ? [] : [describeExclusion(exclusion, count)];
  });
  return [...(isFiltered && resolvedOutsideFilter > 0 ? [outside] : []), ...uncounted];
}

/** Exclusions by what happened to the incident, not by a filter. */
const FLAGS: ReadonlySet<Exclusion> = new Set(['deleted', 'flagged', 'expired', 'flaky']);

/** Begins with the reason in one word: `filter`, `deleted`, `flaky` … */
function describeExclusion(exclusion: Exclusion, count: number): string {
  const kind = FLAGS.has(exclusion) ? exclusion : 'filter';
  const incidents =
    count === 1 ? '1 incident ended in the period, but does' : `${count} incidents ended in the period, but do`;
  return `${kind}: ${incidents} not count: ${EXCLUSION_TEXTS[exclusion]}`;
}

function findRangeHints({ summary: { lastResolvedAtMs }, timezone }: HintsInput): string[] {
  if (lastResolvedAtMs === undefined) return [];
  return [`range: the last recovery was ${formatLocalTime(lastResolvedAtMs, timezone)}, outside of the period`];
}

function findStateHints({ summary, isFiltered }: HintsInput): string[] {
  const { openNow, lastResolvedAtMs, resolvedOutsideFilter, excluded } = summary;
  if (openNow > 0) return [`nothing closed yet: open incidents: ${openNow}`];
  if (lastResolvedAtMs !== undefined || resolvedOutsideFilter + excluded.size > 0) return [];
  if (isFiltered) return ['filter: nothing of what was asked for was ever resolved'];
  return ['credentials: no incident was found, or the key has no access to any; mttr-exporter doctor says which'];
}
