import { MINUTE_MS } from '../../model/time.ts';
import { BASELINE_REACH_MS } from '../../stats/evaluate.ts';
import type { Statistic } from '../../stats/rows.ts';
import { DESCRIBED } from '../statistic-info.ts';
import { busyMs, type Collected, type Member, type ProviderSpan } from './classify.ts';
import type { Arithmetic } from './explanation.ts';

/** The number itself, or why there is none, and the way to it. */
export interface Valued {
  readonly value?: number | undefined;
  readonly absence?: string | undefined;
  readonly arithmetic?: Arithmetic | undefined;
  /** The incidents that it is made of. */
  readonly members: readonly Member[];
}

export interface ValueInput {
  readonly statistic: Statistic;
  readonly collected: Collected;
  /** Windows of the providers that the row stands on. */
  readonly spans: readonly ProviderSpan[];
  /** False when nothing that is held has these labels. */
  readonly isRow: boolean;
  readonly minimumSample: number;
  /** The name of an incident, for those that the arithmetic points at. */
  readonly nameOf: NameOf;
}

/** Computes a statistic from its incidents, step by step as a person would. */
export function valueOf(input: ValueInput): Valued {
  const { statistic, collected, spans, isRow } = input;
  const { members } = collected;
  if (!isRow) return { absence: 'there is no such row: no incident that counts has these labels', members };
  if (DESCRIBED[statistic].basis === 'running') return timeValue(input);
  if (DESCRIBED[statistic].basis === 'resolved_before' && !spans.every(hasBaseline)) {
    return { absence: 'history begins less than 30 days before the window that the baseline is made of', members: [] };
  }
  return { ...contentValue(input), members };
}

function hasBaseline({ fromMs, toMs, historyStartMs }: ProviderSpan): boolean {
  return historyStartMs + BASELINE_REACH_MS <= fromMs - (toMs - fromMs);
}

type Content = Omit<Valued, 'members'>;

function contentValue(input: ValueInput): Content {
  const { statistic, minimumSample } = input;
  const { members } = input.collected;
  const { word, unit, quantile } = DESCRIBED[statistic];
  const count = members.length;
  if (unit === 'incidents') return { value: count, arithmetic: { kind: 'count', count } };
  if (count === 0) return { absence: `no incident is in it: ${word} needs at least one` };
  if (statistic === 'repeat') return repeatShare(members, input.nameOf);
  if (unit === 'share') {
    const part = members.reduce((sum, { value }) => sum + value, 0);
    return { value: part / count, arithmetic: { kind: 'share', part, of: count } };
  }
  if (statistic === 'min' || statistic === 'max') return extreme(input, statistic);
  if (statistic === 'stddev') return deviation(members);
  if (count < minimumSample) {
    return { absence: `only ${count} of the ${minimumSample} incidents that metrics.minimum_sample asks for` };
  }
  return quantile === undefined ? mean(members) : quantileValue(input, quantile);
}

function mean(members: readonly Member[]): Content {
  const sumMs = members.reduce((sum, { value }) => sum + value, 0);
  const count = members.length;
  return { value: sumMs / count / MINUTE_MS, arithmetic: { kind: 'mean', sum_minutes: sumMs / MINUTE_MS, count } };
}

function deviation(members: readonly Member[]): Content {
  const count = members.length;
  if (count < 2) return { absence: 'a sample standard deviation needs at least two incidents' };
  const meanMs = members.reduce((sum, { value }) => sum + value, 0) / count;
  const squaresMs = members.reduce((sum, { value }) => sum + (value - meanMs) ** 2, 0);
  const squares = squaresMs / MINUTE_MS ** 2;
  return {
    value: Math.sqrt(squaresMs / (count - 1)) / MINUTE_MS,
    arithmetic: { kind: 'deviation', count, mean_minutes: meanMs / MINUTE_MS, squares },
  };
}

function extreme({ collected: { members }, nameOf }: ValueInput, statistic: 'min' | 'max'): Content {
  const count = members.length;
  const incident = ranking(members, nameOf)(statistic === 'min' ? 1 : count);
  return { value: incident.minutes, arithmetic: { kind: 'extreme', count, incident } };
}

/** Linear interpolation between order statistics: type 7 of Hyndman and Fan 1996. */
function quantileValue({ collected: { members }, nameOf }: ValueInput, quantile: number): Content {
  const count = members.length;
  const position = (count - 1) * quantile;
  const ranked = ranking(members, nameOf);
  const below = ranked(Math.floor(position) + 1);
  const above = ranked(Math.ceil(position) + 1);
  const value = below.minutes + (above.minutes - below.minutes) * (position - Math.floor(position));
  return { value, arithmetic: { kind: 'quantile', quantile, count, position, below, above } };
}

/** Finds the incident at a rank, the shortest being the first; numbers alone are sorted quickly, however many there are. */
function ranking(members: readonly Member[], nameOf: NameOf) {
  const ordered = Float64Array.from(members, ({ value }) => value).sort();
  return (rank: number) => {
    const value = ordered[rank - 1] ?? Number.NaN;
    const member = members.filter((one) => one.value === value)[rank - 1 - ordered.indexOf(value)];
    if (member === undefined) throw new Error(`there is no incident at rank ${rank}`);
    return { rank, minutes: value / MINUTE_MS, ...nameOf(member.row) };
  };
}

/** Statistics about the time that every provider of the row covers. */
function timeValue({ statistic, collected: { members }, spans, minimumSample }: ValueInput): Valued {
  const fromMs = Math.max(...spans.map((span) => Math.max(span.fromMs, span.historyStartMs)));
  const toMs = Math.min(...spans.map((span) => Math.min(span.toMs, span.readUntilMs)));
  if (!(toMs > fromMs))
    return { absence: 'history covers no part of the window for all of its providers', members: [] };
  const isRunning = ({ times }: Member) => times.some((one) => one.fromMs <= toMs && (one.toMs ?? toMs) > fromMs);
  const running = members.filter(isRunning);
  const within = running.map((member) => ({ ...member, value: busyMs([...member.times], fromMs, toMs) }));
  const times = within.flatMap((member) => member.times);
  const busy = busyMs(times, fromMs, toMs);
  const coveredMs = toMs - fromMs;
  const time = {
    covered_from: new Date(fromMs).toISOString(),
    covered_to: new Date(toMs).toISOString(),
    covered_minutes: coveredMs / MINUTE_MS,
    busy_minutes: busy / MINUTE_MS,
  };
  if (statistic === 'free') {
    return { value: (coveredMs - busy) / coveredMs, arithmetic: { kind: 'free', ...time }, members: within };
  }
  const opened = members.filter(({ triggeredAtMs }) => triggeredAtMs > fromMs && triggeredAtMs <= toMs).length;
  const isEnough = opened >= Math.max(1, minimumSample);
  return {
    value: isEnough ? (coveredMs - busy) / MINUTE_MS / opened : undefined,
    absence: isEnough
      ? undefined
      : `${opened} incidents were opened in it, and at least ${Math.max(1, minimumSample)} must be`,
    arithmetic: { kind: 'between_failures', ...time, opened },
    members: within,
  };
}

/** What an incident is called, by the row that keeps it. */
export type NameOf = (row: number) => { readonly provider: string; readonly id: string };

/** Fingerprints that are listed, and incidents of each. */
const GROUPS_MAX = 20;
const INCIDENTS_MAX = 10;
/** Digits of a digest: 52 bits. */
const DIGEST_DIGITS = 13;

/** The share of incidents whose fingerprint an earlier one has: all but the first of each. */
export function repeatShare(members: readonly Member[], nameOf: NameOf): { value: number; arithmetic: Arithmetic } {
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
      repeated: repeated.slice(0, GROUPS_MAX).map(([fingerprint, group]) => ({
        fingerprint: fingerprint.toString(16).padStart(DIGEST_DIGITS, '0'),
        count: group.length,
        incidents: group
          .toSorted((a, b) => a.triggeredAtMs - b.triggeredAtMs)
          .slice(0, INCIDENTS_MAX)
          .map(({ row, triggeredAtMs }) => ({ ...nameOf(row), triggered_at: new Date(triggeredAtMs).toISOString() })),
      })),
    },
  };
}
