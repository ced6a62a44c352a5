import { describe, expect, it } from 'vitest';
import type { LabelSet } from '../../src/store/label-sets.ts';
import { CREATED_AT_MS, MINUTE_MS, provider, rendered, shown, source } from './page-source.ts';

function set(released: boolean): LabelSet {
  const life = { createdAtMs: CREATED_AT_MS, released };
  const histogram = (sumMs: number) => ({ sumMs, counts: [0, 1, 1] });
  return {
    row: 1,
    kind: 'environment',
    provider: 'github',
    service: 'checkout',
    severity: '',
    environment: 'production',
    team: '',
    groups: {
      deployments: { ...life, success: 5, failure: 2, cancelled: 1 },
      deploymentTimes: { ...life, duration: histogram(90 * MINUTE_MS), leadTime: histogram(200 * MINUTE_MS) },
    },
  };
}

async function lines(given: LabelSet, hasLeadTimes = true): Promise<string[]> {
  const sets = [shown(given, { provider: provider({ name: 'github', hasLeadTimes }) })];
  const text = await rendered(source({ sets }), 'text');
  return text.split('\n').filter((line) => line.startsWith('deployment'));
}

describe('what is counted of deployments', () => {
  it('is shown by provider, service and environment', async () => {
    const labels = 'provider="github",service="checkout",environment="production"';

    expect(await lines(set(true))).toEqual([
      `deployments_total{${labels},outcome="success"} 5`,
      `deployments_total{${labels},outcome="failure"} 2`,
      `deployments_total{${labels},outcome="cancelled"} 1`,
      `deployment_duration_minutes_bucket{${labels},le="0.5"} 0`,
      `deployment_duration_minutes_bucket{${labels},le="60"} 1`,
      `deployment_duration_minutes_bucket{${labels},le="+Inf"} 2`,
      `deployment_duration_minutes_sum{${labels}} 90`,
      `deployment_duration_minutes_count{${labels}} 2`,
      `deployment_lead_time_minutes_bucket{${labels},le="0.5"} 0`,
      `deployment_lead_time_minutes_bucket{${labels},le="60"} 1`,
      `deployment_lead_time_minutes_bucket{${labels},le="+Inf"} 2`,
      `deployment_lead_time_minutes_sum{${labels}} 200`,
      `deployment_lead_time_minutes_count{${labels}} 2`,
    ]);
  });

  it('is zero while its hold lasts', async () => {
    const values = (await lines(set(false))).map((line) => line.split(' ')[1]);

    expect(values).toHaveLength(13);
    expect(new Set(values)).toEqual(new Set(['0']));
  });

  it('has no lead times where changes are not read', async () => {
    expect((await lines(set(true), false)).filter((line) => line.includes('lead_time'))).toEqual([]);
  });
});
