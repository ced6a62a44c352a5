import { findBaselineGap } from '../../app/baselines.ts';
import { baselineHistoryMs, type Config, type ProviderConfig } from '../../config/types.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { formatDuration, formatList } from '../../model/format.ts';
import { DAY_MS } from '../../model/time.ts';
import type { Check } from './report.ts';

export interface BaselineCheckInput {
  readonly config: Pick<Config, 'windows' | 'historyMs' | 'groupings'>;
  readonly provider: Pick<ProviderConfig, 'overall'>;
  readonly capabilities: Pick<Capabilities, 'retentionMs'>;
}

/** Which windows have a baseline once the first sync is complete; alerts that compare with it are mute in the others. */
export function checkBaselines({ config, provider, capabilities: { retentionMs } }: BaselineCheckInput): Check {
  const check = 'baselines';
  const reachMs = Math.min(config.historyMs, retentionMs ?? config.historyMs);
  const gap = findBaselineGap({ config, retentionMs, reachMs });
  const windows = gap?.windows ?? [];
  const numbers = { windows_without: windows.length, history_days: Math.floor(reachMs / DAY_MS) };
  if (gap === undefined) return { check, result: 'ok', found: 'each window has one after the first sync', numbers };
  if (!provider.overall && !config.groupings.includes('provider')) {
    return { check, result: 'ok', found: 'no row needs one: overall is false', numbers };
  }
  const late = windows.map(
    (window) => `${window.name} (${formatDuration(baselineHistoryMs(window.ms) - reachMs)} later)`,
  );
  const found = `none over ${formatList(late)} after the first sync, because ${gap.reason}; alerts that compare with the baseline cannot fire there until then`;
  return { check, result: 'warning', found, numbers };
}
