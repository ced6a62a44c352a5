import { OPSGENIE_PEOPLE } from '../../src/simulator/opsgenie/wire.ts';
import { OPSGENIE_UNAUTHORISED, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { type ContractAdapter, providerContract } from './contract.ts';
import { createOpsgenieProvider, event, type Source, simulated } from './opsgenie-stage.ts';

function adapter(source: Source): ContractAdapter {
  const path = source === 'alerts' ? '/v2/alerts' : '/v1/incidents';
  return {
    name: `Opsgenie ${source}`,
    startFake: startOpsgenieFake,
    createProvider: (url, overrides, dependencies) =>
      createOpsgenieProvider(source, url, { ...overrides, dependencies }),
    add(world, { name, triggeredAtMs, resolvedAtMs, shownAfterMs }) {
      const ends = resolvedAtMs === undefined ? [] : [event('resolve', resolvedAtMs)];
      const events = [event('acknowledge', triggeredAtMs + 10_000), ...ends];
      world.incidents.push(simulated(name, { triggeredAtMs, events, shownAfterMs }));
      return name;
    },
    resolve(world, name, atMs) {
      const found = world.incidents.find(({ id }) => id === name);
      if (found === undefined) throw new Error(`no ${name} in the world`);
      found.events = [...found.events, event('resolve', atMs)];
    },
    unauthorised: OPSGENIE_UNAUTHORISED,
    isList: (exchange) => exchange.path === path,
    breakRecord: (body) => {
      if (typeof body !== 'object' || body === null || !('data' in body) || !Array.isArray(body.data)) return body;
      if (body.data.length === 0) return body;
      return { ...body, data: body.data.map((record, index) => (index === 0 ? { ...record, createdAt: 7 } : record)) };
    },
    people: OPSGENIE_PEOPLE.flatMap(({ name, email }) => [name, email]),
    // Each of 20,001 ended incidents would cost its timeline: incidents meet the cap in a test of their own.
    ...(source === 'alerts' ? { cap: 20_000 } : {}),
  };
}

providerContract(adapter('alerts'));
providerContract(adapter('incidents'));
