import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isVisible } from '../config/reading.ts';
import type { Incident } from '../model/incident.ts';
import { type FacetLabels, isKept, MARKS, recoveryMs, type StoredIncident } from '../model/stored.ts';
import type { Counters } from './counters.ts';
import type { Exemplars } from './exemplars.ts';
import type { Facets } from './facets.ts';
import { contentMarks, spansOf } from './incident-row.ts';
import { type LabelSet, observe, type SetLabels } from './label-set.ts';
import type { LabelSets } from './label-sets.ts';
import type { StoredProvider } from './provider-rows.ts';
import type { StoreSettings } from './store.ts';

/** The store's own bookkeeping of one incident; counting changes it, the caller writes it. */
export interface Book {
  readonly row: number;
  marks: number;
  escalationsCounted: number;
  reopensCounted: number;
}

/** An incident as it is to be counted. */
export interface Account {
  readonly incident: Incident;
  readonly facet: number;
  readonly book: Book;
}

/** What counting an incident depends on besides the incident. */
export interface Counting {
  readonly provider: string;
  readonly countingSinceMs: number;
  /** The instant up to which the poll that is committed asked. */
  readonly askedUntilMs: number;
  /** What is older may have been counted and deleted since: it is never counted. */
  readonly forgottenBeforeMs: number;
  readonly nowMs: number;
}

export interface LedgerRooms {
  readonly database: DatabaseSync;
  readonly facets: Facets;
  readonly sets: LabelSets;
  readonly counters: Counters;
  readonly exemplars: Exemplars;
  settings(): StoreSettings;
}

/** Counts each opening, escalation, reopening and recovery once, together with the row that says so. */
export class Ledger {
  readonly #rooms: LedgerRooms;
  readonly #insert: StatementSync;

  constructor(rooms: LedgerRooms) {
    this.#rooms = rooms;
    this.#insert = rooms.database.prepare(
      'INSERT INTO ledger (incident, label_set, ms, triggered_ms, resolved_ms, counted_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  /**
   * Adds to the totals what this incident owes them by now; true when a recovery still waits for `recovery.settle`.
   * What ended before `countingSinceMs`, or longer ago than the retention, is never counted.
   */
  account({ incident, facet, book }: Account, counting: Counting): boolean {
    const { facets } = this.#rooms;
    const settings = this.#rooms.settings();
    const labels = facets.labels(facet);
    const reader = settings.readers.get(counting.provider);
    if (labels === undefined || reader === undefined) return false;
    const ms = recoveryOf(incident, book, settings.reopened);
    if (!isVisible({ marks: book.marks, title: incident.title, recoveryMs: ms }, labels, reader)) return false;
    const drafts = this.#drafts(labels, counting.nowMs);
    countOpening(incident, { book, drafts, counting });
    countChanges(incident, { book, drafts, counting });
    if (ms === undefined || (book.marks & MARKS.counted) !== 0) return false;
    const verdict = this.#isDue(incident, counting);
    if (verdict === 'due') this.#countRecovery(incident, { ms, book, drafts, counting, labels });
    return verdict === 'settling';
  }

  /** Makes sure that the series of an incident with these labels exist, at zero. */
  bear(labels: FacetLabels, nowMs: number): void {
    const { service, severity } = this.#setLabels(labels);
    const { sets } = this.#rooms;
    const shape = this.#rooms.settings();
    for (const wanted of [service, severity]) {
      if (wanted !== undefined && !sets.has(wanted)) sets.draft(wanted, nowMs, shape);
    }
  }

  /** An incident whose severity is the default for want of a known one is counted once, history included. */
  countUnmapped(facet: number, book: Book, provider: string): void {
    const reason = this.#rooms.facets.reading(facet)?.severity.unmapped?.reason;
    if (reason === undefined || (book.marks & MARKS.unmappedCounted) !== 0) return;
    book.marks |= MARKS.unmappedCounted;
    this.#rooms.counters.add({ provider, name: 'unmapped', label: reason });
  }

  #isDue(incident: Incident, counting: Counting): 'due' | 'settling' | 'never' {
    const { settleMs } = this.#rooms.settings();
    const { resolvedAtMs } = incident;
    if (resolvedAtMs === undefined || resolvedAtMs < counting.countingSinceMs) return 'never';
    if (resolvedAtMs < counting.forgottenBeforeMs) return 'never';
    return settleMs > 0 && counting.askedUntilMs - resolvedAtMs < settleMs ? 'settling' : 'due';
  }

  #countRecovery(incident: Incident, entry: Entry): void {
    const { ms, book, drafts, counting, labels } = entry;
    const { triggeredAtMs, resolvedAtMs = 0 } = incident;
    const settings = this.#rooms.settings();
    const { base, wide } = drafts;
    this.#insert.run(book.row, base.row, ms, triggeredAtMs, resolvedAtMs, counting.nowMs);
    book.marks |= MARKS.counted;
    if (base.groups.recovery !== undefined) {
      const bucket = observe(base.groups.recovery.recovery, ms, settings.bucketsMs);
      this.#rooms.exemplars.note(base.row, bucket, { incidentId: incident.id, ms, resolvedAtMs });
    }
    const targetMs = settings.targetsMs.get(labels.severity);
    const isWithinTarget = targetMs !== undefined && ms <= targetMs;
    if (base.groups.counts !== undefined && isWithinTarget) base.groups.counts.withinTarget += 1;
    observeTimings(incident, wide, settings.bucketsMs);
    const isUnacknowledged =
      incident.acknowledgedAtMs === undefined && settings.tells.get(counting.provider)?.acknowledged;
    if (wide.groups.changes === undefined || isUnacknowledged !== true) return;
    if (incident.autoResolved === true) wide.groups.changes.unacknowledgedAuto += 1;
    else wide.groups.changes.unacknowledged += 1;
  }

  #drafts(labels: FacetLabels, nowMs: number): Drafts {
    const { service, severity } = this.#setLabels(labels);
    const shape = this.#rooms.settings();
    const base = this.#rooms.sets.draft(service, nowMs, shape);
    const wide = severity === undefined ? base : this.#rooms.sets.draft(severity, nowMs, shape);
    return { base, wide };
  }

  #setLabels(labels: FacetLabels): { service: SetLabels; severity: SetLabels | undefined } {
    const { detail, team } = this.#rooms.settings();
    const { provider, service, severity } = labels;
    const withTeam = team ? labels.team : '';
    return {
      service: { kind: 'service', provider, service, severity, team: withTeam },
      severity: detail === 'full' ? undefined : { kind: 'severity', provider, service: '', severity, team: '' },
    };
  }
}

interface Drafts {
  /** Carries the base labels. */
  readonly base: LabelSet;
  /** Carries the ◦ families. */
  readonly wide: LabelSet;
}

interface Owed {
  readonly book: Book;
  readonly drafts: Drafts;
  readonly counting: Counting;
}

interface Entry extends Owed {
  readonly ms: number;
  readonly labels: FacetLabels;
}

/** True when something of this incident may have to be counted, now or later. */
export function mayCount(incident: Incident, sinceMs: number): boolean {
  const instants = [
    incident.triggeredAtMs,
    incident.resolvedAtMs,
    incident.escalatedAtMs,
    incident.reopenedAtMs,
  ].flat();
  return instants.some((ms) => ms !== undefined && ms >= sinceMs);
}

/** The same of a stored row: nothing that is visible and counts from `countingSince` on may stay without its mark. */
export function isOwed(incident: StoredIncident, provider: StoredProvider): boolean {
  const { marks, triggeredAtMs, resolvedAtMs } = incident;
  const { countingSinceMs, isCounted } = provider;
  if (countingSinceMs === undefined || !isKept(marks)) return false;
  const isSince = (ms: number | undefined) => ms !== undefined && ms >= countingSinceMs;
  if ((marks & MARKS.counted) === 0 && isSince(resolvedAtMs)) return true;
  if ((marks & MARKS.openingCounted) === 0 && isSince(triggeredAtMs)) return true;
  return !isCounted && (marks & (MARKS.escalated | MARKS.reopened)) !== 0;
}

function recoveryOf(incident: Incident, book: Book, reopened: StoreSettings['reopened']): number | undefined {
  const { triggeredAtMs, resolvedAtMs } = incident;
  const marks = book.marks | contentMarks(incident);
  return recoveryMs({ triggeredAtMs, resolvedAtMs, marks, spans: spansOf(incident) }, reopened);
}

function countOpening(incident: Incident, { book, drafts, counting }: Owed): void {
  const sinceMs = Math.max(counting.countingSinceMs, counting.forgottenBeforeMs);
  if (incident.triggeredAtMs < sinceMs || (book.marks & MARKS.openingCounted) !== 0) return;
  book.marks |= MARKS.openingCounted;
  if (drafts.base.groups.counts !== undefined) drafts.base.groups.counts.opened += 1;
}

/** Escalations and reopenings by their own times; a platform never takes one back, so counts only grow. */
function countChanges(incident: Incident, { book, drafts, counting }: Owed): void {
  const { changes } = drafts.wide.groups;
  const escalations = owedOf(incident.escalatedAtMs, book.escalationsCounted, counting);
  const reopens = owedOf(incident.reopenedAtMs, book.reopensCounted, counting);
  book.escalationsCounted += escalations;
  book.reopensCounted += reopens;
  if (changes === undefined) return;
  changes.escalations += escalations;
  changes.reopened += reopens;
}

/** How many of these are still to be counted. */
function owedOf(instants: readonly number[] | undefined, counted: number, counting: Counting): number {
  if (instants === undefined || instants.length <= counted) return 0;
  const since = (fromMs: number) => instants.filter((ms) => ms >= fromMs).length;
  const uncounted = Math.max(0, since(counting.countingSinceMs) - counted);
  return Math.min(uncounted, since(Math.max(counting.countingSinceMs, counting.forgottenBeforeMs)));
}

function observeTimings(incident: Incident, set: LabelSet, bucketsMs: readonly number[]): void {
  const { timings } = set.groups;
  if (timings === undefined) return;
  const { triggeredAtMs, startedAtMs } = incident;
  const from = (ms: number | undefined) => (ms === undefined ? undefined : ms - triggeredAtMs);
  const pairs = [
    [timings.acknowledgement, from(incident.acknowledgedAtMs)],
    [timings.detection, startedAtMs === undefined ? undefined : triggeredAtMs - startedAtMs],
    [timings.identification, from(incident.identifiedAtMs)],
    [timings.mitigation, from(incident.mitigatedAtMs)],
  ] as const;
  for (const [histogram, ms] of pairs) if (ms !== undefined) observe(histogram, ms, bucketsMs);
}
