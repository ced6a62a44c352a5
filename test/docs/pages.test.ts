import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families } from '../../src/metrics/families.ts';
import { SELF_METRICS } from '../../src/metrics/self-metrics.ts';
import { platforms } from '../../src/providers/registry.ts';
import { strangersIn } from '../deploy/catalogue.ts';
import { readPromql } from '../deploy/promql.ts';
import { recordedSeries, rulesIn } from '../deploy/rule-files.ts';
import { anchorsIn, codeBlocks, linksIn, pages, readPage, root, statementsIn } from './markdown.ts';

const declared = [...families, ...Object.values(SELF_METRICS)];
const recorded = recordedSeries(rulesIn('mttr.rules.yml'));
const isKnown = (metric: string) =>
  recorded.has(metric) ||
  declared.some(({ name }) => ['', '_bucket', '_sum', '_count', '_created'].some((suffix) => metric === name + suffix));
/** Labels that the rules make themselves. */
const alertLabels = new Set([
  ...rulesIn('mttr.alerts.yml').flatMap(({ expr }) => readPromql(expr).made),
  ...[...recorded.values()].flat(),
]);
/** Keys of the configuration, a label and a scope that look like metrics. */
const NOT_METRICS = new Set([
  'incident_source',
  'incident_id',
  'incident_key',
  'incident_updates',
  'incident_read',
  'incident_within',
]);

const NAME =
  /(?<![\w:])(?:\w+:(?:incident|mttr_exporter|threshold)[\w:]*\w|(?:incident|mttr_exporter)_[a-z_]+[a-z])\b(?!:\w)/g;

/** Words of a text that look like a metric and are none. */
function unknownMetrics(text: string): string[] {
  const isOther = (word: string) => NOT_METRICS.has(word) || alertLabels.has(word);
  return [...text.matchAll(NAME)].map(([word]) => word).filter((word) => !isOther(word) && !isKnown(word));
}

describe('every PromQL block of the docs', () => {
  const queries = pages.flatMap(({ path, text }) => codeBlocks(text, 'promql').map((promql) => ({ path, promql })));

  it('is found', () => {
    expect(queries.length).toBeGreaterThan(50);
  });

  it.each(queries)('names existing metrics and labels, and one grouping and window: $path: $promql', ({ promql }) => {
    expect(strangersIn(promql, recorded)).toEqual([]);
  });
});

describe('the docs', () => {
  const links = pages.flatMap(({ path, text }) => linksIn(text).map((link) => ({ from: path, ...link })));

  it('have no broken links', () => {
    const broken = links
      .filter(({ path }) => path !== '')
      .filter(({ from, path }) => !existsSync(join(root, dirname(from), path)));

    expect(links.length).toBeGreaterThan(100);
    expect(broken).toEqual([]);
  });

  it('have no broken anchors', () => {
    const broken = links
      .filter(({ anchor, path }) => anchor !== '' && (path === '' || path.endsWith('.md')))
      .filter(({ from, path, anchor }) => {
        const target = path === '' ? from : normalize(join(dirname(from), path));
        return !anchorsIn(readPage(target)).includes(anchor);
      });

    expect(broken).toEqual([]);
  });

  it('name only metrics that exist', () => {
    const unknown = pages.flatMap(({ path, text }) => unknownMetrics(text).map((name) => ({ path, name })));

    expect(pages.flatMap(({ text }) => [...text.matchAll(NAME)]).length).toBeGreaterThan(50);
    expect(unknown).toEqual([]);
  });

  it.each([
    ['a metric', 'as `incident_mttr_minutes` says', []],
    ['a misspelt metric', 'as `incident_mtr_minutes` says', ['incident_mtr_minutes']],
    ['a label of the alerts', 'the label `incident_severity`', []],
    ['a recorded series', '`severity:incident_mttr_minutes:30d` and `mttr:threshold:burn_7d`', []],
    [
      'misspelt recorded series',
      '`severity:incident_mttr_minutes:31d` and `mttr:threshold:burn`',
      ['severity:incident_mttr_minutes:31d', 'mttr:threshold:burn'],
    ],
  ])('are searched for metrics: %s', (_what, text, unknown) => {
    expect(unknownMetrics(text)).toEqual(unknown);
  });

  it('can all be reached from docs/README.md', () => {
    const reached = new Set(['docs/README.md']);
    for (const path of reached) {
      for (const link of linksIn(readPage(path))) {
        const target = link.path === '' ? path : normalize(join(dirname(path), link.path));
        if (pages.some((page) => page.path === target)) reached.add(target);
      }
    }

    const unreached = pages.map(({ path }) => path).filter((path) => !reached.has(path));
    expect(unreached).toEqual([]);
  });

  it('say nothing twice', () => {
    // A runbook stands alone for whoever is paged, and so does the page of a platform.
    const compared = pages.filter(({ path }) => /^(README|docs\/[\w-]+|deploy\/.*|grafana\/.*)\.md$/.test(path));
    const places = new Map<string, string[]>();
    for (const { path, text } of compared) {
      for (const statement of new Set(statementsIn(text, 50))) {
        places.set(statement, [...(places.get(statement) ?? []), path]);
      }
    }

    expect(places.size).toBeGreaterThan(500);
    expect([...places].filter(([, paths]) => paths.length > 1)).toEqual([]);
  });

  it('have a page for every platform, listed in docs/providers.md', () => {
    const listed = linksIn(readPage('docs/providers.md')).map(({ path }) => path);

    for (const { type } of platforms) expect(listed).toContain(`providers/${type}.md`);
  });
});
