import { isVisible, type Reader } from '../config/reading.ts';
import { type FacetLabels, MARKS, recoveryMs, type StoredIncident } from '../model/stored.ts';

const FIRST_CAPACITY = 1024;
/** Value of `visible` for a slot whose incident left the store. */
const VACANT = 2;

/** Incidents as typed columns: some 60 bytes each, however many there are. A slot is an incident's place in them. */
export class Columns {
  rows = new Float64Array(FIRST_CAPACITY);
  facets = new Uint32Array(FIRST_CAPACITY);
  marks = new Uint16Array(FIRST_CAPACITY);
  statuses = new Uint8Array(FIRST_CAPACITY);
  /** 1 for incidents that are in statistics unless their facet is excluded, 0 for others, 2 for none. */
  visible = new Uint8Array(FIRST_CAPACITY);
  triggered = new Float64Array(FIRST_CAPACITY);
  /** NaN while open, and for merged ones. */
  resolved = new Float64Array(FIRST_CAPACITY);
  /** Recovery time; NaN without one. */
  recovery = new Float64Array(FIRST_CAPACITY);
  acknowledged = new Float64Array(FIRST_CAPACITY);
  fingerprints = new Float64Array(FIRST_CAPACITY);
  /** Stamps that few platforms have. */
  readonly started = new Map<number, number>();
  readonly identified = new Map<number, number>();
  readonly mitigated = new Map<number, number>();
  /** Open and close instants in turn; only of incidents whose spans are not just trigger to resolve. */
  readonly spans = new Map<number, readonly number[]>();
  length = 0;
  /** By facet; null for those of providers that are not configured. */
  readonly #readers: (Reader | null)[] = [];

  /** The slot of a row of the store; -1 when it is not held. */
  slotOf(row: number): number {
    if (row > (this.rows[this.length - 1] ?? -1)) return -1;
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.rows[middle] ?? 0;
      if (found === row) return this.visible[middle] === VACANT ? -1 : middle;
      if (found < row) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** A slot for a new row; rows come in ascending order. */
  take(row: number): number {
    if (this.length > 0 && row <= (this.rows[this.length - 1] ?? 0)) {
      throw new Error(`row ${row} of the store came out of order`);
    }
    if (this.length === this.rows.length) this.#grow();
    this.rows[this.length] = row;
    this.length += 1;
    return this.length - 1;
  }

  /** Empties a slot for good; rows stay in ascending order. */
  vacate(slot: number): void {
    this.visible[slot] = VACANT;
    for (const stamps of [this.started, this.identified, this.mitigated, this.spans]) stamps.delete(slot);
  }

  isTaken(slot: number): boolean {
    return this.visible[slot] !== VACANT;
  }

  /** Writes an incident into its slot, as far as statistics see it today. */
  write(slot: number, incident: StoredIncident, reading: Reading): void {
    const isMerged = (incident.marks & MARKS.merged) !== 0;
    const recovery = recoveryMs(incident, reading.reopened);
    this.facets[slot] = incident.facet;
    this.marks[slot] = incident.marks;
    this.statuses[slot] = incident.status;
    this.triggered[slot] = incident.triggeredAtMs;
    this.resolved[slot] = isMerged ? Number.NaN : (incident.resolvedAtMs ?? Number.NaN);
    this.recovery[slot] = recovery ?? Number.NaN;
    this.acknowledged[slot] = incident.acknowledgedAtMs ?? Number.NaN;
    this.fingerprints[slot] = incident.fingerprint;
    this.visible[slot] = Number(this.#isSeen(incident, recovery, reading));
    setOrDelete(this.started, slot, incident.startedAtMs);
    setOrDelete(this.identified, slot, incident.identifiedAtMs);
    setOrDelete(this.mitigated, slot, incident.mitigatedAtMs);
    setOrDelete(this.spans, slot, isMerged ? closedSpans(incident) : incident.spans);
  }

  /** Calls `each` with every closed span of a slot; returns since when it is open, if it is. */
  openTimes(slot: number, each: (fromMs: number, toMs: number) => void): number | undefined {
    const spans = this.spans.get(slot);
    if (spans === undefined) {
      const triggered = this.triggered[slot] ?? 0;
      const resolved = this.resolved[slot] ?? Number.NaN;
      if (Number.isNaN(resolved)) return triggered;
      each(triggered, resolved);
      return undefined;
    }
    for (let at = 0; at + 1 < spans.length; at += 2) each(spans[at] ?? 0, spans[at + 1] ?? 0);
    return spans.length % 2 === 0 ? undefined : spans.at(-1);
  }

  #isSeen(incident: StoredIncident, recovery: number | undefined, reading: Reading): boolean {
    const reader = this.#readerOf(incident.facet, reading);
    if (reader === null) return false;
    const { marks, title } = incident;
    return isVisible({ marks, title, recoveryMs: recovery }, { excluded: false }, reader);
  }

  #readerOf(facet: number, reading: Reading): Reader | null {
    const known = this.#readers[facet];
    if (known !== undefined) return known;
    const labels = reading.labels(facet);
    const reader = (labels === undefined ? undefined : reading.reader(labels.provider)) ?? null;
    this.#readers[facet] = reader;
    return reader;
  }

  #grow(): void {
    const capacity = this.rows.length * 2;
    const grow = <Column extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(from: Column, to: Column) => {
      to.set(from);
      return to;
    };
    this.rows = grow(this.rows, new Float64Array(capacity));
    this.facets = grow(this.facets, new Uint32Array(capacity));
    this.marks = grow(this.marks, new Uint16Array(capacity));
    this.statuses = grow(this.statuses, new Uint8Array(capacity));
    this.visible = grow(this.visible, new Uint8Array(capacity));
    this.triggered = grow(this.triggered, new Float64Array(capacity));
    this.resolved = grow(this.resolved, new Float64Array(capacity));
    this.recovery = grow(this.recovery, new Float64Array(capacity));
    this.acknowledged = grow(this.acknowledged, new Float64Array(capacity));
    this.fingerprints = grow(this.fingerprints, new Float64Array(capacity));
  }
}

/** How incidents are read today. */
export interface Reading {
  readonly reopened: 'last' | 'first' | 'sum';
  /** Undefined for facets of providers that are not configured. */
  readonly labels: (facet: number) => FacetLabels | undefined;
  readonly reader: (provider: string) => Reader | undefined;
}

/** Nobody works on a merged incident any more, whether or not the platform says when that began. */
function closedSpans({ spans, triggeredAtMs, resolvedAtMs }: StoredIncident): readonly number[] {
  const known = spans ?? [triggeredAtMs];
  return known.length % 2 === 0 ? known : [...known, resolvedAtMs ?? known.at(-1) ?? triggeredAtMs];
}

function setOrDelete<Value>(map: Map<number, Value>, slot: number, value: Value | undefined): void {
  if (value !== undefined) map.set(slot, value);
  else if (map.size > 0) map.delete(slot);
}
