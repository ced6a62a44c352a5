import type { Config, ProviderConfig } from '../../config/types.ts';
import { createProcessMetrics } from '../../metrics/self-metrics.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { type Check, counted, some } from './checks.ts';
import { emptyPageLines, pairLines, providerLines, rowLines, severityLines, type Teller } from './page-lines.ts';
import type { Seen } from './seen.ts';

/** Series of a page: of what was seen, and when every service has had incidents of every severity. */
export interface Series {
  readonly seen: number;
  readonly atMost: number;
}

/** What decides how many series a provider has. */
interface Extent {
  readonly services: number;
  /** Services that have incidents of one severity, on average. */
  readonly servicesPerSeverity: number;
  readonly severities: readonly string[];
  readonly teams: number;
  /** Of the label `team`: teams that share one pair of service and severity. */
  readonly teamsPerPair: number;
}

/** Series of one provider; rows that all providers share are in `sharedSeries`. */
export function providerSeries(teller: Teller, seen: Seen, provider: ProviderConfig): Series {
  const { severities, metrics } = teller.config;
  const { severities: kept } = provider.filter;
  const allowed = severities.map(({ name }) => name).filter((name) => kept.length === 0 || kept.includes(name));
  // The one that takes what is beyond the limit is a service too.
  const limited = (services: number) => (services > metrics.maxServices ? metrics.maxServices + 1 : services);
  const services = limited(seen.servicesMax);
  const teams = seen.teams.length;
  const teamsPerPair = metrics.team && seen.pairs > 0 ? seen.triples / seen.pairs : 1;
  const share = seen.pairs / Math.max(seen.severities.length, 1);
  const found = { services: limited(seen.services.length), servicesPerSeverity: share, severities: seen.severities };
  const all = { services, servicesPerSeverity: services, severities: allowed };
  const shared = { teams, teamsPerPair };
  return { seen: seriesOf(teller, { ...found, ...shared }), atMost: seriesOf(teller, { ...all, ...shared }) };
}

function seriesOf(teller: Teller, extent: Extent): number {
  const { services, servicesPerSeverity, severities, teams, teamsPerPair } = extent;
  const isOverall = teller.provider.isOverall;
  let series = providerLines(teller);
  for (const severity of severities) {
    const rows = isOverall ? rowLines(teller, 'service,severity') : 0;
    series += servicesPerSeverity * (pairLines(teller, severity) * teamsPerPair + rows);
    series += severityLines(teller, severity) * (teller.config.metrics.team ? Math.max(teams, 1) : 1);
  }
  if (isOverall) series += services * rowLines(teller, 'service') + teams * rowLines(teller, 'team');
  return Math.ceil(series + rowLines(teller, 'provider'));
}

/** Series that are there once, whatever providers there are, and those of the process. */
export async function sharedSeries(config: Config, tellers: readonly Teller[], version: string): Promise<number> {
  const [first] = tellers;
  if (first === undefined) return 0;
  const does = (trait: Exclude<keyof Capabilities, 'statuses' | 'retentionMs'>) =>
    tellers.some(({ capabilities }) => capabilities[trait]);
  const capabilities = {
    statuses: [],
    started: does('started'),
    identified: does('identified'),
    acknowledged: does('acknowledged'),
    mitigated: does('mitigated'),
    escalations: does('escalations'),
    reopens: does('reopens'),
  };
  const all = { ...first, capabilities };
  const rows = rowLines(all, 'all') + config.severities.length * rowLines(all, 'severity');
  return rows + emptyPageLines(config) + (await processSeries(tellers, version));
}

async function processSeries(tellers: readonly Teller[], version: string): Promise<number> {
  const metrics = createProcessMetrics(version);
  metrics.reloaded(true, 0);
  for (const { provider } of tellers) {
    metrics.born(provider.name);
    metrics.polled(provider.name, { isUp: true, seconds: 0 });
    metrics.requested(provider.name, '200');
    metrics.requested(provider.name, 'error');
    metrics.budget(provider.name, 0);
    metrics.clockSkew(provider.name, 0);
  }
  return countSeries(await metrics.text('openmetrics'));
}

/** Lines of an exposition that are samples. */
function countSeries(text: string): number {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

/** The prediction of one provider for people. */
export function seriesCheck({ seen: found, atMost }: Series, seen: Seen, { metrics }: Config): Check {
  const check = 'series';
  const numbers = { series: found, series_at_most: atMost };
  const every = `when each of ${some(seen.servicesMax, 'service')} has had incidents of every severity`;
  const text = `${counted(found)} for what the first page shows; at most ${counted(atMost)}, ${every}`;
  if (seen.servicesMax <= metrics.maxServices) return { check, result: 'ok', found: text, numbers };
  const limit = `only ${counted(metrics.maxServices)} have their own (metrics.max_services), the others share the service other`;
  return { check, result: 'warning', found: `${text}; ${limit}`, numbers };
}
