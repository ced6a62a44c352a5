import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { declared } from './declared/grafana.ts';
import { type DeclaredStage, declaredStage, NOW_MS } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 5 * HOUR_MS;
const resolve = event('resolve', START_MS + HOUR_MS);

describe('the Grafana provider', () => {
  const stages: DeclaredStage[] = [];
  const stage = async (config: Partial<ProviderConfig> = {}, settings: Readonly<Record<string, unknown>> = {}) => {
    const made = await declaredStage(declared, { config, settings });
    stages.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of stages.splice(0)) await one.close();
  });

  it('takes service and severity from labels, the team by its name', async () => {
    const services = { tag: 'service', rename: [] };
    const severity = { from: ['priority'] as const, tag: 'severity', map: new Map<string, string>(), default: 'P3' };
    const { world, memory, poll } = await stage({ services, severity });
    const events = [event('acknowledge', START_MS + MINUTE_MS), resolve];
    world.incidents.push(simulated('G1', { triggeredAtMs: START_MS, events }));

    await poll();

    expect(memory.incidents.get('G1')).toMatchObject({
      acknowledgedAtMs: START_MS + MINUTE_MS,
      resolvedAtMs: START_MS + HOUR_MS,
      serviceName: 'checkout',
      team: 'payments',
      severity: { tag: 'P2' },
      url: 'https://acme.grafana.net/a/grafana-oncall-app/alert-groups/G1',
    });
  });

  it('takes the integration for the service where no label is configured', async () => {
    const { world, memory, poll } = await stage();
    world.incidents.push(simulated('G1', { triggeredAtMs: START_MS, events: [resolve] }));

    await poll();

    expect(memory.incidents.get('G1')?.serviceName).toBe('checkout integration');
  });

  it('finds silenced groups among the open ones, and groups that were resolved before and are open again', async () => {
    const { world, memory, time, poll } = await stage();
    world.incidents.push(
      simulated('G1', { triggeredAtMs: START_MS, events: [resolve] }),
      simulated('G2', { title: '[silenced] noise', triggeredAtMs: START_MS - 60 * 24 * HOUR_MS }),
    );
    await poll();
    const before = memory.incidents.get('G1')?.status;
    const [group] = world.incidents;
    if (group !== undefined) group.events = [resolve, event('reopen', NOW_MS + 1000)];
    time.nowMs += MINUTE_MS;

    await poll();

    expect([before, memory.incidents.get('G1')?.status]).toEqual(['resolved', 'triggered']);
    expect(memory.incidents.get('G2')?.status).toBe('triggered');
  });

  it('names the stack to the platform where the key is one of a service account', async () => {
    const { fake, poll } = await stage({}, { stack_url: 'https://acme.grafana.net' });

    await poll();

    const headers = new Set(fake.requests.map(({ headers: sent }) => sent['x-grafana-url']));
    expect([...headers]).toEqual(['https://acme.grafana.net']);
  });
});
