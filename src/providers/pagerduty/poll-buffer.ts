import type { z } from 'zod';
import type { Rejection, StateChange } from '../../model/incident.ts';
import { type Parsed, parseRecord } from '../answers.ts';
import type { Fetched, LogPart } from './queries.ts';
import type { IncidentRecord, LogLine } from './schema.ts';

/** What one poll has found so far. An incident that several lists show is taken from the one that saw it last. */
export interface PollBuffer {
  readonly records: Map<string, IncidentRecord>;
  readonly stateChanges: Map<string, StateChange>;
  readonly rejected: Map<string, Rejection>;
  readonly deletedIds: Set<string>;
  /** Ids of incidents of which the log had a line, but no more than a reference. */
  readonly referredIds: Set<string>;
  /** Newest line of the log of changes. */
  newestMs: number | undefined;
}

/** Nothing found yet. */
export function createPollBuffer(): PollBuffer {
  return {
    records: new Map(),
    stateChanges: new Map(),
    rejected: new Map(),
    deletedIds: new Set(),
    referredIds: new Set(),
    newestMs: undefined,
  };
}

/** True when this poll already learnt about the incident, were it only that it cannot be read. */
export function hasSeen(buffer: PollBuffer, id: string): boolean {
  return buffer.records.has(id) || buffer.deletedIds.has(id) || buffer.rejected.has(id);
}

/** Adds incidents of a list. */
export function addIncidents(buffer: PollBuffer, { records, rejected }: Parsed<IncidentRecord>): void {
  for (const record of records) addRecord(buffer, record);
  addRejected(buffer, rejected);
}

/** Adds incidents that were asked for one by one. */
export function addFetched(buffer: PollBuffer, { records, rejected, deletedIds }: Fetched): void {
  addIncidents(buffer, { records, rejected });
  for (const id of deletedIds) buffer.deletedIds.add(id);
}

/** Adds lines of the log, without the incidents that they belong to. */
export function addLog(buffer: PollBuffer, { stateChanges, rejected }: Omit<LogPart, 'lines'>): void {
  for (const stateChange of stateChanges)
    buffer.stateChanges.set(`${stateChange.subject} ${stateChange.id}`, stateChange);
  addRejected(buffer, rejected);
}

/** Adds lines of the log of changes with the incidents inside them. */
export function addChanges(buffer: PollBuffer, part: LogPart, record: z.ZodType<IncidentRecord>): void {
  addLog(buffer, part);
  for (const line of part.lines) {
    buffer.newestMs = Math.max(buffer.newestMs ?? line.atMs, line.atMs);
    addEmbedded(buffer, line, record);
  }
}

function addEmbedded(buffer: PollBuffer, { incident, incidentId }: LogLine, record: z.ZodType<IncidentRecord>): void {
  if (!isWhole(incident)) {
    buffer.referredIds.add(incidentId);
    return;
  }
  const read = parseRecord(record, incident);
  if ('reason' in read) addRejected(buffer, [{ ...read, id: incidentId, key: incidentId }]);
  else addRecord(buffer, read);
}

/** A reference has neither of these; a whole incident that lacks one of them is malformed. */
function isWhole(incident: unknown): boolean {
  return typeof incident === 'object' && incident !== null && ('created_at' in incident || 'status' in incident);
}

function addRecord(buffer: PollBuffer, record: IncidentRecord): void {
  const before = buffer.records.get(record.id);
  if (before === undefined || record.updatedAtMs >= before.updatedAtMs) buffer.records.set(record.id, record);
}

function addRejected(buffer: PollBuffer, rejected: readonly Rejection[]): void {
  for (const rejection of rejected) buffer.rejected.set(rejection.key, rejection);
}
