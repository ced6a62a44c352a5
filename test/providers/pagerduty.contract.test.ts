import { pagerduty } from '../../src/providers/pagerduty/platform.ts';
import { PAGERDUTY_PEOPLE } from '../../src/simulator/pagerduty/wire.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake, UNAUTHORISED } from '../../src/simulator/pagerduty.ts';
import type { SimulatedEvent } from '../../src/simulator/world.ts';
import { providerContract } from './contract.ts';
import { providerConfig } from './setup.ts';

providerContract({
  name: 'PagerDuty',
  startFake: startPagerdutyFake,
  createProvider: (url, overrides, dependencies) =>
    pagerduty.create(
      providerConfig('pagerduty', {
        baseUrl: url,
        settings: { api_key: PAGERDUTY_FAKE_KEY, region: 'us' },
        ...overrides,
      }),
      dependencies,
    ),
  add(world, { name, triggeredAtMs, resolvedAtMs, shownAfterMs }) {
    const end: SimulatedEvent[] =
      resolvedAtMs === undefined ? [] : [{ kind: 'resolve', atMs: resolvedAtMs, by: 'person' }];
    const id = `Q${name}`;
    world.incidents.push({
      id,
      title: `${name} is down`,
      service: { id: 'PSVC1', name: 'checkout' },
      urgency: 'high',
      triggeredAtMs,
      shownAfterMs,
      events: [{ kind: 'acknowledge', atMs: triggeredAtMs + 10_000, by: 'person' }, ...end],
    });
    return id;
  },
  resolve(world, name, atMs) {
    const incident = world.incidents.find(({ id }) => id === `Q${name}`);
    if (incident === undefined) throw new Error(`no ${name} in this world`);
    incident.events = [...incident.events, { kind: 'resolve', atMs, by: 'person' }];
  },
  unauthorised: UNAUTHORISED,
  isList: ({ path }) => path === '/incidents',
  breakRecord: (body) => {
    if (typeof body !== 'object' || body === null || !('incidents' in body) || !Array.isArray(body.incidents))
      return body;
    const [first, ...others] = body.incidents;
    return first === undefined ? body : { ...body, incidents: [{ ...first, status: 'exploded' }, ...others] };
  },
  people: PAGERDUTY_PEOPLE.flatMap(({ name, email }) => [name, email]),
  cap: 10_000,
});
