import { isVisible, type LabelMapper } from '../config/label-mapper.ts';
import { type IncidentLabels, type IncidentSummary, recoveryMs } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { StatisticsSettings } from '../stats/rows.ts';
import type { StoreSnapshot } from '../store/snapshot.ts';
import { findCoverage } from './timeline.ts';

export interface TrendInput {
  readonly history: Pick<StoreSnapshot, 'providers' | 'labels' | 'each'>;
  readonly settings: Pick<StatisticsSettings, 'windows' | 'severities' | 'minimumSample' | 'reopened'>;
  readonly labelMapper: (provider: string) => LabelMapper | undefined;
  /** Whether a provider counts in every grouping. */
  readonly isOverall: (provider: string) => boolean;
  readonly times: TimeGrid;
}

/** Evenly spaced times: `fromMs`, `fromMs + stepMs` … */
export interface TimeGrid {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/** The mean of a window that ended there, or for a provider that was not read so far where its reading ended; absent where it rests on too few. */
export interface TrendPoint {
  readonly atMs: number;
  readonly mttrMinutes: number | undefined;
  readonly resolved: number;
}

/** How the means of one window moved, in the order of time. */
export interface WindowTrend {
  readonly all: readonly TrendPoint[];
  /** Of each configured severity, by its name. */
  readonly severities: ReadonlyMap<string, readonly TrendPoint[]>;
}

/**
 * MTTR as the windows had it at many times, by window. One pass over the history, with memory for the times
 * only: an incident is entered where it comes into a window and where it leaves it, and sums run from one time to the
 * next. The same values as the rows of statistics: integer milliseconds are added before anything is divided.
 */
export function computeMttrTrend(input: TrendInput): readonly WindowTrend[] {
  const { history, settings, times } = input;
  const names = settings.severities.map(({ name }) => name);
  const sums = settings.windows.map(({ ms }) => {
    const severities = new Map(names.map((name) => [name, new RunningSums(times, ms)]));
    return { all: new RunningSums(times, ms), severities };
  });
  const readUntilMs = new Map(history.providers.map((state) => [state.name, findCoverage(state)?.readUntilMs]));
  history.each((incident) => {
    const labels = history.labels(incident.dimensionsRow);
    const ms = labels === undefined ? undefined : findRecoveryMs(incident, labels, input);
    if (labels === undefined || ms === undefined || incident.resolvedAtMs === undefined) return;
    const recovery = { ms, resolvedAtMs: incident.resolvedAtMs, readUntilMs: readUntilMs.get(labels.provider) ?? 0 };
    for (const { all, severities } of sums) {
      all.add(recovery);
      severities.get(labels.severity)?.add(recovery);
    }
  });
  const { minimumSample } = settings;
  return sums.map(({ all, severities }) => ({
    all: all.points(minimumSample),
    severities: new Map([...severities].map(([name, one]) => [name, one.points(minimumSample)])),
  }));
}

/** Undefined for what is in no mean: open, merged, outside the filter, or of a provider that counts only on its own. */
function findRecoveryMs(incident: IncidentSummary, labels: IncidentLabels, input: TrendInput): number | undefined {
  const labelMapper = input.labelMapper(labels.provider);
  const ms = recoveryMs(incident, input.settings);
  if (labelMapper === undefined || ms === undefined || !input.isOverall(labels.provider)) return undefined;
  const { flags, title } = incident;
  return isVisible({ flags, title, recoveryMs: ms }, labels, labelMapper) ? ms : undefined;
}

interface Recovery {
  readonly ms: number;
  readonly resolvedAtMs: number;
  /** How far its provider was read. */
  readonly readUntilMs: number;
}

/** What changes from one time to the next in one window of one series. */
class RunningSums {
  readonly #times: TimeGrid;
  readonly #windowMs: number;
  readonly #sums: Float64Array;
  readonly #counts: Int32Array;

  constructor(times: TimeGrid, windowMs: number) {
    this.#times = times;
    this.#windowMs = windowMs;
    this.#sums = new Float64Array(times.count + 1);
    this.#counts = new Int32Array(times.count + 1);
  }

  /** A recovery is in the windows whose ends are at or after its own, and less than their length after it; ends go no further than its provider was read. */
  add({ ms, resolvedAtMs, readUntilMs }: Recovery): void {
    if (resolvedAtMs > readUntilMs) return;
    const leavesAtMs = resolvedAtMs + this.#windowMs;
    const first = this.#findIndex(resolvedAtMs);
    const last = leavesAtMs > readUntilMs ? this.#times.count : this.#findIndex(leavesAtMs);
    if (first === last) return;
    this.#change(first, ms, 1);
    this.#change(last, -ms, -1);
  }

  points(minimumSample: number): TrendPoint[] {
    const { fromMs, stepMs, count } = this.#times;
    let sum = 0;
    let resolved = 0;
    return Array.from({ length: count }, (_, index) => {
      sum += this.#sums[index] ?? 0;
      resolved += this.#counts[index] ?? 0;
      const mttrMinutes = resolved < Math.max(1, minimumSample) ? undefined : sum / resolved / MINUTE_MS;
      return { atMs: fromMs + index * stepMs, mttrMinutes, resolved };
    });
  }

  /** Index of the first time that is not before this one; `count` when all are. */
  #findIndex(atMs: number): number {
    const { fromMs, stepMs, count } = this.#times;
    return Math.min(count, Math.max(0, Math.ceil((atMs - fromMs) / stepMs)));
  }

  #change(index: number, ms: number, by: 1 | -1): void {
    this.#sums[index] = (this.#sums[index] ?? 0) + ms;
    this.#counts[index] = (this.#counts[index] ?? 0) + by;
  }
}
