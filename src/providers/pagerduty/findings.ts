import type { Rejection, StateChange } from '../../model/incident.ts';
import { type Parsed, parseRecord } from '../answers.ts';
import type { Fetched, LogPart } from './reading.ts';
import { Incident, type IncidentFacts, type LogLine } from './schema.ts';

/** What one poll has found so far. An incident that several lists show is taken from the one that saw it last. */
export interface Findings {
  readonly facts: Map<string, IncidentFacts>;
  readonly stateChanges: Map<string, StateChange>;
  readonly rejected: Map<string, Rejection>;
  readonly deletedIds: Set<string>;
  /** Ids of incidents of which the log had a line, but no more than a reference. */
  readonly referredIds: Set<string>;
  /** Newest line of the log of changes. */
  newestMs: number | undefined;
}

/** Nothing found yet. */
export function noFindings(): Findings {
  return {
    facts: new Map(),
    stateChanges: new Map(),
    rejected: new Map(),
    deletedIds: new Set(),
    referredIds: new Set(),
    newestMs: undefined,
  };
}

/** True when this poll already learnt about the incident, were it only that it cannot be read. */
export function hasSeen(findings: Findings, id: string): boolean {
  return findings.facts.has(id) || findings.deletedIds.has(id) || findings.rejected.has(id);
}

/** Adds incidents of a list. */
export function addIncidents(findings: Findings, { wires, rejected }: Parsed<IncidentFacts>): void {
  for (const facts of wires) addFacts(findings, facts);
  addRejected(findings, rejected);
}

/** Adds incidents that were asked for one by one. */
export function addFetched(findings: Findings, { facts, rejected, deletedIds }: Fetched): void {
  addIncidents(findings, { wires: facts, rejected });
  for (const id of deletedIds) findings.deletedIds.add(id);
}

/** Adds lines of the log, without the incidents that they belong to. */
export function addLog(findings: Findings, { stateChanges, rejected }: Omit<LogPart, 'lines'>): void {
  for (const signal of stateChanges) findings.stateChanges.set(`${signal.subject} ${signal.id}`, signal);
  addRejected(findings, rejected);
}

/** Adds lines of the log of changes with the incidents inside them. */
export function addChanges(findings: Findings, part: LogPart): void {
  addLog(findings, part);
  for (const line of part.lines) {
    findings.newestMs = Math.max(findings.newestMs ?? line.atMs, line.atMs);
    addEmbedded(findings, line);
  }
}

function addEmbedded(findings: Findings, { incident, incidentId }: LogLine): void {
  if (!isWhole(incident)) {
    findings.referredIds.add(incidentId);
    return;
  }
  const read = parseRecord(Incident, incident);
  if ('reason' in read) addRejected(findings, [{ ...read, id: incidentId, key: incidentId }]);
  else addFacts(findings, read);
}

/** A reference has neither of these; a whole incident that lacks one of them is malformed. */
function isWhole(incident: unknown): boolean {
  return typeof incident === 'object' && incident !== null && ('created_at' in incident || 'status' in incident);
}

function addFacts(findings: Findings, facts: IncidentFacts): void {
  const before = findings.facts.get(facts.id);
  if (before === undefined || facts.updatedAtMs >= before.updatedAtMs) findings.facts.set(facts.id, facts);
}

function addRejected(findings: Findings, rejected: readonly Rejection[]): void {
  for (const rejection of rejected) findings.rejected.set(rejection.key, rejection);
}
