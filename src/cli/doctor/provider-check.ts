import { openEach } from '../../app/providers.ts';
import { durationText } from '../../config/durations.ts';
import type { Config, ProviderConfig } from '../../config/types.ts';
import { shownProvider } from '../../core/settings.ts';
import type { Clock } from '../../model/time.ts';
import type { ProbeReport } from '../../providers/probes.ts';
import type { Provider } from '../../providers/provider.ts';
import { platforms } from '../../providers/registry.ts';
import { connectionChecks, createHearing, type Heard, rightChecks } from './connection-checks.ts';
import { contentChecks, seenIn } from './incident-checks.ts';
import { costChecks } from './quota-checks.ts';
import type { Examined, Series } from './report.ts';
import { providerSeries, seriesCheck, type Teller } from './series-count.ts';

/** A provider that is to be examined, and what is heard of its platform meanwhile. */
export interface Patient {
  readonly config: ProviderConfig;
  readonly provider: Provider;
  readonly teller: Teller;
  readonly heard: () => Heard;
}

/** Opens all providers without any request; throws with the name of the one that cannot be opened. */
export function openPatients(config: Config, clock: Clock): readonly Patient[] {
  return openEach({ config, platforms }, (platform, one) => {
    const { observer, heard } = createHearing();
    const provider = platform.create(one, { clock, observer });
    const { capabilities } = provider;
    const teller = { config, capabilities, provider: shownProvider({ config: one, capabilities }) };
    return { config: one, provider, heard, teller };
  });
}

interface Examining {
  readonly config: Config;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** What is told of one provider, and what it adds to the page. */
interface Outcome extends Examined {
  readonly series: Series;
  /** Its incidents could be listed. */
  readonly isSeen: boolean;
}

/** Asks the platform, for no longer than the time-out, and judges what it said. */
export async function examinePatient(patient: Patient, examining: Examining): Promise<Outcome> {
  const { config, teller } = patient;
  const report = await diagnose(patient, examining);
  const heard = patient.heard();
  const seen = seenIn(report, config, examining.config);
  const series = providerSeries(teller, seen, config);
  const checks = [
    ...connectionChecks(report, heard),
    ...rightChecks(report.probes),
    ...contentChecks(report, seen, config),
    ...costChecks(report.estimate, heard, config),
    ...(report.firstPage === undefined ? [] : [seriesCheck(series, seen, examining.config)]),
  ];
  return { config, checks, series, isSeen: report.firstPage !== undefined };
}

async function diagnose({ provider }: Patient, { config, clock, timeoutMs }: Examining): Promise<ProbeReport> {
  const ending = new AbortController();
  const reason = new Error(`not answered within ${durationText(timeoutMs)}`);
  const timer = setTimeout(() => ending.abort(reason), timeoutMs);
  try {
    const nowMs = clock.nowMs();
    return await provider.probe({ nowMs, historyStartMs: nowMs - config.historyMs, signal: ending.signal });
  } finally {
    clearTimeout(timer);
  }
}
