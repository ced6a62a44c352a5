import type { Incident } from '../../src/model/incident.ts';
import { MINUTE_MS, SINCE } from './fixtures.ts';

/** One commit as the oracle gets it. */
export interface OracleCommit {
  readonly reported: readonly Incident[];
  readonly deletedIds: readonly string[];
  /** Undefined for a page of a first sync that is not its last. */
  readonly polledUntilMs: number | undefined;
}

export interface OracleAnswer {
  /** As `totals` gives them, without label sets at zero. */
  readonly totals: Record<string, Record<string, number>>;
  readonly revisions: Record<string, number>;
}

interface OracleIncident {
  current: Incident;
  isDeleted: boolean;
  isOpeningCounted: boolean;
  escalations: number;
  reopens: number;
  /** The end that was counted. */
  countedEndMs: number | undefined;
}

const TARGET_MINUTES: Record<string, number> = { P1: 30, P2: 120, P3: 480, P4: 1440 };

/** An obviously right ledger: after each commit it goes over everything that was ever reported, in memory. */
export function oracle(commits: readonly OracleCommit[], settleMs: number): OracleAnswer {
  const knownById = new Map<string, OracleIncident>();
  const totals: Record<string, Record<string, number>> = {};
  const revisions: Record<string, number> = {};
  const add = (set: string, name: string, by: number) => {
    if (by === 0) return;
    totals[set] = { ...totals[set], [name]: (totals[set]?.[name] ?? 0) + by };
  };
  const revise = (change: string) => {
    revisions[change] = (revisions[change] ?? 0) + 1;
  };
  let isCounting = false;
  for (const { reported, deletedIds, polledUntilMs = 0 } of commits) {
    for (const incident of reported) {
      const known = knownById.get(incident.id) ?? newIncident(incident);
      for (const change of corrections(known, incident)) revise(change);
      known.current = incident;
      known.isDeleted = false;
      knownById.set(incident.id, known);
      if (isCounting) count(known, { add, polledUntilMs, settleMs });
    }
    for (const id of deletedIds) {
      const known = knownById.get(id);
      if (known === undefined || known.isDeleted) continue;
      known.isDeleted = true;
      if (isAnythingCounted(known)) revise('deleted');
    }
    if (isCounting) for (const known of knownById.values()) count(known, { add, polledUntilMs, settleMs });
    if (polledUntilMs !== 0) isCounting = true;
  }
  return { totals, revisions };
}

function newIncident(current: Incident): OracleIncident {
  return { current, isDeleted: false, isOpeningCounted: false, escalations: 0, reopens: 0, countedEndMs: undefined };
}

function corrections(known: OracleIncident, now: Incident): string[] {
  if (!isAnythingCounted(known)) return [];
  const { current, countedEndMs } = known;
  const found: string[] = [];
  if ((now.reopenedAtMs?.length ?? 0) > (current.reopenedAtMs?.length ?? 0)) found.push('reopened');
  if (now.severity.priority !== current.severity.priority) found.push('severity');
  if (now.serviceName !== current.serviceName) found.push('service');
  const before = current.resolvedAtMs ?? countedEndMs;
  if (now.resolvedAtMs !== undefined && before !== undefined && now.resolvedAtMs !== before) found.push('resolved_at');
  if (now.triggeredAtMs !== current.triggeredAtMs) found.push('triggered_at');
  if (now.merged && !current.merged) found.push('merged');
  return found;
}

function isAnythingCounted({ countedEndMs, isOpeningCounted, escalations, reopens }: OracleIncident): boolean {
  return countedEndMs !== undefined || isOpeningCounted || escalations > 0 || reopens > 0;
}

interface CountingWith {
  readonly add: (set: string, name: string, by: number) => void;
  readonly polledUntilMs: number;
  readonly settleMs: number;
}

function count(known: OracleIncident, { add, polledUntilMs, settleMs }: CountingWith): void {
  const { current } = known;
  if (known.isDeleted || current.exclusion !== undefined) return;
  const severity = current.severity.priority ?? '';
  const [base, wide] = [`${current.serviceName} ${severity}`, `* ${severity}`];
  if (!known.isOpeningCounted && current.triggeredAtMs >= SINCE) {
    known.isOpeningCounted = true;
    add(base, 'opened', 1);
  }
  const since = (times: readonly number[] | undefined) => (times ?? []).filter((ms) => ms >= SINCE).length;
  const escalations = Math.max(known.escalations, since(current.escalatedAtMs));
  const reopens = Math.max(known.reopens, since(current.reopenedAtMs));
  add(wide, 'escalations', escalations - known.escalations);
  add(wide, 'reopened', reopens - known.reopens);
  Object.assign(known, { escalations, reopens });
  const { resolvedAtMs } = current;
  const isDue = resolvedAtMs !== undefined && resolvedAtMs >= SINCE && polledUntilMs - resolvedAtMs >= settleMs;
  if (!isDue || current.merged || known.countedEndMs !== undefined) return;
  known.countedEndMs = resolvedAtMs;
  const minutes = (resolvedAtMs - current.triggeredAtMs) / MINUTE_MS;
  add(base, 'recovery', 1);
  add(base, 'recoveryMinutes', minutes);
  if (minutes <= (TARGET_MINUTES[severity] ?? -1)) add(base, 'withinTarget', 1);
  if (current.acknowledgedAtMs === undefined) add(wide, 'unacknowledged', 1);
  else {
    add(wide, 'acknowledgement', 1);
    add(wide, 'acknowledgementMinutes', (current.acknowledgedAtMs - current.triggeredAtMs) / MINUTE_MS);
  }
}
