import type { Config, Grouping } from '../../config/types.ts';
import { familySettings } from '../../core/settings.ts';
import { families } from '../../metrics/families.ts';
import type { PageSource, ShownProvider } from '../../metrics/family.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import { STATISTICS, type Statistic, statisticsOf } from '../../stats/rows.ts';
import { type LabelGroups, newGroup } from '../../store/label-sets.ts';

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
  const pieces = families.flatMap((family) => [...family.sampleGroups({ ...NOTHING, ...things }, settings)]);
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
