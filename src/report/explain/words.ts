import { EXCLUSION_TEXTS } from '../exclusion.ts';
import type { ExplainedIncident, Explanation, Reason } from './explanation.ts';

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
