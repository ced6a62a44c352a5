import type { Grouping } from '../config/types.ts';
import { IntervalUnion } from './interval-union.ts';
import {
  QUANTILE_STATISTICS,
  type Row,
  STATISTICS,
  type Statistic,
  type StatisticsSettings,
  statisticsOf,
} from './rows.ts';
import { SortedNumbers } from './sorted-numbers.ts';

const STATISTIC_INDEX = new Map(STATISTICS.map((statistic, index) => [statistic, index]));

/** Incidents that share the labels of one grouping, with what their row is computed from. */
export class Group implements Row {
  readonly grouping: Grouping;
  readonly labels: Row['labels'];
  readonly statistics: ReadonlySet<Statistic>;
  readonly values: Float64Array[];
  readonly versions: Uint32Array = new Uint32Array(STATISTICS.length);
  readonly windows: readonly GroupWindow[];
  /** Number of incidents by provider (its index in the configuration). */
  readonly incidents: number[] = [];
  /** When its incidents were open; kept only where the row needs it, as are the openings. */
  readonly openTimes: OpenTimes | undefined;
  /** When those of the severities of `availability` were open. */
  readonly outages: OpenTimes | undefined;
  readonly openedAt: SortedNumbers | undefined;
  /** Open times and openings are those of outages alone. */
  readonly isOfOutages: boolean;
  isDirty = true;

  constructor(grouping: Grouping, labels: Row['labels'], settings: StatisticsSettings) {
    this.grouping = grouping;
    this.labels = labels;
    const statistics = new Set(statisticsOf(grouping, settings));
    if (!hasAvailability(labels, settings))
      for (const one of ['availability', 'errorBudget'] as const) statistics.delete(one);
    this.statistics = statistics;
    this.windows = settings.windows.map(() => new GroupWindow(this.statistics));
    this.values = settings.windows.map(() => new Float64Array(STATISTICS.length).fill(Number.NaN));
    this.outages = this.statistics.has('availability') ? new OpenTimes() : undefined;
    const needsTimes = this.statistics.has('free') || this.statistics.has('mtbf');
    // With `availability`, only its severities count here: a harmless incident that is open for weeks would make it 0.
    this.isOfOutages = grouping === 'all' && this.outages !== undefined;
    if (this.isOfOutages) this.openTimes = this.outages;
    else this.openTimes = needsTimes ? new OpenTimes() : undefined;
    this.openedAt = this.statistics.has('mtbf') ? new SortedNumbers() : undefined;
  }

  get isEmpty(): boolean {
    return this.incidents.every((count) => count === 0);
  }

  /** Writes a value if the row has this statistic; the version rises when it is another one. */
  set(window: number, statistic: Statistic, value: number): void {
    const values = this.values[window];
    const index = STATISTIC_INDEX.get(statistic) ?? 0;
    if (values === undefined || !this.statistics.has(statistic) || Object.is(values[index], value)) return;
    values[index] = value;
    this.versions[index] = (this.versions[index] ?? 0) + 1;
  }
}

/** Rows of one severity have an availability only when it is configured for that severity; all other rows have one. */
function hasAvailability(labels: Row['labels'], { availability }: StatisticsSettings): boolean {
  const severity = labels.find(([name]) => name === 'severity')?.[1];
  return severity === undefined || (availability?.severities.includes(severity) ?? false);
}

/** When incidents were open: closed times as a union, open ones by when they began. */
export class OpenTimes {
  readonly #closed = new IntervalUnion();
  readonly #openSince = new SortedNumbers();

  /** Adds the times of one incident, or removes them: opening and closing times in turn, an open last one without its end. */
  track(times: readonly number[], sign: 1 | -1): void {
    for (let at = 0; at < times.length; at += 2) {
      const fromMs = times[at] ?? 0;
      const toMs = times[at + 1];
      if (toMs === undefined) this.#openSince.change(fromMs, sign);
      else this.#closed.change(fromMs, toMs, sign);
    }
  }

  /** Milliseconds between two times in which nothing was open. */
  freeMs(fromMs: number, toMs: number): number {
    const openSinceMs = Math.max(fromMs, Math.min(toMs, this.#openSince.at(0) ?? toMs));
    return openSinceMs - fromMs - this.#closed.within(fromMs, openSinceMs);
  }
}

/** Statistics that are means over the incidents resolved in a window: of times, then of shares. */
export const MEAN_DURATIONS = ['mttr', 'mtta', 'mttd', 'mtti', 'mttm', 'businessMttr'] as const satisfies Statistic[];
export const RATIOS = [
  'withinTarget',
  'escalated',
  'reopened',
  'detectionWithinTarget',
  'acknowledgementWithinTarget',
  'identificationWithinTarget',
  'mitigationWithinTarget',
] as const satisfies Statistic[];
const MEANS: readonly Statistic[] = [...MEAN_DURATIONS, ...RATIOS];

/** What one resolved incident adds to MEAN_DURATIONS (milliseconds; recovery first) and RATIOS (0 or 1); NaN where it adds nothing. */
export type Recovery = readonly number[];

/** Statistics for which the recovery times of a window have to be kept. */
const OF_ORDER: readonly Statistic[] = [...QUANTILE_STATISTICS, 'min', 'max'];

/** A running mean: integers, so that adding a value and removing it again changes nothing. */
export interface Mean {
  count: number;
  sum: number;
}

/** One window of one group: running sums over the incidents that were opened and resolved in it. */
class GroupWindow {
  opened = 0;
  /** Over the recoveries of the window before. */
  readonly baseline: Mean = { count: 0, sum: 0 };
  /** In order; kept only where a row shows it. */
  readonly durations: SortedNumbers | undefined;
  readonly #means: readonly Mean[] = MEANS.map(() => ({ count: 0, sum: 0 }));
  readonly #squares = new ExactSumOfSquares();
  /** How many of the opened ones have a fingerprint; kept only where a row shows repeats. */
  readonly #fingerprints: Map<number, number> | undefined;

  constructor(statistics: ReadonlySet<Statistic>) {
    this.durations = OF_ORDER.some((one) => statistics.has(one)) ? new SortedNumbers() : undefined;
    this.#fingerprints = statistics.has('repeat') ? new Map() : undefined;
  }

  open(fingerprint: number, sign: 1 | -1): void {
    this.opened += sign;
    const fingerprints = this.#fingerprints;
    if (fingerprints === undefined) return;
    const count = (fingerprints.get(fingerprint) ?? 0) + sign;
    if (count === 0) fingerprints.delete(fingerprint);
    else fingerprints.set(fingerprint, count);
  }

  resolve(recovery: Recovery, sign: 1 | -1): void {
    for (let at = 0; at < this.#means.length; at += 1) {
      const mean = this.#means[at];
      const value = recovery[at] ?? Number.NaN;
      if (mean !== undefined && !Number.isNaN(value)) addTo(mean, value, sign);
    }
    const [ms = 0] = recovery;
    this.#squares.add(ms, sign);
    this.durations?.change(ms, sign);
  }

  resolveBefore(ms: number, sign: 1 | -1): void {
    addTo(this.baseline, ms, sign);
  }

  mean(statistic: (typeof MEAN_DURATIONS)[number] | (typeof RATIOS)[number]): Mean {
    return this.#means[MEANS.indexOf(statistic)] ?? { count: 0, sum: 0 };
  }

  /** Share of the opened ones whose fingerprint an earlier one has: all but the first of each. NaN without any. */
  repeatRatio(): number {
    const { opened } = this;
    return opened === 0 ? Number.NaN : (opened - (this.#fingerprints?.size ?? 0)) / opened;
  }

  /** Sample standard deviation in milliseconds; NaN below two recoveries. */
  deviationMs(): number {
    const { count, sum } = this.mean('mttr');
    if (count < 2) return Number.NaN;
    // n·Σx² − (Σx)² is exact in integers; with floats an outlier that left the window would leave its rounding behind.
    const spread = BigInt(count) * this.#squares.total() - BigInt(sum) ** 2n;
    return Math.sqrt(Number(spread) / (count * (count - 1)));
  }
}

function addTo(mean: Mean, value: number, sign: 1 | -1): void {
  mean.count += sign;
  mean.sum += sign * value;
}

const LIMB = 2 ** 15;

/** Σx² exactly: x is split into limbs of 15 bits, whose products are summed apart (good for 4 million summands below 2^45). */
class ExactSumOfSquares {
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;
  #s4 = 0;

  add(value: number, sign: 1 | -1): void {
    const a = value % LIMB;
    const rest = (value - a) / LIMB;
    const b = rest % LIMB;
    const c = (rest - b) / LIMB;
    this.#s0 += sign * a * a;
    this.#s1 += sign * 2 * a * b;
    this.#s2 += sign * (2 * a * c + b * b);
    this.#s3 += sign * 2 * b * c;
    this.#s4 += sign * c * c;
  }

  total(): bigint {
    const parts = [this.#s0, this.#s1, this.#s2, this.#s3, this.#s4];
    return parts.reduce((sum, part, limb) => sum + (BigInt(part) << BigInt(15 * limb)), 0n);
  }
}
