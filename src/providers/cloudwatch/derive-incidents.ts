import type { RecoveryLimits } from '../../config/types.ts';
import type { Incident, StateChange } from '../../model/incident.ts';
import { type Chain, type Outcome, type Transition, toRecoveries } from '../../model/recoveries.ts';
import { DAY_MS } from '../../model/time.ts';
import { DELETED, parsePreviousState, parseSubject, toConsoleUrl, toIncidentId } from './alarm-id.ts';

/** An alarm without data for this long is expired (DESIGN section 3). */
const NEUTRAL_EXPIRES_MS = 7 * DAY_MS;

const OUTCOMES: Readonly<Record<string, Outcome>> = { ALARM: 'failure', OK: 'success' };

const NO_LIMITS: RecoveryLimits = { openWindowMs: undefined, flakyBelowMs: 0 };

/** The recoveries of one alarm. */
export interface AlarmRecoveries {
  /** Ascending by anchor; without the one that was open when the alarm was deleted. */
  readonly chains: readonly Chain<Transition>[];
  /** Ends, and open failures, whose start is not in the history. */
  readonly startUnknown: readonly Transition[];
}

/** Derives the recoveries of one alarm at `nowMs` from its state changes in any order. */
export function deriveRecoveries(
  stateChanges: readonly StateChange[],
  nowMs: number,
  limits: RecoveryLimits = NO_LIMITS,
): AlarmRecoveries {
  const chains: Chain<Transition>[] = [];
  const startUnknown: Transition[] = [];
  for (const { changes, endMs, isDeleted } of splitLifetimes(stateChanges, nowMs)) {
    const unknownStarts = findUnknownStarts(changes);
    const found = toRecoveries(changes, { ...limits, neutralExpiresMs: NEUTRAL_EXPIRES_MS, nowMs: endMs });
    for (const chain of found.chains) {
      if (unknownStarts.has(chain.anchor.id)) startUnknown.push(chain.anchor);
      else if (!isDeleted || chain.state !== 'open') chains.push(chain);
    }
    startUnknown.push(...found.unmatched.filter(({ id }) => unknownStarts.has(id)));
  }
  return { chains, startUnknown };
}

interface AlarmChange extends Transition {
  readonly from: string;
}

interface AlarmLifetime {
  readonly changes: AlarmChange[];
  readonly endMs: number;
  readonly isDeleted: boolean;
}

/** Splits state changes at deletions: an alarm created again under the same name is a new alarm. */
function splitLifetimes(stateChanges: readonly StateChange[], nowMs: number): AlarmLifetime[] {
  const sorted = [...stateChanges].sort((a, b) => a.atMs - b.atMs);
  const lifetimes: AlarmLifetime[] = [];
  let changes: AlarmChange[] = [];
  for (const { id, atMs, kind } of sorted) {
    if (kind === DELETED) {
      lifetimes.push({ changes, endMs: atMs, isDeleted: true });
      changes = [];
    } else {
      changes.push({ id, atMs, outcome: OUTCOMES[kind] ?? 'neutral', from: parsePreviousState({ id }) });
    }
  }
  return [...lifetimes, { changes, endMs: nowMs, isDeleted: false }];
}

/** Ids of changes whose previous state was ALARM, directly or before a neutral state that had not expired. */
function findUnknownStarts(changes: readonly AlarmChange[]): Set<string> {
  const found = new Set<string>();
  let neutral: AlarmChange | undefined;
  for (const change of changes) {
    if (change.outcome === 'neutral') {
      neutral ??= change;
      continue;
    }
    const first = neutral ?? change;
    if (first.from === 'ALARM' && change.atMs - first.atMs < NEUTRAL_EXPIRES_MS) found.add(change.id);
    neutral = undefined;
  }
  return found;
}

/** What the tags of an alarm say. */
export interface AlarmLabels {
  /** Value of the service tag, else the alarm's name. */
  readonly service: string;
  readonly severityTag: string | undefined;
  readonly team?: string | undefined;
}

/** The labels and ARN that all incidents of one alarm share. */
export interface AlarmAttributes extends AlarmLabels {
  readonly subject: string;
  /** The alarm's ARN, which stays the same when the alarm is deleted and created again. */
  readonly arn: string | undefined;
}

/** Converts a chain of ALARM states to an incident. */
export function toIncident(chain: Chain<Transition>, { subject, arn, ...labels }: AlarmAttributes): Incident {
  const alarm = parseSubject(subject);
  const { anchor, end, endedAtMs } = chain;
  const interval = { openedAtMs: anchor.atMs, ...(endedAtMs === undefined ? {} : { closedAtMs: endedAtMs }) };
  return {
    id: toIncidentId(subject, anchor.atMs),
    ...(end === undefined ? {} : { recoveryKey: `${subject}@${end.atMs}:OK` }),
    subject,
    url: toConsoleUrl(alarm),
    title: alarm.name,
    ...toLabels(labels),
    status: endedAtMs === undefined ? 'triggered' : 'resolved',
    triggeredAtMs: anchor.atMs,
    ...(endedAtMs === undefined ? {} : { resolvedAtMs: endedAtMs, endKnownFrom: 'state_change' }),
    intervals: [interval],
    merged: false,
    ...(chain.state === 'expired' || chain.state === 'flaky' ? { exclusion: chain.state } : {}),
    fingerprint: arn ?? subject,
    updatedAtMs: Math.max(endedAtMs ?? 0, end?.atMs ?? 0, (chain.superseded.at(-1) ?? anchor).atMs),
  };
}

function toLabels({
  service,
  severityTag,
  team,
}: AlarmLabels): Pick<Incident, 'serviceId' | 'serviceName' | 'severity' | 'team'> {
  const severity = severityTag === undefined ? {} : { tag: severityTag };
  return { serviceId: service, serviceName: service, severity, ...(team === undefined ? {} : { team }) };
}

/** True when the incident has exactly these attributes. */
export function hasAttributes(incident: Incident, attributes: AlarmAttributes): boolean {
  const { subject, service, severityTag, team, arn } = attributes;
  const { serviceName, severity, fingerprint } = incident;
  const isLabelled = serviceName === service && severity.tag === severityTag && incident.team === team;
  return isLabelled && fingerprint === (arn ?? subject);
}

/** The incident with these attributes. */
export function withAttributes(incident: Incident, attributes: AlarmAttributes): Incident {
  const { team: _team, ...rest } = incident;
  return { ...rest, ...toLabels(attributes), fingerprint: attributes.arn ?? attributes.subject };
}
