import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  availabilityBudgetUsed,
  availabilityObjective,
  change,
  changeOf,
  inAllWindows,
  levelOfChosen,
  mttr,
  oldestOpenSeconds,
  overAllWindows,
  performanceLevel,
  resolved,
  shareWithinTarget,
  stageTargets,
  summed,
  windowed,
  withinStageTargets,
} from '../../grafana/src/promql.ts';
import { tool } from '../deploy/tools.ts';
import { type Choice, EVERYTHING, fill } from './fill.ts';

const promtool = tool('promtool');

/** Series with the values of every minute, in promtool's notation; two replicas show the same. */
const SERIES: Readonly<Record<string, string>> = {
  'mttr_exporter_provider_overall{provider="pd"}': '1x20',
  'mttr_exporter_provider_overall{provider="og"}': '1x20',
  'mttr_exporter_provider_overall{provider="aws"}': '0x20',
  'mttr_exporter_last_success_timestamp_seconds{provider="pd"}': '1000x20',
  'mttr_exporter_last_success_timestamp_seconds{provider="og"}': '900x20',
  'mttr_exporter_last_success_timestamp_seconds{provider="aws"}': '1000x20',
  'incident_open{provider="pd",service="shop",severity="P1",status="triggered"}': '2x20',
  'incident_open{provider="pd",service="cart",severity="P2",status="triggered"}': '3x20',
  'incident_open{provider="og",service="cart",severity="P2",status="triggered"}': '5x20',
  'incident_open{provider="aws",service="cart",severity="P2",status="triggered"}': '7x20',
  'incident_open_oldest_timestamp_seconds{provider="pd",service="cart",severity="P2"}': '400x20',
  'incident_open_oldest_timestamp_seconds{provider="og",service="cart",severity="P2"}': '100x20',
  'incident_open_oldest_timestamp_seconds{provider="aws",service="cart",severity="P2"}': '1x20',
  'incident_recovery_time_minutes_count{provider="pd",service="cart",severity="P2"}': '0+4x20',
  'incident_recovery_time_minutes_count{provider="pd",service="cart",severity="P5"}': '0+9x20',
  'incident_recovery_time_minutes_count{provider="og",service="cart",severity="P2"}': '0+4x20',
  'incident_recovery_time_minutes_count{provider="aws",service="cart",severity="P2"}': '0+4x20',
  'incident_within_target_total{provider="pd",service="cart",severity="P2"}': '0+3x20',
  'incident_within_target_total{provider="og",service="cart",severity="P2"}': '0+1x20',
  'incident_within_target_total{provider="aws",service="cart",severity="P2"}': '0+4x20',
  'incident_target_minutes{severity="P2"}': '60x20',
  'incident_stage_target_minutes{severity="P1",stage="acknowledgement"}': '5x20',
  'incident_stage_target_minutes{severity="P1",stage="mitigation"}': '20x20',
  'incident_stage_within_target_ratio{by="severity",window="30d",severity="P1",stage="acknowledgement"}': '0.5x20',
  'incident_stage_within_target_ratio{by="all",window="30d",stage="acknowledgement"}': '1x20',
  'incident_availability_objective_ratio{}': '0.75x20',
  'incident_availability_ratio{by="service",window="30d",service="cart"}': '0.5x20',
  'incident_availability_ratio{by="service",window="30d",service="shop"}': '1x20',
  'incident_error_budget_minutes{by="all",window="7d"}': '5x20',
  'incident_error_budget_minutes{by="all",window="30d"}': '-9x20',
  'incident_error_budget_minutes{by="service",window="30d",service="cart"}': '7x20',
  'incident_mttr_minutes{by="all",window="30d"}': '60x20',
  'incident_mttr_minutes{by="all",window="7d"}': '10x20',
  'incident_mttr_minutes{by="severity",window="30d",severity="P1"}': '30x20',
  'incident_mttr_minutes{by="severity",window="30d",severity="P2"}': '90x20',
  'incident_window_resolved{by="severity",window="30d",severity="P1"}': '2x20',
  'incident_window_resolved{by="severity",window="30d",severity="P2"}': '2x20',
  'incident_mttr_minutes{by="service",window="30d",service="shop"}': '10x20',
  'incident_mttr_minutes{by="service",window="30d",service="cart"}': '70x20',
  'incident_window_resolved{by="service",window="30d",service="shop"}': '1x20',
  'incident_window_resolved{by="service",window="30d",service="cart"}': '3x20',
  'incident_mttr_baseline_minutes{by="service",window="30d",service="shop"}': '40x20',
  'incident_mttr_baseline_minutes{by="service",window="30d",service="cart"}': '56x20',
  'incident_baseline_resolved{by="service",window="30d",service="shop"}': '3x20',
  'incident_baseline_resolved{by="service",window="30d",service="cart"}': '1x20',
  'incident_baseline_resolved{by="severity",window="30d",severity="P1"}': '5x20',
  'incident_mttr_minutes{by="service,severity",window="30d",service="shop",severity="P1"}': '10x20',
  'incident_mttr_minutes{by="service,severity",window="30d",service="cart",severity="P1"}': '30x20',
  'incident_mttr_minutes{by="service,severity",window="30d",service="cart",severity="P2"}': '90x20',
  'incident_window_resolved{by="service,severity",window="30d",service="shop",severity="P1"}': '1x20',
  'incident_window_resolved{by="service,severity",window="30d",service="cart",severity="P1"}': '1x20',
  'incident_window_resolved{by="service,severity",window="30d",service="cart",severity="P2"}': '2x20',
  'incident_performance_level{by="all",window="30d",level="high"}': '1x20',
  'incident_within_target_ratio{by="severity",window="7d",severity="P1"}': '0.5x20',
  'incident_within_target_ratio{by="severity",window="30d",severity="P1"}': '0.75x20',
  'incident_mttr_baseline_minutes{by="severity",window="30d",severity="P1"}': '40x20',
  'incident_performance_level{by="severity",window="30d",severity="P1",level="elite"}': '1x20',
  'incident_performance_level{by="severity",window="30d",severity="P1",level="low"}': '0x20',
  'incident_performance_level{by="severity",window="30d",severity="P2",level="elite"}': '0x20',
  'incident_performance_level{by="severity",window="30d",severity="P2",level="medium"}': '1x20',
};

const SPANS = { $__rate_interval: '1m', $__range: '15m' };

type Expected = readonly (readonly [labels: string, value: number])[];

interface Case {
  readonly says: string;
  readonly expression: string;
  readonly choice?: Choice;
  readonly expected: Expected;
}

/** What promtool has to say against it; empty when the answer is as expected. */
function objections(expression: string, expected: Expected): string {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-promtool-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const series = Object.entries(SERIES).flatMap(([name, values]) =>
    ['a', 'b'].map((instance) => ({ series: name.replace('{', `{instance="${instance}",`), values })),
  );
  const samples = expected.map(([labels, value]) => ({ labels, value }));
  const asked = [{ expr: expression, eval_time: '10m', exp_samples: samples }];
  const tests = [{ interval: '1m', input_series: series, promql_expr_test: asked }];
  const file = join(folder, 'test.yml');
  writeFileSync(file, JSON.stringify({ tests }));
  const { status, stdout, stderr } = promtool.run(['test', 'rules', file]);
  return status === 0 ? '' : stdout + stderr;
}

describe.skipIf(promtool.isSkipped)(`what dashboards compute, with two replicas${promtool.says}`, () => {
  const open = summed({ metric: 'incident_open', by: [] });
  it.each<Case>([
    { says: 'adds up the providers that count in every grouping', expression: open, expected: [['{}', 10]] },
    { says: 'adds up a chosen provider', expression: open, choice: { provider: 'og' }, expected: [['{}', 5]] },
    {
      says: 'shows a provider apart when it is chosen alone',
      expression: open,
      choice: { provider: 'aws' },
      expected: [['{}', 7]],
    },
    { says: 'leaves it out beside others', expression: open, choice: { provider: 'pd|aws' }, expected: [['{}', 5]] },
    { says: 'adds up a chosen service', expression: open, choice: { service: 'cart' }, expected: [['{}', 8]] },
    { says: 'adds up a chosen severity', expression: open, choice: { severity: 'P1' }, expected: [['{}', 2]] },
    { says: 'has nothing of a team where there are no teams', expression: open, choice: { team: 'web' }, expected: [] },
    {
      says: 'takes ages from the last poll of each provider',
      expression: oldestOpenSeconds(['service']),
      expected: [['{service="cart"}', 800]],
    },
    {
      says: 'divides by recoveries that have a target',
      expression: shareWithinTarget('5m', ['severity']),
      expected: [['{severity="P2"}', 0.5]],
    },
    {
      says: 'divides by recoveries that have a target, of all severities together',
      expression: shareWithinTarget('5m', []),
      expected: [['{}', 0.5]],
    },
    {
      says: 'takes the rows of the chosen window',
      expression: windowed('incident_mttr_minutes', 'all'),
      choice: { window: '7d' },
      expected: [['{}', 10]],
    },
    {
      says: 'takes the rows of the chosen severity',
      expression: windowed('incident_mttr_minutes', 'severity'),
      choice: { severity: 'P2' },
      expected: [['{severity="P2"}', 90]],
    },
    {
      says: 'numbers the levels',
      expression: performanceLevel('severity'),
      expected: [
        ['{severity="P1"}', 1],
        ['{severity="P2"}', 3],
      ],
    },
    {
      says: 'compares where there is a window before',
      expression: change('severity'),
      expected: [['{severity="P1"}', -0.25]],
    },
    { says: 'weighs the mean of each group', expression: mttr, expected: [['{}', 55]] },
    {
      says: 'takes the mean of a chosen service',
      expression: mttr,
      choice: { service: 'cart' },
      expected: [['{}', 70]],
    },
    {
      says: 'takes the mean of chosen severities',
      expression: mttr,
      choice: { severity: 'P2|P3' },
      expected: [['{}', 90]],
    },
    { says: 'counts what the mean rests on', expression: resolved, choice: { service: 'cart' }, expected: [['{}', 3]] },
    { says: 'compares everything', expression: changeOf(), expected: [['{}', 0.25]] },
    {
      says: 'compares a chosen service with itself',
      expression: changeOf(),
      choice: { service: 'cart' },
      expected: [['{}', 0.25]],
    },
    {
      says: 'compares a chosen severity with itself',
      expression: changeOf(),
      choice: { severity: 'P1' },
      expected: [['{}', -0.25]],
    },
    {
      says: 'compares nothing by service and severity',
      expression: changeOf(),
      choice: { severity: 'P1', service: 'cart' },
      expected: [],
    },
    { says: 'has a level of everything', expression: levelOfChosen(), expected: [['{}', 2]] },
    {
      says: 'has a level of a severity',
      expression: levelOfChosen(),
      choice: { severity: 'P2' },
      expected: [['{}', 3]],
    },
    {
      says: 'has no level of a severity of a service',
      expression: levelOfChosen(),
      choice: { severity: 'P2', service: 'cart' },
      expected: [],
    },
    { says: 'has one objective of availability', expression: availabilityObjective, expected: [['{}', 0.75]] },
    {
      says: 'compares downtime with what the objective allows',
      expression: availabilityBudgetUsed,
      expected: [
        ['{service="cart"}', 2],
        ['{service="shop"}', 0],
      ],
    },
    {
      says: 'shows what is left of the error budget in all windows',
      expression: overAllWindows('incident_error_budget_minutes'),
      expected: [
        ['{window="7d"}', 5],
        ['{window="30d"}', -9],
      ],
    },
    {
      says: 'has targets of stages, and the share within them where it is known',
      expression: `${withinStageTargets} and ${stageTargets}`,
      expected: [['{severity="P1",stage="acknowledgement"}', 0.5]],
    },
    {
      says: 'takes all windows',
      expression: inAllWindows('incident_within_target_ratio'),
      expected: [
        ['{severity="P1",window="7d"}', 0.5],
        ['{severity="P1",window="30d"}', 0.75],
      ],
    },
  ])('$says', ({ expression, choice = {}, expected }) => {
    expect(objections(fill(expression, { ...EVERYTHING, ...choice }, SPANS), expected)).toBe('');
  });

  it('would say so if it were otherwise', () => {
    expect(objections(fill(open, EVERYTHING, SPANS), [['{}', 17]])).toContain('got: {} 1E+01');
  });
});
