import { baselineHistoryMs, type Config, type WindowConfig } from '../config/types.ts';
import { formatDuration } from '../model/format.ts';

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
  const windows = config.windows.filter((window) => reachMs < baselineHistoryMs(window.ms));
  const largest = windows.toSorted((one, other) => one.ms - other.ms).at(-1);
  if (largest === undefined) return undefined;
  const needed = `a baseline over ${largest.name} needs ${formatDuration(baselineHistoryMs(largest.ms))}`;
  return { windows, reason: `${findLimit({ config, retentionMs }, baselineHistoryMs(largest.ms))}, and ${needed}` };
}

function findLimit({ config, retentionMs }: Omit<BaselineInput, 'reachMs'>, neededMs: number): string {
  const { historyMs } = config;
  if (retentionMs !== undefined && retentionMs < Math.min(neededMs, historyMs)) {
    return `the platform keeps only ${formatDuration(retentionMs)} of history`;
  }
  return historyMs < neededMs ? `history is ${formatDuration(historyMs)}` : 'its history is shorter than configured';
}
