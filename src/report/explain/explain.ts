import { formatIsoTime } from '../../model/format.ts';
import { recoveryMs } from '../../model/stored.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { IncidentDetails, StoreSnapshot } from '../../store/snapshot.ts';
import { createDeploymentIndex, type DeploymentIndex, findDeploymentBefore } from '../dora/deployments-before.ts';
import { findSeverity } from '../filter.ts';
import { toIncidentJson } from '../incident-json.ts';
import { STATISTIC_INFO } from '../statistic-info.ts';
import { findProviderWindows, type ProviderWindow, type ReportedProvider, validateWindows } from '../timeline.ts';
import { computeValue } from './arithmetic.ts';
import { findChain } from './chain.ts';
import { crossCheck, type ExplainInput, findNotes, validateNames } from './checks.ts';
import { type Classification, classifyIncidents, type Example, type Member, moveWindow } from './classify.ts';
import type { ExplainedIncident, ExplainedProvider, Explanation, LeftOutIncident } from './explanation.ts';
import { findQuestionRow, type Question, type QuestionRow } from './question.ts';

/**
 * Says what a windowed number is made of: computed from single incidents, and compared with what the statistics of
 * `/metrics` say. Throws an InputError for what cannot be answered, and another error when the two ways disagree.
 */
export function explain(given: ExplainInput): Explanation {
  const question = { ...given.question, labels: resolveSeverity(given) };
  const { statistic, window, end, limit } = question;
  const input = { ...given, question };
  const { history, settings, providers } = input;
  const row = findQuestionRow(question);
  const windows = findProviderWindows(input, { end, spanMs: window.ms });
  validateWindows(windows);
  const isByProvider = row.grouping === 'provider';
  const outageSeverities = findOutageSeverities(input, row);
  const { labels } = question;
  const classified = classifyIncidents({ ...input, statistic, labels, windows, isByProvider, outageSeverities });
  validateNames(input, classified, windows.length > 0);
  const rowWindows = windows.filter(({ provider }) =>
    isAlwaysPresent(row) ? provider.isOverall : classified.providersInRow.has(provider.name),
  );
  const result = computeValue({
    statistic,
    members: classified.members,
    windows: rowWindows,
    hasRow: isAlwaysPresent(row) ? windows.length > 0 : classified.providersInRow.size > 0,
    settings,
    outageSeverities,
    severity: row.grouping.includes('severity') ? labels.severity : undefined,
    findIncidentName: (index) => findIncidentName(history, index),
  });
  const { value, absence, arithmetic, members } = result;
  crossCheck(input, row, value);
  const deployments = createDeploymentIndex(history);
  const shownWindows = windows.map((one) => moveWindow(one, STATISTIC_INFO[statistic].basis));
  return {
    ...describeQuestion(question, row, outageSeverities),
    value,
    absence,
    arithmetic,
    agrees: value === undefined ? undefined : true,
    reopened: settings.reopened,
    clock: settings.clock === 'impact' ? settings.clock : undefined,
    until: settings.until === 'mitigated' ? settings.until : undefined,
    providers: providers.map((provider) => toExplainedProvider(provider, shownWindows, row)),
    counted: members.length,
    incidents: selectIncidents(members, input, limit).map(({ details, contribution }) =>
      toExplainedIncident(details, contribution, { classified, deployments, input }),
    ),
    left_out: classified.omissions.map(({ reason, count, examples }) => ({
      reason,
      count,
      examples: examples.flatMap((example) => toLeftOutIncidents(example, history, classified)),
    })),
    notes: findNotes(input, row, rowWindows),
  };
}

/** A severity may be called by an alias or its title. */
function resolveSeverity({ question: { labels }, settings }: ExplainInput): Question['labels'] {
  const { severity } = labels;
  return severity === undefined ? labels : { ...labels, severity: findSeverity(severity, settings.severities) };
}

/** The severities that the number is about: availability is of those configured for it, and so is all time of everything together. */
function findOutageSeverities({ settings: { availability }, question }: ExplainInput, { grouping }: QuestionRow) {
  const { statistic } = question;
  const isOfOutages = statistic === 'availability' || statistic === 'errorBudget';
  const isOfAllTime = grouping === 'all' && (statistic === 'free' || statistic === 'mtbf');
  return isOfOutages || isOfAllTime ? availability?.severities : undefined;
}

/** These rows exist and stand on every overall provider, whatever incidents there are. */
function isAlwaysPresent({ grouping }: QuestionRow): boolean {
  return grouping === 'all' || grouping === 'severity';
}

function describeQuestion(
  { statistic, labels, window }: Question,
  { grouping }: QuestionRow,
  outageSeverities: readonly string[] | undefined,
) {
  const { name, meaning, metric, quantile, stage, unit } = STATISTIC_INFO[statistic];
  return {
    statistic: name,
    meaning: outageSeverities === undefined ? meaning : `${meaning} (incidents of ${outageSeverities.join(', ')})`,
    metric,
    quantile,
    stage,
    by: grouping,
    labels,
    window: window.name,
    window_minutes: window.ms / MINUTE_MS,
    unit,
  };
}

function toExplainedProvider(
  { name, isOverall }: ReportedProvider,
  windows: readonly ProviderWindow[],
  { grouping }: QuestionRow,
): ExplainedProvider {
  const window = windows.find(({ provider }) => provider.name === name);
  if (window === undefined) return { name, state: 'not_synced' };
  return {
    name,
    state: isOverall || grouping === 'provider' ? 'counted' : 'not_overall',
    window_from: formatIsoTime(window.fromMs),
    window_to: formatIsoTime(window.toMs),
    history_start: formatIsoTime(window.historyStartMs),
  };
}

/** The most telling incidents with what each adds; misses of a target come before what met it. */
function selectIncidents(
  members: readonly Member[],
  { history, question: { statistic } }: ExplainInput,
  limit = Number.POSITIVE_INFINITY,
): { readonly details: IncidentDetails; readonly contribution: number }[] {
  const { basis, unit, stage } = STATISTIC_INFO[statistic];
  const sign = statistic === 'withinTarget' || stage !== undefined ? 1 : -1;
  const chosen = members
    .toSorted((a, b) => sign * (a.value - b.value) || b.triggeredAtMs - a.triggeredAtMs || a.row - b.row)
    .slice(0, limit);
  const scale = unit === 'minutes' || basis === 'open_time' ? MINUTE_MS : 1;
  const contributions = new Map(chosen.map(({ row, value }) => [row, value / scale]));
  return history
    .details(chosen.map(({ row }) => row))
    .map((details) => ({ details, contribution: contributions.get(details.stored.row) ?? 0 }));
}

function toExplainedIncident(
  details: IncidentDetails,
  contribution: number,
  {
    classified,
    deployments,
    input: { history, settings, labelMapper },
  }: { readonly classified: Classification; readonly deployments: DeploymentIndex; readonly input: ExplainInput },
): ExplainedIncident {
  const recovery = recoveryMs(details.stored, settings);
  const mapper = labelMapper(details.provider);
  return {
    ...toIncidentJson(details, findLabels(details, classified)),
    merged: details.incident.merged ? true : undefined,
    recovery_minutes: recovery === undefined ? undefined : recovery / MINUTE_MS,
    contribution,
    chain: findChain(history, details),
    deployment_before: mapper && findDeploymentBefore(deployments, details, { history, labelMapper: mapper }),
  };
}

function toLeftOutIncidents(
  { row, outsideMs }: Example,
  history: StoreSnapshot,
  classified: Classification,
): LeftOutIncident[] {
  return history.details([row]).map((details) => {
    const incident = toIncidentJson(details, findLabels(details, classified));
    const { provider, id, url, service, severity, triggered_at, resolved_at } = incident;
    const outside_minutes = outsideMs === undefined ? undefined : outsideMs / MINUTE_MS;
    const chain = findChain(history, details);
    return { provider, id, url, service, severity, triggered_at, resolved_at, outside_minutes, chain };
  });
}

function findLabels({ stored }: IncidentDetails, classified: Classification) {
  return classified.findLabels(stored.dimensionsRow) ?? { service: '', severity: '', team: '' };
}

function findIncidentName(history: StoreSnapshot, row: number): { provider: string; id: string } {
  const [details] = history.details([row]);
  if (details === undefined) throw new Error(`the store holds no incident in row ${row}`);
  return { provider: details.provider, id: details.incident.id };
}
