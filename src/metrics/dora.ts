import { DEPLOYMENT_OUTCOMES } from '../model/deployment.ts';
import type { DeploymentState, DoraRow, DoraValues } from '../stats/dora/rows.ts';
import { findLevel, LEAD_TIME_STAGES, LEVEL_METRICS } from '../stats/dora/rows.ts';
import { LEVELS } from '../stats/rows.ts';
import type { LabelPairs, Sample } from './exposition.ts';
import { type AnyFamily, family } from './family.ts';

const LABELS = ['by', 'window', 'service', 'team', 'provider'];

interface DoraFamily {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Samples of one window; the labels of the row are added in front, and what is not known is left out. */
  readonly samples: (values: Readonly<DoraValues>) => readonly Sample[];
}

function doraFamily({ name, help, labels = [], samples }: DoraFamily): AnyFamily {
  return family<DoraRow>({
    name,
    type: 'gauge',
    help,
    labels: [...LABELS, ...labels],
    items: ({ doraRows }) => doraRows,
    version: ({ version }) => version,
    samples: ({ grouping, labels: own, values }, { windows }) =>
      windows.flatMap(({ name: window }, at) => {
        const found = values[at];
        const common: LabelPairs = [['by', grouping], ['window', window], ...own];
        return (found === undefined ? [] : samples(found))
          .filter(({ value }) => !Number.isNaN(value))
          .map((sample) => ({ ...sample, labels: [...common, ...sample.labels] }));
      }),
  });
}

function gaugeOf(name: string, statistic: keyof DoraValues, help: string): AnyFamily {
  return doraFamily({ name, help, samples: (values) => [{ labels: [], value: values[statistic] }] });
}

/** The quantiles that are shown: the median, and what one in ten exceeds. */
function quantilesOf(name: string, [median, ninetieth]: readonly (keyof DoraValues)[], help: string): AnyFamily {
  return doraFamily({
    name,
    help,
    labels: ['quantile'],
    samples: (values) => [
      { labels: [['quantile', '0.5']], value: median === undefined ? Number.NaN : values[median] },
      { labels: [['quantile', '0.9']], value: ninetieth === undefined ? Number.NaN : values[ninetieth] },
    ],
  });
}

function stateFamily(
  declared: { readonly name: string; readonly help: string; readonly labels?: readonly string[] },
  samples: (state: DeploymentState) => readonly { readonly labels: LabelPairs; readonly value: number | undefined }[],
): AnyFamily {
  return family<DeploymentState>({
    ...declared,
    type: 'gauge',
    labels: ['provider', 'service', 'environment', ...(declared.labels ?? [])],
    items: ({ deploymentStates }) => deploymentStates,
    version: () => 0,
    samples: (state) => {
      const { provider, service, environment } = state;
      const own: LabelPairs = Object.entries({ provider, service, environment });
      return samples(state).flatMap(({ labels, value }) =>
        value === undefined ? [] : [{ labels: [...own, ...labels], value }],
      );
    },
  });
}

function levelSamples(values: Readonly<DoraValues>): Sample[] {
  return LEVEL_METRICS.flatMap((metric) => {
    const reached = findLevel(values, metric);
    if (reached === undefined) return [];
    return LEVELS.map((level): Sample => {
      return { labels: Object.entries({ metric, level }), value: Number(level === reached) };
    });
  });
}

/** The newest deployments, which are no statistics of a window. */
export const deploymentStateFamilies: readonly AnyFamily[] = [
  stateFamily(
    {
      name: 'deployment_last_timestamp_seconds',
      help: 'When the last deployment with this outcome ended.',
      labels: ['outcome'],
    },
    ({ lastAtMs }) =>
      DEPLOYMENT_OUTCOMES.map((outcome) => {
        const atMs = lastAtMs[outcome];
        return { labels: [['outcome', outcome]], value: atMs === undefined ? undefined : atMs / 1000 };
      }),
  ),
  stateFamily(
    {
      name: 'deployment_failing',
      help: '1 while the newest finished deployment failed and nothing recovered it, else 0.',
    },
    ({ isFailing }) => [{ labels: [], value: isFailing === undefined ? undefined : Number(isFailing) }],
  ),
];

export const doraFamilies: readonly AnyFamily[] = [
  gaugeOf(
    'dora_deployment_frequency_per_day',
    'frequencyPerDay',
    'Successful deployments per day of the covered window.',
  ),
  gaugeOf(
    'dora_lead_time_minutes',
    'leadTimeMean',
    'Mean time from commit to production of the changes that were first deployed in the window.',
  ),
  quantilesOf(
    'dora_lead_time_quantile_minutes',
    ['leadTimeMedian', 'leadTime90'],
    'Exact quantile of the lead times of the changes that were first deployed in the window.',
  ),
  doraFamily({
    name: 'dora_lead_time_stage_minutes',
    help: 'Mean time of a stage of the lead time: first commit to pull request, to merge, to production; only where pull requests are read.',
    labels: ['stage'],
    samples: (values) => LEAD_TIME_STAGES.map((stage) => ({ labels: [['stage', stage]], value: values[stage] })),
  }),
  gaugeOf(
    'dora_change_failure_ratio',
    'changeFailure',
    'Share of the deployments finished in the window that failed, were rolled back or were followed by an incident.',
  ),
  gaugeOf(
    'dora_recovery_time_minutes',
    'recoveryMean',
    'Mean time to recover of the failed deployments that recovered in the window.',
  ),
  quantilesOf(
    'dora_recovery_time_quantile_minutes',
    ['recoveryMedian', 'recovery90'],
    'Exact quantile of the recovery times of the failed deployments that recovered in the window.',
  ),
  gaugeOf(
    'dora_rework_ratio',
    'rework',
    'Share of the deployments finished in the window that repaired: rollbacks, hot fixes, and successes after failures.',
  ),
  gaugeOf('dora_window_deployments', 'deployments', 'Deployments finished in the window, without cancelled ones.'),
  gaugeOf('dora_window_changes', 'changes', 'Changes first deployed in the window that have a lead time.'),
  gaugeOf('dora_window_failures', 'failures', 'Failed changes among the deployments finished in the window.'),
  gaugeOf('dora_window_recoveries', 'recoveries', 'Failed deployments that recovered in the window.'),
  gaugeOf(
    'dora_deployment_frequency_baseline_per_day',
    'frequencyBaseline',
    'Successful deployments per day of the window just before this one, where history reaches far enough back.',
  ),
  gaugeOf(
    'dora_lead_time_baseline_minutes',
    'leadTimeBaseline',
    'Median lead time of the window just before this one, where history reaches far enough back.',
  ),
  gaugeOf(
    'dora_change_failure_baseline_ratio',
    'changeFailureBaseline',
    'Change failure ratio of the window just before this one, where history reaches far enough back.',
  ),
  gaugeOf(
    'dora_recovery_time_baseline_minutes',
    'recoveryBaseline',
    'Median recovery time of the window just before this one, where history reaches far enough back.',
  ),
  doraFamily({
    name: 'dora_performance_level',
    help: '1 for the level that the metric reaches in the window, 0 for the others; overall is the worst of the four.',
    labels: ['metric', 'level'],
    samples: levelSamples,
  }),
];
