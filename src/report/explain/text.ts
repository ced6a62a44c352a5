import { localTime } from '../period.ts';
import type { Cell, Section } from '../render/section.ts';
import { printable, textSection } from '../render/text.ts';
import { arithmeticLines } from './arithmetic-text.ts';
import type { ExplainedIncident, Explanation, LeftOutIncident } from './explanation.ts';
import { endText, incidentsText, numberText, reasonText, seriesText, valueText } from './words.ts';

/** An explanation for a terminal; times are those of the zone. */
export function renderExplanation(explanation: Explanation, timezone: string): string {
  const time = (instant: string) => localTime(Date.parse(instant), timezone);
  const sections: readonly Section[] = [
    numberSection(explanation, time, timezone),
    ...listSection('Arithmetic', [
      ...arithmeticLines(explanation).map((line) => withLocalTimes(line, time)),
      'computed from these incidents, and as the metrics are: both say the same',
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
      ['Window', `${window}, times in ${timezone}`],
      ...lines,
    ],
  };
}

function listSection(title: string, items: readonly string[]): Section[] {
  return items.length === 0 ? [] : [{ title, kind: 'list', items }];
}

function incidentSection({ counted, incidents, unit, statistic }: Explanation, time: Time): Section[] {
  if (incidents.length === 0) return [];
  const adds = unit === 'minutes' || statistic === 'free' ? 'Minutes' : 'Counts';
  return [
    {
      title: `${INCIDENTS} behind it (${counted})`,
      kind: 'table',
      head: ['Incident', 'Service', 'Severity', 'Triggered', 'Resolved', adds, 'Stamps (minutes)', 'End known from'],
      rows: incidents.map((incident) => [
        linked(incident),
        incident.service,
        incident.severity,
        time(incident.triggered_at),
        incident.resolved_at === undefined ? '' : time(incident.resolved_at),
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
  const after = (instant: string) => numberText((Date.parse(instant) - triggeredMs) / 60_000);
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
    ...((incident.escalations ?? 0) > 0 ? [`escalated ${incident.escalations} times`] : []),
    ...spans,
  ].join('; ');
}

function leftOutSections({ left_out: all, statistic }: Explanation, time: Time): Section[] {
  if (all.length === 0) return [];
  const items = all.flatMap(({ reason, count, examples }) => {
    const rest = count - examples.length;
    const named = examples.map((one) => exampleText(one, time));
    const more = rest > 0 ? [`and ${rest} more`] : [];
    return [
      `${incidentsText(count)}: ${reasonText(reason, statistic)}`,
      ...[...named, ...more].map((one) => `    ${one}`),
    ];
  });
  return listSection('Left out', items);
}

function exampleText(incident: LeftOutIncident, time: Time): string {
  const { provider, id, service, severity, outside_minutes: outside } = incident;
  const end = incident.resolved_at === undefined ? '' : `, resolved ${time(incident.resolved_at)}`;
  const by = outside === undefined ? '' : `, ${numberText(outside)} minutes outside the window`;
  return `${provider} ${id} (${service}, ${severity}): triggered ${time(incident.triggered_at)}${end}${by}`;
}

function linked({ id, url }: ExplainedIncident): Cell {
  return url === undefined ? id : { text: id, url };
}
