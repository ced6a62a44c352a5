import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { families } from '../../src/metrics/families.ts';
import { OWN_FAMILIES } from '../../src/metrics/own-families.ts';
import { platforms } from '../../src/providers/registry.ts';
import { strangersIn } from '../deploy/catalogue.ts';
import { readPromql } from '../deploy/promql.ts';
import { recordedSeries, rulesIn } from '../deploy/rule-files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'CHANGELOG.md', ...globSync('{docs,deploy,grafana}/**/*.md', { cwd: root })].map(
  (path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }),
);
const readme = pages[0]?.text ?? '';

function blocks(text: string, language: string): string[] {
  const fences = text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...fences].map(([, block = '']) => block.trim());
}

const declared = [...families, ...Object.values(OWN_FAMILIES)];
const recorded = recordedSeries(rulesIn('mttr.rules.yml'));
const isKnown = (metric: string) =>
  recorded.has(metric) ||
  declared.some(({ name }) => ['', '_bucket', '_sum', '_count', '_created'].some((suffix) => metric === name + suffix));
/** Labels that the alerts have of their own. */
const ofAlerts = new Set(rulesIn('mttr.alerts.yml').flatMap(({ expr }) => readPromql(expr).made));
/** Keys of the configuration, a label, the word of the short form and the path of a platform. */
const OTHERS = new Set(['incident_source', 'incident_id', 'incident_key', 'incident_updates']);

const NAME =
  /(?<![\w:])(?:\w+:(?:incident|mttr_exporter|threshold)[\w:]*\w|(?:incident|mttr_exporter)_[a-z_]+[a-z])\b(?!:\w)/g;

/** Words of a text that look like a metric and are neither that nor anything else that there is. */
function strangeNames(text: string): string[] {
  const isOther = (word: string) => OTHERS.has(word) || ofAlerts.has(word);
  return [...text.matchAll(NAME)].map(([word]) => word).filter((word) => !isOther(word) && !isKnown(word));
}
const expressions = pages.flatMap(({ path, text }) => blocks(text, 'promql').map((promql) => ({ path, promql })));

describe('the expressions in the pages', () => {
  it('are there', () => {
    expect(expressions.length).toBeGreaterThan(8);
  });

  it.each(expressions)(
    'name what the exporter has, and of windowed metrics one grouping and one window: $promql',
    ({ promql }) => {
      expect(strangersIn(promql, recorded)).toEqual([]);
    },
  );
});

describe('the pages', () => {
  const links = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => ({ path, link })),
  );

  it('lead to files that exist', () => {
    const broken = links
      .filter(({ link }) => !/^<?[a-z]+:/.test(link))
      .filter(({ path, link }) => !existsSync(join(root, dirname(path), link)))
      .map(({ path, link }) => `${path}: ${link}`);

    expect(links.length).toBeGreaterThan(20);
    expect(broken).toEqual([]);
  });

  it('name only metrics that exist', () => {
    const strangers = pages.flatMap(({ path, text }) => strangeNames(text).map((name) => ({ path, name })));

    expect(pages.flatMap(({ text }) => [...text.matchAll(NAME)]).length).toBeGreaterThan(50);
    expect(strangers).toEqual([]);
  });

  it.each([
    ['a metric', 'as `incident_mttr_minutes` says', []],
    ['a metric that there is not', 'as `incident_mtr_minutes` says', ['incident_mtr_minutes']],
    ['a label of the alerts', 'the label `incident_severity`', []],
    ['a recorded series', '`severity:incident_mttr_minutes:30d` and `mttr:threshold:burn_7d`', []],
    [
      'recorded series that there are not',
      '`severity:incident_mttr_minutes:31d` and `mttr:threshold:burn`',
      ['severity:incident_mttr_minutes:31d', 'mttr:threshold:burn'],
    ],
  ])('are read for %s', (_says, text, strange) => {
    expect(strangeNames(text)).toEqual(strange);
  });

  it('tell of each platform', () => {
    for (const { type } of platforms) {
      expect(readme).toContain(`(docs/providers/${type}.md)`);
      expect(pages.map(({ path }) => path)).toContain(`docs/providers/${type}.md`);
    }
  });
});

describe('the README', () => {
  const [configuration = '', scrape = ''] = blocks(readme, 'yaml');

  it('shows a configuration that works', () => {
    const { config, warnings } = loadConfig({
      text: configuration,
      filename: 'README.md',
      env: { PAGERDUTY_TOKEN: 'k' },
      platforms,
      readFile: () => '',
      nowMs: 0,
    });

    expect(warnings).toEqual([]);
    expect(config.providers.map(({ name, overall }) => ({ name, overall }))).toEqual([
      { name: 'pagerduty', overall: true },
      { name: 'cloudwatch', overall: false },
    ]);
  });

  it('shows a scrape configuration that keeps the series and their labels', () => {
    const read = parse(scrape);

    expect(read).toMatchObject({
      scrape_configs: [
        {
          honor_labels: true,
          static_configs: [{ targets: ['localhost:16887'] }],
          relabel_configs: [{ target_label: 'instance', replacement: 'mttr-exporter' }],
        },
      ],
    });
  });
});
