import { BASELINE_MARGIN_MS } from '../../config/types.ts';
import { formatCount, formatIsoTime } from '../../model/format.ts';
import { MINUTE_MS } from '../../model/time.ts';
import type { Statistic, StatisticsSettings } from '../../stats/rows.ts';
import { STATISTIC_INFO } from '../statistic-info.ts';
import type { ProviderWindow } from '../timeline.ts';
import type { Member, OpenTime } from './classify.ts';
import type { Arithmetic } from './explanation.ts';

/** Fingerprints that are listed, and incidents of each. */
const FINGERPRINTS_MAX = 20;
const INCIDENTS_MAX = 10;
/** Digits of a digest: 52 bits. */
const DIGEST_DIGITS = 13;

export interface ValueInput {
  readonly statistic: Statistic;
  readonly members: readonly Member[];
  /** Windows of the providers that the row stands on. */
  readonly windows: readonly ProviderWindow[];
  /** False when nothing that is held has these labels. */
  readonly hasRow: boolean;
  readonly settings: Pick<StatisticsSettings, 'minimumSample' | 'availability' | 'businessHours'>;
  /** Only incidents of these severities are in the number; of all without it. */
  readonly outageSeverities: readonly string[] | undefined;
  /** The one that the row is about, if any. */
  readonly severity: string | undefined;
  /** What an incident is called, by the row that keeps it. */
  readonly findIncidentName: (row: number) => { readonly provider: string; readonly id: string };
}

/** The number itself, or why there is none, and how it follows. */
interface Result {
  readonly value?: number | undefined;
  readonly absence?: string | undefined;
  readonly arithmetic?: Arithmetic | undefined;
}

/** The same with the incidents that it is made of. */
export interface ComputedValue extends Result {
  readonly members: readonly Member[];
}

/** Computes a statistic from its incidents, step by step as a person would. */
export function computeValue(input: ValueInput): ComputedValue {
  const { statistic, members, windows, hasRow } = input;
  const { basis } = STATISTIC_INFO[statistic];
  const absence = findMissingSetting(input);
  if (absence !== undefined) return { absence, members: [] };
  if (!hasRow) return { absence: 'no incident that counts has these labels', members };
  if (basis === 'open_time') return computeFromOpenTime(input);
  if (basis === 'resolved_before' && !windows.every(hasBaseline)) {
    return { absence: 'history too short: a baseline needs 30 days before the window it is made of', members: [] };
  }
  return { ...computeFromMembers(input), members };
}

/** Why no row like this one has the statistic: a key of the configuration. */
function findMissingSetting({ statistic, settings, severity }: ValueInput): string | undefined {
  const { availability, businessHours } = settings;
  if (statistic === 'businessMttr' && businessHours === undefined) return 'business_hours is not configured';
  if (statistic !== 'availability' && statistic !== 'errorBudget') return undefined;
  if (availability === undefined) return 'availability is not configured';
  if (severity === undefined || availability.severities.includes(severity)) return undefined;
  return `availability.severities does not list ${severity}`;
}

function hasBaseline({ fromMs, toMs, historyStartMs }: ProviderWindow): boolean {
  return historyStartMs + BASELINE_MARGIN_MS <= fromMs - (toMs - fromMs);
}

function computeFromMembers(input: ValueInput): Result {
  const { statistic, members } = input;
  const { minimumSample } = input.settings;
  const { name, unit, quantile } = STATISTIC_INFO[statistic];
  const count = members.length;
  if (unit === 'incidents') return { value: count, arithmetic: { kind: 'count', count } };
  if (count === 0) return { absence: `no incident is in it: ${name} needs at least one` };
  if (statistic === 'repeat') return computeRepeatShare(input);
  if (unit === 'share') {
    const part = sumValues(members);
    return { value: part / count, arithmetic: { kind: 'share', part, of: count } };
  }
  if (statistic === 'min' || statistic === 'max') return findExtreme(input, statistic);
  if (statistic === 'stddev') return computeDeviation(members);
  if (count < minimumSample) {
    return { absence: `only ${count} of the ${minimumSample} incidents that metrics.minimum_sample asks for` };
  }
  if (quantile !== undefined) return computeQuantile(input, quantile);
  const sumMs = sumValues(members);
  return { value: sumMs / count / MINUTE_MS, arithmetic: { kind: 'mean', sum_minutes: sumMs / MINUTE_MS, count } };
}

function sumValues(members: readonly Member[]): number {
  return members.reduce((sum, { value }) => sum + value, 0);
}

function computeDeviation(members: readonly Member[]): Result {
  const count = members.length;
  if (count < 2) return { absence: 'a sample standard deviation needs at least two incidents' };
  const meanMs = sumValues(members) / count;
  const squaresMs = members.reduce((sum, { value }) => sum + (value - meanMs) ** 2, 0);
  const squares = squaresMs / MINUTE_MS ** 2;
  return {
    value: Math.sqrt(squaresMs / (count - 1)) / MINUTE_MS,
    arithmetic: { kind: 'deviation', count, mean_minutes: meanMs / MINUTE_MS, squares },
  };
}

function findExtreme(input: ValueInput, statistic: 'min' | 'max'): Result {
  const count = input.members.length;
  const incident = rankMembers(input)(statistic === 'min' ? 1 : count);
  return { value: incident.minutes, arithmetic: { kind: 'extreme', count, incident } };
}

/** Linear interpolation between order statistics: type 7 of Hyndman and Fan 1996. */
function computeQuantile(input: ValueInput, quantile: number): Result {
  const count = input.members.length;
  const position = (count - 1) * quantile;
  const findAtRank = rankMembers(input);
  const below = findAtRank(Math.floor(position) + 1);
  const above = findAtRank(Math.ceil(position) + 1);
  const value = below.minutes + (above.minutes - below.minutes) * (position - Math.floor(position));
  return { value, arithmetic: { kind: 'quantile', quantile, count, position, below, above } };
}

/** Finds the incident at a rank, the shortest being the first; numbers alone are sorted quickly, however many there are. */
function rankMembers({ members, findIncidentName }: ValueInput) {
  const sorted = Float64Array.from(members, ({ value }) => value).sort();
  return (rank: number) => {
    const value = sorted[rank - 1] ?? Number.NaN;
    const member = members.filter((one) => one.value === value)[rank - 1 - sorted.indexOf(value)];
    if (member === undefined) throw new Error(`there is no incident at rank ${rank}`);
    return { rank, minutes: value / MINUTE_MS, ...findIncidentName(member.row) };
  };
}

/** The share of incidents whose fingerprint an earlier one has: all but the first of each. */
function computeRepeatShare({ members, findIncidentName }: ValueInput): Result {
  const groups = Map.groupBy(members, ({ fingerprint }) => fingerprint);
  const repeated = [...groups].filter(([, { length }]) => length > 1).sort(([, a], [, b]) => b.length - a.length);
  const opened = members.length;
  return {
    value: (opened - groups.size) / opened,
    arithmetic: {
      kind: 'repeat',
      opened,
      fingerprints: groups.size,
      repeated_fingerprints: repeated.length,
      repeated: repeated.slice(0, FINGERPRINTS_MAX).map(([fingerprint, group]) => ({
        fingerprint: fingerprint.toString(16).padStart(DIGEST_DIGITS, '0'),
        count: group.length,
        incidents: group
          .toSorted((a, b) => a.triggeredAtMs - b.triggeredAtMs)
          .slice(0, INCIDENTS_MAX)
          .map(({ row, triggeredAtMs }) => ({ ...findIncidentName(row), triggered_at: formatIsoTime(triggeredAtMs) })),
      })),
    },
  };
}

/** Statistics about the time that every provider of the row covers. */
function computeFromOpenTime(input: ValueInput): ComputedValue {
  const { members, windows, outageSeverities } = input;
  const fromMs = Math.max(...windows.map((window) => Math.max(window.fromMs, window.historyStartMs)));
  const toMs = Math.min(...windows.map((window) => Math.min(window.toMs, window.readUntilMs)));
  if (!(toMs > fromMs))
    return { absence: 'history covers no part of the window for all of its providers', members: [] };
  const within = members
    .filter(({ times }) => times.some((one) => one.fromMs <= toMs && (one.toMs ?? toMs) > fromMs))
    .map((member) => ({ ...member, value: measureBusyMs(member.times, fromMs, toMs) }));
  const times = within.flatMap((member) => member.times);
  const time: OpenTimeSums = {
    covered_from: formatIsoTime(fromMs),
    covered_to: formatIsoTime(toMs),
    covered_minutes: (toMs - fromMs) / MINUTE_MS,
    busy_minutes: measureBusyMs(times, fromMs, toMs) / MINUTE_MS,
    ...(outageSeverities === undefined ? {} : { severities: [...outageSeverities] }),
  };
  const opened = members.filter(({ triggeredAtMs }) => triggeredAtMs > fromMs && triggeredAtMs <= toMs).length;
  return { ...divideOpenTime(input, time, opened), members: within };
}

type OpenTimeSums = Omit<Extract<Arithmetic, { kind: 'free' }>, 'kind'>;

function divideOpenTime({ statistic, settings }: ValueInput, time: OpenTimeSums, opened: number): Result {
  const { availability, minimumSample } = settings;
  const freeMinutes = time.covered_minutes - time.busy_minutes;
  const freeShare = freeMinutes / time.covered_minutes;
  if (statistic === 'free') return { value: freeShare, arithmetic: { kind: 'free', ...time } };
  if (statistic === 'availability') return { value: freeShare, arithmetic: { kind: 'availability', ...time } };
  if (statistic === 'errorBudget' && availability !== undefined) {
    const { objective } = availability;
    const budget = time.covered_minutes * (1 - objective);
    const arithmetic = { kind: 'error_budget', ...time, objective, budget_minutes: budget } as const;
    return { value: budget - time.busy_minutes, arithmetic };
  }
  const needed = Math.max(1, minimumSample);
  const isEnough = opened >= needed;
  return {
    value: isEnough ? freeMinutes / opened : undefined,
    absence: isEnough ? undefined : `${formatCount(opened, 'incident')} opened in it; at least ${needed} needed`,
    arithmetic: { kind: 'between_failures', ...time, opened },
  };
}

/** Milliseconds of (fromMs, toMs] in which at least one of these ran; overlaps count once. */
function measureBusyMs(times: readonly OpenTime[], fromMs: number, toMs: number): number {
  let busyMs = 0;
  let untilMs = fromMs;
  for (const time of times.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const startMs = Math.max(time.fromMs, untilMs);
    const endMs = Math.min(time.toMs ?? toMs, toMs);
    if (endMs <= startMs) continue;
    busyMs += endMs - startMs;
    untilMs = endMs;
  }
  return busyMs;
}
