import type { Grouping } from '../config/types.ts';
import { BusyTime } from './busy-time.ts';
import { type Row, STATISTICS, type Statistic, type StatisticsSettings, statisticsOf } from './rows.ts';
import { SortedNumbers } from './sorted-numbers.ts';
import { type Recovery, Tally } from './tally.ts';

/** One window of one group. */
export class GroupWindow {
  readonly tally: Tally;
  baselineCount = 0;
  baselineSumMs = 0;
  opened = 0;
  /** How many of the opened ones have a fingerprint; kept only where a row shows repeats. */
  readonly #fingerprints: Map<number, number> | undefined;

  constructor(statistics: ReadonlySet<Statistic>) {
    const keepsDurations = (['p50', 'p75', 'p90', 'p95', 'p99', 'min', 'max'] as const).some((one) =>
      statistics.has(one),
    );
    this.tally = new Tally(keepsDurations);
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

  /** Share of the opened ones whose fingerprint an earlier one has: all but the first of each. NaN without any. */
  repeatRatio(): number {
    const { opened } = this;
    return opened === 0 ? Number.NaN : (opened - (this.#fingerprints?.size ?? 0)) / opened;
  }

  resolve(recovery: Recovery, sign: 1 | -1): void {
    this.tally.add(recovery, sign);
  }

  resolveBefore(ms: number, sign: 1 | -1): void {
    this.baselineCount += sign;
    this.baselineSumMs += sign * ms;
  }
}

/** Incidents that share the labels of one grouping, with what their row is computed from. */
export class Group implements Row {
  readonly grouping: Grouping;
  readonly labels: Row['labels'];
  readonly statistics: ReadonlySet<Statistic>;
  readonly values: Float64Array[];
  readonly versions: Uint32Array = new Uint32Array(STATISTICS.length);
  readonly windows: readonly GroupWindow[];
  /** Incidents by provider (its place in the configuration). */
  readonly incidents: number[] = [];
  /** Since when the open ones are open. */
  readonly openSince = new SortedNumbers();
  readonly busy: BusyTime | undefined;
  readonly openedAt: SortedNumbers | undefined;
  isDirty = true;

  constructor(grouping: Grouping, labels: Row['labels'], settings: StatisticsSettings) {
    this.grouping = grouping;
    this.labels = labels;
    this.statistics = statisticsOf(grouping, settings.detail);
    this.windows = settings.windows.map(() => new GroupWindow(this.statistics));
    this.values = settings.windows.map(() => new Float64Array(STATISTICS.length).fill(Number.NaN));
    const needsBusy = this.statistics.has('free') || this.statistics.has('mtbf');
    this.busy = needsBusy ? new BusyTime() : undefined;
    this.openedAt = this.statistics.has('mtbf') ? new SortedNumbers() : undefined;
  }

  countIncident(provider: number, sign: 1 | -1): void {
    this.incidents[provider] = (this.incidents[provider] ?? 0) + sign;
  }

  get isEmpty(): boolean {
    return this.incidents.every((count) => count === 0);
  }

  /** Takes a time in which one incident was open, or takes it back. */
  occupy(fromMs: number, toMs: number, sign: 1 | -1): void {
    if (sign === 1) this.busy?.add(fromMs, toMs);
    else this.busy?.remove(fromMs, toMs);
  }

  /** Takes when an incident was opened, or takes it back. */
  trackOpening(atMs: number, sign: 1 | -1): void {
    if (sign === 1) this.openedAt?.add(atMs);
    else this.openedAt?.remove(atMs);
  }

  /** Takes the instant since when an incident is open, or takes it back. */
  occupySince(fromMs: number, sign: 1 | -1): void {
    if (sign === 1) this.openSince.add(fromMs);
    else this.openSince.remove(fromMs);
  }

  /** Writes a value; the row's version rises when it is another one. */
  set(window: number, statistic: number, value: number): void {
    const values = this.values[window];
    if (values === undefined || Object.is(values[statistic], value)) return;
    values[statistic] = value;
    this.versions[statistic] = (this.versions[statistic] ?? 0) + 1;
  }
}
