import { formatCount, formatLocalTime, formatNumber } from '../../model/format.ts';
import { printable } from '../../model/text.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { EXCLUSION_TEXTS } from '../exclusion.ts';
import type { Cell, Section } from '../render/section.ts';
import { renderTextSection } from '../render/text.ts';
import { describeChain } from './chain.ts';
import { EXAMPLES_MAX } from './classify.ts';
import type { Arithmetic, ExplainedIncident, Explanation, Reason } from './explanation.ts';

/** Decimals of a number in an explanation: enough to follow a calculation with a pocket calculator. */
const MAX_DECIMALS = 4;
/** Incidents of one fingerprint that a person reads; a program gets more. */
const NAMED_MAX = 3;

/** Shown where the question leaves them open. */
const LABEL_COLUMNS = [
  { label: 'service', name: 'Service' },
  { label: 'severity', name: 'Severity' },
] as const;

const INCIDENTS = 'Incidents';
const ISO_TIME = /\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/g;

/** How long a reopened incident took, by `recovery.reopened`. */
const REOPENED_TEXTS: Readonly<Record<Explanation['reopened'], string>> = {
  last: 'from the first trigger to the last resolve (recovery.reopened: last)',
  first: 'from the first trigger to the first resolve (recovery.reopened: first)',
  sum: 'the sum of the times in which they were open (recovery.reopened: sum)',
};

const CLOCK_TEXT =
  'recovery times begin with the impact, or with the trigger where its start is missing (recovery.clock)';
const UNTIL_TEXT = 'recovery times end with the mitigation, or with the resolve where it is missing (recovery.until)';

const MISSING_TIMESTAMP_TEXTS: Readonly<Record<string, string>> = {
  mtta: 'resolved without an acknowledgement by a person',
  mttd: 'the start of the impact is not known',
  mtti: 'never marked as identified',
  mttm: 'never marked as mitigated',
  detection_within_target: 'the start of the impact is not known',
  acknowledgement_within_target: 'resolved without an acknowledgement by a person',
  identification_within_target: 'never marked as identified',
  mitigation_within_target: 'never marked as mitigated',
};

const REASON_TEXTS: Readonly<Record<Reason, string>> = {
  not_overall: 'their provider counts only in rows by provider (overall: false)',
  ...EXCLUSION_TEXTS,
  still_open: 'open: no recovery yet',
  ended_before: 'resolved shortly before the window begins',
  ended_after: 'resolved after the window ends',
  opened_before: 'opened shortly before the window begins',
  opened_after: 'opened shortly after the window ends',
  other_severity: 'their severity is none of availability.severities',
  no_stamp: 'the timestamp is missing',
  no_target: 'their severity has no target',
  not_told: 'their provider does not report it',
};

const END_TEXTS = {
  resolve_event: 'resolve event',
  state_change: 'change of state',
  report_duration: 'duration in a report',
  absence: 'no longer listed as firing',
  sampled: 'first sample without it',
} as const;

type FormatTime = (isoTime: string) => string;

/** An explanation for a terminal; times are those of the zone. */
export function renderExplanation(explanation: Explanation, timezone: string): string {
  const { counted, incidents, notes, agrees } = explanation;
  const formatTime = (isoTime: string) => formatLocalTime(Date.parse(isoTime), timezone);
  const toLocalTimes = (line: string) => line.replace(ISO_TIME, formatTime);
  const arithmetic = [
    ...describeArithmetic(explanation).map(toLocalTimes),
    ...(agrees === true ? ['Cross-check: matches the exported metric'] : []),
  ];
  const sections: readonly Section[] = [
    toNumberSection(explanation, formatTime, timezone),
    ...toListSection('Arithmetic', arithmetic),
    ...toIncidentSection(explanation, formatTime),
    ...toLeftOutSections(explanation, formatTime),
    ...toListSection('Failed deployments', describeChains(explanation)),
    ...toListSection('Deployments before them', describeDeploymentsBefore(explanation).map(toLocalTimes)),
    ...toListSection('Notes', notes.map(toLocalTimes)),
  ];
  const parts = sections.map(renderTextSection);
  const rest = counted - incidents.length;
  const index = sections.findIndex(({ title }) => title.startsWith(INCIDENTS));
  if (rest > 0 && index >= 0) parts[index] += `\n  and ${rest} more; --limit or --output json lists them`;
  return `${parts.join('\n\n')}\n`;
}

function toNumberSection(explanation: Explanation, formatTime: FormatTime, timezone: string): Section {
  const { value, unit, absence, window, meaning, providers } = explanation;
  const lines = providers.map(({ name, state, window_from: from, window_to: to }) => {
    const span = from === undefined || to === undefined ? [] : [`after ${formatTime(from)} until ${formatTime(to)}`];
    const texts = { counted: [], not_overall: ['not counted here'], not_synced: ['first sync incomplete'] }[state];
    return [`Window of ${name}`, [...span, ...texts].join(', ')] as const;
  });
  return {
    title: printable(formatSeries(explanation)),
    kind: 'lines',
    lines: [
      ['Value', value === undefined ? `none: ${absence ?? 'nothing is known'}` : formatValue(value, unit)],
      ['Meaning', meaning],
      ['Reopened incidents', REOPENED_TEXTS[explanation.reopened]],
      ...(explanation.clock === undefined ? [] : [['Clock', CLOCK_TEXT] as const]),
      ...(explanation.until === undefined ? [] : [['Until', UNTIL_TEXT] as const]),
      ['Window', `${window}, times in ${timezone}`],
      ...lines,
    ],
  };
}

function toListSection(title: string, items: readonly string[]): Section[] {
  return items.length === 0 ? [] : [{ title, kind: 'list', items }];
}

function toIncidentSection(explanation: Explanation, formatTime: FormatTime): Section[] {
  const { counted, incidents, unit, statistic, labels } = explanation;
  if (incidents.length === 0) return [];
  const columns = LABEL_COLUMNS.filter(({ label }) => labels[label] === undefined);
  const isDuration = unit === 'minutes' || statistic === 'free' || statistic === 'availability';
  const values = isDuration ? ['Minutes'] : ['Recovery minutes', 'Counts'];
  return [
    {
      title: `${INCIDENTS} behind it (${counted})`,
      kind: 'table',
      head: [
        'Incident',
        ...columns.map(({ name }) => name),
        'Triggered',
        'Resolved',
        ...values,
        'Timeline (minutes)',
        'End known from',
      ],
      rows: incidents.map((incident) => [
        toLink(incident),
        ...columns.map(({ label }) => incident[label]),
        formatTime(incident.triggered_at),
        incident.resolved_at === undefined ? '' : formatTime(incident.resolved_at),
        ...(isDuration ? [] : [formatOptional(incident.recovery_minutes)]),
        format(incident.contribution),
        describeTimeline(incident),
        describeEnd(incident),
      ]),
    },
  ];
}

function describeChains({ incidents, left_out }: Explanation): string[] {
  const all = [...incidents, ...left_out.flatMap(({ examples }) => examples)];
  return all.flatMap(({ id, chain }) => (chain === undefined ? [] : [printable(describeChain(id, chain))]));
}

/** What was deployed before incidents; those that are failed deployments themselves name their chain instead. */
function describeDeploymentsBefore({ incidents }: Explanation): string[] {
  return incidents.flatMap(({ id, chain, deployment_before: before }) => {
    if (chain !== undefined || before === undefined) return [];
    const { provider, repository, environment, finished_at, minutes_before_trigger: minutes } = before;
    const what = `deployment ${before.id} of ${repository} to ${environment} (${provider})`;
    return [printable(`${id}: ${what} succeeded at ${finished_at}, ${format(minutes)} minutes before the trigger`)];
  });
}

function toLink({ id, url }: ExplainedIncident): Cell {
  return url === undefined ? id : { text: id, url };
}

/** What happened on the way, in minutes after the trigger. */
function describeTimeline(incident: ExplainedIncident): string {
  const triggeredAtMs = Date.parse(incident.triggered_at);
  const toMinutes = (isoTime: string) => format((Date.parse(isoTime) - triggeredAtMs) / MINUTE_MS);
  const describe = (event: string, isoTime: string | undefined) =>
    isoTime === undefined ? [] : [`${event} ${toMinutes(isoTime)}`];
  const intervals = incident.intervals.length < 2 ? [] : incident.intervals;
  return [
    ...describe('impact', incident.started_at),
    ...describe('acknowledged', incident.acknowledged_at),
    ...describe('identified', incident.identified_at),
    ...describe('mitigated', incident.mitigated_at),
    ...((incident.escalations ?? 0) > 0 ? [`escalated ${incident.escalations}×`] : []),
    ...intervals.map(({ opened_at, closed_at }) => {
      return `open ${toMinutes(opened_at)} to ${closed_at === undefined ? 'now' : toMinutes(closed_at)}`;
    }),
  ].join('; ');
}

/** How the end of an incident is known. */
function describeEnd(incident: ExplainedIncident): string {
  if (incident.merged === true) return 'merged';
  if (incident.resolved_at === undefined) return `open (${incident.status})`;
  const { end_known_from: from, auto_resolved: isAutomatic } = incident;
  const texts = [...(from === undefined ? [] : [END_TEXTS[from]]), ...(isAutomatic === true ? ['automatic'] : [])];
  return texts.length === 0 ? 'not reported' : texts.join(', ');
}

function toLeftOutSections({ left_out: all, statistic, labels }: Explanation, formatTime: FormatTime): Section[] {
  if (all.length === 0) return [];
  const items = all.map(({ reason, count }) => {
    const text = (reason === 'no_stamp' ? MISSING_TIMESTAMP_TEXTS[statistic] : undefined) ?? REASON_TEXTS[reason];
    return `${formatIncidents(count)} (${reason}): ${text}`;
  });
  const columns = LABEL_COLUMNS.filter(({ label }) => labels[label] === undefined);
  const rows = all.flatMap(({ reason, examples }) =>
    examples.map((one) => [
      reason,
      one.provider,
      one.id,
      ...columns.map(({ label }) => one[label]),
      formatTime(one.triggered_at),
      one.resolved_at === undefined ? '' : formatTime(one.resolved_at),
      formatOptional(one.outside_minutes),
    ]),
  );
  const names = columns.map(({ name }) => name);
  const head = ['Why', 'Provider', 'Incident', ...names, 'Triggered', 'Resolved', 'Minutes outside'];
  return [
    ...toListSection('Left out', items),
    { title: `Left out, at most ${EXAMPLES_MAX} of each`, kind: 'table', head, rows },
  ];
}

/** From the incidents to the value, one step a line. */
function describeArithmetic({ arithmetic, value, labels, window }: Explanation): string[] {
  if (arithmetic === undefined) return [];
  const result = value === undefined ? 'none' : format(value);
  switch (arithmetic.kind) {
    case 'mean':
      return [`${format(arithmetic.sum_minutes)} minutes ÷ ${formatIncidents(arithmetic.count)} = ${result} minutes`];
    case 'quantile':
      return describeQuantile(arithmetic, result);
    case 'extreme': {
      const { id, rank } = arithmetic.incident;
      return [`${id} at rank ${rank} of ${arithmetic.count}: ${result} minutes`];
    }
    case 'deviation':
      return [
        `mean = ${format(arithmetic.mean_minutes)} minutes`,
        `sum of the squared distances from the mean = ${format(arithmetic.squares)} minutes²`,
        `√(${format(arithmetic.squares)} ÷ (${arithmetic.count} − 1)) = ${result} minutes`,
      ];
    case 'count':
      return [
        `${formatIncidents(arithmetic.count)}${Object.keys(labels).length > 0 ? ' with these labels' : ''} in ${window}`,
      ];
    case 'share': {
      const { part, of } = arithmetic;
      return [`${part} of ${formatIncidents(of)}: ${part} ÷ ${of} = ${result}`];
    }
    case 'repeat':
      return describeRepeats(arithmetic, result);
    default:
      return describeOpenTime(arithmetic, result);
  }
}

function describeQuantile(
  { quantile, count, position, below, above }: Extract<Arithmetic, { kind: 'quantile' }>,
  result: string,
): string[] {
  const first = `${formatIncidents(count)}, shortest first: position (${count} − 1) × ${quantile} = ${format(position)}, from 0`;
  if (below.rank === above.rank) return [first, `that is the ${describeRank(below)} = ${result} minutes`];
  const fraction = format(position - Math.floor(position));
  return [
    first,
    `that is between the ${describeRank(below)} and the ${describeRank(above)}`,
    `${format(below.minutes)} + ${fraction} × (${format(above.minutes)} − ${format(below.minutes)}) = ${result} minutes`,
  ];
}

function describeRank({ rank, minutes, id }: { rank: number; minutes: number; id: string }): string {
  return `incident at rank ${rank} (${id}: ${format(minutes)} minutes)`;
}

function describeRepeats(
  { opened, fingerprints, repeated, repeated_fingerprints: all }: Extract<Arithmetic, { kind: 'repeat' }>,
  result: string,
): string[] {
  const groups = repeated.map(({ fingerprint, count, incidents }) => {
    const names = incidents.slice(0, NAMED_MAX).map(({ id }) => id);
    const list = [...names, ...(count > names.length ? ['…'] : [])].join(', ');
    return `fingerprint ${fingerprint}: ${formatIncidents(count)} (${list})`;
  });
  const rest = all - repeated.length;
  return [
    `${formatIncidents(opened)} with ${fingerprints} different fingerprints`,
    `(${opened} − ${fingerprints}) ÷ ${opened} = ${result}`,
    ...groups,
    ...(rest > 0 ? [`and ${rest} more fingerprints with several incidents`] : []),
  ];
}

type OpenTimeArithmetic = Extract<Arithmetic, { covered_minutes: number }>;

function describeOpenTime(arithmetic: OpenTimeArithmetic, result: string): string[] {
  const { covered_from: from, covered_to: to, covered_minutes: covered, busy_minutes: busy, severities } = arithmetic;
  const incident = severities === undefined ? 'incident' : `incident of ${severities.join(', ')}`;
  return [
    `covered: ${from} to ${to} = ${format(covered)} minutes`,
    `with at least one ${incident} open: ${format(busy)} minutes (overlaps count once)`,
    ...divideOpenTime(arithmetic, result),
  ];
}

function divideOpenTime(arithmetic: OpenTimeArithmetic, result: string): string[] {
  const { covered_minutes: covered, busy_minutes: busy } = arithmetic;
  const free = `${format(covered)} − ${format(busy)}`;
  if (arithmetic.kind === 'between_failures') {
    return [`(${free}) ÷ ${formatIncidents(arithmetic.opened)} opened = ${result} minutes`];
  }
  if (arithmetic.kind !== 'error_budget') return [`(${free}) ÷ ${format(covered)} = ${result}`];
  const budget = format(arithmetic.budget_minutes);
  return [
    `budget: ${format(covered)} × (1 − ${arithmetic.objective}) = ${budget} minutes`,
    `${budget} − ${format(busy)} = ${result} minutes${Number(result) < 0 ? ': more than the budget is spent' : ''}`,
  ];
}

/** `145.3 minutes (2.4217 hours)`, `47 incidents`, `0.923 (92.3%)`. */
function formatValue(value: number, unit: Explanation['unit']): string {
  if (unit === 'incidents') return formatIncidents(value);
  if (unit === 'share') return `${format(value)} (${format(value * 100)}%)`;
  return `${format(value)} minutes${Math.abs(value) >= 60 ? ` (${format(value / 60)} hours)` : ''}`;
}

/** The series as Prometheus writes it. */
function formatSeries({ metric, by, window, labels, quantile, stage }: Explanation): string {
  const own = { ...(quantile === undefined ? {} : { quantile: String(quantile) }), ...(stage && { stage }) };
  const all = { by, window, ...labels, ...own };
  const matchers = Object.entries(all).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${metric}{${matchers.join(',')}}`;
}

function formatIncidents(count: number): string {
  return formatCount(count, 'incident');
}

function format(value: number): string {
  return formatNumber(value, MAX_DECIMALS);
}

function formatOptional(value: number | undefined): string {
  return value === undefined ? '' : format(value);
}
