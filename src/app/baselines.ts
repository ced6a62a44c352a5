import { durationText } from '../config/durations.ts';
import { HISTORY_MARGIN_MS } from '../config/resolve.ts';
import type { Config, WindowConfig } from '../config/types.ts';

/** History that the baseline of a window needs: the window, the one before it, and a margin for the longest recoveries. */
export function baselineNeedsMs({ ms }: Pick<WindowConfig, 'ms'>): number {
  return 2 * ms + HISTORY_MARGIN_MS;
}

/** What limits the baselines of a provider's rows. */
export interface BaselineInput {
  readonly config: Pick<Config, 'windows' | 'historyMs'>;
  /** How long the platform keeps its history; undefined where that is not limited. */
  readonly retentionMs: number | undefined;
  /** The provider's history, as far as it is known. */
  readonly reachMs: number;
}

/** Windows without a baseline, and why. */
export interface BaselineGap {
  readonly windows: readonly WindowConfig[];
  /** `history is 90d, and a baseline over 90d needs 210d` */
  readonly reason: string;
}

/** Undefined where each window has its baseline. */
export function findBaselineGap({ config, retentionMs, reachMs }: BaselineInput): BaselineGap | undefined {
  const windows = config.windows.filter((window) => reachMs < baselineNeedsMs(window));
  const largest = windows.toSorted((one, other) => one.ms - other.ms).at(-1);
  if (largest === undefined) return undefined;
  const needed = `a baseline over ${largest.name} needs ${durationText(baselineNeedsMs(largest))}`;
  return { windows, reason: `${findLimit({ config, retentionMs }, baselineNeedsMs(largest))}, and ${needed}` };
}

function findLimit({ config, retentionMs }: Omit<BaselineInput, 'reachMs'>, neededMs: number): string {
  const { historyMs } = config;
  if (retentionMs !== undefined && retentionMs < Math.min(neededMs, historyMs)) {
    return `the platform keeps only ${durationText(retentionMs)} of history`;
  }
  return historyMs < neededMs ? `history is ${durationText(historyMs)}` : 'its history is shorter than configured';
}
