import type { Grouping } from '../config/types.ts';
import { BusyTime } from './busy-time.ts';
import { GroupWindow } from './group-window.ts';
import { type Row, STATISTICS, type Statistic, type StatisticsSettings, statisticsOf } from './rows.ts';
import { SortedNumbers } from './sorted-numbers.ts';

const PLACES = new Map(STATISTICS.map((statistic, place) => [statistic, place]));

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
  /** When closed ones were open; kept only where the row needs it, as are the openings. */
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

  get isEmpty(): boolean {
    return this.incidents.every((count) => count === 0);
  }

  /** Writes a value if the row has this statistic; the version rises when it is another one. */
  set(window: number, statistic: Statistic, value: number): void {
    const values = this.values[window];
    const place = PLACES.get(statistic) ?? 0;
    if (values === undefined || !this.statistics.has(statistic) || Object.is(values[place], value)) return;
    values[place] = value;
    this.versions[place] = (this.versions[place] ?? 0) + 1;
  }
}
