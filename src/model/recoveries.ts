/** What a state change means for its subject. */
export type Outcome = 'failure' | 'success' | 'neutral';

/** One state change of one subject. */
export interface Transition {
  /** Unique within the subject; the same change twice counts once. */
  readonly id: string;
  readonly atMs: number;
  readonly outcome: Outcome;
}

/** The limits within which a success belongs to the failure before it. */
export interface RecoveryPolicy {
  /** A success later than this after the first failure closes the chain as expired; absent: no limit. */
  readonly openWindowMs?: number | undefined;
  /** A shorter recovery is flaky. */
  readonly flakyBelowMs: number;
  /** A chain that has been neutral for this long is expired; absent: never. */
  readonly neutralExpiresMs?: number | undefined;
  readonly nowMs: number;
}

/** A run of failures with what ended it. */
export interface Chain<Change> {
  /** The first failure; the recovery clock starts with it. */
  readonly anchor: Change;
  /** The failures after the anchor, ascending. */
  readonly superseded: readonly Change[];
  /** The success that ended the chain, or that came after it had expired. */
  readonly end?: Change | undefined;
  /** When the chain ended: at the success, or when it had been neutral for too long; absent while it is open. */
  readonly endedAtMs?: number | undefined;
  readonly state: 'resolved' | 'open' | 'expired' | 'flaky';
}

/** The recoveries of one subject. */
export interface Recoveries<Change> {
  /** Ascending by anchor; failures = resolved + flaky + expired + open + superseded. */
  readonly chains: readonly Chain<Change>[];
  /** Successes that no known failure precedes. */
  readonly unmatched: readonly Change[];
}

/**
 * The chains of failures of one subject and how they ended: a function of the set of changes, in any order and with
 * any repetitions.
 */
export function toRecoveries<Change extends Transition>(
  changes: Iterable<Change>,
  policy: RecoveryPolicy,
): Recoveries<Change> {
  const chains: Chain<Change>[] = [];
  const unmatched: Change[] = [];
  let open: OpenChain<Change> | undefined;
  for (const change of inOrderOfTime(changes)) {
    if (change.outcome === 'success') {
      if (open === undefined) unmatched.push(change);
      else chains.push(closed(open, change, policy));
      open = undefined;
    } else if (change.outcome === 'failure') {
      if (open !== undefined && expiryMs(open, policy) <= change.atMs) {
        chains.push(unfinished(open, { ...policy, nowMs: change.atMs }));
        open = undefined;
      }
      open = failedAgain(open, change);
    } else if (open !== undefined) {
      open = { ...open, neutralSinceMs: open.neutralSinceMs ?? change.atMs };
    }
  }
  if (open !== undefined) chains.push(unfinished(open, policy));
  return { chains, unmatched };
}

interface OpenChain<Change> {
  readonly anchor: Change;
  readonly superseded: Change[];
  /** Since when all changes were neutral. */
  readonly neutralSinceMs?: number | undefined;
}

/** At the same time a failure goes first: that makes a recovery of zero length, not a failure without an end. */
const RANK = { failure: 0, neutral: 1, success: 2 } as const;

function inOrderOfTime<Change extends Transition>(changes: Iterable<Change>): Change[] {
  const byId = new Map([...changes].map((change) => [change.id, change]));
  return [...byId.values()].sort(
    (a, b) => a.atMs - b.atMs || RANK[a.outcome] - RANK[b.outcome] || (a.id < b.id ? -1 : 1),
  );
}

function failedAgain<Change>(open: OpenChain<Change> | undefined, failure: Change): OpenChain<Change> {
  if (open === undefined) return { anchor: failure, superseded: [] };
  open.superseded.push(failure);
  return { anchor: open.anchor, superseded: open.superseded };
}

/** When an open chain expires if it stays neutral; never while it fails. */
function expiryMs(open: OpenChain<unknown>, policy: RecoveryPolicy): number {
  const { neutralExpiresMs } = policy;
  if (open.neutralSinceMs === undefined || neutralExpiresMs === undefined) return Number.POSITIVE_INFINITY;
  return open.neutralSinceMs + neutralExpiresMs;
}

function unfinished<Change>(open: OpenChain<Change>, policy: RecoveryPolicy): Chain<Change> {
  const { anchor, superseded } = open;
  const expiresAtMs = expiryMs(open, policy);
  if (policy.nowMs < expiresAtMs) return { anchor, superseded, state: 'open' };
  return { anchor, superseded, endedAtMs: expiresAtMs, state: 'expired' };
}

function closed<Change extends Transition>(
  open: OpenChain<Change>,
  end: Change,
  policy: RecoveryPolicy,
): Chain<Change> {
  const { anchor, superseded } = open;
  const expiresAtMs = expiryMs(open, policy);
  if (expiresAtMs <= end.atMs) return { anchor, superseded, end, endedAtMs: expiresAtMs, state: 'expired' };
  return { anchor, superseded, end, endedAtMs: end.atMs, state: stateAfter(end.atMs - anchor.atMs, policy) };
}

function stateAfter(recoveryMs: number, policy: RecoveryPolicy): 'resolved' | 'expired' | 'flaky' {
  if (recoveryMs > (policy.openWindowMs ?? Number.POSITIVE_INFINITY)) return 'expired';
  return recoveryMs < policy.flakyBelowMs ? 'flaky' : 'resolved';
}
