import { describe, expect, it } from 'vitest';
import { allPanels, committedDashboards, type Dashboard, type Panel, queryOf, shownPanels } from './files.ts';

const dashboards = committedDashboards();
const panels = dashboards.flatMap(([title, dashboard]) =>
  shownPanels(dashboard).map((panel) => [`${title}: ${panel.title}`, panel] as const),
);

const COLUMNS = 24;
const HANDED_OVER = ['datasource', 'window', 'provider', 'service', 'severity', 'team'];
/** Columns that a kind needs to be read on a screen of 1920 pixels, where each has some 75. */
const LEAST_WIDTHS: Readonly<Record<string, number>> = {
  stat: 4,
  bargauge: 6,
  timeseries: 8,
  'state-timeline': 12,
  table: 8,
  heatmap: 24,
};

describe('every panel', () => {
  it.each(panels)('%s has a description, a unit and a data source of choice', (_, panel) => {
    expect(panel.description).toMatch(/^[A-Z].{20,}\.$/);
    expect(panel.fieldConfig?.defaults.unit).toMatch(/^\w+$/);
    expect(panel.datasource?.uid).toBe(`\${datasource}`);
    for (const target of panel.targets ?? []) expect(target.datasource?.uid).toBe(`\${datasource}`);
  });

  it.each(panels)('%s has queries with names of their own, and names for what they show', (_, { targets = [] }) => {
    const names = targets.map(({ refId }) => refId);

    expect(names).toEqual('ABCDEFGHIJKLMN'.slice(0, targets.length).split(''));
    expect(targets).not.toEqual([]);
    for (const { legendFormat } of targets) expect(legendFormat).toBeTruthy();
  });

  const numbers = panels.filter(([, { type }]) => type === 'stat');
  it.each(numbers)('%s names its numbers where there may be several', (_, { targets = [], options }) => {
    const isSeveral = targets.length > 1 || targets.some(({ legendFormat = '' }) => legendFormat.includes('{{'));

    expect(isSeveral ? ['value_and_name', 'name'] : ['value']).toContain(options?.textMode);
  });

  it.each(panels)('%s is wide enough', (_, { type, gridPos }) => {
    expect(gridPos.w).toBeGreaterThanOrEqual(LEAST_WIDTHS[type] ?? Number.POSITIVE_INFINITY);
    expect(gridPos.h).toBeGreaterThanOrEqual(gridPos.y === 0 ? 3 : 4);
  });

  it.each(panels)('%s says which variables it follows', (_, { description = '', targets = [] }) => {
    const text = targets.map(({ expr }) => expr).join('\n');
    const used = ['window', 'provider', 'service', 'severity', 'team'].filter((name) => text.includes(`"$${name}"`));

    expect(/Follows the variables: ([^.]*)\./.exec(description)?.[1] ?? '').toBe(used.join(', '));
  });
});

function overlaps(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** Variables that lead to another dashboard, with their values. */
function readAddress(url: string): { uid: string; variables: string[] } {
  const uid = /^\/d\/([\w-]+)\?/.exec(url)?.[1] ?? '';
  const handed = [...url.matchAll(/\$\{(\w+):queryparam\}/g)].map(([, name = '']) => name);
  return { uid, variables: [...handed, ...[...url.matchAll(/[?&]var-(\w+)=/g)].map(([, name = '']) => name)] };
}

function cellAddressesOf(dashboard: Dashboard): string[] {
  return shownPanels(dashboard)
    .flatMap(({ fieldConfig }) => fieldConfig?.overrides ?? [])
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === 'links')
    .flatMap(({ value }) => value as { url: string }[])
    .map(({ url }) => url)
    .filter((url) => url.startsWith('/d/'));
}

function isDashboard({ url }: { url: string }): boolean {
  return url.startsWith('/d/');
}

describe.each(dashboards)('%s', (_, dashboard) => {
  it('has an identifier for every panel and heading, each once', () => {
    const ids = allPanels(dashboard).map(({ id }) => id);

    expect(ids.filter((id) => !Number.isInteger(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('covers its lines without gaps and overlaps, at most six panels beside each other', () => {
    for (const shown of [dashboard.panels, ...dashboard.panels.map(({ panels: inside = [] }) => inside)]) {
      const pairs = shown.flatMap((a, index) => shown.slice(index + 1).map((b) => [a, b] as const));
      const lines = Map.groupBy(shown, ({ gridPos }) => gridPos.y);

      expect(pairs.filter(([a, b]) => overlaps(a.gridPos, b.gridPos)).map(([a, b]) => [a.title, b.title])).toEqual([]);
      for (const line of lines.values()) {
        expect(line.reduce((sum, { gridPos }) => sum + gridPos.w, 0)).toBe(COLUMNS);
        expect(new Set(line.map(({ gridPos }) => gridPos.h)).size).toBe(1);
        expect(line.length).toBeLessThanOrEqual(6);
      }
    }
  });

  it('uses each of its variables, and no others', () => {
    const { list } = dashboard.templating;
    const used = JSON.stringify([dashboard.panels, dashboard.links, dashboard.annotations]);
    const named = [...used.matchAll(/\$\{?([a-z]+)\b/g)].map(([, name]) => name);

    expect(list.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([]);
    expect([...new Set(named)].filter((name) => !list.some((variable) => variable.name === name))).toEqual([]);
  });

  it('has variables that take everything where nothing is chosen', () => {
    const choices = dashboard.templating.list.filter(({ includeAll, name }) => includeAll && name !== 'worst');

    expect(choices).not.toEqual([]);
    for (const variable of choices) {
      expect(variable).toMatchObject({ allValue: '.*', current: { value: ['$__all'] } });
      expect(queryOf(variable)).not.toBe('');
    }
  });

  it('links to the other dashboards with all variables of incidents, which all of them have', () => {
    const variablesOf = new Map(
      dashboards.map(([, { uid, templating }]) => [uid, templating.list.map(({ name }) => name)]),
    );
    const onTop = dashboard.links.filter(isDashboard).map(({ url }) => readAddress(url));
    const inCells = cellAddressesOf(dashboard).map(readAddress);

    expect(onTop.map(({ uid }) => uid).toSorted()).toEqual(
      [...variablesOf.keys()].filter((uid) => uid !== dashboard.uid).toSorted(),
    );
    for (const { uid, variables } of [...onTop, ...inCells]) {
      expect(variables.toSorted()).toEqual(HANDED_OVER.toSorted());
      for (const name of variables) {
        expect(variablesOf.get(uid)).toContain(name);
        expect(variablesOf.get(dashboard.uid)).toContain(name);
      }
    }
  });

  it('keeps the time range on every way to a dashboard', () => {
    expect(cellAddressesOf(dashboard).filter((url) => !url.includes(`\${__url_time_range}`))).toEqual([]);
    expect(dashboard.links.filter(isDashboard).map(({ keepTime }) => keepTime)).toEqual([true, true, true, true]);
  });

  it('orders rows of severities by their rank, which is not shown', () => {
    const bySeverity = shownPanels(dashboard).filter(({ type, transformations = [] }) => {
      const renamed = transformations.find(({ id }) => id === 'organize')?.options['renameByName'] ?? {};
      return type === 'table' && 'severity' in renamed && !('service' in renamed || 'stage' in renamed);
    });

    expect(bySeverity.length).toBe({ 'mttr-overview': 1, 'mttr-service': 1, 'mttr-targets': 2 }[dashboard.uid] ?? 0);
    for (const { targets = [], transformations = [] } of bySeverity) {
      const field = `Value #${targets.at(-1)?.refId}`;
      expect(targets.at(-1)?.expr).toBe('max by (severity) (incident_severity_rank{severity=~"$severity"})');
      expect(transformations.map(({ id }) => id)).toEqual(['merge', 'sortBy', 'organize']);
      expect(transformations[1]?.options).toEqual({ fields: {}, sort: [{ field }] });
      expect(transformations[2]?.options['excludeByName']).toMatchObject({ [field]: true });
    }
  });

  it('names each column of a table once, and all that Grafana would add is left out', () => {
    for (const { type, targets = [], transformations = [] } of shownPanels(dashboard)) {
      if (type !== 'table') continue;
      const renamed = Object.values(transformations.find(({ id }) => id === 'organize')?.options['renameByName'] ?? {});
      expect(new Set(renamed).size).toBe(renamed.length);
      expect(renamed.length).toBeGreaterThan(targets.filter(({ legendFormat }) => legendFormat !== 'order').length);
    }
  });
});

it('the worst severities are all those of rank 0, whatever they are called, and none where there is no rank', () => {
  const worst = dashboards.flatMap(([, { templating }]) => templating.list.filter(({ name }) => name === 'worst'));

  expect(worst).toHaveLength(4);
  for (const variable of worst) {
    expect(queryOf(variable)).toBe('query_result(max by (severity) (incident_severity_rank) == 0)');
    expect(variable).toMatchObject({ includeAll: true, hide: 2, current: { value: ['$__all'] } });
    expect(variable.allValue).toBeUndefined();
  }
});

it('what can be chosen: data source, window, provider, service, severity and team', () => {
  const variables = dashboards.map(([title, { templating }]) => [
    title,
    templating.list.filter(({ hide = 0, type }) => hide === 0 && type !== 'constant').map(({ name }) => name),
  ]);
  const all = ['datasource', 'window', 'provider', 'service', 'severity', 'team'];

  expect(Object.fromEntries(variables)).toEqual({
    'Recovery overview': all,
    'Service detail': ['datasource', 'service', 'window', 'provider', 'severity', 'team'],
    'Targets and error budget': all,
    'Delivery (DORA)': ['datasource', 'window', 'provider', 'service'],
    'Exporter health': ['datasource', 'provider'],
  });
});
