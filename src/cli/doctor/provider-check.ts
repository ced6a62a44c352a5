import { openEach } from '../../app/providers.ts';
import type { Config, ProviderConfig } from '../../config/types.ts';
import { toPageProvider } from '../../core/settings.ts';
import { formatDuration } from '../../model/format.ts';
import type { Clock } from '../../model/time.ts';
import type { ProbeReport } from '../../providers/probes.ts';
import type { Provider } from '../../providers/provider.ts';
import { platforms } from '../../providers/registry.ts';
import { checkBaselines } from './baseline-check.ts';
import {
  connectionChecks,
  createRequestRecorder,
  permissionChecks,
  type RequestRecorder,
} from './connection-checks.ts';
import { checkDeployments } from './deployment-checks.ts';
import { checkDeploymentSeries, countDeploymentSeries } from './deployment-series.ts';
import { incidentChecks, summariseSample } from './incident-checks.ts';
import { quotaChecks } from './quota-checks.ts';
import type { CheckedProvider, SeriesCount } from './report.ts';
import { checkSeries, countProviderSeries, type SeriesSource } from './series-count.ts';

/** A provider that was opened to be checked. */
export interface ProviderToCheck {
  readonly config: ProviderConfig;
  readonly provider: Provider;
  readonly series: SeriesSource;
  /** Nothing is polled: its history comes from files. */
  readonly isImportedOnly: boolean;
  readonly recorded: RequestRecorder['recorded'];
}

/** Opens all providers without any request; throws with the name of the one that cannot be opened. */
export function openForChecks(config: Config, clock: Clock): readonly ProviderToCheck[] {
  return openEach({ config, platforms }, (platform, one) => {
    const { observer, recorded } = createRequestRecorder();
    const provider = platform.create(one, { clock, observer });
    const { capabilities } = provider;
    const series = { config, capabilities, provider: toPageProvider({ config: one, capabilities }) };
    return { config: one, provider, recorded, series, isImportedOnly: platform.isImportedOnly === true };
  });
}

interface CheckSettings {
  readonly config: Config;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Probes the platform, for no longer than the time-out; `hasSample` if its incidents could be listed. */
export async function checkProvider(
  opened: ProviderToCheck,
  settings: CheckSettings,
): Promise<CheckedProvider & { readonly series: SeriesCount; readonly hasSample: boolean }> {
  const { config } = opened;
  const report = await probe(opened.provider, settings);
  const recorded = opened.recorded();
  const sample = summariseSample(report, config, settings.config);
  const { deployments } = report;
  const series =
    deployments === undefined
      ? countProviderSeries(opened.series, sample, config)
      : countDeploymentSeries(opened.series, deployments, config);
  const hasSample = report.firstPage !== undefined || deployments !== undefined;
  const checks = [
    ...connectionChecks(report, recorded),
    ...permissionChecks(report.probes),
    ...(deployments === undefined ? incidentChecks(report, sample, config) : [checkDeployments(deployments)]),
    ...(opened.isImportedOnly
      ? []
      : [checkBaselines({ config: settings.config, provider: config, capabilities: opened.series.capabilities })]),
    ...quotaChecks(report.estimate, recorded, config),
    ...(deployments === undefined ? [] : [checkDeploymentSeries(series, deployments)]),
    ...(report.firstPage === undefined ? [] : [checkSeries(series, sample, settings.config)]),
  ];
  return { config, checks, series, hasSample };
}

async function probe(provider: Provider, { config, clock, timeoutMs }: CheckSettings): Promise<ProbeReport> {
  const timeout = new AbortController();
  const reason = new Error(`no response within ${formatDuration(timeoutMs)}`);
  const timer = setTimeout(() => timeout.abort(reason), timeoutMs);
  try {
    const nowMs = clock.nowMs();
    return await provider.probe({ nowMs, historyStartMs: nowMs - config.historyMs, signal: timeout.signal });
  } finally {
    clearTimeout(timer);
  }
}
