import { describe, expect, it } from 'vitest';
import { strangersIn } from '../deploy/catalogue.ts';
import { readPromql, withSpans } from '../deploy/promql.ts';
import { committedDashboards, queryOf, shownPanels } from './files.ts';

/** Series of the bundled rules that a panel names, which says so. */
const RECORDED = new Map([['incident_recovery_time_minutes', ['service', 'severity']]]);

const expressions = committedDashboards().flatMap(([title, dashboard]) =>
  shownPanels(dashboard).flatMap((panel) =>
    (panel.targets ?? []).map(({ expr }) => ({ where: `${title}: ${panel.title}`, expr, panel })),
  ),
);
const annotations = committedDashboards().flatMap(([title, dashboard]) =>
  (dashboard.annotations.list ?? []).map(({ name, expr }) => ({ where: `${title}: annotation ${name}`, expr })),
);

describe('every expression names only what the exporter has with its default configuration', () => {
  it.each([...expressions, ...annotations])('$where: $expr', ({ expr }) => {
    expect(strangersIn(withSpans(expr), RECORDED)).toEqual([]);
  });

  const asked = committedDashboards().flatMap(([title, { templating }]) =>
    templating.list
      .filter(({ type }) => type === 'query')
      .map((variable) => ({ where: `${title}: $${variable.name}`, query: queryOf(variable) })),
  );
  it.each(asked)('$where: $query', ({ query }) => {
    const inner = /^(?:label_values|query_result)\((.*)\)$/.exec(query)?.[1] ?? '';
    const [, series = inner, label] = /^(.*), (\w+)$/.exec(inner) ?? [];
    const expression = label === undefined ? series : `sum by (${label}) (${series})`;

    expect(strangersIn(expression)).toEqual([]);
  });
});

describe('needs nothing but the exporter', () => {
  it('but for the panels of alerts, which say that they need the rules', () => {
    const withRules = expressions.filter(({ expr }) =>
      readPromql(withSpans(expr)).selectors.some(({ metric }) => RECORDED.has(metric) || metric === 'ALERTS'),
    );

    expect(withRules).toHaveLength(2);
    for (const { panel } of withRules) {
      expect(panel.description).toContain('Needs the bundled recording and alerting rules');
    }
  });
});

it('adds nothing up over providers that would count twice', () => {
  const added = [...expressions, ...annotations]
    .map(({ expr }) => expr)
    .filter((expr) => /incident_\w+(?:_total|_count|_bucket)|incident_open/.test(expr))
    .filter((expr) => !expr.includes('incident_revisions_total') && !expr.includes('incident_last_resolved'));

  expect(added.length).toBeGreaterThan(10);
  for (const expr of added)
    expect(expr).toContain('and on (provider) (max by (provider) (mttr_exporter_provider_overall');
});

it('a histogram shows exemplars', () => {
  const heatmaps = expressions.filter(({ panel }) => panel.type === 'heatmap');

  expect(heatmaps).toHaveLength(2);
  for (const { panel } of heatmaps) expect(panel.targets?.map(({ exemplar }) => exemplar)).toEqual([true]);
});
