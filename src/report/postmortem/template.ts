import { NONE } from '../../config/label-mapper.ts';
import { formatTime } from '../../model/format.ts';
import { MINUTE_MS } from '../../model/time.ts';
import { capitalize, formatMinutes, formatMinutesAndHours, formatTitle } from '../render/format.ts';
import { escapeMarkdown, renderMarkdownSection } from '../render/markdown.ts';
import type { Cell, Section } from '../render/section.ts';
import { COMPARED_DAYS, type Duration, type Facts } from './facts.ts';
import {
  INVESTIGATION,
  PARTS_TO_FILL_IN,
  type PartToFillIn,
  RECENT_CHANGES,
  RESOLUTION,
  renderBlanks,
  renderPartToFillIn,
} from './to-fill-in.ts';

interface RenderOptions {
  readonly timezone: string;
  /** Titles may hold anything, so not every reader gets them. */
  readonly hasTitle?: boolean;
}

/** A post-incident review with all that is known filled in; days and times are those of the zone, and UTC. */
export function renderPostmortem(facts: Facts, { timezone, hasTitle = true }: RenderOptions): string {
  const { incident, service, provider, readUntilMs } = facts;
  const isUntitled = !hasTitle || incident.title.trim() === '';
  const title = isUntitled ? `${service} ${incident.id}` : incident.title;
  const source = `Filled in by mttr-exporter from what ${provider} reported until ${formatTime(readUntilMs, timezone)}; the rest is for the team.`;
  const sections = [
    toSummary(facts, timezone),
    toDurations(facts),
    toTimeline(facts, timezone),
    { ...toInvestigation(facts, timezone), blanks: INVESTIGATION },
    { ...toResolution(facts, timezone), blanks: RESOLUTION },
    { ...toChanges(facts, timezone), blanks: RECENT_CHANGES },
    toSimilar(facts, timezone),
    ...toComparisons(facts),
  ];
  return `${[
    `# Post-incident review: ${escapeMarkdown(title)}`,
    `_${escapeMarkdown(source)}_`,
    ...sections.map(renderSection),
    ...PARTS_TO_FILL_IN.map(renderPartToFillIn),
  ].join('\n\n')}\n`;
}

/** What is known, and below it what people add. */
function renderSection(section: Section & { readonly blanks?: PartToFillIn }): string {
  const known = renderMarkdownSection(section);
  return section.blanks === undefined ? known : `${known}\n\n${renderBlanks(section.blanks)}`;
}

function toSummary(facts: Facts, timezone: string): Section {
  const { incident, provider, service, team, severity, exclusionText } = facts;
  const { url, id, startedAtMs, triggeredAtMs, resolvedAtMs, escalatedAtMs, reopenedAtMs } = incident;
  const toRows = (label: string, value: string | undefined): (readonly [string, Cell])[] =>
    value === undefined ? [] : [[label, value]];
  const format = (ms: number | undefined) => (ms === undefined ? undefined : formatTime(ms, timezone));
  const rows: (readonly [string, Cell])[] = [
    ['Incident', url === undefined ? id : { text: id, url }],
    ['Provider', provider],
    ['Service', service],
    ...toRows('Team', team === NONE ? undefined : team),
    ['Severity', formatTitle(severity)],
    ['Status', describeStatus(facts)],
    ...toRows('Impact began', format(startedAtMs)),
    ['Triggered', formatTime(triggeredAtMs, timezone)],
    ...toRows('Resolved', format(resolvedAtMs)),
    ...toRows('Escalated', describeTimes(escalatedAtMs)),
    ...toRows('Reopened', describeTimes(reopenedAtMs)),
    ...toRows('In no statistic', exclusionText),
  ];
  return { title: 'Summary', kind: 'table', head: ['What', 'Known'], rows, textColumns: 2 };
}

/** Undefined where the platform does not report it. */
function describeTimes(timesMs: readonly number[] | undefined): string | undefined {
  if (timesMs === undefined) return undefined;
  if (timesMs.length > 1) return `${timesMs.length} times`;
  return timesMs.length === 0 ? 'no' : 'once';
}

const END_TEXTS = {
  resolve_event: 'a resolve event',
  state_change: 'a change of state',
  report_duration: 'the duration in a report',
  absence: 'lists that no longer show it',
  sampled: 'the first sample without it',
} as const;

function describeStatus({ incident }: Facts): string {
  const { status, merged, autoResolved, endKnownFrom, resolvedAtMs } = incident;
  const details = [
    ...(merged ? ['merged into another incident'] : []),
    ...(autoResolved === true ? ['not ended by a person'] : []),
    ...(endKnownFrom === undefined || resolvedAtMs === undefined ? [] : [`known from ${END_TEXTS[endKnownFrom]}`]),
  ];
  return details.length === 0 ? status : `${status} (${details.join(', ')})`;
}

const MEANINGS: Readonly<Record<Duration['kind'], string>> = {
  detection: 'impact to trigger',
  acknowledgement: 'trigger to first acknowledgement by a person',
  identification: 'trigger to cause identified',
  mitigation: 'trigger to mitigated',
  recovery: 'trigger to resolve',
  'open so far': 'trigger to last read',
};
const REOPENED_MEANINGS = {
  last: 'first trigger to last resolve',
  first: 'first trigger to first resolve',
  sum: 'sum of the times in which it was open',
} as const;

function toDurations({ durations, reopened, incident }: Facts): Section {
  const wasReopened = incident.intervals.length > 1;
  const rows = durations.map(({ kind, minutes, targetMinutes }) => [
    capitalize(kind),
    kind === 'recovery' && wasReopened ? REOPENED_MEANINGS[reopened] : MEANINGS[kind],
    formatDuration(minutes),
    targetMinutes === undefined ? 'none' : formatMinutes(targetMinutes),
    targetMinutes === undefined ? '' : describeResult(minutes, targetMinutes),
  ]);
  if (rows.length === 0) return { title: 'Durations', kind: 'list', items: ['none is known'] };
  const head = ['Duration', 'From what to what', 'Took', 'Target (minutes)', 'Result'];
  return { title: 'Durations', kind: 'table', head, rows, textColumns: head.length };
}

/** Hours only where there is one. */
function formatDuration(minutes: number): string {
  return minutes < 60 ? formatMinutes(minutes, 'minutes') : formatMinutesAndHours(minutes);
}

function describeResult(minutes: number, targetMinutes: number): string {
  const excess = minutes - targetMinutes;
  return excess > 0 ? `missed by ${formatMinutes(excess, 'minutes')}` : 'met';
}

function toTimeline({ events, incident }: Facts, timezone: string): Section {
  const isUtc = timezone === 'UTC';
  const rows = events.map(({ atMs, text }) => [
    ...(isUtc ? [] : [formatTime(atMs, timezone)]),
    formatTime(atMs),
    formatOffset(atMs - incident.triggeredAtMs),
    text,
  ]);
  const head = [...(isUtc ? [] : [`Time (${timezone})`]), 'UTC', 'Minutes after trigger', 'Event'];
  return { title: 'Timeline', kind: 'table', head, rows, textColumns: head.length };
}

function formatOffset(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${formatMinutes(Math.abs(ms) / MINUTE_MS)}`;
}

const UNKNOWN = 'not reported';

/** From the trigger to when somebody began, knew the cause, and had stopped the harm. */
function toInvestigation({ incident }: Facts, timezone: string): Section {
  const { triggeredAtMs, acknowledgedAtMs, identifiedAtMs, mitigatedAtMs } = incident;
  const toRow = (step: string, atMs: number | undefined) =>
    atMs === undefined
      ? [step, UNKNOWN, '']
      : [step, formatTime(atMs, timezone), formatDuration((atMs - triggeredAtMs) / MINUTE_MS)];
  const rows = [
    toRow('Started (first acknowledgement by a person)', acknowledgedAtMs),
    toRow('Cause identified', identifiedAtMs),
    toRow('Mitigated', mitigatedAtMs),
  ];
  const head = ['Step', 'When', 'After the trigger'];
  return { title: INVESTIGATION.title, kind: 'table', head, rows, textColumns: head.length };
}

function toResolution(facts: Facts, timezone: string): Section {
  const { incident, resolution, durations } = facts;
  const { resolvedAtMs, autoResolved, endKnownFrom } = incident;
  const took = durations.find(({ kind }) => kind === 'recovery' || kind === 'open so far');
  const times = resolvedAtMs === undefined ? [] : [['Resolved', formatTime(resolvedAtMs, timezone)] as const];
  const automatic = { true: 'no (a time-out or an integration)', false: 'yes' }[String(autoResolved)] ?? UNKNOWN;
  const lines: readonly (readonly [string, string])[] = [
    ['State', resolution === 'open' ? 'still open' : resolution],
    ...times,
    ...(resolvedAtMs === undefined ? [] : [['Ended by a person', automatic] as const]),
    ...(endKnownFrom === undefined || resolvedAtMs === undefined
      ? []
      : [['Known from', END_TEXTS[endKnownFrom]] as const]),
    ...(took === undefined ? [] : [[capitalize(took.kind), formatDuration(took.minutes)] as const]),
  ];
  return { title: RESOLUTION.title, kind: 'lines', lines };
}

function toChanges({ deployments, incident }: Facts, timezone: string): Section {
  const { title } = RECENT_CHANGES;
  if (deployments === undefined) return { title, kind: 'list', items: ['none known: no deployments are read'] };
  if (deployments.length === 0)
    return { title, kind: 'list', items: ['no deployment of the service before it is known'] };
  const rows = deployments.map(({ id, url, provider, repository, environment, finishedAtMs }) => [
    url === undefined ? id : { text: id, url },
    provider,
    repository,
    environment,
    formatTime(finishedAtMs, timezone),
    formatDuration((incident.triggeredAtMs - finishedAtMs) / MINUTE_MS),
  ]);
  const head = ['Deployment', 'Provider', 'Repository', 'Environment', 'Succeeded', 'Before the trigger'];
  return { title, kind: 'table', head, rows, textColumns: head.length };
}

function toSimilar({ similar: { count, last } }: Facts, timezone: string): Section {
  const title = 'Similar earlier incidents';
  if (count === 0) return { title, kind: 'list', items: ['none in the history'] };
  const rows = last.map(({ id, url, triggeredAtMs, minutes }) => [
    url === undefined ? id : { text: id, url },
    formatTime(triggeredAtMs, timezone),
    minutes === undefined ? 'none' : formatDuration(minutes),
  ]);
  const shown = count > last.length ? `the last ${last.length} of ${count}` : String(count);
  const head = ['Incident', 'Triggered', 'Recovery'];
  return { title: `${title} (${shown})`, kind: 'table', head, rows, textColumns: head.length };
}

function toComparisons({ comparisons, durations }: Facts): Section[] {
  if (comparisons.length === 0) return [];
  const own = durations.find(({ kind }) => kind === 'recovery')?.minutes;
  const rows = comparisons.map(({ grouping, name, medianMinutes, meanMinutes, resolved, isWhole }) => [
    `${grouping} ${name}`,
    `${resolved}${isWhole ? '' : ' (history begins later)'}`,
    formatMinutes(medianMinutes),
    formatMinutes(meanMinutes),
    formatRatio(own, medianMinutes),
    formatRatio(own, meanMinutes),
  ]);
  const head = ['Against', 'Resolved', 'Median (minutes)', 'MTTR (minutes)', 'This one ÷ median', 'This one ÷ MTTR'];
  return [{ title: `Compared with the ${COMPARED_DAYS} days before`, kind: 'table', head, rows }];
}

function formatRatio(own: number | undefined, usual: number | undefined): string {
  if (own === undefined || usual === undefined || usual === 0) return '';
  return `${(own / usual).toFixed(1)}×`;
}
