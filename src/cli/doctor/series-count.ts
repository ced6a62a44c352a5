import type { Config, Grouping, ProviderConfig } from '../../config/types.ts';
import { familySettings } from '../../core/settings.ts';
import { families } from '../../metrics/families.ts';
import type { PageSource, ShownProvider } from '../../metrics/family.ts';
import { createProcessMetrics } from '../../metrics/process.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { STATISTICS, type Statistic, statisticsOf } from '../../stats/rows.ts';
import { type LabelGroups, newGroup } from '../../store/label-set.ts';
import type { Seen } from './incident-checks.ts';
import type { Series } from './report.ts';
import { type Check, counted, some } from './report.ts';

/** What of a page is counted: everything that one platform could say with these settings. */
export interface Teller {
  readonly config: Config;
  readonly provider: ShownProvider;
  readonly capabilities: Capabilities;
}

type Things = Partial<Pick<PageSource, 'rows' | 'sets' | 'openRows' | 'providers'>>;

const NOTHING: PageSource = {
  rows: [],
  openRows: [],
  sets: [],
  providers: [],
  counters: [],
  servicesOverflowed: 0,
  storeBytes: 0,
};

/** Series of a page without any incident and provider: targets and the exporter's own. */
export function emptyPageLines(config: Config): number {
  return linesOf(config, {});
}

/** Series that these add to a page. The families themselves tell, so that none is forgotten here. */
function addedLines(config: Config, things: Things): number {
  return linesOf(config, things) - linesOf(config, {});
}

function linesOf(config: Config, things: Things): number {
  const settings = familySettings(config);
  const pieces = families.flatMap((family) => [...family.pieces({ ...NOTHING, ...things }, settings)]);
  return pieces.reduce((lines, piece) => lines + piece.samples().length, 0);
}

/** Series of a provider itself. */
export function providerLines({ config, provider }: Teller): number {
  const { name } = provider;
  const state = {
    name,
    countingSinceMs: 0,
    cursor: undefined,
    isSynced: true,
    polledUntilMs: 0,
    historyStartMs: 0,
  };
  return addedLines(config, { providers: [{ provider, state, counts: { open: 0, resolved: 0, excluded: 0 } }] });
}

/** Series of one service with incidents of one severity. */
export function pairLines({ config, provider }: Teller, severity: string): number {
  const labels = { provider: provider.name, service: 'any', severity, team: '' };
  const groups = groupsOf(config, config.metrics.detail === 'full' ? ALL_GROUPS : ['recovery', 'counts']);
  const open = { ...labels, open: [], oldestAtMs: 0, lastResolvedAtMs: 0, version: 0 };
  return addedLines(config, {
    sets: [{ set: { row: 0, kind: 'service', ...labels, groups }, provider, exemplars: [] }],
    openRows: [{ row: open, provider }],
  });
}

/** Series of one severity over all services of the provider; with full detail services have these. */
export function severityLines({ config, provider }: Teller, severity: string): number {
  if (config.metrics.detail === 'full') return 0;
  const groups = groupsOf(config, ['timings', 'changes']);
  const set = { row: 0, kind: 'severity', provider: provider.name, service: '', severity, team: '', groups } as const;
  return addedLines(config, { sets: [{ set, provider, exemplars: [] }] });
}

const ALL_GROUPS = ['recovery', 'counts', 'timings', 'changes'] as const;

function groupsOf({ metrics }: Config, names: readonly (typeof ALL_GROUPS)[number][]): LabelGroups {
  return Object.fromEntries(names.map((name) => [name, newGroup(name, 0, metrics.bucketsMs.length)]));
}

/** Series of one row of a grouping, all windows together; 0 when the grouping is not configured. */
export function rowLines({ config, capabilities }: Teller, grouping: Grouping): number {
  const { groupings, windows, metrics } = config;
  if (!groupings.includes(grouping)) return 0;
  const untold = untoldBy(capabilities);
  const statistics = statisticsOf(grouping, metrics.detail);
  const isSaid = (one: Statistic) => statistics.has(one) && !untold.has(one);
  const values = () => Float64Array.from(STATISTICS, (one) => (isSaid(one) ? 1 : Number.NaN));
  const row = {
    grouping,
    labels: [],
    statistics,
    values: windows.map(values),
    versions: new Uint32Array(STATISTICS.length),
  };
  return addedLines(config, { rows: [row] });
}

/** Statistics that a platform can never tell. */
function untoldBy(capabilities: Capabilities): ReadonlySet<Statistic> {
  const all: readonly (readonly [Statistic, boolean])[] = [
    ['mtta', capabilities.acknowledged],
    ['mttd', capabilities.started],
    ['mtti', capabilities.identified],
    ['mttm', capabilities.mitigated],
    ['escalated', capabilities.escalations],
    ['reopened', capabilities.reopens],
  ];
  return new Set(all.flatMap(([statistic, isTold]) => (isTold ? [] : [statistic])));
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
