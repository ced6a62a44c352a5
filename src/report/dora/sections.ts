import { formatLocalTime } from '../../model/format.ts';
import { type DoraValues, findLevel, LEAD_TIME_STAGES, LEVEL_METRICS } from '../../stats/dora/rows.ts';
import {
  capitalize,
  formatBounds,
  formatChange,
  formatLevel,
  formatPoints,
  formatShare,
  NO_DATA,
} from '../render/format.ts';
import type { Section } from '../render/section.ts';
import type { Delivery, DeliveryGroup } from './delivery.ts';

/** What a delivery says to people; the table of the services comes first. */
export function toDeliverySections(delivery: Delivery): Section[] {
  const [total] = filter(delivery, 'all');
  const notes = delivery.notes;
  return [
    toGroupTable('Delivery by Service', 'Service', [...filter(delivery, 'service'), ...(total ? [total] : [])]),
    ...(total === undefined ? [] : [toKeys(total.values)]),
    ...toOtherTables(delivery, total),
    ...toComparison(delivery, total),
    toAbout(delivery),
    ...(notes.length > 0 ? [{ title: 'Notes', kind: 'list', items: notes } as const] : []),
  ];
}

/** The part of a delivery that a report of incidents has. */
export function toReportSections(delivery: Delivery): Section[] {
  const [total] = filter(delivery, 'all');
  if (total === undefined || total.values.deployments === 0) return [];
  return [toGroupTable('Delivery by Service', 'Service', [...filter(delivery, 'service'), total])];
}

function filter({ groups }: Delivery, grouping: DeliveryGroup['grouping']): DeliveryGroup[] {
  return groups.filter((group) => group.grouping === grouping);
}

function toOtherTables(delivery: Delivery, total: DeliveryGroup | undefined): Section[] {
  const teams = filter(delivery, 'team');
  const providers = filter(delivery, 'provider');
  const isWorthProviders = providers.length > 1 && total !== undefined;
  return [
    ...(teams.length > 0 ? [toGroupTable('Delivery by Team', 'Team', teams)] : []),
    ...(isWorthProviders ? [toGroupTable('Delivery by Provider', 'Provider', providers)] : []),
  ];
}

function toGroupTable(title: string, first: string, groups: readonly DeliveryGroup[]): Section {
  const head = [first, 'Deployments', 'Per Day', 'Lead Time', 'Change Failure', 'Recovery Time', 'Rework', 'Level'];
  const rows = groups.map(({ name, grouping, values }) => [
    grouping === 'all' ? 'all' : name,
    formatCount(values.deployments),
    formatFrequency(values.frequencyPerDay),
    formatSpan(values.leadTimeMedian),
    formatRatio(values.changeFailure),
    formatSpan(values.recoveryMedian),
    formatRatio(values.rework),
    formatLevel(findLevel(values, 'overall')),
  ]);
  return { title, kind: 'table', head, rows };
}

/** What the numbers of everything rest on, and their levels; what is not known is not mentioned. */
function toKeys(values: Readonly<DoraValues>): Section {
  const levels = LEVEL_METRICS.map(
    (metric) =>
      [`Level of ${capitalize(metric.replaceAll('_', ' '))}`, formatLevel(findLevel(values, metric))] as const,
  );
  const stages = LEAD_TIME_STAGES.map(
    (stage) => [`Mean Time in ${capitalize(stage)}`, formatSpan(values[stage])] as const,
  );
  const lines: readonly (readonly [string, string])[] = [
    ['Deployments', formatCount(values.deployments)],
    ['Failed', formatCount(values.failures)],
    ['Recovered', formatCount(values.recoveries)],
    ['Changes', formatCount(values.changes)],
    ['Mean Lead Time', formatSpan(values.leadTimeMean)],
    ['P90 Lead Time', formatSpan(values.leadTime90)],
    ...stages,
    ['Mean Recovery Time', formatSpan(values.recoveryMean)],
    ['P90 Recovery Time', formatSpan(values.recovery90)],
    ...levels,
  ];
  return { title: 'More Numbers', kind: 'lines', lines: lines.filter(([, value]) => value !== NO_DATA) };
}

function toComparison({ beforeBounds, timezone }: Delivery, total: DeliveryGroup | undefined): Section[] {
  if (beforeBounds === undefined || total?.before === undefined) return [];
  const { values: now, before } = total;
  const row = (
    label: string,
    [current, earlier]: readonly [number, number],
    format: (value: number) => string,
    change: typeof formatChange = formatChange,
  ) => [label, format(current), format(earlier), change(known(current), known(earlier))];
  return [
    {
      title: `Compared with ${formatBounds(beforeBounds, timezone)}`,
      kind: 'table',
      head: ['', 'Now', 'Before', 'Change'],
      rows: [
        row('Deployments', [now.deployments, before.deployments], formatCount),
        row('Deployments per Day', [now.frequencyPerDay, before.frequencyPerDay], formatFrequency),
        row('Lead Time (median)', [now.leadTimeMedian, before.leadTimeMedian], formatSpan),
        row('Change Failure', [now.changeFailure, before.changeFailure], formatRatio, formatPoints),
        row('Recovery Time (median)', [now.recoveryMedian, before.recoveryMedian], formatSpan),
        row('Rework', [now.rework, before.rework], formatRatio, formatPoints),
      ],
    },
  ];
}

function toAbout({ minimumSample, timezone, madeAtMs, filter: asked }: Delivery): Section {
  const filters = [
    ['service', asked.services],
    ['team', asked.teams],
  ] as const;
  const items = [
    'Lead Time and Recovery Time are medians; Deployments are those that finished, cancelled ones left out',
    'Change Failure counts deployments that failed, were rolled back or were followed by an incident',
    ...(minimumSample > 1 ? [`ratios, means and medians rest on at least ${minimumSample} (dora.minimum_sample)`] : []),
    `times of day are in ${timezone}; made ${formatLocalTime(madeAtMs, timezone)}`,
    ...filters.flatMap(([name, values]) => (values.length > 0 ? [`only ${name}: ${values.join(', ')}`] : [])),
  ];
  return { title: 'About', kind: 'list', items };
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

function formatCount(count: number): string {
  return Number.isNaN(count) ? NO_DATA : String(count);
}

function formatFrequency(perDay: number): string {
  return Number.isNaN(perDay) ? NO_DATA : perDay.toFixed(2);
}

function formatRatio(share: number): string {
  return formatShare(known(share));
}

/** Minutes below two hours, hours below two days, then days: `45.0 min`, `5.2 h`, `3.1 d`. */
export function formatSpan(minutes: number): string {
  if (Number.isNaN(minutes)) return NO_DATA;
  if (minutes < 120) return `${minutes.toFixed(1)} min`;
  return minutes < 48 * 60 ? `${(minutes / 60).toFixed(1)} h` : `${(minutes / 1440).toFixed(1)} d`;
}
