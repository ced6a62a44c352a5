import { printable } from '../../model/text.ts';
import type { Group } from '../groups.ts';
import type { Report } from '../report.ts';
import type { LongIncident } from '../survey.ts';
import { boundsText, membersOf, wholeOf } from './whole.ts';
import { changeText, countText, groupTitle, levelText, minutesText, NO_DATA, shareText, sparkline } from './words.ts';

/** A message for an incoming webhook: `text` for notifications, `blocks` for those who look. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
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
/** Services that a channel reads. */
const SERVICES_MAX = 10;

/** The weekly look: the numbers, severities against targets, the busiest services and the longest incidents. */
export function slackMessage(report: Report): SlackMessage {
  const { groups, timezone, bounds } = report;
  const { figures, level } = wholeOf(groups);
  const period = boundsText(bounds, timezone);
  const summary = `incidents resolved: ${countText(figures.resolved)}, mean: ${minutesWith(figures.mttr)}, level: ${levelText(level)}`;
  return {
    text: `Recovery report ${period}: ${summary}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: 'Mean time to recovery (MTTR)' } },
      section(escaped(`${period} (${timezone})`)),
      { type: 'section', fields: fieldsOf(report) },
      ...lines('By severity', membersOf(groups, 'severity').map(severityLine)),
      ...lines('By service', membersOf(groups, 'service').slice(0, SERVICES_MAX).map(serviceLine)),
      ...lines('Longest', report.longest.map(longLine)),
      ...trendBlocks(report),
      ...lines('Why there may be nothing', report.reasons.map(escaped)),
      ...notes(report),
    ],
  };
}

/** The message as an incoming webhook takes it. */
export function renderSlack(report: Report): string {
  return `${JSON.stringify(slackMessage(report), undefined, 2)}\n`;
}

/** Ten fields are the most that Slack takes. */
function fieldsOf({ groups, before, openNow }: Report): MarkedText[] {
  const { figures, level } = wholeOf(groups);
  const then = before === undefined ? undefined : wholeOf(before.groups).figures;
  const compared = (now: number | undefined, earlier: number | undefined) => {
    const change = changeText(now, earlier);
    return change === NO_DATA ? '' : ` (${change})`;
  };
  return [
    field('Resolved', `${countText(figures.resolved)}${compared(figures.resolved, then?.resolved)}`),
    field('Opened', `${countText(figures.opened)}${compared(figures.opened, then?.opened)}`),
    field('Mean', `${minutesWith(figures.mttr)}${compared(figures.mttr, then?.mttr)}`),
    field('Median', `${minutesWith(figures.p50)}${compared(figures.p50, then?.p50)}`),
    field('P95', minutesWith(figures.p95)),
    field('Level', levelText(level)),
    field('Within target', shareText(figures.withinTarget)),
    field('Open now', countText(openNow)),
    ...(figures.mtta === undefined ? [] : [field('Mean to acknowledge', minutesWith(figures.mtta))]),
  ];
}

function severityLine(group: Group): string {
  const { figures, targetMinutes, objective, isObjectiveMet } = group;
  const mean = `*${escaped(groupTitle(group))}*: ${minutesWith(figures.mttr)}, ${countText(figures.resolved)} resolved`;
  if (targetMinutes === undefined || figures.withinTarget === undefined) return mean;
  const share = `${shareText(figures.withinTarget)} within ${minutesText(targetMinutes)} min`;
  if (objective === undefined || isObjectiveMet === undefined) return `${mean}, ${share}`;
  return `${mean}, ${share} ${isObjectiveMet ? ':white_check_mark:' : ':x:'}`;
}

function serviceLine({ name, figures }: Group): string {
  return `*${escaped(name)}*: ${minutesWith(figures.mttr)}, ${countText(figures.resolved)} resolved, ${countText(figures.opened)} opened`;
}

function longLine({ id, url, service, severity, minutes }: LongIncident): string {
  const link = url !== undefined && /^https?:[^|<>]+$/i.test(url) ? `<${escaped(url)}|${escaped(id)}>` : escaped(id);
  return `${link} ${escaped(service)} ${escaped(severity)}: ${minutesWith(minutes)}`;
}

function trendBlocks({ trend }: Report): SlackBlock[] {
  if (trend === undefined) return [];
  const first = trend.points.at(0)?.name ?? '';
  return lines(`Mean by ${trend.step} from ${first}`, [sparkline(trend.points.map(({ figures }) => figures.mttr))]);
}

function notes({ notes: all }: Report): SlackBlock[] {
  if (all.length === 0) return [];
  const text = cut(all.map((note) => escaped(note.text)).join('\n'));
  return [{ type: 'context', elements: [{ type: 'mrkdwn', text }] }];
}

/** Lines under a heading, as many as fit; nothing without lines. */
function lines(heading: string, texts: readonly string[]): SlackBlock[] {
  return texts.length === 0 ? [] : [section(cut(`*${heading}*\n${texts.join('\n')}`))];
}

function cut(text: string): string {
  if (text.length <= SECTION_MAX) return text;
  // Whole lines only: half a link would be shown as it is written.
  return `${text.slice(0, text.lastIndexOf('\n', SECTION_MAX)).trimEnd()}\n…`;
}

function section(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

function field(label: string, value: string): MarkedText {
  return { type: 'mrkdwn', text: `*${label}*\n${escaped(value)}` };
}

function minutesWith(minutes: number | undefined): string {
  return minutes === undefined ? NO_DATA : `${minutesText(minutes)} min`;
}

/** Slack's three characters of its markup, and those that would begin bold, struck or code text; on one line. */
function escaped(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*`~]/g, (mark) => `\u200b${mark}`);
}
