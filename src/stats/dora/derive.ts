import type { FailureReason } from '../../config/types.ts';
import {
  type ChangeTimes,
  DEPLOYMENT_FLAGS,
  type DeploymentLabels,
  type DeploymentOutcome,
  type DeploymentSummary,
} from '../../model/deployment.ts';
import type { Glob } from '../../model/glob.ts';
import { toRecoveries } from '../../model/recoveries.ts';
import type { IncidentIndex } from './incident-index.ts';
import { OrderedList } from './ordered-list.ts';
import type { BlamingIncident, DeploymentPolicy, DoraSettings } from './rows.ts';

/** A deployment with its subject, and what its groups count of it. */
export interface Entry {
  readonly row: number;
  readonly subject: Subject;
  /** Undefined while it runs; then it is in no list and counts nothing. */
  readonly outcome: DeploymentOutcome | undefined;
  readonly isRollback: boolean;
  readonly isReworkRef: boolean;
  readonly startedAtMs: number;
  /** NaN while it runs. */
  readonly finishedAtMs: number;
  readonly changes: readonly ChangeTimes[];
  /** What its groups count of it; undefined while they count nothing. */
  counted: DeploymentFacts | undefined;
}

/** What follows from a deployment, those around it and the incidents after it. */
export interface DeploymentFacts {
  /** Why it is a failed change; none when it is not. */
  readonly reasons: readonly FailureReason[];
  /** NaN while nothing recovered it, and for what is in no statistic of recoveries. */
  readonly recoveryMs: number;
  readonly recoveredAtMs: number;
  /** It repairs an earlier one. */
  readonly isRework: boolean;
}

/** Deployments of one repository to one environment of the platform: failures and successes are paired within it. */
export interface Subject {
  readonly row: number;
  readonly labels: DeploymentLabels;
  readonly policy: DeploymentPolicy;
  readonly stream: DeploymentStream;
  /** Finished deployments but the cancelled ones. */
  readonly deployments: OrderedList<Entry>;
}

/** Successful deployments of one repository to one environment of ours: each is live until the next. */
export interface DeploymentStream {
  readonly service: string;
  readonly successes: OrderedList<Entry>;
}

/** At the same time a failure goes first, as in the pairing. */
function rank({ outcome }: Entry): number {
  return outcome === 'failure' ? 0 : 1;
}

/** In order of their ends. */
export function byFinish(a: Entry, b: Entry): number {
  return a.finishedAtMs - b.finishedAtMs || rank(a) - rank(b) || a.startedAtMs - b.startedAtMs || a.row - b.row;
}

export function createSubject(
  row: number,
  labels: DeploymentLabels,
  given: Pick<Subject, 'policy' | 'stream'>,
): Subject {
  return { row, labels, ...given, deployments: new OrderedList(byFinish) };
}

export function createStream({ renamedService }: DeploymentLabels): DeploymentStream {
  return { service: renamedService, successes: new OrderedList(byFinish) };
}

export function toEntry(summary: DeploymentSummary, subject: Subject, isReworkRef: (ref: string) => boolean): Entry {
  const { row, outcome, startedAtMs, finishedAtMs = Number.NaN, changes, flags, ref } = summary;
  return {
    row,
    subject,
    outcome,
    isRollback: outcome === 'success' && (flags & DEPLOYMENT_FLAGS.rollback) !== 0,
    isReworkRef: ref !== undefined && isReworkRef(ref),
    startedAtMs,
    finishedAtMs,
    changes: outcome === 'success' ? changes : NO_CHANGES,
    counted: undefined,
  };
}
const NO_CHANGES: readonly ChangeTimes[] = [];

/** Whether a ref names rework; most deployments share few refs, so each is matched once. */
export function createReworkRefs(patterns: readonly Glob[]): (ref: string) => boolean {
  const known = new Map<string, boolean>();
  return (ref) => {
    const found = known.get(ref);
    if (found !== undefined) return found;
    // GitHub takes refs with and without their kind in front.
    const name = ref.replace(/^refs\/(heads|tags)\//, '');
    const isRework = patterns.some(({ expression }) => expression.test(name));
    if (known.size < REFS_KEPT_MAX) known.set(ref, isRework);
    return isRework;
  };
}
/** Refs of which the result is kept; tags are many, and each is deployed a few times at most. */
const REFS_KEPT_MAX = 10_000;

type DeriveSettings = Pick<DoraSettings, 'failureFrom' | 'incidentWithinMs'>;

export function deriveFacts(entry: Entry, incidents: IncidentIndex, settings: DeriveSettings): DeploymentFacts {
  if (entry.outcome === 'failure') return failureFacts(entry, settings);
  if (entry.outcome !== 'success') return UNREMARKABLE;
  const rollback = settings.failureFrom.includes('rollback') ? findRollback(entry) : undefined;
  const blaming = settings.failureFrom.includes('incident') ? findIncidents(entry, incidents, settings) : [];
  const isRework = entry.isRollback || entry.isReworkRef || neighbour(entry, -1)?.outcome === 'failure';
  // Most deployments: a million of them share one object.
  if (rollback === undefined && blaming.length === 0) return isRework ? REWORK : UNREMARKABLE;
  const reasons: FailureReason[] = [];
  if (rollback !== undefined) reasons.push('rollback');
  if (blaming.length > 0) reasons.push('incident');
  return { ...(rollback === undefined ? recoveryOf(blaming) : until(entry, rollback)), reasons, isRework };
}

function failureFacts(entry: Entry, { failureFrom }: DeriveSettings): DeploymentFacts {
  if (!failureFrom.includes('deployment')) return entry.isReworkRef ? REWORK : UNREMARKABLE;
  return { ...pairing(entry), reasons: ['deployment'], isRework: entry.isReworkRef };
}

type Recovery = Pick<DeploymentFacts, 'recoveryMs' | 'recoveredAtMs'>;
const NOT_RECOVERED: Recovery = { recoveryMs: Number.NaN, recoveredAtMs: Number.NaN };
const UNREMARKABLE: DeploymentFacts = { ...NOT_RECOVERED, reasons: [], isRework: false };
const REWORK: DeploymentFacts = { ...UNREMARKABLE, isRework: true };

function until(entry: Entry, { finishedAtMs }: Entry): Recovery {
  return { recoveryMs: finishedAtMs - entry.finishedAtMs, recoveredAtMs: finishedAtMs };
}

/** The first incident's recovery; a merged one has none, so the first that is not merged decides. */
function recoveryOf(incidents: readonly BlamingIncident[]): Recovery {
  const first = incidents.find(({ isMerged }) => !isMerged);
  return first === undefined ? NOT_RECOVERED : { recoveryMs: first.recoveryMs, recoveredAtMs: first.recoveredAtMs };
}

/** The deployment before (-1) or after (1) it that failed or succeeded, in the same environment of the platform. */
function neighbour(entry: Entry, step: -1 | 1): Entry | undefined {
  const { deployments } = entry.subject;
  return deployments.at(deployments.indexOf(entry) + step);
}

/** The next successful deployment of the repository to the same environment of ours. */
export function findNextSuccess(entry: Entry): Entry | undefined {
  const { successes } = entry.subject.stream;
  return successes.at(successes.indexOf(entry) + 1);
}

/** The success that took it back: the next one, when it deploys an older commit. */
function findRollback(entry: Entry): Entry | undefined {
  const next = findNextSuccess(entry);
  return next?.isRollback === true ? next : undefined;
}

const NO_INCIDENTS: readonly BlamingIncident[] = [];

/** Incidents that were triggered while it was live and soon enough after it succeeded. */
export function findIncidents(
  entry: Entry,
  incidents: IncidentIndex,
  { incidentWithinMs }: Pick<DeriveSettings, 'incidentWithinMs'>,
): readonly BlamingIncident[] {
  if (!incidents.has(entry.subject.stream.service)) return NO_INCIDENTS;
  const lastMs = entry.finishedAtMs + incidentWithinMs;
  const nextAtMs = findNextSuccess(entry)?.finishedAtMs ?? Number.POSITIVE_INFINITY;
  const isEndIncluded = lastMs < nextAtMs;
  const range = { fromMs: entry.finishedAtMs, toMs: Math.min(lastMs, nextAtMs), isEndIncluded };
  return incidents.triggeredIn(entry.subject.stream.service, range);
}

/** The deployment of the stream that was live at a time. */
export function findLive({ successes }: DeploymentStream, atMs: number): Entry | undefined {
  return successes.at(successes.firstIndex(({ finishedAtMs }) => finishedAtMs > atMs) - 1);
}

/** The first failure of the run of failures that ends with this one. */
export function findAnchor(failure: Entry): Entry {
  const { deployments } = failure.subject;
  let anchor = failure;
  for (let at = deployments.indexOf(failure) - 1; at >= 0; at -= 1) {
    const before = deployments.at(at);
    if (before?.outcome !== 'failure') break;
    anchor = before;
  }
  return anchor;
}

/** The recovery that a failure owns: only the first of a run has one, when the next success is neither flaky nor too late. */
function pairing(failure: Entry): Recovery {
  if (neighbour(failure, -1)?.outcome === 'failure') return NOT_RECOVERED;
  const { deployments, policy } = failure.subject;
  let at = deployments.indexOf(failure) + 1;
  while (deployments.at(at)?.outcome === 'failure') at += 1;
  const success = deployments.at(at);
  if (success === undefined) return NOT_RECOVERED;
  const changes = [failure, success].map(({ row, finishedAtMs, outcome }) => ({
    id: String(row),
    atMs: finishedAtMs,
    outcome: outcome === 'failure' ? ('failure' as const) : ('success' as const),
  }));
  const { openWindowMs, flakyBelowMs } = policy;
  const [chain] = toRecoveries(changes, { openWindowMs, flakyBelowMs, nowMs: success.finishedAtMs }).chains;
  return chain?.state === 'resolved' ? until(failure, success) : NOT_RECOVERED;
}
