import { printable } from '../../model/printable.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { EXCLUSION_TEXTS } from '../exclusion.ts';
import { localTime } from '../period.ts';
import type { Cell, Section } from '../render/sections.ts';
import { textSection } from '../render/text.ts';
import { EXAMPLES_MAX } from './classify.ts';
import type { Arithmetic, ExplainedIncident, Explanation, Reason } from './explanation.ts';

/** An explanation for a terminal; times are those of the zone. */
export function renderExplanation(explanation: Explanation, timezone: string): string {
  const time = (instant: string) => localTime(Date.parse(instant), timezone);
  const sections: readonly Section[] = [
    numberSection(explanation, time, timezone),
    ...listSection('Arithmetic', [
      ...arithmeticLines(explanation).map((line) => withLocalTimes(line, time)),
      ...(explanation.agrees === true ? ['Cross-check: matches the statistics behind /metrics'] : []),
    ]),
    ...incidentSection(explanation, time),
    ...leftOutSections(explanation, time),
    ...listSection(
      'Notes',
      explanation.notes.map((note) => withLocalTimes(note, time)),
    ),
  ];
  const parts = sections.map((section) => textSection(section));
  const rest = explanation.counted - explanation.incidents.length;
  const at = sections.findIndex(({ title }) => title.startsWith(INCIDENTS));
  if (rest > 0 && at >= 0) parts[at] += `\n  and ${rest} more; --limit or --output json lists them`;
  return `${parts.join('\n\n')}\n`;
}

type Time = (instant: string) => string;

/** Shown where the question leaves them open. */
const COLUMNS = [
  { label: 'service', name: 'Service' },
  { label: 'severity', name: 'Severity' },
] as const;

const INCIDENTS = 'Incidents';
const INSTANT = /\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/g;

function withLocalTimes(line: string, time: Time): string {
  return line.replace(INSTANT, time);
}

function numberSection(explanation: Explanation, time: Time, timezone: string): Section {
  const { value, unit, absence, window, meaning, providers } = explanation;
  const lines = providers.map(({ name, state, window_from: from, window_to: to }) => {
    const span = from === undefined || to === undefined ? [] : [`after ${time(from)} until ${time(to)}`];
    const words = { counted: [], not_overall: ['not counted here'], not_synced: ['first sync not complete'] }[state];
    return [`Window at ${name}`, [...span, ...words].join(', ')] as const;
  });
  return {
    title: printable(seriesText(explanation)),
    kind: 'lines',
    lines: [
      ['Value', value === undefined ? `none: ${absence ?? 'nothing is known'}` : valueText(value, unit)],
      ['Meaning', meaning],
      ['Reopened incidents', REOPENED_TEXTS[explanation.reopened]],
      ['Window', `${window}, times in ${timezone}`],
      ...lines,
    ],
  };
}

function listSection(title: string, items: readonly string[]): Section[] {
  return items.length === 0 ? [] : [{ title, kind: 'list', items }];
}

function incidentSection(explanation: Explanation, time: Time): Section[] {
  const { counted, incidents, unit, statistic, labels } = explanation;
  if (incidents.length === 0) return [];
  const labelColumns = COLUMNS.filter(({ label }) => labels[label] === undefined);
  const names = labelColumns.map(({ name }) => name);
  const adds = unit === 'minutes' || statistic === 'free' ? ['Minutes'] : ['Recovery minutes', 'Counts'];
  return [
    {
      title: `${INCIDENTS} behind it (${counted})`,
      kind: 'table',
      head: ['Incident', ...names, 'Triggered', 'Resolved', ...adds, 'Stamps (minutes)', 'End known from'],
      rows: incidents.map((incident) => [
        linked(incident),
        ...labelColumns.map(({ label }) => incident[label]),
        time(incident.triggered_at),
        incident.resolved_at === undefined ? '' : time(incident.resolved_at),
        ...(adds.length > 1 ? [numberOrNothing(incident.recovery_minutes)] : []),
        numberText(incident.contribution),
        stampsText(incident),
        endText(incident),
      ]),
    },
  ];
}

/** What happened on the way, in minutes after the trigger. */
function stampsText(incident: ExplainedIncident): string {
  const triggeredMs = Date.parse(incident.triggered_at);
  const after = (instant: string) => numberText((Date.parse(instant) - triggeredMs) / MINUTE_MS);
  const stamp = (word: string, instant: string | undefined) =>
    instant === undefined ? [] : [`${word} ${after(instant)}`];
  const intervals = incident.intervals.length < 2 ? [] : incident.intervals;
  const spans = intervals.map(({ opened_at, closed_at }) => {
    const end = closed_at === undefined ? 'now' : after(closed_at);
    return `open ${after(opened_at)} to ${end}`;
  });
  return [
    ...stamp('impact', incident.started_at),
    ...stamp('acknowledged', incident.acknowledged_at),
    ...stamp('identified', incident.identified_at),
    ...stamp('mitigated', incident.mitigated_at),
    ...((incident.escalations ?? 0) > 0 ? [`escalated ${incident.escalations}×`] : []),
    ...spans,
  ].join('; ');
}

function leftOutSections({ left_out: all, statistic, labels }: Explanation, time: Time): Section[] {
  if (all.length === 0) return [];
  const items = all.map(({ reason, count }) => `${incidentsText(count)} (${reason}): ${reasonText(reason, statistic)}`);
  const labelColumns = COLUMNS.filter(({ label }) => labels[label] === undefined);
  const rows = all.flatMap(({ reason, examples }) =>
    examples.map((one) => [
      reason,
      one.provider,
      one.id,
      ...labelColumns.map(({ label }) => one[label]),
      time(one.triggered_at),
      one.resolved_at === undefined ? '' : time(one.resolved_at),
      numberOrNothing(one.outside_minutes),
    ]),
  );
  const names = labelColumns.map(({ name }) => name);
  const head = ['Why', 'Provider', 'Incident', ...names, 'Triggered', 'Resolved', 'Minutes outside'];
  return [
    ...listSection('Left out', items),
    { title: `Left out, at most ${EXAMPLES_MAX} of each`, kind: 'table', head, rows },
  ];
}

function numberOrNothing(value: number | undefined): string {
  return value === undefined ? '' : numberText(value);
}

function linked({ id, url }: ExplainedIncident): Cell {
  return url === undefined ? id : { text: id, url };
}

/** The way from the incidents to the value, one step a line. */
export function arithmeticLines({ arithmetic, value, labels, window }: Explanation): string[] {
  if (arithmetic === undefined) return [];
  const result = value === undefined ? 'none' : numberText(value);
  switch (arithmetic.kind) {
    case 'mean':
      return [`${numberText(arithmetic.sum_minutes)} minutes ÷ ${incidentsText(arithmetic.count)} = ${result} minutes`];
    case 'quantile':
      return quantileLines(arithmetic, result);
    case 'extreme':
      return [
        `${arithmetic.incident.id} at rank ${arithmetic.incident.rank} of ${arithmetic.count}: ${result} minutes`,
      ];
    case 'deviation':
      return [
        `mean = ${numberText(arithmetic.mean_minutes)} minutes`,
        `sum of the squared distances from the mean = ${numberText(arithmetic.squares)} minutes²`,
        `√(${numberText(arithmetic.squares)} ÷ (${arithmetic.count} − 1)) = ${result} minutes`,
      ];
    case 'count':
      return [
        `${incidentsText(arithmetic.count)}${Object.keys(labels).length > 0 ? ' of these labels' : ''} in ${window}`,
      ];
    case 'share':
      return [
        `${arithmetic.part} of ${incidentsText(arithmetic.of)}: ${arithmetic.part} ÷ ${arithmetic.of} = ${result}`,
      ];
    case 'repeat':
      return repeatLines(arithmetic, result);
    default:
      return timeLines(arithmetic, result);
  }
}

function quantileLines(
  { quantile, count, position, below, above }: Extract<Arithmetic, { kind: 'quantile' }>,
  result: string,
): string[] {
  const lines = [
    `${incidentsText(count)}, shortest first: the place is (${count} − 1) × ${quantile} = ${numberText(position)}, from 0`,
  ];
  if (below.rank === above.rank) return [...lines, `that is the ${rankText(below)} = ${result} minutes`];
  const fraction = numberText(position - Math.floor(position));
  const span = `${numberText(above.minutes)} − ${numberText(below.minutes)}`;
  return [
    ...lines,
    `that is between the ${rankText(below)} and the ${rankText(above)}`,
    `${numberText(below.minutes)} + ${fraction} × (${span}) = ${result} minutes`,
  ];
}

function rankText({ rank, minutes, id }: { rank: number; minutes: number; id: string }): string {
  return `incident at rank ${rank} (${id}: ${numberText(minutes)} minutes)`;
}

function repeatLines(
  { opened, fingerprints, repeated, repeated_fingerprints: all }: Extract<Arithmetic, { kind: 'repeat' }>,
  result: string,
): string[] {
  const groups = repeated.map(
    ({ fingerprint, count, incidents }) => `trouble ${fingerprint}: ${count} times (${namesText(incidents, count)})`,
  );
  const rest = all - repeated.length;
  return [
    `${incidentsText(opened)} of ${fingerprints} different troubles`,
    `(${opened} − ${fingerprints}) ÷ ${opened} = ${result}`,
    ...groups,
    ...(rest > 0 ? [`and ${rest} more troubles that came more than once`] : []),
  ];
}

/** Incidents of one trouble that a person is told; a program gets more. */
const NAMED_MAX = 3;

function namesText(incidents: readonly { readonly id: string }[], count: number): string {
  const names = incidents.slice(0, NAMED_MAX).map(({ id }) => id);
  return [...names, ...(count > names.length ? ['…'] : [])].join(', ');
}

function timeLines(arithmetic: Extract<Arithmetic, { kind: 'free' | 'between_failures' }>, result: string): string[] {
  const { covered_from: from, covered_to: to, covered_minutes: covered, busy_minutes: busy } = arithmetic;
  const free = `${numberText(covered)} − ${numberText(busy)}`;
  return [
    `covered: ${from} to ${to} = ${numberText(covered)} minutes`,
    `with at least one incident open: ${numberText(busy)} minutes (overlaps count once)`,
    arithmetic.kind === 'free'
      ? `(${free}) ÷ ${numberText(covered)} = ${result}`
      : `(${free}) ÷ ${incidentsText(arithmetic.opened)} opened = ${result} minutes`,
  ];
}

/** Decimals of a number in an explanation: enough to follow a calculation with a pocket calculator. */
const DECIMALS_MAX = 4;

/** `145.3`: four decimals at most, so that sums can be followed. */
export function numberText(value: number): string {
  return String(Number(value.toFixed(DECIMALS_MAX)));
}

/** `1 incident`, `47 incidents`. */
export function incidentsText(count: number): string {
  return `${count} ${count === 1 ? 'incident' : 'incidents'}`;
}

/** `145.3 minutes`, `47 incidents`, `0.923 (92.3%)`. */
export function valueText(value: number, unit: Explanation['unit']): string {
  if (unit === 'incidents') return incidentsText(value);
  if (unit === 'share') return `${numberText(value)} (${numberText(value * 100)}%)`;
  return `${numberText(value)} minutes${value >= 60 ? ` (${numberText(value / 60)} hours)` : ''}`;
}

/** The series as Prometheus writes it. */
export function seriesText({ metric, by, window, labels, quantile }: Explanation): string {
  const all = { by, window, ...labels, ...(quantile === undefined ? {} : { quantile: String(quantile) }) };
  return `${metric}{${Object.entries(all).map(matcher).join(',')}}`;
}

function matcher([name, value]: readonly [string, string]): string {
  return `${name}=${JSON.stringify(value)}`;
}

/** How long a reopened incident took, by `recovery.reopened`. */
export const REOPENED_TEXTS: Readonly<Record<Explanation['reopened'], string>> = {
  last: 'took from their first trigger to their last resolve (recovery.reopened: last)',
  first: 'took from their first trigger to their first resolve (recovery.reopened: first)',
  sum: 'took the sum of the times in which they were open (recovery.reopened: sum)',
};

const WITHOUT_STAMP: Readonly<Record<string, string>> = {
  mtta: 'resolved without an acknowledgement by a person',
  mttd: 'the begin of the impact is not known',
  mtti: 'never marked as identified',
  mttm: 'never marked as mitigated',
};

const REASON_TEXTS: Readonly<Record<Reason, string>> = {
  not_overall: 'their provider counts only in rows by provider (overall: false)',
  ...EXCLUSION_TEXTS,
  still_open: 'open: no recovery yet',
  ended_before: 'resolved shortly before the window begins',
  ended_after: 'resolved after the window ends',
  opened_before: 'opened shortly before the window begins',
  opened_after: 'opened shortly after the window ends',
  no_stamp: 'the stamp is missing',
  no_target: 'their severity has no target',
  not_told: 'their provider does not tell',
};

/** Why incidents are not in a number. */
export function reasonText(reason: Reason, statistic: string): string {
  return (reason === 'no_stamp' ? WITHOUT_STAMP[statistic] : undefined) ?? REASON_TEXTS[reason];
}

const END_TEXTS = {
  resolve_event: 'resolve event',
  state_change: 'change of state',
  report_duration: 'duration in a report',
} as const;

/** How the end of an incident is known. */
export function endText(incident: ExplainedIncident): string {
  if (incident.merged === true) return 'merged';
  if (incident.resolved_at === undefined) return `open (${incident.status})`;
  const { end_known_from: from, auto_resolved: isAutomatic } = incident;
  const words = [...(from === undefined ? [] : [END_TEXTS[from]]), ...(isAutomatic === true ? ['automatic'] : [])];
  return words.length === 0 ? 'not told' : words.join(', ');
}
