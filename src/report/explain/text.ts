import { printable } from '../../model/text.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { localTime } from '../period.ts';
import type { Cell, Section } from '../render/section.ts';
import { textSection } from '../render/text.ts';
import { arithmeticLines } from './arithmetic-text.ts';
import { EXAMPLES_MAX } from './collect.ts';
import type { ExplainedIncident, Explanation } from './explanation.ts';
import { endText, incidentsText, numberText, REOPENED_TEXTS, reasonText, seriesText, valueText } from './words.ts';

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
