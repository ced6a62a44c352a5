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

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'CHANGELOG.md', ...globSync('{docs,deploy}/**/*.md', { cwd: root })].map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}));
const readme = pages[0]?.text ?? '';

function blocks(text: string, language: string): string[] {
  const fences = text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...fences].map(([, block = '']) => block.trim());
}

const declared = [...families, ...Object.values(OWN_FAMILIES)];
const isKnown = (metric: string) =>
  declared.some(({ name }) => ['', '_bucket', '_sum', '_count', '_created'].some((suffix) => metric === name + suffix));
const expressions = pages.flatMap(({ path, text }) => blocks(text, 'promql').map((promql) => ({ path, promql })));

describe('the expressions in the pages', () => {
  it('are there', () => {
    expect(expressions.length).toBeGreaterThan(8);
  });

  it.each(expressions)(
    'name what the exporter has, and of windowed metrics one grouping and one window: $promql',
    ({ promql }) => {
      expect(strangersIn(promql)).toEqual([]);
    },
  );
});

describe('the pages', () => {
  const links = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link = '']) => ({ path, link })),
  );

  it('lead to files that exist', () => {
    const broken = links
      .filter(({ link }) => !/^[a-z]+:/.test(link))
      .filter(({ path, link }) => !existsSync(join(root, dirname(path), link)))
      .map(({ path, link }) => `${path}: ${link}`);

    expect(links.length).toBeGreaterThan(20);
    expect(broken).toEqual([]);
  });

  it('name only metrics that exist', () => {
    const names = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(incident|mttr_exporter)_[a-z_]+[a-z]\b/g)].map(([metric]) => ({ path, metric })),
    );
    /** Keys of the configuration, a label and the word of the short form. */
    const others = new Set(['incident_source', 'incident_id', 'incident_key']);

    const strangers = names.filter(({ metric }) => !others.has(metric) && !isKnown(metric));

    expect(names.length).toBeGreaterThan(50);
    expect(strangers).toEqual([]);
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
