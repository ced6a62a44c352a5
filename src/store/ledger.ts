import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isVisible } from '../config/reading.ts';
import type { Incident } from '../model/incident.ts';
import { type FacetLabels, MARKS, recoveryMs } from '../model/stored.ts';
import type { Counters } from './counters.ts';
import type { Facets } from './facets.ts';
import { contentMarks, flatSpans } from './incident-row.ts';
import { type LabelSet, observe, type SetLabels } from './label-set.ts';
import type { LabelSets } from './label-sets.ts';
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
  readonly nowMs: number;
}

export interface LedgerRooms {
  readonly database: DatabaseSync;
  readonly facets: Facets;
  readonly sets: LabelSets;
  readonly counters: Counters;
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
    const { settleMs, retentionMs } = this.#rooms.settings();
    const { resolvedAtMs } = incident;
    if (resolvedAtMs === undefined || resolvedAtMs < counting.countingSinceMs) return 'never';
    if (resolvedAtMs < counting.nowMs - retentionMs) return 'never';
    return settleMs > 0 && counting.askedUntilMs - resolvedAtMs < settleMs ? 'settling' : 'due';
  }

  #countRecovery(incident: Incident, entry: Entry): void {
    const { ms, book, drafts, counting, labels } = entry;
    const { triggeredAtMs, resolvedAtMs = 0 } = incident;
    const settings = this.#rooms.settings();
    const { base, wide } = drafts;
    this.#insert.run(book.row, base.row, ms, triggeredAtMs, resolvedAtMs, counting.nowMs);
    book.marks |= MARKS.counted;
    if (base.groups.recovery !== undefined) observe(base.groups.recovery.recovery, ms, settings.bucketsMs);
    const targetMs = settings.targetsMs.get(labels.severity);
    if (base.groups.counts !== undefined && targetMs !== undefined && ms <= targetMs)
      base.groups.counts.withinTarget += 1;
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

function recoveryOf(incident: Incident, book: Book, reopened: StoreSettings['reopened']): number | undefined {
  const { triggeredAtMs, resolvedAtMs } = incident;
  const marks = book.marks | contentMarks(incident);
  const spans = incident.intervals.length > 1 ? flatSpans(incident) : undefined;
  return recoveryMs({ triggeredAtMs, resolvedAtMs, marks, spans }, reopened);
}

function countOpening(incident: Incident, { book, drafts, counting }: Owed): void {
  const isOwed = incident.triggeredAtMs >= counting.countingSinceMs && (book.marks & MARKS.openingCounted) === 0;
  if (!isOwed) return;
  book.marks |= MARKS.openingCounted;
  if (drafts.base.groups.counts !== undefined) drafts.base.groups.counts.opened += 1;
}

/** Escalations and reopenings by their own times; a platform never takes one back, so counts only grow. */
function countChanges(incident: Incident, { book, drafts, counting }: Owed): void {
  const { changes } = drafts.wide.groups;
  const since = (instants: readonly number[] | undefined) =>
    instants?.filter((ms) => ms >= counting.countingSinceMs).length ?? 0;
  const escalations = since(incident.escalatedAtMs) - book.escalationsCounted;
  const reopens = since(incident.reopenedAtMs) - book.reopensCounted;
  if (escalations > 0) {
    book.escalationsCounted += escalations;
    if (changes !== undefined) changes.escalations += escalations;
  }
  if (reopens > 0) {
    book.reopensCounted += reopens;
    if (changes !== undefined) changes.reopened += reopens;
  }
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
