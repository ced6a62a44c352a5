import { isVisible, type LabelMapper } from '../config/label-mapper.ts';
import { FLAGS, type IncidentSummary, recoveryMs } from '../model/stored.ts';
import type { StatisticsInput } from './rows.ts';

/** Bits of `tracked` in the columns. */
export const TRACKED = { opening: 1, openTimes: 2 } as const;

const FIRST_CAPACITY = 1024;
/** Value of `visible` for a slot whose incident left the store. */
const VACANT = 2;
/** From this share of vacant slots on, the memory is worth the time of a rebuild. */
const VACANT_SHARE_MAX = 1 / 4;

function newColumns(capacity: number) {
  return {
    rows: new Float64Array(capacity),
    dimensionsRows: new Uint32Array(capacity),
    flags: new Uint16Array(capacity),
    statuses: new Uint8Array(capacity),
    /** Bits of TRACKED: what the groups keep of an incident beside its windows. */
    tracked: new Uint8Array(capacity),
    /** 1 for incidents that are in statistics unless their dimensions are excluded, 0 for others, 2 for none. */
    visible: new Uint8Array(capacity),
    triggered: new Float64Array(capacity),
    /** NaN while open, and for merged ones. */
    resolved: new Float64Array(capacity),
    /** Recovery time; NaN without one. */
    recovery: new Float64Array(capacity),
    acknowledged: new Float64Array(capacity),
    fingerprints: new Float64Array(capacity),
  };
}

/** Incidents as typed columns: some 60 bytes each, however many there are. A slot is an incident's index in them. */
export class Columns {
  values: ReturnType<typeof newColumns> = newColumns(FIRST_CAPACITY);
  /** Timestamps that few platforms have. */
  readonly started = new Map<number, number>();
  readonly identified = new Map<number, number>();
  readonly mitigated = new Map<number, number>();
  /** Opening and closing times in turn; only of incidents whose spans are not just trigger to resolve. */
  readonly spans = new Map<number, readonly number[]>();
  length = 0;
  #vacant = 0;
  /** By row of dimensions; null for those of providers that are not configured. */
  readonly #labelMappers: (LabelMapper | null)[] = [];

  /** The slot of a row of the store; -1 when it is not held. */
  slotOf(row: number): number {
    if (row > (this.values.rows[this.length - 1] ?? -1)) return -1;
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.values.rows[middle] ?? 0;
      if (found === row) return this.values.visible[middle] === VACANT ? -1 : middle;
      if (found < row) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** A slot for a new row; rows come in ascending order. */
  append(row: number): number {
    if (this.length > 0 && row <= (this.values.rows[this.length - 1] ?? 0)) {
      throw new Error(`row ${row} of the store came out of order`);
    }
    if (this.length === this.values.rows.length) this.#resize(this.length * 2);
    this.values.rows[this.length] = row;
    this.length += 1;
    return this.length - 1;
  }

  /** Empties a slot until the next `compact`; rows stay in ascending order. */
  vacate(slot: number): void {
    this.values.visible[slot] = VACANT;
    this.#vacant += 1;
    for (const values of [this.started, this.identified, this.mitigated, this.spans]) values.delete(slot);
  }

  isOccupied(slot: number): boolean {
    return this.values.visible[slot] !== VACANT;
  }

  /** Closes the gaps when a quarter of the slots are vacant; true when slots have moved. */
  compact(): boolean {
    if (this.#vacant < Math.max(FIRST_CAPACITY, this.length * VACANT_SHARE_MAX)) return false;
    let to = 0;
    for (let from = 0; from < this.length; from += 1) {
      if (!this.isOccupied(from)) continue;
      if (to < from) this.#move(from, to);
      to += 1;
    }
    this.length = to;
    this.#vacant = 0;
    this.#resize(Math.max(FIRST_CAPACITY, to));
    return true;
  }

  #move(from: number, to: number): void {
    for (const column of Object.values(this.values)) column[to] = column[from] ?? 0;
    for (const times of [this.started, this.identified, this.mitigated]) moveKey(times, from, to);
    moveKey(this.spans, from, to);
  }

  /** Writes an incident into its slot, as statistics need it under today's configuration. */
  write(slot: number, incident: IncidentSummary, input: StatisticsInput): void {
    const isMerged = (incident.flags & FLAGS.merged) !== 0;
    const { values } = this;
    const recovery = recoveryMs(incident, input.settings);
    values.dimensionsRows[slot] = incident.dimensionsRow;
    values.flags[slot] = incident.flags;
    values.statuses[slot] = incident.status;
    values.triggered[slot] = incident.triggeredAtMs;
    values.resolved[slot] = isMerged ? Number.NaN : (incident.resolvedAtMs ?? Number.NaN);
    values.recovery[slot] = recovery ?? Number.NaN;
    values.acknowledged[slot] = incident.acknowledgedAtMs ?? Number.NaN;
    values.fingerprints[slot] = incident.fingerprint;
    values.visible[slot] = Number(this.#isVisible(incident, recovery, input));
    setOrDelete(this.started, slot, incident.startedAtMs);
    setOrDelete(this.identified, slot, incident.identifiedAtMs);
    setOrDelete(this.mitigated, slot, incident.mitigatedAtMs);
    setOrDelete(this.spans, slot, isMerged ? closedSpans(incident) : incident.spans);
  }

  #isVisible(incident: IncidentSummary, recovery: number | undefined, input: StatisticsInput): boolean {
    const labelMapper = this.#labelMapperOf(incident.dimensionsRow, input);
    if (labelMapper === null) return false;
    const { flags, title } = incident;
    return isVisible({ flags, title, recoveryMs: recovery }, { excluded: false }, labelMapper);
  }

  #labelMapperOf(dimensionsRow: number, input: StatisticsInput): LabelMapper | null {
    const known = this.#labelMappers[dimensionsRow];
    if (known !== undefined) return known;
    const labels = input.labels(dimensionsRow);
    const labelMapper = (labels === undefined ? undefined : input.labelMapper(labels.provider)) ?? null;
    this.#labelMappers[dimensionsRow] = labelMapper;
    return labelMapper;
  }

  #resize(capacity: number): void {
    const before = Object.values(this.values);
    this.values = newColumns(capacity);
    for (const [at, column] of Object.values(this.values).entries()) {
      column.set(before[at]?.subarray(0, this.length) ?? []);
    }
  }
}

/** Nobody works on a merged incident any more, whether or not the platform says when that began. */
function closedSpans({ spans, triggeredAtMs, resolvedAtMs }: IncidentSummary): readonly number[] {
  const known = spans ?? [triggeredAtMs];
  return known.length % 2 === 0 ? known : [...known, resolvedAtMs ?? known.at(-1) ?? triggeredAtMs];
}

function setOrDelete<Value>(map: Map<number, Value>, slot: number, value: Value | undefined): void {
  if (value !== undefined) map.set(slot, value);
  else if (map.size > 0) map.delete(slot);
}

function moveKey<Value>(map: Map<number, Value>, from: number, to: number): void {
  setOrDelete(map, to, map.get(from));
  map.delete(from);
}
