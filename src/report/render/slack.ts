import { printable } from '../../model/text.ts';
import { formatSpan } from '../dora/sections.ts';
import { filterGroups, findTotal, type Group } from '../groups.ts';
import type { Report } from '../report.ts';
import type { LongIncident } from '../summary.ts';
import {
  formatBounds,
  formatChange,
  formatLevel,
  formatMinutes,
  formatObjective,
  formatShare,
  formatSparkline,
  formatTitle,
  formatTotal,
  NO_DATA,
} from './format.ts';
import { formatAvailability, isAvailabilityMet, listStages, STAGE_TEXTS } from './objectives.ts';

/** A message for an incoming webhook: `text` for notifications, the rest for those who read on. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  /** One, as only attachments have a colour: that of the worst severity. */
  readonly attachments: readonly { readonly color: string; readonly blocks: readonly SlackBlock[] }[];
}

/** The few kinds of Slack's Block Kit that a report needs (https://docs.slack.dev/reference/block-kit/blocks). */
export type SlackBlock =
  | { readonly type: 'header'; readonly text: { readonly type: 'plain_text'; readonly text: string } }
  | { readonly type: 'section'; readonly text: MarkedText }
  | { readonly type: 'section'; readonly fields: readonly MarkedText[] }
  | { readonly type: 'context'; readonly elements: readonly MarkedText[] };

interface MarkedText {
  readonly type: 'mrkdwn';
  readonly text: string;
}

/** Slack refuses sections of more than 3000 characters, and messages of some 10 000 in all; three such sections fit. */
const SECTION_MAX = 2500;
/** Most services that are listed. */
const SERVICES_MAX = 10;
/** Most services whose deployments are listed: the whole must stay below what Slack takes. */
const DELIVERIES_MAX = 5;

/** The weekly look: the numbers, severities against targets, the busiest services and the longest incidents. */
export function toSlackMessage(report: Report): SlackMessage {
  const { groups, timezone, bounds } = report;
  const { statistics, level } = findTotal(groups);
  const period = formatBounds(bounds, timezone);
  const summary = `incidents resolved: ${formatTotal(statistics.resolved)}, mean: ${formatMinutes(statistics.mttr, 'min')}, level: ${formatLevel(level)}`;
  return {
    text: `Recovery report ${period}: ${summary}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: 'Mean time to recovery (MTTR)' } },
      toSection(escapeSlack(`${period} (${timezone})`)),
    ],
    attachments: [{ color: findColor(groups), blocks: toDetails(report) }],
  };
}

function toDetails(report: Report): SlackBlock[] {
  const { groups } = report;
  const objectives = toObjectiveFields(report);
  return [
    { type: 'section', fields: toFields(report) },
    ...(objectives.length === 0 ? [] : [{ type: 'section', fields: objectives } as const]),
    ...toLineBlocks('By severity', filterGroups(groups, 'severity').map(toSeverityLine)),
    ...toLineBlocks('By service', filterGroups(groups, 'service').slice(0, SERVICES_MAX).map(toServiceLine)),
    ...toLineBlocks('Longest', report.longest.map(toLongLine)),
    ...toLineBlocks('Delivery by service', toDeliveryLines(report)),
    ...toTrendBlocks(report),
    ...toLineBlocks('Why the report may be empty', report.hints.map(escapeSlack)),
    ...toNoteBlocks(report),
  ];
}

/** Of the severities of rank 0 to 3. */
const COLORS = ['#cf222e', '#fa6400', '#f2cc0c', '#3274d9'] as const;
/** Of those further down, and where nothing happened or nothing is known. */
const NEUTRAL_COLOR = '#6e7781';

/** The colour of the worst severity of which an incident was opened or resolved. */
function findColor(groups: readonly Group[]): string {
  const worst = filterGroups(groups, 'severity').find(
    ({ statistics: { opened = 0, resolved = 0 } }) => opened + resolved > 0,
  );
  return COLORS[worst?.rank ?? COLORS.length] ?? NEUTRAL_COLOR;
}

/** The message as an incoming webhook takes it. */
export function renderSlack(report: Report): string {
  return `${JSON.stringify(toSlackMessage(report), undefined, 2)}\n`;
}

/** Ten fields are the most that Slack takes. */
function toFields({ groups, before, openNow }: Report): MarkedText[] {
  const { statistics, level } = findTotal(groups);
  const then = before === undefined ? undefined : findTotal(before.groups).statistics;
  const describeChange = (now: number | undefined, earlier: number | undefined) => {
    const change = formatChange(now, earlier);
    return change === NO_DATA ? '' : ` (${change})`;
  };
  return [
    toField('Resolved', `${formatTotal(statistics.resolved)}${describeChange(statistics.resolved, then?.resolved)}`),
    toField('Opened', `${formatTotal(statistics.opened)}${describeChange(statistics.opened, then?.opened)}`),
    toField('Mean', `${formatMinutes(statistics.mttr, 'min')}${describeChange(statistics.mttr, then?.mttr)}`),
    toField('Median', `${formatMinutes(statistics.p50, 'min')}${describeChange(statistics.p50, then?.p50)}`),
    toField('P95', formatMinutes(statistics.p95, 'min')),
    toField('Level', formatLevel(level)),
    toField('Within target', formatShare(statistics.withinTarget)),
    toField('Open now', formatTotal(openNow)),
    ...(statistics.mtta === undefined ? [] : [toField('Mean to acknowledge', formatMinutes(statistics.mtta, 'min'))]),
  ];
}

/** What is configured beside targets. */
function toObjectiveFields(report: Report): MarkedText[] {
  const { groups, availability, businessHours } = report;
  const { statistics } = findTotal(groups);
  const mark = toMark(isAvailabilityMet(report));
  return [
    ...(businessHours === undefined
      ? []
      : [toField('Mean in business hours', formatMinutes(statistics.businessMttr, 'min'))]),
    ...(availability === undefined
      ? []
      : [
          toField(
            'Availability',
            `${formatAvailability(statistics.availability)} of ${formatObjective(availability.objective, undefined)}${mark}`,
          ),
          toField('Error budget left', formatMinutes(statistics.errorBudget, 'min')),
        ]),
  ];
}

function toMark(isMet: boolean | undefined): string {
  if (isMet === undefined) return '';
  return isMet ? ' :white_check_mark:' : ' :x:';
}

function toSeverityLine(group: Group): string {
  const stages = listStages(group).flatMap(({ stage, targetMinutes, ratio }) =>
    ratio === undefined
      ? []
      : [`${formatShare(ratio)} ${STAGE_TEXTS[stage].done} within ${formatMinutes(targetMinutes, 'min')}`],
  );
  return [toRecoveryLine(group), ...stages].join(', ');
}

function toRecoveryLine(group: Group): string {
  const { statistics, targetMinutes, objective, isObjectiveMet } = group;
  const mean = `*${escapeSlack(formatTitle(group))}*: ${formatMinutes(statistics.mttr, 'min')}, ${formatTotal(statistics.resolved)} resolved`;
  if (targetMinutes === undefined || statistics.withinTarget === undefined) return mean;
  const share = `${formatShare(statistics.withinTarget)} within ${formatMinutes(targetMinutes, 'min')}`;
  return `${mean}, ${share}${toMark(objective === undefined ? undefined : isObjectiveMet)}`;
}

function toServiceLine({ name, statistics }: Group): string {
  return `*${escapeSlack(name)}*: ${formatMinutes(statistics.mttr, 'min')}, ${formatTotal(statistics.resolved)} resolved, ${formatTotal(statistics.opened)} opened`;
}

function toLongLine({ id, url, service, severity, minutes }: LongIncident): string {
  const link =
    url !== undefined && /^https?:[^|<>]+$/i.test(url) ? `<${escapeSlack(url)}|${escapeSlack(id)}>` : escapeSlack(id);
  return `${link} ${escapeSlack(service)} ${escapeSlack(severity)}: ${formatMinutes(minutes, 'min')}`;
}

/** What was deployed most; medians, and only what is known. */
function toDeliveryLines({ delivery }: Report): string[] {
  const services = (delivery?.groups ?? []).filter(
    ({ grouping, values }) => grouping === 'service' && values.deployments > 0,
  );
  services.sort((a, b) => b.values.deployments - a.values.deployments);
  return services.slice(0, DELIVERIES_MAX).map(({ name, values }) => {
    const { deployments, leadTimeMedian, changeFailure, recoveryMedian } = values;
    const parts = [
      `${formatTotal(deployments)} deployments`,
      ...(Number.isNaN(leadTimeMedian) ? [] : [`lead time ${formatSpan(leadTimeMedian)}`]),
      ...(Number.isNaN(changeFailure) ? [] : [`change failure ${formatShare(changeFailure)}`]),
      ...(Number.isNaN(recoveryMedian) ? [] : [`recovery time ${formatSpan(recoveryMedian)}`]),
    ];
    return `*${escapeSlack(name)}*: ${parts.join(', ')}`;
  });
}

function toTrendBlocks({ trend }: Report): SlackBlock[] {
  if (trend === undefined) return [];
  const first = trend.points.at(0)?.name ?? '';
  return toLineBlocks(`Mean by ${trend.step} from ${first}`, [
    formatSparkline(trend.points.map(({ statistics }) => statistics.mttr)),
  ]);
}

function toNoteBlocks({ notes: all }: Report): SlackBlock[] {
  if (all.length === 0) return [];
  const text = truncate(all.map((note) => escapeSlack(note.text)).join('\n'));
  return [{ type: 'context', elements: [{ type: 'mrkdwn', text }] }];
}

/** Lines under a heading, as many as fit; nothing without lines. */
function toLineBlocks(heading: string, texts: readonly string[]): SlackBlock[] {
  return texts.length === 0 ? [] : [toSection(truncate(`*${heading}*\n${texts.join('\n')}`))];
}

function truncate(text: string): string {
  if (text.length <= SECTION_MAX) return text;
  // Whole lines only: half a link would be shown as it is written.
  return `${text.slice(0, text.lastIndexOf('\n', SECTION_MAX)).trimEnd()}\n…`;
}

function toSection(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

function toField(label: string, value: string): MarkedText {
  return { type: 'mrkdwn', text: `*${label}*\n${escapeSlack(value)}` };
}

/** Slack's three characters of its markup, and those that would begin bold, struck or code text; on one line. */
function escapeSlack(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*`~]/g, (mark) => `\u200b${mark}`);
}
