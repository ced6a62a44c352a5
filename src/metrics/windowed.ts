import { STAGES } from '../config/types.ts';
import {
  LEVELS,
  levelOf,
  QUANTILE_STATISTICS,
  QUANTILES,
  type Row,
  STAGE_STATISTICS,
  STATISTICS,
  type Statistic,
} from '../stats/rows.ts';
import { type LabelPairs, labelText, type Sample } from './exposition.ts';
import { type AnyFamily, type FamilySettings, family } from './family.ts';

const LABELS = ['by', 'window', 'service', 'severity', 'team', 'provider'];

interface Windowed {
  readonly name: string;
  readonly help: string;
  readonly statistics: readonly Statistic[];
  readonly labels?: readonly string[];
  /** Only rows that have this statistic too are shown. */
  readonly onlyWith?: Statistic;
  /** Samples of one window; the labels of the row are added in front. */
  readonly samples: (value: (statistic: Statistic) => number, settings: FamilySettings) => readonly Sample[];
}

function gaugeOf(name: string, statistic: Statistic, help: string): AnyFamily {
  return windowed({
    name,
    help,
    statistics: [statistic],
    samples: (value) => [{ labels: [], value: value(statistic) }],
  });
}

/** A gauge of the windowed rows: absent where a row has no value, never 0 instead. */
function windowed({ name, help, statistics, labels = [], onlyWith, samples }: Windowed): AnyFamily {
  const indexes = statistics.map((statistic) => STATISTICS.indexOf(statistic));
  const [first = 0] = indexes;
  const hasSamples = ({ statistics: carried }: Row) =>
    statistics.some((statistic) => carried.has(statistic)) && (onlyWith === undefined || carried.has(onlyWith));
  const sumOfVersions = ({ versions }: Row) => indexes.reduce((sum, index) => sum + (versions[index] ?? 0), 0);
  // The list of rows is a new object whenever a row is added or removed.
  const rowsWithSamples = new WeakMap<readonly Row[], readonly Row[]>();
  return family<Row>({
    name,
    type: 'gauge',
    help,
    labels: [...LABELS, ...labels],
    items: ({ rows }) => {
      const known = rowsWithSamples.get(rows) ?? rows.filter(hasSamples);
      rowsWithSamples.set(rows, known);
      return known;
    },
    version: indexes.length === 1 ? ({ versions }) => versions[first] ?? 0 : sumOfVersions,
    samples: (row, settings) =>
      settings.windows.flatMap(({ name: window }, at) => {
        const value = (statistic: Statistic) => row.values[at]?.[STATISTICS.indexOf(statistic)] ?? Number.NaN;
        const common = rowLabels(row, window);
        return samples(value, settings)
          .filter((sample) => !Number.isNaN(sample.value))
          .map((sample) =>
            sample.labels.length === 0 ? { ...common, value: sample.value } : withLabels(common, sample),
          );
      }),
  });
}

type RowLabels = Required<Pick<Sample, 'labels' | 'labelText'>>;

/** By row, then by window: two dozen families show each of them, most again every minute. */
const labelsByRow = new WeakMap<Row, Map<string, RowLabels>>();

function rowLabels(row: Row, window: string): RowLabels {
  const byWindow = labelsByRow.get(row) ?? new Map<string, RowLabels>();
  labelsByRow.set(row, byWindow);
  const known = byWindow.get(window);
  if (known !== undefined) return known;
  const labels: LabelPairs = [['by', row.grouping], ['window', window], ...row.labels];
  const common = { labels, labelText: labelText(labels) };
  byWindow.set(window, common);
  return common;
}

function withLabels(common: RowLabels, { labels, ...sample }: Sample): Sample {
  return { ...sample, labels: [...common.labels, ...labels], labelText: `${common.labelText},${labelText(labels)}` };
}

function levelSamples(mttr: number, { levels }: FamilySettings): Sample[] {
  if (Number.isNaN(mttr)) return [];
  const reached = levelOf(mttr, levels);
  return LEVELS.map((level) => ({ labels: [['level', level]], value: Number(level === reached) }));
}

export const windowedFamilies: readonly AnyFamily[] = [
  gaugeOf(
    'incident_mttr_minutes',
    'mttr',
    'Mean time from trigger to resolve of the incidents resolved in the window.',
  ),
  gaugeOf(
    'incident_mtta_minutes',
    'mtta',
    'Mean time from trigger to first acknowledgement by a person, of the acknowledged incidents resolved in the window.',
  ),
  gaugeOf(
    'incident_mttd_minutes',
    'mttd',
    'Mean time from begin of impact to trigger, of the incidents resolved in the window whose begin is known.',
  ),
  gaugeOf(
    'incident_mtti_minutes',
    'mtti',
    'Mean time from trigger to identification, of the identified incidents resolved in the window.',
  ),
  gaugeOf(
    'incident_mttm_minutes',
    'mttm',
    'Mean time from trigger to mitigation, of the mitigated incidents resolved in the window.',
  ),
  gaugeOf(
    'incident_mtbf_minutes',
    'mtbf',
    'Minutes of the covered window without an open incident, per incident opened in it.',
  ),
  windowed({
    name: 'incident_recovery_quantile_minutes',
    help: 'Exact quantile of the recovery times in the window, interpolated linearly between order statistics.',
    statistics: QUANTILE_STATISTICS,
    labels: ['quantile'],
    samples: (value) =>
      QUANTILE_STATISTICS.map((one) => ({ labels: [['quantile', String(QUANTILES[one])]], value: value(one) })),
  }),
  gaugeOf('incident_recovery_min_minutes', 'min', 'Shortest recovery in the window.'),
  gaugeOf('incident_recovery_max_minutes', 'max', 'Longest recovery in the window.'),
  gaugeOf(
    'incident_recovery_stddev_minutes',
    'stddev',
    'Sample standard deviation of the recovery times in the window.',
  ),
  gaugeOf('incident_window_opened', 'opened', 'Incidents opened in the window.'),
  gaugeOf('incident_window_resolved', 'resolved', 'Incidents resolved in the window: the sample of the means.'),
  gaugeOf(
    'incident_mttr_baseline_minutes',
    'baseline',
    'MTTR of the window just before this one, where history reaches far enough back.',
  ),
  gaugeOf('incident_baseline_resolved', 'baselineResolved', 'Incidents resolved in the window just before this one.'),
  gaugeOf(
    'incident_within_target_ratio',
    'withinTarget',
    'Share of the incidents resolved in the window within the target of their severity, of those whose severity has one.',
  ),
  gaugeOf(
    'incident_escalated_ratio',
    'escalated',
    'Share of the incidents resolved in the window that were escalated.',
  ),
  gaugeOf(
    'incident_reopened_ratio',
    'reopened',
    'Share of the incidents resolved in the window that had been reopened.',
  ),
  gaugeOf(
    'incident_repeat_ratio',
    'repeat',
    'Share of the incidents opened in the window that repeat an earlier one opened in it: same deduplication key, or same service and title.',
  ),
  gaugeOf(
    'incident_availability_ratio',
    'availability',
    'Share of the covered window without an open incident of the severities of availability.',
  ),
  gaugeOf(
    'incident_error_budget_minutes',
    'errorBudget',
    'Minutes of the covered window that may still be spent with an open incident of the severities of availability; negative when overspent.',
  ),
  windowed({
    name: 'incident_stage_within_target_ratio',
    help: 'Share of the incidents resolved in the window within the target of the stage, of those that have its timestamp and a target.',
    statistics: Object.values(STAGE_STATISTICS),
    labels: ['stage'],
    samples: (value) => STAGES.map((stage) => ({ labels: [['stage', stage]], value: value(STAGE_STATISTICS[stage]) })),
  }),
  gaugeOf(
    'incident_mttr_business_minutes',
    'businessMttr',
    'Mean of the recovery times within business hours, of the incidents resolved in the window.',
  ),
  gaugeOf('incident_free_ratio', 'free', 'Share of the covered window in which no incident was open.'),
  windowed({
    name: 'incident_performance_level',
    help: '1 for the level that the MTTR of the window reaches, 0 for the others.',
    statistics: ['mttr'],
    // Four series per window: only for rows with all statistics, not for every pair of service and severity.
    onlyWith: 'stddev',
    labels: ['level'],
    samples: (value, settings) => levelSamples(value('mttr'), settings),
  }),
];
