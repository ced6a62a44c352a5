import type { Config, Grouping, ProviderConfig } from '../../config/types.ts';
import { familySettings, statisticsSettings } from '../../core/settings.ts';
import { families } from '../../metrics/families.ts';
import type { PageProvider, PageSource } from '../../metrics/family.ts';
import { createProcessMetrics } from '../../metrics/self-metrics.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { formatCount } from '../../model/format.ts';
import { STATISTICS, type Statistic, statisticsOf } from '../../stats/rows.ts';
import { type LabelGroups, newGroup } from '../../store/label-sets.ts';
import type { SampleSummary } from './incident-checks.ts';
import { type Check, numberText, type SeriesCount } from './report.ts';

/** One provider for which series are counted, with these settings. */
export interface SeriesSource {
  readonly config: Config;
  readonly provider: PageProvider;
  readonly capabilities: Capabilities;
}

type PageParts = Partial<
  Pick<PageSource, 'rows' | 'sets' | 'openRows' | 'providers' | 'doraRows' | 'deploymentStates'>
>;

const EMPTY_PAGE: PageSource = {
  rows: [],
  openRows: [],
  doraRows: [],
  deploymentStates: [],
  sets: [],
  providers: [],
  counters: [],
  servicesOverflowed: 0,
  storeBytes: 0,
};

/** Series of a page without any incident and provider: targets and the exporter's own. */
export function countEmptyPage(config: Config): number {
  return countLines(config, {});
}

/** Series that these add to a page. The families themselves are rendered, so that none is forgotten. */
export function countAdded(config: Config, parts: PageParts): number {
  return countLines(config, parts) - countLines(config, {});
}

function countLines(config: Config, parts: PageParts): number {
  const settings = familySettings(config);
  const pieces = families.flatMap((family) => [...family.sampleGroups({ ...EMPTY_PAGE, ...parts }, settings)]);
  return pieces.reduce((lines, piece) => lines + piece.samples().length, 0);
}

/** Series of a provider itself. */
export function countForProvider({ config, provider }: SeriesSource): number {
  const { name } = provider;
  const state = {
    name,
    countingSinceMs: 0,
    cursor: undefined,
    isSynced: true,
    polledUntilMs: 0,
    historyStartMs: 0,
  };
  return countAdded(config, { providers: [{ provider, state, counts: { open: 0, resolved: 0, excluded: 0 } }] });
}

/** Series of one service with incidents of one severity. */
export function countForPair({ config, provider }: SeriesSource, severity: string): number {
  const labels = { provider: provider.name, service: 'any', severity, team: '' };
  const groups = createGroups(config, config.metrics.detail === 'full' ? ALL_GROUPS : ['recovery', 'counts']);
  const open = { ...labels, open: [], oldestAtMs: 0, lastResolvedAtMs: 0, version: 0 };
  return countAdded(config, {
    sets: [{ set: { row: 0, kind: 'service', ...labels, groups }, provider, exemplars: [] }],
    openRows: [{ row: open, provider }],
  });
}

/** Series of one severity over all services of the provider; with full detail services have these. */
export function countForSeverity({ config, provider }: SeriesSource, severity: string): number {
  if (config.metrics.detail === 'full') return 0;
  const groups = createGroups(config, ['timings', 'changes']);
  const set = { row: 0, kind: 'severity', provider: provider.name, service: '', severity, team: '', groups } as const;
  return countAdded(config, { sets: [{ set, provider, exemplars: [] }] });
}

const ALL_GROUPS = ['recovery', 'counts', 'timings', 'changes'] as const;

function createGroups({ metrics }: Config, names: readonly (typeof ALL_GROUPS)[number][]): LabelGroups {
  return Object.fromEntries(names.map((name) => [name, newGroup(name, 0, metrics.bucketsMs.length)]));
}

/** Series of one row of a grouping, all windows together; 0 when the grouping is not configured. */
export function countForRow(source: SeriesSource, grouping: Grouping): number {
  const { config } = source;
  const { groupings, windows } = config;
  if (!groupings.includes(grouping)) return 0;
  const unsupported = findUnsupported(source);
  const statistics = statisticsOf(grouping, statisticsSettings(config));
  const isPresent = (one: Statistic) => statistics.has(one) && !unsupported.has(one);
  const values = () => Float64Array.from(STATISTICS, (one) => (isPresent(one) ? 1 : Number.NaN));
  const row = {
    grouping,
    labels: [],
    statistics,
    values: windows.map(values),
    versions: new Uint32Array(STATISTICS.length),
  };
  return countAdded(config, { rows: [row] });
}

/** Statistics that a platform never reports. */
function findUnsupported({ capabilities }: SeriesSource): ReadonlySet<Statistic> {
  const all: readonly (readonly [Statistic, boolean])[] = [
    ['mtta', capabilities.acknowledged],
    ['mttd', capabilities.started],
    ['mtti', capabilities.identified],
    ['mttm', capabilities.mitigated],
    ['acknowledgementWithinTarget', capabilities.acknowledged],
    ['detectionWithinTarget', capabilities.started],
    ['identificationWithinTarget', capabilities.identified],
    ['mitigationWithinTarget', capabilities.mitigated],
    ['escalated', capabilities.escalations],
    ['reopened', capabilities.reopens],
  ];
  return new Set(all.flatMap(([statistic, isReported]) => (isReported ? [] : [statistic])));
}

/** What decides how many series a provider has. */
interface SeriesFactors {
  readonly services: number;
  /** Services that have incidents of one severity, on average. */
  readonly servicesPerSeverity: number;
  readonly severities: readonly string[];
  readonly teams: number;
  /** Of the label `team`: teams that share one pair of service and severity. */
  readonly teamsPerPair: number;
}

/** Series of one provider; rows that all providers share are in `countSharedSeries`. */
export function countProviderSeries(
  source: SeriesSource,
  sample: SampleSummary,
  provider: ProviderConfig,
): SeriesCount {
  const { severities, metrics } = source.config;
  const { severities: kept } = provider.filter;
  const allowed = severities.map(({ name }) => name).filter((name) => kept.length === 0 || kept.includes(name));
  // The one that takes what is beyond the limit is a service too.
  const limited = (services: number) => (services > metrics.maxServices ? metrics.maxServices + 1 : services);
  const services = limited(sample.servicesMax);
  const teams = sample.teams.length;
  const teamsPerPair = metrics.team && sample.pairs > 0 ? sample.triples / sample.pairs : 1;
  const share = sample.pairs / Math.max(sample.severities.length, 1);
  const found = {
    services: limited(sample.services.length),
    servicesPerSeverity: share,
    severities: sample.severities,
  };
  const all = { services, servicesPerSeverity: services, severities: allowed };
  const shared = { teams, teamsPerPair };
  return { seen: countSeriesOf(source, { ...found, ...shared }), atMost: countSeriesOf(source, { ...all, ...shared }) };
}

function countSeriesOf(source: SeriesSource, factors: SeriesFactors): number {
  const { services, servicesPerSeverity, severities, teams, teamsPerPair } = factors;
  const isOverall = source.provider.isOverall;
  let series = countForProvider(source);
  for (const severity of severities) {
    const rows = isOverall ? countForRow(source, 'service,severity') : 0;
    series += servicesPerSeverity * (countForPair(source, severity) * teamsPerPair + rows);
    series += countForSeverity(source, severity) * (source.config.metrics.team ? Math.max(teams, 1) : 1);
  }
  if (isOverall) series += services * countForRow(source, 'service') + teams * countForRow(source, 'team');
  return Math.ceil(series + countForRow(source, 'provider'));
}

/** Series that are there once, whatever providers there are, and those of the process. */
export async function countSharedSeries(
  config: Config,
  sources: readonly SeriesSource[],
  version: string,
): Promise<number> {
  const [first] = sources;
  if (first === undefined) return 0;
  const isSupported = (capability: Exclude<keyof Capabilities, 'statuses' | 'retentionMs'>) =>
    sources.some(({ capabilities }) => capabilities[capability]);
  const capabilities = {
    statuses: [],
    started: isSupported('started'),
    identified: isSupported('identified'),
    acknowledged: isSupported('acknowledged'),
    mitigated: isSupported('mitigated'),
    escalations: isSupported('escalations'),
    reopens: isSupported('reopens'),
  };
  const all = { ...first, capabilities };
  const rows = countForRow(all, 'all') + config.severities.length * countForRow(all, 'severity');
  return rows + countEmptyPage(config) + (await countProcessSeries(sources, version));
}

/** Kinds of requests that polls of a platform make. */
const ENDPOINTS_USUAL = 6;

async function countProcessSeries(sources: readonly SeriesSource[], version: string): Promise<number> {
  const metrics = createProcessMetrics(version);
  metrics.reloaded(true, 0);
  for (const { provider } of sources) {
    metrics.ensureCounters(provider.name);
    metrics.polled(provider.name, { isUp: true, seconds: 0 });
    metrics.requested(provider.name, '200');
    metrics.requested(provider.name, 'error');
    for (let endpoint = 0; endpoint < ENDPOINTS_USUAL; endpoint += 1) {
      metrics.answered(provider.name, { endpoint: String(endpoint), durationMs: 0 });
    }
    metrics.budget(provider.name, 0);
    metrics.clockSkew(provider.name, 0);
  }
  return countSamples(await metrics.text('openmetrics'));
}

/** Lines of an exposition that are samples. */
function countSamples(text: string): number {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

/** The prediction for one provider. */
export function checkSeries({ seen, atMost }: SeriesCount, sample: SampleSummary, { metrics }: Config): Check {
  const check = 'series';
  const numbers = { series: seen, series_at_most: atMost };
  const every = `once each of ${formatCount(sample.servicesMax, 'service')} has had incidents of every severity`;
  const text = `${numberText(seen)} for the incidents of the first page; at most ${numberText(atMost)}, ${every}`;
  if (sample.servicesMax <= metrics.maxServices) return { check, result: 'ok', found: text, numbers };
  const limit = `only ${numberText(metrics.maxServices)} have their own (metrics.max_services), the others share the service "other"`;
  return { check, result: 'warning', found: `${text}; ${limit}`, numbers };
}
