import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readPromql } from './promql.ts';
import { FOLDER, GRAFANA, problemsOf, RUNBOOKS, type Rule, recordedSeries, root, rulesIn } from './rule-files.ts';
import { tool } from './tools.ts';

const recording = rulesIn('mttr.rules.yml');
const alerts = rulesIn('mttr.alerts.yml');
const recorded = recordedSeries(recording);
const named = ({ alert, record }: Rule) => alert ?? record ?? '';
const everyRule = [...recording, ...alerts].map((rule) => ({ name: named(rule), rule }));

/** An alert without a page. */
function badAlert({ expr = 'up == 0', dashboard_url = `${GRAFANA}d/mttr-health` }): Rule {
  return {
    alert: 'MttrBad',
    expr,
    labels: { severity: 'warning', area: 'exporter' },
    annotations: { summary: 's', description: 'd', runbook_url: `${RUNBOOKS}MttrBad.md`, dashboard_url },
  };
}

describe('the rules', () => {
  it.each(everyRule)('name only what there is: $name', ({ rule }) => {
    expect(problemsOf(rule, recorded)).toEqual([]);
  });

  it('are known by their names', () => {
    const names = recording.map(named);

    expect([...recorded.keys()]).toEqual(names);
    expect(new Set(everyRule.map(({ name }) => name)).size).toBe(everyRule.length);
    expect(names.filter((name) => !/^[a-z_]+:[a-z_0-9]+(:[a-z_0-9]+)?$/.test(name))).toEqual([
      'incident_recovery_time_minutes',
    ]);
    expect(alerts.map(named).filter((name) => !/^Mttr[A-Z][A-Za-z]+$/.test(name))).toEqual([]);
  });

  it('record under 7d and 30d what those windows say', () => {
    const windowedNames = recording.filter(({ record = '' }) => /:(7d|30d)$/.test(record));
    const strays = windowedNames.filter(({ record = '', expr }) => {
      const window = record.split(':').at(-1);
      return readPromql(expr).selectors.some(({ matchers }) => !matchers.some(({ value }) => value === window));
    });

    expect(windowedNames.length).toBeGreaterThan(15);
    expect(strays).toEqual([]);
  });

  it('forget what differs between replicas, and what a target lends', () => {
    const raw = everyRule.filter(({ rule }) =>
      readPromql(rule.expr).selectors.some(({ metric }) => !recorded.has(metric) || metric === named(rule)),
    );
    const lasting = raw.filter(({ rule }) => {
      const { dropped } = readPromql(rule.expr);
      const wanted = ['instance', 'pod', 'node', 'container', 'endpoint'];
      const lent = ['service', 'severity', 'team', 'provider'].map((label) => `exported_${label}`);
      return ![...wanted, ...lent].every((label) => dropped.includes(label));
    });

    expect(raw.length).toBeGreaterThan(30);
    expect(lasting.map(({ name }) => name)).toEqual(['incident_recovery_time_minutes', 'MttrExporterAbsent']);
  });

  it.each([
    ['a metric', 'incident_mtr_minutes > 1', 'MttrBad: there is no metric incident_mtr_minutes'],
    ['a label', 'incident_open{sevrity="P1"} > 1', 'MttrBad: incident_open has no label sevrity'],
    [
      'a grouping',
      'incident_repeat_ratio{by="service",window="30d"} > 1',
      'MttrBad: incident_repeat_ratio is not in rows by service',
    ],
    ['no grouping', 'incident_mttr_minutes{window="30d"} > 1', 'MttrBad: incident_mttr_minutes names no by='],
    ['no window', 'incident_mttr_minutes{by="all"} > 1', 'MttrBad: incident_mttr_minutes names no window='],
    ['a runbook', 'up == 0', 'MttrBad: there is no page docs/runbooks/MttrBad.md'],
  ])('are told when they name what there is not: %s', (_says, expr, problem) => {
    expect(problemsOf(badAlert({ expr }), recorded)).toContain(problem);
  });

  it.each([
    ['none', '', 'MttrBad: there is no dashboard_url'],
    [
      'a dashboard',
      `${GRAFANA}d/mttr-overwiev`,
      `MttrBad: the dashboard is ${GRAFANA}d/mttr-overwiev, expected ${GRAFANA}d/ and one of mttr-overview, mttr-service, mttr-targets, mttr-delivery, mttr-health`,
    ],
    [
      'a variable',
      `${GRAFANA}d/mttr-health?var-servise=x`,
      'MttrBad: the dashboard mttr-health has no variable for var-servise=x',
    ],
    [
      'a label as it is',
      `${GRAFANA}d/mttr-service?var-service={{ $labels.service }}`,
      'MttrBad: {{ $labels.service }} may not fit into an address, expected a word or {{ $labels.… | urlquery }}',
    ],
  ])('are told when they lead to a dashboard that there is not: %s', (_says, dashboard_url, problem) => {
    expect(problemsOf(badAlert({ dashboard_url }), recorded)).toContain(problem);
  });
});

describe('the alerts', () => {
  const ofRecovery = alerts.filter(({ labels }) => labels['area'] === 'recovery');

  it('are about recovery, about delivery, or about the exporter', () => {
    expect(ofRecovery.length).toBe(13);
    expect(alerts.length).toBe(29);
    expect(alerts.filter(({ labels }) => labels['area'] === 'delivery').length).toBe(4);
  });

  it.each(ofRecovery)('stand still with the numbers of a silent provider: $alert', ({ expr }) => {
    expect(expr).not.toMatch(/\btime\(\)|\boffset\b|\[\d/);
    for (const { metric } of readPromql(expr).selectors) expect([...recorded.keys()]).toContain(metric);
  });

  it('keep firing over a restart, but for the one that says that there is no exporter', () => {
    expect(alerts.filter((rule) => rule.keep_firing_for === undefined).map(named)).toEqual(['MttrExporterAbsent']);
  });

  it('leave the label severity to the alert', () => {
    const hiding = ofRecovery.filter(
      ({ expr }) =>
        /\b(provider_service_)?severity:/.test(expr) && !expr.includes('"incident_severity", "$1", "severity"'),
    );

    expect(hiding).toEqual([]);
  });

  it('know a severity by its rank, whatever it is called', () => {
    const ofSeverities = ofRecovery.filter(({ expr }) => expr.includes('"incident_severity"'));
    const unranked = ofSeverities.filter(({ expr }) => !/group_left \(incident_rank(, urgency)?\)/.test(expr));
    const texts = ['mttr.rules.yml', 'mttr.alerts.yml'].flatMap(rulesIn).map((rule) => JSON.stringify(rule));

    expect(ofSeverities.length).toBe(6);
    expect(unranked.map(named)).toEqual([]);
    expect(texts.filter((text) => /\bP\d\b|\bsev\d\b/i.test(text))).toEqual([]);
  });

  it.each(ofRecovery)('say how many incidents they rest on: $alert', ({ annotations }) => {
    expect(annotations['description']).toMatch(/n = |the oldest of|min of the budget/);
  });

  it('take every threshold from the rules, and each threshold is taken', () => {
    const thresholds = recording.map(named).filter((name) => name.startsWith('mttr:threshold:'));
    const readers = [...recording, ...alerts];
    const taken = new Set(readers.flatMap(({ expr }) => readPromql(expr).selectors.map(({ metric }) => metric)));
    const own = alerts.filter(({ expr }) => /[<>]=?\s*(?![01]\b)[\d.]+/.test(expr));

    expect(thresholds.length).toBe(20);
    expect(thresholds.filter((name) => !taken.has(name))).toEqual([]);
    expect(own.map(named)).toEqual([]);
  });

  it('have a page each, and each page its alert', () => {
    const pages = globSync('docs/runbooks/Mttr*.md', { cwd: root });

    expect(pages.map((path) => basename(path, '.md')).sort()).toEqual(alerts.map(named).sort());
    for (const path of pages) {
      expect(readFileSync(root + path, 'utf8').split('\n')[0]).toBe(`# ${basename(path, '.md')}`);
    }
  });
});

const promtool = tool('promtool');
const cases = globSync('test/deploy/rules/*.yml', { cwd: root }).sort();

const RuleTests = z.object({
  tests: z
    .object({
      name: z.string(),
      promql_expr_test: z.object({ expr: z.string(), exp_samples: z.unknown().array() }).array().default([]),
      alert_rule_test: z.object({ alertname: z.string(), exp_alerts: z.unknown().array() }).array().default([]),
    })
    .array(),
});

describe('the cases of the rules', () => {
  const tests = cases.flatMap((path) => RuleTests.parse(parse(readFileSync(root + path, 'utf8'))).tests);

  it.each(alerts)('show each alert silent, firing, and silent again: $alert', ({ alert }) => {
    const seen = tests.map(({ alert_rule_test: asked }) =>
      asked
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts: expected }) => (expected.length === 0 ? 'silent' : 'firing'))
        .join(' '),
    );

    expect(seen).toContain('silent firing silent');
  });

  it.each(recording)('show what each recording rule makes: $record', ({ record = '' }) => {
    const asked = tests.flatMap(({ promql_expr_test: expressions }) =>
      expressions.filter(({ exp_samples: expected }) => expected.length > 0).map(({ expr }) => expr),
    );

    expect(asked).toContain(record);
  });
});

describe.skipIf(promtool.isSkipped)(`promtool${promtool.says}`, () => {
  it('takes the rules and the example', () => {
    const rules = promtool.run(['check', 'rules', `${FOLDER}mttr.rules.yml`, `${FOLDER}mttr.alerts.yml`]);
    const example = promtool.run(['check', 'config', `${FOLDER}prometheus.yml`]);

    expect(rules).toMatchObject({ status: 0, stderr: '' });
    expect(rules.stdout).toContain(`SUCCESS: ${recording.length} rules found`);
    expect(example).toMatchObject({ status: 0, stderr: '' });
    expect(example.stdout).toContain('SUCCESS: 2 rule files found');
  });

  it.each(cases)('agrees with the cases of %s', (path) => {
    const { status, stdout, stderr } = promtool.run(['test', 'rules', root + path]);

    expect({ status, stderr, failed: stdout.split('FAILED:').slice(1) }).toEqual({ status: 0, stderr: '', failed: [] });
  });
});
