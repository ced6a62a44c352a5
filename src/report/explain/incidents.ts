import { recoveryMs } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { History, Recorded } from '../../store/history.ts';
import { statedIncident } from '../stated-incident.ts';
import type { Example, Member } from './collect.ts';
import type { ExplainedIncident, LeftOutIncident } from './explanation.ts';
import type { FacetViews } from './facets.ts';
import type { Judging } from './judge.ts';
import { DESCRIBED } from './statistics.ts';

export interface ListingInput {
  readonly history: History;
  readonly views: FacetViews;
  readonly judging: Judging;
  readonly limit: number;
}

/** The most telling incidents with all their stamps; misses of a target come before what met it. */
export function listed(members: readonly Member[], input: ListingInput): ExplainedIncident[] {
  const { history, judging, limit } = input;
  const sign = judging.statistic === 'withinTarget' ? 1 : -1;
  const chosen = members
    .toSorted((a, b) => sign * (a.value - b.value) || b.triggeredAtMs - a.triggeredAtMs || a.row - b.row)
    .slice(0, limit);
  const { basis, unit } = DESCRIBED[judging.statistic];
  const scale = unit === 'minutes' || basis === 'running' ? MINUTE_MS : 1;
  const contributions = new Map(chosen.map(({ row, value }) => [row, value / scale]));
  return history
    .recorded(chosen.map(({ row }) => row))
    .map((recorded) => explained(recorded, input, contributions.get(recorded.stored.row) ?? 0));
}

function explained(recorded: Recorded, { views, judging }: ListingInput, contribution: number): ExplainedIncident {
  const recovery = recoveryMs(recorded.stored, judging.reopened);
  return {
    ...statedIncident(recorded, labelsOf(recorded, views)),
    merged: recorded.incident.merged ? true : undefined,
    recovery_minutes: recovery === undefined ? undefined : recovery / MINUTE_MS,
    contribution,
  };
}

/** Those that stand for what is left out. */
export function leftOut(
  examples: readonly Example[],
  { history, views }: Omit<ListingInput, 'limit'>,
): LeftOutIncident[] {
  return examples.flatMap(({ row, outsideMs }) =>
    history.recorded([row]).map((recorded) => {
      const { provider, id, url, service, severity, ...stated } = statedIncident(recorded, labelsOf(recorded, views));
      return {
        provider,
        id,
        url,
        service,
        severity,
        triggered_at: stated.triggered_at,
        resolved_at: stated.resolved_at,
        outside_minutes: outsideMs === undefined ? undefined : outsideMs / MINUTE_MS,
      };
    }),
  );
}

function labelsOf({ stored }: Recorded, views: FacetViews) {
  const { service = '', severity = '', team = '' } = views.get(stored.facet)?.labels ?? {};
  return { service, severity, team };
}
