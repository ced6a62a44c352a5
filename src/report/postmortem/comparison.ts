import type { LabelMapper } from '../../config/label-mapper.ts';
import { DAY_MS } from '../../model/time.ts';
import type { StatisticsSettings } from '../../stats/rows.ts';
import type { History, Recorded } from '../../store/history.ts';
import { figuresOf, rowOf } from '../figures.ts';
import { openTimeline, type ReportedProvider, reachOf } from '../timeline.ts';

/** Incidents resolved in so many days before the trigger are what one is compared with. */
export const COMPARED_DAYS = 90;

export interface ComparisonInput {
  readonly history: History;
  /** The incident that is looked at. */
  readonly recorded: Recorded;
  /** As configured; windows and groupings do not matter. */
  readonly settings: StatisticsSettings;
  readonly providers: readonly ReportedProvider[];
  readonly reader: (provider: string) => LabelMapper | undefined;
}

/** What was usual when it began. */
export interface Comparison {
  readonly grouping: 'service' | 'severity';
  readonly name: string;
  /** Absent where nothing was resolved in that time. */
  readonly medianMinutes: number | undefined;
  readonly meanMinutes: number | undefined;
  readonly resolved: number;
  /** History covers all of that time. */
  readonly isWhole: boolean;
}

/** The usual recovery times of its service and of its severity before it was triggered. */
export function comparisonsOf(input: ComparisonInput): Comparison[] {
  const { history, recorded, settings, reader } = input;
  const { stored, provider } = recorded;
  const labels = history.labels(stored.facet);
  if (labels === undefined || labels.excluded) return [];
  const compared = comparedProviders(input);
  const timeline = openTimeline({
    history,
    reader,
    providers: compared.map((one) => ({ ...one, isOverall: true })),
    settings: {
      ...settings,
      windows: [{ name: `${COMPARED_DAYS}d`, ms: COMPARED_DAYS * DAY_MS }],
      groupings: ['service', 'severity'],
      detail: 'full',
    },
    isWanted: (one) => one.service === labels.service || one.severity === labels.severity,
  });
  // What ended at the very instant of the trigger may be the incident itself.
  const rows = timeline.at(stored.triggeredAtMs - 1);
  const isWhole = history.providers
    .filter(({ name }) => name === provider)
    .every(
      (state) =>
        (reachOf(state)?.historyStartMs ?? Number.POSITIVE_INFINITY) <= stored.triggeredAtMs - COMPARED_DAYS * DAY_MS,
    );
  return (['service', 'severity'] as const).map((grouping) => {
    const name = labels[grouping];
    const row = rowOf(rows, grouping, name);
    const { p50, mttr, resolved = 0 } = row === undefined ? {} : figuresOf(row, 0);
    return { grouping, name, medianMinutes: p50, meanMinutes: mttr, resolved, isWhole };
  });
}

/** An incident of a provider that is kept out of overall rows is compared with those of that provider. */
function comparedProviders({ providers, recorded }: ComparisonInput) {
  const own = providers.find(({ name }) => name === recorded.provider);
  if (own === undefined) return [];
  return own.isOverall ? providers.filter(({ isOverall }) => isOverall) : [own];
}
