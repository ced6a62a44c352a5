import type { StateChange } from '../../model/incident.ts';
import type { LogLine } from './schema.ts';

/** What a log entry means to us, and no word of who was behind it. */
export type StateChangeKind =
  | 'trigger'
  | 'acknowledge'
  | 'acknowledge_by_machine'
  | 'unacknowledge'
  | 'escalate'
  | 'assign'
  | 'delegate'
  | 'resolve'
  | 'resolve_auto'
  | 'reopen';

/** Types of log entries that change what an incident is in. Notes, notifications and fields change nothing. */
const KINDS = new Map<string, (line: LogLine) => StateChangeKind>([
  ['trigger_log_entry', () => 'trigger'],
  ['acknowledge_log_entry', ({ byPerson }) => (byPerson ? 'acknowledge' : 'acknowledge_by_machine')],
  ['unacknowledge_log_entry', () => 'unacknowledge'],
  ['escalate_log_entry', () => 'escalate'],
  ['assign_log_entry', () => 'assign'],
  ['delegate_log_entry', () => 'delegate'],
  ['resolve_log_entry', ({ byPerson, byTimeout }) => (byPerson && !byTimeout ? 'resolve' : 'resolve_auto')],
]);

/** The state change that a log entry is; undefined when it changes no state. */
export function toStateChange(line: LogLine): StateChange | undefined {
  const kind = KINDS.get(line.type)?.(line);
  return kind === undefined ? undefined : { subject: line.incidentId, id: line.id, atMs: line.atMs, kind };
}

/** Pins when an incident was found open again although its log does not tell of it. */
export function toReopen(incidentId: string, atMs: number): StateChange {
  return { subject: incidentId, id: `reopen@${atMs}`, atMs, kind: 'reopen' };
}

/** True for both ways to end. */
export function isResolve({ kind }: StateChange): boolean {
  return kind === 'resolve' || kind === 'resolve_auto';
}

/** Each state change once, in order of time; of one second the resolves come last, for stamps are whole seconds. */
export function sortByTime(stateChanges: readonly StateChange[]): StateChange[] {
  const byId = new Map(stateChanges.map((stateChange) => [stateChange.id, stateChange]));
  return [...byId.values()].sort(
    (a, b) => a.atMs - b.atMs || Number(isResolve(a)) - Number(isResolve(b)) || (a.id < b.id ? -1 : 1),
  );
}
