import { isVisible, type LabelMapper } from '../config/label-mapper.ts';
import { MARKS, recoveryMs, type StoredIncident } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { History } from '../store/history.ts';
import { type Exclusion, findExclusion, findUnfilteredLabels } from './exclusion.ts';
import { type Filter, isWanted } from './filter.ts';
import { type End, endMsOf, type ReportedProvider, reachOf } from './timeline.ts';

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

/** What is seen when all incidents are gone over once; of providers that stand in overall groupings. */
export interface Survey {
  /** Longest first. */
  readonly longest: readonly LongIncident[];
  /** Open as far as was read, within the filter. */
  readonly openNow: number;
  /** Resolved in the period, but outside the filter that was asked for. */
  readonly resolvedElsewhere: number;
  /** Of what was asked for: ended in the period, but in no statistic, by the reason why. */
  readonly excluded: ReadonlyMap<Exclusion, number>;
  /** The last recovery within the filter, at any time. */
  readonly lastResolvedAtMs: number | undefined;
}

export interface SurveyInput {
  readonly history: History;
  readonly providers: readonly ReportedProvider[];
  readonly reader: (provider: string) => LabelMapper | undefined;
  readonly reopened: 'last' | 'first' | 'sum';
  readonly filter: Filter;
  readonly period: { readonly end: End; readonly spanMs: number };
}

/** Longest incidents that are listed. */
const LONGEST_MAX = 5;

/** Goes over all incidents once. */
export function survey(input: SurveyInput): Survey {
  const { history } = input;
  const look = lookerOf(input);
  const longest = new Longest();
  const counts = { openNow: 0, resolvedElsewhere: 0 };
  const excluded = new Map<Exclusion, number>();
  let lastResolvedAtMs: number | undefined;
  history.each((incident) => {
    const seen = look(incident);
    if (seen === undefined) return;
    if (seen.place === 'in') longest.offer({ row: incident.row, ms: seen.ms ?? 0 });
    if (seen.place === 'elsewhere') counts.resolvedElsewhere += 1;
    if (seen.exclusion !== undefined) excluded.set(seen.exclusion, (excluded.get(seen.exclusion) ?? 0) + 1);
    if (seen.place === 'open') counts.openNow += 1;
    if (seen.isResolved) lastResolvedAtMs = Math.max(lastResolvedAtMs ?? 0, incident.resolvedAtMs ?? 0);
  });
  return { ...counts, excluded, lastResolvedAtMs, longest: told(history, longest) };
}

interface Seen {
  /** `in`: resolved in the period; `elsewhere` too, but outside of what was asked for. */
  readonly place: 'in' | 'elsewhere' | 'open' | 'other';
  /** Why what ended in the period counts nowhere. */
  readonly exclusion: Exclusion | undefined;
  readonly ms: number | undefined;
  /** Resolved at any time, within all filters. */
  readonly isResolved: boolean;
}

function lookerOf({ history, providers, reader, reopened, filter, period }: SurveyInput) {
  const overall = new Set(providers.filter(({ isOverall }) => isOverall).map(({ name }) => name));
  const ends = new Map(
    history.providers.flatMap((state) => {
      const reach = reachOf(state);
      return reach === undefined ? [] : [[state.name, endMsOf(period.end, reach.readUntilMs)] as const];
    }),
  );
  return (incident: StoredIncident): Seen | undefined => {
    const labels = history.labels(incident.facet);
    const endMs = ends.get(labels?.provider ?? '');
    const read = reader(labels?.provider ?? '');
    if (labels === undefined || endMs === undefined || read === undefined || !overall.has(labels.provider)) return;
    const ms = recoveryMs(incident, reopened);
    const { marks, title, resolvedAtMs = Number.NaN } = incident;
    const isInPeriod = ms !== undefined && resolvedAtMs > endMs - period.spanMs && resolvedAtMs <= endMs;
    if (!isVisible({ marks, title, recoveryMs: ms }, labels, read)) {
      if (!isInPeriod) return;
      const known = findUnfilteredLabels(incident.facet, { history, reader: read }) ?? labels;
      const exclusion = isWanted(filter, known)
        ? findExclusion({ marks, title, recoveryMs: ms }, known, read)
        : undefined;
      return { place: 'other', exclusion, ms, isResolved: false };
    }
    const isAsked = isWanted(filter, labels);
    const isOpen = isAsked && incident.resolvedAtMs === undefined && (marks & MARKS.merged) === 0;
    const inPeriod = isAsked ? 'in' : 'elsewhere';
    const closed = isInPeriod ? inPeriod : 'other';
    return { place: isOpen ? 'open' : closed, exclusion: undefined, ms, isResolved: isAsked && ms !== undefined };
  };
}

interface Candidate {
  readonly row: number;
  readonly ms: number;
}

/** Keeps the longest of many; of equal ones those that came first. */
class Longest {
  readonly #kept: Candidate[] = [];

  offer(candidate: Candidate): void {
    const shortest = this.#kept.at(-1);
    if (this.#kept.length === LONGEST_MAX && candidate.ms <= (shortest?.ms ?? 0)) return;
    const place = this.#kept.findIndex(({ ms }) => ms < candidate.ms);
    this.#kept.splice(place === -1 ? this.#kept.length : place, 0, candidate);
    this.#kept.length = Math.min(this.#kept.length, LONGEST_MAX);
  }

  all(): readonly Candidate[] {
    return this.#kept;
  }
}

function told(history: History, longest: Longest): LongIncident[] {
  return longest.all().flatMap(({ row, ms }) =>
    history.recorded([row]).flatMap(({ provider, stored, incident: { id, url } }) => {
      const labels = history.labels(stored.facet);
      if (labels === undefined || stored.resolvedAtMs === undefined) return [];
      const { service, severity } = labels;
      const { triggeredAtMs, resolvedAtMs } = stored;
      return [{ provider, id, url, service, severity, triggeredAtMs, resolvedAtMs, minutes: ms / MINUTE_MS }];
    }),
  );
}
