import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STATISTICS, type Statistic, statisticsOf } from '../../src/stats/rows.ts';
import { strangersIn } from '../deploy/catalogue.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/operating.md');
const rows = page.split('\n').filter((line) => line.startsWith('| '));

/** Statistics that are there only where they are configured. */
const CONFIGURED: readonly Statistic[] = ['availability', 'errorBudget', 'businessMttr'];

/** What a cell shows as code. */
const codesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('docs/operating.md', () => {
  const queries = (page.split('## Troubleshooting')[1] ?? '')
    .split('\n')
    .flatMap((line) => codesIn(line.split(' | ')[2] ?? ''))
    .filter((code) => /incident_|mttr_exporter_/.test(code) && !code.startsWith('and '));

  it.each(queries)('queries only metrics that exist: %s', (query) => {
    expect(strangersIn(query)).toEqual([]);
  });

  it('has a query for most symptoms', () => {
    expect(queries.length).toBeGreaterThan(20);
  });

  it('names only alerts that exist', () => {
    const alerts = new Set(
      [...read('deploy/prometheus/mttr.alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, a]) => a),
    );
    const named = [...page.matchAll(/`(Mttr[A-Za-z]+)`/g)].map(([, name]) => name);

    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !alerts.has(name))).toEqual([]);
  });

  it('counts the series of windowed rows correctly', () => {
    // Four levels come of the mean; no platform reports detection, identification and mitigation, nor shares within their targets.
    const everything = STATISTICS.length + 4 - 6 - CONFIGURED.length;
    const ofService = statisticsOf('service', 'standard');
    const perService = ofService.size - CONFIGURED.filter((statistic) => ofService.has(statistic)).length;
    const perPair = statisticsOf('service,severity', 'standard').size;

    expect(rows).toContain(`| service | ${perService} \`W\` | ${everything} \`W\` |`);
    expect(rows.find((row) => row.startsWith('| combination of'))).toContain(
      `| 21 + ${perPair} \`W\` | 40 + ${everything} \`W\` |`,
    );
    expect(rows.find((row) => row.startsWith('| severity, and'))).toContain(
      `| ${everything} \`W\` | ${everything} \`W\` |`,
    );
  });
});
