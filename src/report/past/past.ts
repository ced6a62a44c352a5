import { isVisible } from '../../config/label-mapper.ts';
import type { Grouping } from '../../config/types.ts';
import { type FacetLabels, recoveryMs, type StoredIncident } from '../../model/stored.ts';
import type { OpenRow, Row } from '../../stats/rows.ts';
import { openTimeline, reachOf, type TimelineInput } from '../timeline.ts';
import { createCoverage } from './coverage.ts';
import { createOpenPast } from './open-past.ts';

/** What live gauges said, or would have said, at one instant; the same objects each time, so read them before the next. */
export interface Moment {
  readonly rows: readonly Row[];
  readonly openRows: readonly OpenRow[];
}

/** Everything that is known of instants of the past, by what is known today. */
export interface Past {
  /** Instants must not descend. */
  at(ms: number): Moment;
  /** From when on what a row rests on is known; `values` are its labels, in the order of the grouping. */
  startMs(grouping: Grouping, values: readonly string[]): number;
}

/** Reads all incidents of a history twice; each further instant costs what changed since the one before. */
export function openPast(input: Omit<TimelineInput, 'isWanted'>): Past {
  const { history, providers, settings } = input;
  const read = history.providers.flatMap((state) => {
    const provider = providers.find(({ name }) => name === state.name);
    const reach = reachOf(state);
    return provider === undefined || reach === undefined ? [] : [{ ...provider, ...reach }];
  });
  const coverage = createCoverage(read);
  const openPast = createOpenPast({ hasTeam: settings.team });
  const known = new Set<number>();
  history.each((incident) => {
    const labels = history.labels(incident.facet);
    if (labels === undefined || !isSeen(incident, labels, input)) return;
    openPast.put(incident, labels);
    if (!known.has(incident.facet)) coverage.put(labels);
    known.add(incident.facet);
  });
  const timeline = openTimeline(input);
  return {
    at: (ms) => ({ rows: timeline.at({ liveAtMs: ms }), openRows: openPast.at(ms) }),
    startMs: (grouping, values) => coverage.startMs(grouping, values),
  };
}

function isSeen(incident: StoredIncident, labels: FacetLabels, { reader, settings }: Omit<TimelineInput, 'isWanted'>) {
  const provider = reader(labels.provider);
  if (provider === undefined) return false;
  const { marks, title } = incident;
  return isVisible({ marks, title, recoveryMs: recoveryMs(incident, settings.reopened) }, labels, provider);
}
