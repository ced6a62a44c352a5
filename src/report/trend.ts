import { isVisible, type LabelMapper } from '../config/label-mapper.ts';
import { type FacetLabels, recoveryMs, type StoredIncident } from '../model/stored.ts';
import { MINUTE_MS } from '../model/time.ts';
import type { StatisticsSettings } from '../stats/rows.ts';
import type { History } from '../store/history.ts';
import { reachOf } from './timeline.ts';

export interface TrendInput {
  readonly history: Pick<History, 'providers' | 'labels' | 'each'>;
  readonly settings: Pick<StatisticsSettings, 'windows' | 'severities' | 'minimumSample' | 'reopened'>;
  readonly reader: (provider: string) => LabelMapper | undefined;
  /** Whether a provider counts in every grouping. */
  readonly isOverall: (provider: string) => boolean;
  readonly instants: Instants;
}

/** Evenly spaced instants: `fromMs`, `fromMs + stepMs` … */
export interface Instants {
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
 * MTTR as the windows had it at many instants, by window. One pass over the history, with memory for the instants
 * only: an incident is entered where it comes into a window and where it leaves it, and sums run from instant to
 * instant. The same values as the rows of statistics: integer milliseconds are added before anything is divided.
 */
export function mttrTrend(input: TrendInput): readonly WindowTrend[] {
  const { history, settings, instants } = input;
  const names = settings.severities.map(({ name }) => name);
  const steps = settings.windows.map(({ ms }) => {
    const severities = new Map(names.map((name) => [name, new Steps(instants, ms)]));
    return { all: new Steps(instants, ms), severities };
  });
  const readUntilMs = new Map(history.providers.map((state) => [state.name, reachOf(state)?.readUntilMs]));
  history.each((incident) => {
    const labels = history.labels(incident.facet);
    const ms = labels === undefined ? undefined : recoveryOf(incident, labels, input);
    if (labels === undefined || ms === undefined || incident.resolvedAtMs === undefined) return;
    const recovery = { ms, resolvedAtMs: incident.resolvedAtMs, readUntilMs: readUntilMs.get(labels.provider) ?? 0 };
    for (const { all, severities } of steps) {
      all.add(recovery);
      severities.get(labels.severity)?.add(recovery);
    }
  });
  const { minimumSample } = settings;
  return steps.map(({ all, severities }) => ({
    all: all.points(minimumSample),
    severities: new Map([...severities].map(([name, one]) => [name, one.points(minimumSample)])),
  }));
}

/** Undefined for what is in no mean: open, merged, outside the filter, or of a provider that is kept apart. */
function recoveryOf(incident: StoredIncident, labels: FacetLabels, input: TrendInput): number | undefined {
  const reader = input.reader(labels.provider);
  const ms = recoveryMs(incident, input.settings.reopened);
  if (reader === undefined || ms === undefined || !input.isOverall(labels.provider)) return undefined;
  const { marks, title } = incident;
  return isVisible({ marks, title, recoveryMs: ms }, labels, reader) ? ms : undefined;
}

interface Recovery {
  readonly ms: number;
  readonly resolvedAtMs: number;
  /** How far its provider was read. */
  readonly readUntilMs: number;
}

/** What changes from instant to instant in one window of one series. */
class Steps {
  readonly #instants: Instants;
  readonly #windowMs: number;
  readonly #sums: Float64Array;
  readonly #counts: Int32Array;

  constructor(instants: Instants, windowMs: number) {
    this.#instants = instants;
    this.#windowMs = windowMs;
    this.#sums = new Float64Array(instants.count + 1);
    this.#counts = new Int32Array(instants.count + 1);
  }

  /** A recovery is in the windows whose ends are at or after its own, and less than their length after it; ends go no further than its provider was read. */
  add({ ms, resolvedAtMs, readUntilMs }: Recovery): void {
    if (resolvedAtMs > readUntilMs) return;
    const leavesAtMs = resolvedAtMs + this.#windowMs;
    const first = this.#firstFrom(resolvedAtMs);
    const last = leavesAtMs > readUntilMs ? this.#instants.count : this.#firstFrom(leavesAtMs);
    if (first === last) return;
    this.#change(first, ms, 1);
    this.#change(last, -ms, -1);
  }

  points(minimumSample: number): TrendPoint[] {
    const { fromMs, stepMs, count } = this.#instants;
    let sum = 0;
    let resolved = 0;
    return Array.from({ length: count }, (_, at) => {
      sum += this.#sums[at] ?? 0;
      resolved += this.#counts[at] ?? 0;
      const mttrMinutes = resolved < Math.max(1, minimumSample) ? undefined : sum / resolved / MINUTE_MS;
      return { atMs: fromMs + at * stepMs, mttrMinutes, resolved };
    });
  }

  /** Place of the first instant that is not before this one; `count` when all are. */
  #firstFrom(atMs: number): number {
    const { fromMs, stepMs, count } = this.#instants;
    return Math.min(count, Math.max(0, Math.ceil((atMs - fromMs) / stepMs)));
  }

  #change(at: number, ms: number, by: 1 | -1): void {
    this.#sums[at] = (this.#sums[at] ?? 0) + ms;
    this.#counts[at] = (this.#counts[at] ?? 0) + by;
  }
}
