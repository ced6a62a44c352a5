import { isVisible } from '../config/label-mapper.ts';
import { FLAGS, type IncidentSummary, type RecoveryRules, recoveryMs } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { StoreSnapshot } from '../store/snapshot.ts';
import { type Exclusion, findExclusion, findUnfilteredLabels } from './exclusion.ts';
import { type Filter, matchesFilter } from './filter.ts';
import type { HistoryInput, ProviderWindow } from './timeline.ts';

/** One of the longest recoveries; nobody's name and no title, which may hold what customers wrote. */
export interface LongIncident {
  readonly provider: string;
  readonly id: string;
  readonly url: string | undefined;
  readonly service: string;
  readonly severity: string;
  readonly triggeredAtMs: number;
  readonly resolvedAtMs: number;
  readonly minutes: number;
}

/** What one pass over all incidents finds; of providers that count in every grouping. */
export interface HistorySummary {
  /** Longest first. */
  readonly longest: readonly LongIncident[];
  /** Open as far as was read, within the filter. */
  readonly openNow: number;
  /** Resolved in the period, but outside the filter that was asked for. */
  readonly resolvedOutsideFilter: number;
  /** Of what was asked for: ended in the period, but in no statistic, by the reason why. */
  readonly excluded: ReadonlyMap<Exclusion, number>;
  /** The last recovery within the filter, at any time. */
  readonly lastResolvedAtMs: number | undefined;
}

export interface SummaryInput extends Pick<HistoryInput, 'history' | 'labelMapper'> {
  readonly rules: RecoveryRules;
  readonly filter: Filter;
  readonly windows: readonly ProviderWindow[];
}

/** Longest incidents that are listed. */
const LONGEST_MAX = 5;

/** Goes over all incidents once. */
export function summarizeHistory(input: SummaryInput): HistorySummary {
  const { history } = input;
  const classify = createClassifier(input);
  const longest: Recovery[] = [];
  const counts = { openNow: 0, resolvedOutsideFilter: 0 };
  const excluded = new Map<Exclusion, number>();
  let lastResolvedAtMs: number | undefined;
  history.each((incident) => {
    const found = classify(incident);
    if (found?.exclusion !== undefined) excluded.set(found.exclusion, (excluded.get(found.exclusion) ?? 0) + 1);
    if (found?.isOutsideFilter === true) counts.resolvedOutsideFilter += 1;
    if (found?.isWanted !== true) return;
    if (incident.resolvedAtMs === undefined && (incident.flags & FLAGS.merged) === 0) counts.openNow += 1;
    if (found.ms === undefined) return;
    if (found.isInPeriod) insertLongest(longest, { row: incident.row, ms: found.ms });
    lastResolvedAtMs = Math.max(lastResolvedAtMs ?? 0, incident.resolvedAtMs ?? 0);
  });
  return { ...counts, excluded, lastResolvedAtMs, longest: longest.flatMap((one) => toLongIncidents(one, history)) };
}

interface Classified {
  /** Its recovery, where it has one. */
  readonly ms: number | undefined;
  /** Within all filters. */
  readonly isWanted: boolean;
  readonly isInPeriod: boolean;
  /** Resolved in the period and counted, but not asked for. */
  readonly isOutsideFilter: boolean;
  /** Why it counts nowhere, of what was asked for and ended in the period. */
  readonly exclusion: Exclusion | undefined;
}

function createClassifier({ history, labelMapper: findLabelMapper, rules, filter, windows }: SummaryInput) {
  const overall = windows.filter(({ provider }) => provider.isOverall);
  const windowByName = new Map(overall.map((window) => [window.provider.name, window]));
  return (incident: IncidentSummary): Classified | undefined => {
    const labels = history.labels(incident.dimensionsRow);
    const window = windowByName.get(labels?.provider ?? '');
    const labelMapper = findLabelMapper(labels?.provider ?? '');
    if (labels === undefined || window === undefined || labelMapper === undefined) return undefined;
    const ms = recoveryMs(incident, rules);
    const { flags, title, resolvedAtMs = Number.NaN } = incident;
    const isInPeriod = ms !== undefined && resolvedAtMs > window.fromMs && resolvedAtMs <= window.toMs;
    const subject = { flags, title, recoveryMs: ms };
    if (isVisible(subject, labels, labelMapper)) {
      const isWanted = matchesFilter(filter, labels);
      return { ms, isWanted, isInPeriod, isOutsideFilter: isInPeriod && !isWanted, exclusion: undefined };
    }
    const unfiltered = findUnfilteredLabels(incident.dimensionsRow, { history, labelMapper }) ?? labels;
    const isAsked = isInPeriod && matchesFilter(filter, unfiltered);
    const exclusion = isAsked ? findExclusion(subject, unfiltered, labelMapper) : undefined;
    return { ms, isWanted: false, isInPeriod, isOutsideFilter: false, exclusion };
  };
}

interface Recovery {
  readonly row: number;
  readonly ms: number;
}

/** Keeps the longest of many, longest first; of equal ones those that came first. */
function insertLongest(longest: Recovery[], recovery: Recovery): void {
  const index = longest.findIndex(({ ms }) => ms < recovery.ms);
  longest.splice(index === -1 ? longest.length : index, 0, recovery);
  longest.length = Math.min(longest.length, LONGEST_MAX);
}

function toLongIncidents({ row, ms }: Recovery, history: StoreSnapshot): LongIncident[] {
  return history.details([row]).flatMap(({ provider, stored, incident: { id, url } }) => {
    const labels = history.labels(stored.dimensionsRow);
    if (labels === undefined || stored.resolvedAtMs === undefined) return [];
    const { service, severity } = labels;
    const { triggeredAtMs, resolvedAtMs } = stored;
    return [{ provider, id, url, service, severity, triggeredAtMs, resolvedAtMs, minutes: ms / MINUTE_MS }];
  });
}
