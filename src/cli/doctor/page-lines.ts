import type { Config, Grouping } from '../../config/types.ts';
import { families } from '../../metrics/families.ts';
import type { PageSource, ShownProvider } from '../../metrics/family.ts';
import { Page } from '../../metrics/page.ts';
import type { Traits } from '../../providers/provider.ts';
import { STATISTICS, type Statistic, statisticsOf } from '../../stats/rows.ts';
import { type LabelGroups, newGroup } from '../../store/label-set.ts';
import { familySettings } from '../settings.ts';

/** What of a page is counted: everything that one platform could say with these settings. */
export interface Teller {
  readonly config: Config;
  readonly provider: ShownProvider;
  readonly traits: Traits;
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
export async function emptyPageLines(config: Config): Promise<number> {
  return linesOf(config, {});
}

/** Series that these add to a page. A page is rendered for it, so that no family is forgotten here. */
async function addedLines(config: Config, things: Things): Promise<number> {
  return (await linesOf(config, things)) - (await linesOf(config, {}));
}

async function linesOf(config: Config, things: Things): Promise<number> {
  const page = new Page(families, familySettings(config));
  const { openmetrics } = await page.render({ ...NOTHING, ...things });
  return countSeries(Buffer.concat(openmetrics.plain).toString('utf8'));
}

/** Lines of an exposition that are samples. */
export function countSeries(text: string): number {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

/** Series of a provider itself. */
export function providerLines({ config, provider }: Teller): Promise<number> {
  const { name } = provider;
  const state = {
    name,
    countingSinceMs: 0,
    cursor: undefined,
    isSynced: true,
    askedUntilMs: 0,
    historyStartMs: 0,
  };
  return addedLines(config, { providers: [{ provider, state, counts: { open: 0, resolved: 0, excluded: 0 } }] });
}

/** Series of one service with incidents of one severity. */
export function pairLines({ config, provider }: Teller, severity: string): Promise<number> {
  const labels = { provider: provider.name, service: 'any', severity, team: '' };
  const groups = groupsOf(config, config.metrics.detail === 'full' ? ALL_GROUPS : ['recovery', 'counts']);
  const open = { ...labels, open: [], oldestAtMs: 0, lastResolvedAtMs: 0, version: 0 };
  return addedLines(config, {
    sets: [{ set: { row: 0, kind: 'service', ...labels, groups }, provider, exemplars: [] }],
    openRows: [{ row: open, provider }],
  });
}

/** Series of one severity over all services of the provider; with full detail services have these. */
export async function severityLines({ config, provider }: Teller, severity: string): Promise<number> {
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
export async function rowLines({ config, traits }: Teller, grouping: Grouping): Promise<number> {
  const { groupings, windows, metrics } = config;
  if (!groupings.includes(grouping)) return 0;
  const untold = untoldBy(traits);
  const values = () => Float64Array.from(STATISTICS, (one) => (untold.has(one) ? Number.NaN : 1));
  const row = {
    grouping,
    labels: [],
    statistics: statisticsOf(grouping, metrics.detail),
    values: windows.map(values),
    versions: new Uint32Array(STATISTICS.length),
  };
  return addedLines(config, { rows: [row] });
}

/** Statistics that a platform can never tell. */
function untoldBy(traits: Traits): ReadonlySet<Statistic> {
  const all: readonly (readonly [Statistic, boolean])[] = [
    ['mtta', traits.acknowledged],
    ['mttd', traits.started],
    ['mtti', traits.identified],
    ['mttm', traits.mitigated],
    ['escalated', traits.escalations],
    ['reopened', traits.reopens],
  ];
  return new Set(all.flatMap(([statistic, isTold]) => (isTold ? [] : [statistic])));
}
