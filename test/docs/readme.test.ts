import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { platforms } from '../../src/providers/registry.ts';
import { strangersIn } from '../deploy/catalogue.ts';
import { tool } from '../deploy/tools.ts';
import { codeBlocks, readPage } from './markdown.ts';

const readme = readPage('README.md');
const promtool = tool('promtool');

describe('the README', () => {
  const [configuration = '', scrape = '', rules = ''] = codeBlocks(readme, 'yaml');

  it('is short', () => {
    expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(10_000);
  });

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
    expect(parse(scrape)).toMatchObject({
      scrape_configs: [
        {
          honor_labels: true,
          static_configs: [{ targets: ['localhost:16887'] }],
          relabel_configs: [{ target_label: 'instance', replacement: 'mttr-exporter' }],
        },
      ],
    });
  });

  it('shows an alert on metrics that exist', () => {
    const [expression = ''] = /(?<=expr: \|\n)(?: {10,}.*\n)+/.exec(rules) ?? [];

    expect(expression).toContain('incident_mttr_minutes');
    expect(strangersIn(expression)).toEqual([]);
  });

  it.skipIf(promtool.isSkipped)(`shows an alert that promtool accepts${promtool.says}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'readme-'));
    try {
      writeFileSync(join(folder, 'rules.yml'), rules);

      const { status, stderr } = promtool.run(['check', 'rules', join(folder, 'rules.yml')]);

      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
