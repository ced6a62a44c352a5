import { DateTime } from 'luxon';
import { NONE } from '../../config/label-mapper.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { escaped, markdownSection } from '../render/markdown.ts';
import type { Cell, Section } from '../render/section.ts';
import { groupTitle, longMinutes, minutesAndHours, minutesText } from '../render/words.ts';
import { BLANKS } from './blanks.ts';
import { COMPARED_DAYS } from './comparison.ts';
import type { Facts, Measured } from './facts.ts';

/** A post-incident review with all that is known filled in; days and times are those of the zone, and UTC. */
export function renderPostmortem(facts: Facts, timezone: string): string {
  const { incident, service, readUntilMs } = facts;
  const title = incident.title.trim() === '' ? `${service} ${incident.id}` : incident.title;
  const known = `Filled in by mttr-exporter from what ${facts.provider} told until ${timeIn(readUntilMs, timezone)}; the rest is for the team.`;
  const sections = [
    summary(facts, timezone),
    durations(facts),
    timeline(facts, timezone),
    similar(facts, timezone),
    ...compared(facts),
  ];
  const parts = [
    `# Post-incident review: ${escaped(title)}`,
    `_${escaped(known)}_`,
    ...sections.map(markdownSection),
    BLANKS,
  ];
  return parts.join('\n\n');
}

function summary(facts: Facts, timezone: string): Section {
  const { incident, provider, service, team, severity, uncounted } = facts;
  const { url, id, startedAtMs, triggeredAtMs, resolvedAtMs, escalatedAtMs, reopenedAtMs } = incident;
  const line = (label: string, value: string | undefined): (readonly [string, Cell])[] =>
    value === undefined ? [] : [[label, value]];
  const time = (ms: number | undefined) => (ms === undefined ? undefined : timeIn(ms, timezone));
  const rows: (readonly [string, Cell])[] = [
    ['Incident', url === undefined ? id : { text: id, url }],
    ['Provider', provider],
    ['Service', service],
    ...line('Team', team === NONE ? undefined : team),
    ['Severity', groupTitle(severity)],
    ['Status', statusText(facts)],
    ...line('Impact began', time(startedAtMs)),
    ['Triggered', timeIn(triggeredAtMs, timezone)],
    ...line('Resolved', time(resolvedAtMs)),
    ...line('Escalated', timesText(escalatedAtMs)),
    ...line('Reopened', timesText(reopenedAtMs)),
    ...line('In no statistic', uncounted),
  ];
  return { title: 'Summary', kind: 'table', head: ['What', 'StoredState'], rows, words: 2 };
}

/** Undefined where the platform does not tell. */
function timesText(instants: readonly number[] | undefined): string | undefined {
  if (instants === undefined) return undefined;
  if (instants.length > 1) return `${instants.length} times`;
  return instants.length === 0 ? 'no' : 'once';
}

const END_TEXTS = {
  resolve_event: 'a resolve event',
  state_change: 'a change of state',
  report_duration: 'the duration in a report',
} as const;

function statusText({ incident }: Facts): string {
  const { status, merged, autoResolved, endKnownFrom, resolvedAtMs } = incident;
  const details = [
    ...(merged ? ['merged into another incident'] : []),
    ...(autoResolved === true ? ['not ended by a person'] : []),
    ...(endKnownFrom === undefined || resolvedAtMs === undefined ? [] : [`known from ${END_TEXTS[endKnownFrom]}`]),
  ];
  return details.length === 0 ? status : `${status} (${details.join(', ')})`;
}

const MEANINGS: Readonly<Record<Measured['kind'], string>> = {
  detection: 'impact to trigger',
  acknowledgement: 'trigger to first acknowledgement by a person',
  identification: 'trigger to cause identified',
  mitigation: 'trigger to mitigated',
  recovery: 'trigger to resolve',
  'open so far': 'trigger to when it was read last',
};
const REOPENED = {
  last: 'first trigger to last resolve',
  first: 'first trigger to first resolve',
  sum: 'sum of the times in which it was open',
} as const;

function durations({ durations: all, reopened, incident }: Facts): Section {
  const wasReopened = incident.intervals.length > 1;
  const rows = all.map(({ kind, minutes, targetMinutes }) => [
    `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`,
    kind === 'recovery' && wasReopened ? REOPENED[reopened] : MEANINGS[kind],
    tookText(minutes),
    targetMinutes === undefined ? 'none' : minutesText(targetMinutes),
    targetMinutes === undefined ? '' : resultText(minutes, targetMinutes),
  ]);
  if (rows.length === 0) return { title: 'Durations', kind: 'list', items: ['none is known'] };
  const head = ['Duration', 'From what to what', 'Took', 'Target (minutes)', 'Result'];
  return { title: 'Durations', kind: 'table', head, rows, words: head.length };
}

/** Hours only where there is one. */
function tookText(minutes: number): string {
  return minutes < 60 ? longMinutes(minutes) : minutesAndHours(minutes);
}

function resultText(minutes: number, targetMinutes: number): string {
  const beyond = minutes - targetMinutes;
  return beyond > 0 ? `missed by ${minutesText(beyond)} minutes` : 'met';
}

function timeline({ events, incident }: Facts, timezone: string): Section {
  const isUtc = timezone === 'UTC';
  const rows = events.map(({ atMs, text }) => [
    ...(isUtc ? [] : [timeIn(atMs, timezone)]),
    timeIn(atMs, 'UTC'),
    afterText(atMs - incident.triggeredAtMs),
    text,
  ]);
  const head = [...(isUtc ? [] : [`Time (${timezone})`]), 'UTC', 'Minutes after trigger', 'Event'];
  return { title: 'Timeline', kind: 'table', head, rows, words: head.length };
}

function afterText(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${minutesText(Math.abs(ms) / MINUTE_MS)}`;
}

function similar({ similar: { count, last } }: Facts, timezone: string): Section {
  const title = 'Similar earlier incidents';
  if (count === 0) return { title, kind: 'list', items: ['none in the history'] };
  const rows = last.map(({ id, url, triggeredAtMs, minutes }) => [
    url === undefined ? id : { text: id, url },
    timeIn(triggeredAtMs, timezone),
    minutes === undefined ? 'none' : tookText(minutes),
  ]);
  const which = count > last.length ? `the last ${last.length} of ${count}` : String(count);
  return { title: `${title} (${which})`, kind: 'table', head: ['Incident', 'Triggered', 'Recovery'], rows, words: 3 };
}

function compared({ comparisons, durations: all }: Facts): Section[] {
  if (comparisons.length === 0) return [];
  const own = all.find(({ kind }) => kind === 'recovery')?.minutes;
  const rows = comparisons.map(({ grouping, name, medianMinutes, meanMinutes, resolved, isWhole }) => [
    `${grouping} ${name}`,
    `${resolved}${isWhole ? '' : ' (history begins later)'}`,
    minutesText(medianMinutes),
    minutesText(meanMinutes),
    ratioText(own, medianMinutes),
    ratioText(own, meanMinutes),
  ]);
  const head = ['Against', 'Resolved', 'Median (minutes)', 'MTTR (minutes)', 'This one ÷ median', 'This one ÷ MTTR'];
  return [{ title: `Compared with the ${COMPARED_DAYS} days before`, kind: 'table', head, rows }];
}

function ratioText(own: number | undefined, usual: number | undefined): string {
  if (own === undefined || usual === undefined || usual === 0) return '';
  return `${(own / usual).toFixed(1)}×`;
}

/** `2026-01-31 08:00:00 +01:00` */
function timeIn(ms: number, zone: string): string {
  return DateTime.fromMillis(ms, { zone }).toFormat(
    zone === 'UTC' ? "yyyy-MM-dd HH:mm:ss 'UTC'" : 'yyyy-MM-dd HH:mm:ss ZZ',
  );
}
