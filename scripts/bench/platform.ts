import { z } from 'zod';
import { DAY_MS } from '../../src/model/time.ts';
import { startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import type { SimulatedEvent, SimulatedIncident } from '../../src/simulator/world.ts';
import { type History, inventIncident } from './incidents.ts';
import type { Part } from './parts.ts';

export const PlatformStart = z.object({
  incidents: z.number(),
  services: z.number(),
  days: z.number(),
  perMinute: z.number().optional(),
  latencyMs: z.number().optional(),
});
export const PlatformUrl = z.object({ url: z.string() });
export const Seen = z.object({
  /** Instants of the requests, in their order. */
  atMs: z.array(z.number()),
  throttled: z.number(),
  incidents: z.number(),
  logEntries: z.number(),
  open: z.number(),
  other: z.number(),
});

/** The PagerDuty fake in a process of its own; with no incidents it is a platform on which nothing happens. */
export function platformPart(): Part {
  let fake: Fake | undefined;
  return {
    start: async (input) => {
      const { incidents, services, days, perMinute, latencyMs } = PlatformStart.parse(input);
      const toMs = Date.now() - 60_000;
      const history = { incidents, services, fromMs: toMs - days * DAY_MS, toMs };
      const world = { alarms: [], incidents: Array.from({ length: incidents }, (_none, at) => simulated(history, at)) };
      fake = await startPagerdutyFake(world, {
        ...(perMinute === undefined ? {} : { perMinute }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
      });
      return { url: fake.url };
    },
    seen: async () => {
      const requests = fake?.requests ?? [];
      const isOpen = (one: (typeof requests)[number]) => one.query.has('statuses[]');
      const asked = (path: string) => requests.filter((one) => one.path === path && !isOpen(one)).length;
      const open = requests.filter((one) => one.path === '/incidents' && isOpen(one)).length;
      return {
        atMs: requests.map(({ atMs }) => atMs),
        throttled: requests.filter(({ status }) => status === 429).length,
        incidents: asked('/incidents'),
        logEntries: asked('/log_entries'),
        open,
        other: requests.length - asked('/incidents') - asked('/log_entries') - open,
      };
    },
    stop: async () => {
      await fake?.close();
      return {};
    },
  };
}

/** The same invented incident as a life on the platform. */
function simulated(history: History, place: number): SimulatedIncident {
  const { id, title, serviceId, serviceName, severity, ...life } = inventIncident(history, place);
  const events: SimulatedEvent[] = [];
  const { acknowledgedAtMs, resolvedAtMs = history.toMs } = life;
  if (acknowledgedAtMs !== undefined) events.push({ kind: 'acknowledge', atMs: acknowledgedAtMs, by: 'person' });
  events.push({ kind: 'resolve', atMs: resolvedAtMs, by: 'person' });
  return {
    id,
    title,
    service: { id: serviceId, name: serviceName },
    priority: severity.priority,
    urgency: 'high',
    triggeredAtMs: life.triggeredAtMs,
    events,
  };
}

/** Lines of the log that the platform shows in overview: the trigger and each event. */
export function overviewEntries(history: History): number {
  let entries = 0;
  for (let place = 0; place < history.incidents; place += 1) entries += 1 + simulated(history, place).events.length;
  return entries;
}
