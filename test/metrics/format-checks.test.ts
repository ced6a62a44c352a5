import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { families } from '../../src/metrics/families.ts';
import { createProcessMetrics, SELF_METRICS } from '../../src/metrics/self-metrics.ts';
import { playExamplePlatforms } from './example-platforms.ts';

const isCi = process.env['CI'] === 'true';

function run(program: string, words: readonly string[], input = '') {
  return spawnSync(program, words, { input, encoding: 'utf8' });
}

/** Programs of Debian that judge pages; where one is missing its tests are skipped, but fail in CI. */
const pythons = ['/usr/bin/python3', 'python3'];
const python = pythons.find((program) => run(program, ['-c', 'import prometheus_client']).status === 0) ?? 'python3';
const hasParser = run(python, ['-c', 'import prometheus_client']).status === 0;
const hasPromtool = run('promtool', ['--version']).status === 0;
const without = (name: string, isThere: boolean) => (isThere ? '' : ` (skipped: ${name} is not installed)`);

const PARSE = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    print(family.name, family.type, len(family.samples))
`;

async function wholePage(format: 'text' | 'openmetrics', more = ''): Promise<string> {
  const metrics = createProcessMetrics('1.2.3');
  metrics.ensureCounters('pd');
  metrics.polled('pd', { isUp: true, seconds: 1 });
  metrics.requested('pd', '200');
  metrics.answered('pd', { endpoint: '/incidents', durationMs: 120 });
  metrics.budget('pd', 1);
  metrics.reloaded(true, 0);
  const stage = await playExamplePlatforms({ more, processText: (asked) => metrics.text(asked) });
  return Buffer.concat([...(await stage.peek(format)).body]).toString('utf8');
}

describe.skipIf(!hasParser && !isCi)(`the OpenMetrics parser${without('python3-prometheus-client', hasParser)}`, () => {
  it.each(['standard', 'full'])('reads the page of detail %s whole', async (detail) => {
    const page = await wholePage('openmetrics', `, detail: ${detail}`);

    const { status, stdout, stderr } = run(python, ['-c', PARSE], page);

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const read = new Set(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ').slice(0, 2).join(' ')),
    );
    for (const { name, type } of [...families, ...Object.values(SELF_METRICS)]) {
      expect(read).toContain(`${type === 'counter' ? name.replace(/_total$/, '') : name} ${type}`);
    }
  });
});

describe.skipIf(!hasPromtool && !isCi)(`promtool check metrics${without('promtool', hasPromtool)}`, () => {
  it.each(['standard', 'full'])(
    'objects to nothing in the page of detail %s but to what is wanted so',
    async (detail) => {
      const page = await wholePage('text', `, detail: ${detail}`);

      const { stdout, stderr } = run('promtool', ['check', 'metrics'], page);

      expect(stdout).toBe('');
      expect([...new Set(stderr.trim().split('\n'))].toSorted()).toEqual(KNOWN);
    },
  );
});

/** Minutes are the unit of the product, and exact quantiles are gauges. */
const KNOWN = [
  ...[
    'incident_acknowledgement_target_minutes',
    'incident_acknowledgement_time_minutes',
    'incident_mtbf_minutes',
    'incident_mtta_minutes',
    'incident_mttr_minutes',
    'incident_recovery_max_minutes',
    'incident_recovery_min_minutes',
    'incident_recovery_quantile_minutes',
    'incident_recovery_stddev_minutes',
    'incident_recovery_time_minutes',
    'incident_stage_target_minutes',
    'incident_target_minutes',
  ].map((name) => `${name} use base unit "seconds" instead of "minutes"`),
  'incident_recovery_quantile_minutes non-summary metrics should not have "quantile" label',
].toSorted();
