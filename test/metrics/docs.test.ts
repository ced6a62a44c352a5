import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { familiesTable, tableOf } from '../../scripts/metrics-table.ts';
import { families } from '../../src/metrics/families.ts';
import { createProcessMetrics, SELF_METRICS } from '../../src/metrics/self-metrics.ts';

it('docs/metrics.md lists every family with its labels', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

  // After a wanted change: `node scripts/metrics-table.ts`.
  expect(tableOf(page)).toBe(familiesTable());
});

it('a page without the comments around the table is an error that names them', () => {
  expect(() => tableOf('# Metrics\n')).toThrow('expected the comments <!-- families --> and <!-- /families -->');
});

it('no two families share a name, nor a name that samples of another one have', () => {
  const all = [...families, ...Object.values(SELF_METRICS)];

  const names = all.flatMap(({ name, type }) => {
    if (type === 'histogram') return ['', '_bucket', '_sum', '_count', '_created'].map((suffix) => name + suffix);
    return type === 'counter' ? [name, name.replace(/_total$/, ''), name.replace(/_total$/, '_created')] : [name];
  });

  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

it('counters alone end in _total, and each family has a help text', () => {
  for (const { name, type, help } of [...families, ...Object.values(SELF_METRICS)]) {
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(help).toMatch(/^.{10,}[.]$/);
  }
});

it('the process shows all of its own families and no other of that name', async () => {
  const metrics = createProcessMetrics('1.2.3');
  metrics.ensureCounters('pd');
  metrics.polled('pd', { isUp: true, seconds: 1 });
  metrics.requested('pd', '200');
  metrics.answered('pd', { endpoint: '/incidents', durationMs: 120 });
  metrics.budget('pd', 7);
  metrics.clockSkew('pd', 2000);
  metrics.ensureDeliveryCounters('pd', { isContent: true, hasWebhook: true });
  metrics.reloaded(true, 0);

  const text = await metrics.text('text');

  const typed = [...text.matchAll(/^# TYPE (mttr_exporter_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const declared = Object.values(SELF_METRICS).map(({ name, type }) => `${name} ${type}`);
  expect(typed.toSorted()).toEqual(declared.toSorted());
  for (const { name, labels } of Object.values(SELF_METRICS)) {
    const [line = ''] = new RegExp(`^${name}[^\n]*$`, 'm').exec(text) ?? [];
    const used = [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
    expect([name, used]).toEqual([name, labels]);
  }
});
