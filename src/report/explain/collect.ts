import type { StoredIncident } from '../../model/stored.ts';
import type { History } from '../../store/history.ts';
import { REASONS, type Reason } from './explanation.ts';
import type { FacetViews } from './facets.ts';
import { type In, isSeen, type Judging, judge, type Out } from './judge.ts';
import { type OpenTime, openTimes } from './spans.ts';
import { type Basis, DESCRIBED } from './statistics.ts';

/** Incidents that are named for each reason. */
export const EXAMPLES_MAX = 5;

/** An incident in the number: where it is kept, and what it adds (milliseconds, or 1 or 0). */
export interface Member {
  readonly row: number;
  readonly value: number;
  readonly triggeredAtMs: number;
  readonly fingerprint: number;
  /** Only where the statistic is about time. */
  readonly times: readonly OpenTime[];
}

export interface Example {
  readonly row: number;
  readonly triggeredAtMs: number;
  readonly outsideMs: number | undefined;
}

/** All with one reason; a few of them by name, the most telling first. */
export interface Omitted {
  readonly reason: Reason;
  readonly count: number;
  readonly examples: readonly Example[];
}

export interface Collected {
  readonly members: readonly Member[];
  /** In the order of REASONS; only those that occur. */
  readonly omitted: readonly Omitted[];
  /** Providers that have an incident in the row, at any time. */
  readonly providersInRow: ReadonlySet<string>;
}

/** Goes once over the whole history and judges every incident that has the labels. */
export function collect(history: History, views: FacetViews, judging: Judging): Collected {
  const { basis } = DESCRIBED[judging.statistic];
  const members: Member[] = [];
  const omitted = new Map<Reason, { count: number; examples: Example[] }>();
  const providersInRow = new Set<string>();
  history.each((incident) => {
    const view = views.get(incident.facet);
    if (view === undefined) return;
    const { name } = view.span.provider;
    if (!providersInRow.has(name) && isSeen(incident, view, judging)) providersInRow.add(name);
    const judged = judge(incident, view, judging);
    if (judged === undefined) return;
    if (isIn(judged)) members.push(memberOf(incident, judged, basis));
    else omit(omitted, incident, judged);
  });
  const found = REASONS.flatMap((reason) => {
    const one = omitted.get(reason);
    return one === undefined ? [] : [{ reason, ...one }];
  });
  return { members, omitted: found, providersInRow };
}

function isIn(judged: In | Out): judged is In {
  return 'value' in judged;
}

function memberOf(incident: StoredIncident, { value }: In, basis: Basis): Member {
  const { row, triggeredAtMs, fingerprint } = incident;
  return { row, value, triggeredAtMs, fingerprint, times: basis === 'running' ? openTimes(incident) : [] };
}

function omit(
  omitted: Map<Reason, { count: number; examples: Example[] }>,
  { row, triggeredAtMs }: StoredIncident,
  { reason, outsideMs }: Out,
): void {
  const one = omitted.get(reason) ?? { count: 0, examples: [] };
  omitted.set(reason, one);
  one.count += 1;
  const example = { row, triggeredAtMs, outsideMs };
  const last = one.examples[EXAMPLES_MAX - 1];
  if (last !== undefined && byTelling(example, last) >= 0) return;
  one.examples.push(example);
  one.examples.sort(byTelling);
  one.examples.length = Math.min(one.examples.length, EXAMPLES_MAX);
}

/** The nearest to the window first, then the newest. */
function byTelling(a: Example, b: Example): number {
  return (a.outsideMs ?? 0) - (b.outsideMs ?? 0) || b.triggeredAtMs - a.triggeredAtMs || a.row - b.row;
}
