import { describe, expect, it } from 'vitest';
import { SEVERITY_COLOURS, severityOverrides, VERDICTS } from '../../grafana/src/colours.ts';
import { DURATION_MARKS } from '../../grafana/src/panels.ts';
import { IncidentsQuery, parseParameters } from '../../src/server/api/queries.ts';
import {
  committedDashboards,
  type FieldDefaults,
  type Override,
  type Panel,
  shownPanels,
  type Thresholds,
} from './files.ts';

const dashboards = committedDashboards();
const panels = dashboards.flatMap(([title, dashboard]) =>
  shownPanels(dashboard).map((panel) => [`${title}: ${panel.title}`, panel] as const),
);

function ofType(type: string): (readonly [string, Panel])[] {
  return panels.filter(([, panel]) => panel.type === type);
}

function defaultsOf({ fieldConfig }: Panel): FieldDefaults {
  return fieldConfig?.defaults ?? {};
}

function overridesOf({ fieldConfig }: Panel): readonly Override[] {
  return fieldConfig?.overrides ?? [];
}

function propertyOf({ properties }: Override, id: string): unknown {
  return properties.find((property) => property.id === id)?.value;
}

/** Pixels of a column of the grid on a screen of 1600 pixels beside the docked menu. */
const COLUMN_PIXELS = 52;
const ROW_PIXELS = 38;
const CHARACTER_PIXELS = 7.2;
const CELL_PADDING_PIXELS = 12;

describe('what is absent gets no verdict', () => {
  const isAbsentTransparent = (mappings: unknown) =>
    Array.isArray(mappings) &&
    mappings.some(
      ({ type, options }) =>
        type === 'special' && options.match === 'null+nan' && options.result.color === 'transparent',
    );
  const judging = panels.filter(([, { type }]) => ['stat', 'bargauge', 'table', 'state-timeline'].includes(type));

  it.each(judging)('%s', (_, panel) => {
    expect(isAbsentTransparent(defaultsOf(panel).mappings)).toBe(true);
    const ofColumns = overridesOf(panel).flatMap((override) => propertyOf(override, 'mappings') ?? []);
    const others = overridesOf(panel).filter((override) => propertyOf(override, 'mappings') !== undefined);
    expect(ofColumns.filter((mapping) => isAbsentTransparent([mapping]))).toHaveLength(others.length);
  });
});

describe('verdicts', () => {
  const thresholdsOf = (panel: Panel): Thresholds[] => [
    ...(defaultsOf(panel).thresholds === undefined || ['timeseries', 'table'].includes(panel.type)
      ? []
      : [defaultsOf(panel).thresholds as Thresholds]),
    ...overridesOf(panel).flatMap((one) => (propertyOf(one, 'thresholds') as Thresholds | undefined) ?? []),
  ];
  const known: readonly string[] = Object.values(VERDICTS);

  it.each(panels)('%s has no other colours than theirs', (_, panel) => {
    const colours = thresholdsOf(panel)
      .filter(({ steps }) => steps.length > 1)
      .flatMap(({ steps }) => steps.map(({ color }) => color));

    expect(colours.filter((colour) => !known.includes(colour))).toEqual([]);
  });

  const luminance = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const brightness = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    return (red * 299 + green * 587 + blue * 114) / 1000;
  };

  it.each(Object.entries(VERDICTS))('%s can be read with the text that Grafana writes on it', (_, colour) => {
    const text = brightness(colour) > 180 ? '#202226' : '#f7f8fa';
    const [dark = 0, light = 0] = [luminance(colour), luminance(text)].toSorted((a, b) => a - b);

    expect((light + 0.05) / (dark + 0.05)).toBeGreaterThan(4.5);
  });

  it('what is left of the budget has the colour of what is used of it', () => {
    const targets = panels.filter(([title]) => title.startsWith('Targets'));
    const stepsOf = (found: Thresholds | undefined) => found?.steps ?? [];
    const left = stepsOf(
      targets.map(([, panel]) => panel).find(({ title }) => title === 'Budget left')?.fieldConfig?.defaults.thresholds,
    );
    const used = stepsOf(
      targets.map(([, panel]) => panel).find(({ title }) => title.startsWith('Budget used, by window'))?.fieldConfig
        ?.defaults.thresholds,
    );
    const colourAt = (steps: Thresholds['steps'], value: number) =>
      steps.findLast((step) => step.value === null || value >= step.value)?.color;

    for (const share of [0.1, 0.5, 0.82, 0.9, 1.2, 3]) {
      expect(colourAt(left, 1 - share), `${share} of the budget is used`).toBe(colourAt(used, share));
    }
  });

  it.each(ofType('stat'))('%s has a background only where it judges', (_, panel) => {
    const { thresholds, mappings = [] } = defaultsOf(panel);
    const words = mappings.filter(({ type }) => type === 'value');
    const isJudged = (thresholds?.steps.length ?? 0) > 1 || JSON.stringify(words).includes('"color"');

    expect(panel.options?.colorMode).toBe(isJudged ? 'background_solid' : 'none');
  });
});

describe('a state timeline shows the words of its mappings: no colours by threshold', () => {
  it.each(ofType('state-timeline'))('%s', (_, panel) => {
    expect(panel.options?.mergeValues).toBe(true);
    expect(defaultsOf(panel).color?.mode).toBe('fixed');
    expect(defaultsOf(panel).mappings?.some(({ type }) => type === 'value')).toBe(true);
  });
});

describe('a severity has one colour', () => {
  const bySeverity = panels.filter(
    ([, { type, targets = [], fieldConfig }]) =>
      targets.some(({ legendFormat = '' }) => legendFormat.startsWith('{{severity}}')) &&
      (type === 'timeseries' || (type === 'bargauge' && (fieldConfig?.defaults.thresholds?.steps.length ?? 0) === 1)),
  );

  it.each(bySeverity)('on %s', (_, panel) => {
    const colours = overridesOf(panel).flatMap((one) => {
      const colour = propertyOf(one, 'color') as { mode: string; fixedColor: string } | undefined;
      return colour === undefined ? [] : [{ pattern: one.matcher.options, ...colour }];
    });

    expect(colours).toEqual(
      SEVERITY_COLOURS.map(([number, fixedColor]) => ({
        pattern: `/^(P|S|SEV)[ _-]?${number}\\b/i`,
        mode: 'fixed',
        fixedColor,
      })),
    );
  });

  it.each([
    ['P0', '#8F3BB8'],
    ['P1 target', '#C4162A'],
    ['SEV1', '#C4162A'],
    ['Sev-2 in 7d', '#FA6400'],
    ['P10', undefined],
  ])('%s', (name, expected) => {
    const found = severityOverrides().find(({ pattern }) => {
      const [, source = '', flags = ''] = /^\/(.*)\/(\w*)$/.exec(pattern) ?? [];
      return new RegExp(source, flags).test(name);
    });

    expect(found?.properties).toEqual(
      expected === undefined ? undefined : [{ id: 'color', value: { mode: 'fixed', fixedColor: expected } }],
    );
  });

  it('and there are such panels, with dashed limits in the colour of their severity', () => {
    const limits = bySeverity
      .flatMap(([, panel]) => overridesOf(panel))
      .filter((one) => propertyOf(one, 'custom.lineStyle'));

    expect(bySeverity.length).toBeGreaterThan(10);
    expect(limits.map(({ matcher }) => matcher.options)).toEqual(['/target$/', '/objective$/']);
    for (const limit of limits) expect(propertyOf(limit, 'color')).toBeUndefined();
  });

  it('and each another', () => {
    expect(new Set(SEVERITY_COLOURS.map(([, colour]) => colour)).size).toBe(SEVERITY_COLOURS.length);
  });
});

describe('a heatmap counts in its cells and measures on its axis', () => {
  it.each(ofType('heatmap'))('%s', (_, panel) => {
    expect(defaultsOf(panel).unit).toBe('none');
    expect(panel.options?.cellValues?.unit).toBe('none');
    expect(panel.options?.yAxis?.unit).toBe('m');
    expect(panel.description).toContain('blue square');
  });
});

describe('a table has room for its columns', () => {
  it.each(ofType('table'))('%s', (_, panel) => {
    const renamed = panel.transformations?.find(({ id }) => id === 'organize')?.options['renameByName'] ?? {};
    const titles: string[] = Object.values(renamed);
    const least = defaultsOf(panel).custom?.minWidth ?? 0;
    const width = (panel.gridPos.w * COLUMN_PIXELS) / titles.length;

    expect(least).toBe(90);
    expect(width).toBeGreaterThanOrEqual(least);
    for (const title of titles)
      expect(title.length * CHARACTER_PIXELS + CELL_PADDING_PIXELS).toBeLessThanOrEqual(width);
  });
});

describe('a title fits its panel, and no panel has links of its own beside it', () => {
  /** Beside the title stand the mark of the description and the menu. */
  const BESIDE_PIXELS = 48;

  it.each(panels)('%s', (_, { title, gridPos, links }) => {
    const fitting = Math.floor((gridPos.w * COLUMN_PIXELS - BESIDE_PIXELS) / CHARACTER_PIXELS);

    expect(title.length).toBeLessThanOrEqual(fitting);
    expect(links ?? []).toEqual([]);
  });
});

describe('bars can be compared, and all are seen', () => {
  const SEVERITIES = 5;
  const WINDOWS = 3;
  const BAR_PIXELS = 22;
  const TITLE_PIXELS = 40;

  it.each(ofType('bargauge'))('%s', (_, panel) => {
    const { unit, min, max } = defaultsOf(panel);
    const seen = (panel.targets ?? []).reduce((sum, { legendFormat = '' }) => {
      const severities = legendFormat.includes('{{severity}}') ? SEVERITIES : 1;
      return sum + severities * (legendFormat.includes('{{window}}') ? WINDOWS : 1);
    }, 0);

    // Without an end of their own, bars of shares end at 100 %, whatever the share.
    const isOpenEnded = unit === 'percentunit' && max === undefined;
    expect(isOpenEnded).toBe(false);
    expect(min).toBe(0);
    expect(seen * BAR_PIXELS).toBeLessThanOrEqual(panel.gridPos.h * ROW_PIXELS - TITLE_PIXELS);
  });

  it('no bars show changes, which may be negative', () => {
    const changes = ofType('bargauge').filter(([, { targets = [] }]) =>
      targets.some(({ expr }) => expr.includes('baseline')),
    );

    expect(changes.map(([title]) => title)).toEqual([]);
  });

  it('bars of several windows begin with the shortest', () => {
    const several = ofType('bargauge')
      .flatMap(([, { targets = [] }]) => targets)
      .filter(({ legendFormat = '' }) => legendFormat.includes('{{window}}'));

    expect(several).toHaveLength(1);
    for (const { expr } of several) expect(expr).toMatch(/window=~"\.\{1,2\}".* or .*window=~"\.\{3,\}"/);
  });
});

describe('durations of severities that are far apart', () => {
  it('have a logarithmic axis with lines at 5 min, 30 min, 1 h, 4 h, 1 d and 1 w', () => {
    const [, panel] = panels.find(([title]) => title === 'Recovery overview: MTTR and targets') ?? [];
    const { custom, thresholds } = panel?.fieldConfig?.defaults ?? {};

    expect(custom?.scaleDistribution).toMatchObject({ type: 'log' });
    expect(custom?.thresholdsStyle?.mode).toBe('line');
    expect(thresholds?.steps.map(({ value }) => value)).toEqual([null, ...DURATION_MARKS]);
  });
});

describe('words in the place of codes', () => {
  it('no legend shows a label with its name', () => {
    const named = panels
      .flatMap(([, { targets = [] }]) => targets)
      .filter(({ legendFormat = '' }) => legendFormat.includes('='));

    expect(named).toEqual([]);
  });

  it('the version is a name and no number', () => {
    const [, version] = panels.find(([title]) => title === 'Exporter health: Version') ?? [];

    expect(version?.options?.textMode).toBe('name');
  });

  it.each(panels)('%s says yes or no wherever it shows a switch', (_, panel) => {
    const switches =
      /^max by \(provider\) \(mttr_exporter_provider_(?:up|synced|overall)|^min\(mttr_exporter_config_last_reload_successful/;
    const isMapped = (mappings: unknown) => JSON.stringify(mappings ?? []).includes('"text":"yes"');
    const shown = (panel.targets ?? []).filter(({ expr }) => switches.test(expr));
    const unmapped = shown.filter(({ legendFormat }) => {
      const override = overridesOf(panel).find(({ matcher }) => matcher.options === legendFormat);
      return !isMapped((override && propertyOf(override, 'mappings')) ?? defaultsOf(panel).mappings);
    });

    expect(unmapped).toEqual([]);
  });
});

describe.each(dashboards)('%s', (_, dashboard) => {
  it('begins with a line that says how fresh its numbers are', () => {
    const [first] = dashboard.panels;

    expect(first?.gridPos).toEqual({ x: 0, y: 0, w: 24, h: 3 });
    expect(first?.targets?.map(({ legendFormat }) => legendFormat)).toEqual([
      'numbers as of',
      'age',
      'providers up',
      'providers down',
    ]);
  });

  it('leads to the status page and to the runbooks', () => {
    const outside = dashboard.links.filter(({ targetBlank }) => targetBlank).map(({ url }) => url);

    expect(outside).toEqual([`\${exporter}/`, `\${repository}/docs/runbooks`]);
  });

  it('has annotations where it is about incidents: alerts, openings and ends of the worst severity, deployments', () => {
    const list = dashboard.annotations.list ?? [];

    const expected = ['Alerts', 'Opened, worst severity', 'Resolved, worst severity', 'Deployments'];
    expect(list.map(({ name }) => name)).toEqual(dashboard.uid === 'mttr-health' ? [] : expected);
    for (const { enable, expr, target } of list) {
      expect(enable).toBe(true);
      expect(target.expr).toBe(expr);
    }
    expect(list.slice(0, 1).filter(({ expr }) => !expr.includes('area="recovery"'))).toEqual([]);
    expect(list.slice(1, 3).filter(({ expr }) => !expr.includes('severity=~"$worst"'))).toEqual([]);
  });

  it('has no table of a grouping that the default configuration has not', () => {
    expect(JSON.stringify(dashboard.panels)).not.toMatch(/by=\\"(?:team|provider)\\"/);
  });
});

describe('the numbers at a glance', () => {
  const titles = ['Level', 'MTTR', 'Resolved (n)', 'Change'];
  const glance = ofType('stat').filter(
    ([name, { title }]) => name.startsWith('Recovery overview') && titles.includes(title),
  );

  it.each(glance)('%s follows services and severities', (_, { description }) => {
    expect(description).toContain('Follows the variables: window, service, severity.');
  });

  it('and their heading says what they do not follow', () => {
    const [, overview] = dashboards.find(([title]) => title === 'Recovery overview') ?? [];

    expect(glance).toHaveLength(titles.length);
    expect(overview?.panels.find(({ type }) => type === 'row')?.title).toContain('all providers and teams');
  });
});

it('the lower rows of the overview are collapsed', () => {
  const [, overview] = dashboards.find(([title]) => title === 'Recovery overview') ?? [];
  const rows = overview?.panels.filter(({ type }) => type === 'row') ?? [];

  expect(rows.map(({ collapsed }) => collapsed === true)).toEqual([false, false, false, false, true, true]);
  expect(overview?.panels.filter(({ type }) => type !== 'row').length).toBeLessThanOrEqual(16);
});

it('alerts that fire are the first thing on the dashboard of targets, with a way to the runbook', () => {
  const [, targets] = dashboards.find(([title]) => title === 'Targets and error budget') ?? [];
  const list = targets?.panels.find(({ type }) => type === 'table');

  expect(targets?.panels.slice(1, 4)).toContain(list);
  expect(JSON.stringify(list)).toContain(`\${repository}/docs/runbooks/\${__value.raw:percentencode}.md`);
});

describe('a table of incidents leads to the exporter, which knows their addresses', () => {
  const lists = panels.filter(([, { title }]) =>
    ['Last resolved', 'Oldest open', 'Open against target'].includes(title),
  );
  const tables = lists.filter(([, { type }]) => type === 'table');

  it('on the overview, of a service and beside targets', () => {
    expect(tables.map(([title]) => title).toSorted()).toEqual([
      'Recovery overview: Last resolved',
      'Recovery overview: Oldest open',
      'Service detail: Last resolved',
      'Targets and error budget: Open against target',
    ]);
  });

  it.each(tables)('%s', (_, panel) => {
    const titles = Object.values(
      panel.transformations?.find(({ id }) => id === 'organize')?.options['renameByName'] ?? {},
    );
    const links = overridesOf(panel)
      .flatMap((one) => (propertyOf(one, 'links') ?? []) as { url: string }[])
      .filter(({ url }) => url.startsWith(`\${exporter}/`));

    expect(links).toHaveLength(1);
    for (const { url } of links) {
      const { pathname, searchParams } = new URL(url.replace(`\${exporter}`, 'http://exporter'));
      expect(pathname).toBe('/api/v1/incidents');
      expect(() => parseParameters(IncidentsQuery, Object.fromEntries(searchParams))).not.toThrow();
      for (const [, column] of url.matchAll(/__data\.fields\.(\w+):percentencode/g)) expect(titles).toContain(column);
    }
  });
});

describe('what is costly', () => {
  it.each(ofType('heatmap'))('%s asks for few points', (_, panel) => {
    expect(panel.maxDataPoints).toBeLessThanOrEqual(240);
  });

  const ofReplicas = panels
    .flatMap(([, { targets = [] }]) => targets)
    .filter(({ expr }) => expr.includes('mttr_exporter_provider_overall{provider=~"$provider"}'))
    .filter(({ expr }) => !expr.includes('incident_open_oldest') && !expr.startsWith('max by (provider)'));

  it('compares replicas and providers only after the other labels are summed away', () => {
    expect(ofReplicas.length).toBeGreaterThan(10);
    expect(ofReplicas.filter(({ expr }) => !expr.includes('max without (instance, pod) (sum without ('))).toEqual([]);
  });
});
