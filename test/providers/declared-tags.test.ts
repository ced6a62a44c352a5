import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/model/time.ts';
import { declared as betterstack } from './declared/betterstack.ts';
import { declared as datadog } from './declared/datadog.ts';
import { declared as firehydrant } from './declared/firehydrant.ts';
import { declared as rootly } from './declared/rootly.ts';
import { declared as splunkOncall } from './declared/splunk-oncall.ts';
import { declared as statuspage } from './declared/statuspage.ts';
import { declaredStage, NOW_MS } from './declared-stage.ts';
import { simulated } from './opsgenie-stage.ts';

describe('severity.from, services.from and team.from', () => {
  it.each([
    { declared: rootly, from: 'tag:region', found: 'eu' },
    { declared: firehydrant, from: 'label:region', found: 'eu' },
    { declared: betterstack, from: 'tag:region', found: 'eu' },
    { declared: datadog, from: 'tag:summary', found: 'more of it' },
    { declared: datadog, from: 'field:attributes.state', found: 'active' },
    { declared: splunkOncall, from: 'tag:routingKey', found: 'checkout' },
    { declared: statuspage, from: 'field:components.name', found: 'checkout' },
  ])('find $from of $declared.name', async ({ declared, from, found }) => {
    const severity = { from: [from], tag: undefined, map: new Map<string, string>(), default: 'P3' };
    const config = { severity, services: { tag: undefined, from: [from], rename: [] }, team: { from: [from] } };
    const stage = await declaredStage(declared, { config });
    stage.world.incidents.push(simulated('7', { triggeredAtMs: NOW_MS - HOUR_MS }));

    await stage.poll();

    const [incident] = stage.memory.incidents.values();
    await stage.close();
    expect(incident).toMatchObject({ severity: { tag: found }, serviceName: found, team: found });
  });
});
