import { afterEach, describe, expect, it } from 'vitest';
import { builtinMappings } from '../../src/imports/builtin-mappings.ts';
import { parseIncident } from '../../src/imports/parse-incident.ts';
import type { Incident } from '../../src/model/incident.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { isLocalTimeOf, parseLocalTime, toLocalRange } from '../../src/providers/servicenow/local-time.ts';
import type { ServicenowFakeOptions } from '../../src/simulator/servicenow.ts';
import { declared } from './declared/servicenow.ts';
import { type DeclaredStage, declaredStage, NOW_MS } from './declared-stage.ts';
import { event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 5 * HOUR_MS;
const END_MS = START_MS + 45 * MINUTE_MS;
const BERLIN = 'Europe/Berlin';

describe('local times', () => {
  it.each([
    { says: 'summer', text: '2026-10-01 09:00:00', time: '2026-10-01T07:00:00Z' },
    { says: 'winter', text: '2026-11-02 09:00:00', time: '2026-11-02T08:00:00Z' },
    { says: 'an hour that is skipped', text: '2026-03-29 02:30:00', time: undefined },
    { says: 'an hour that is there twice', text: '2026-10-25 02:30:00', time: undefined },
    { says: 'a day that does not exist', text: '2026-02-30 10:00:00', time: undefined },
    { says: 'the format of a user', text: '01.10.2026 09:00', time: undefined },
  ])('are read of $says, and never guessed', ({ text, time }) => {
    const ms = parseLocalTime(text, BERLIN);

    expect(ms).toBe(time === undefined ? undefined : Date.parse(time));
  });

  it.each([
    { says: 'are exact', at: '2026-10-01T07:00:00Z', from: '2026-10-01 09:00:00', to: '2026-10-01 09:00:00' },
    {
      says: 'are wider near a change of the clock',
      at: '2026-10-25T00:30:00Z',
      from: '2026-10-24 23:30:00',
      to: '2026-10-25 04:30:00',
    },
  ])('of a filter $says', ({ at, from, to }) => {
    const ms = Date.parse(at);

    expect(toLocalRange({ fromMs: ms, toMs: ms }, BERLIN)).toEqual({ from, to });
  });

  it('tell another zone, but not where a user has another format', () => {
    const ms = Date.parse('2026-10-01T07:00:00Z');

    expect(isLocalTimeOf('2026-10-01 09:00:00', ms, BERLIN)).toBe(true);
    expect(isLocalTimeOf('2026-10-01 03:00:00', ms, BERLIN)).toBe(false);
    expect(isLocalTimeOf('01.10.2026 09:00', ms, 'America/New_York')).toBe(true);
  });
});

describe('the ServiceNow provider', () => {
  const stages: DeclaredStage[] = [];
  const stage = async (options: ServicenowFakeOptions = {}, settings: Readonly<Record<string, unknown>> = {}) => {
    const made = await declaredStage(declared, { options, settings });
    stages.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of stages.splice(0)) await one.close();
  });

  it('takes times from values, and words from what people see', async () => {
    const { world, memory, poll } = await stage();
    world.incidents.push(simulated('INC1', { triggeredAtMs: START_MS, events: [event('resolve', END_MS)] }));

    await poll();

    expect(memory.incidents.get('INC1')).toMatchObject({
      status: 'resolved',
      triggeredAtMs: START_MS,
      resolvedAtMs: END_MS,
      serviceId: 'svc-checkout',
      serviceName: 'checkout',
      team: 'payments',
      severity: { priority: '2 - High' },
    });
  });

  it('reads the times of an hour that is there twice where the platform tells them in UTC', async () => {
    const { world, memory, poll, time } = await stage();
    const triggeredAtMs = Date.parse('2026-10-25T00:30:00Z');
    world.incidents.push(simulated('INC1', { triggeredAtMs, events: [event('resolve', triggeredAtMs + HOUR_MS)] }));
    time.nowMs = triggeredAtMs + 2 * HOUR_MS;

    await poll();

    expect(memory.incidents.get('INC1')).toMatchObject({ triggeredAtMs, resolvedAtMs: triggeredAtMs + HOUR_MS });
  });

  it('rejects such an hour where the platform has local times only, and takes the others', async () => {
    const { world, memory, poll, time } = await stage({ isPlain: true });
    const twiceMs = Date.parse('2026-10-25T00:30:00Z');
    world.incidents.push(simulated('INC1', { triggeredAtMs: twiceMs }), simulated('INC2', { triggeredAtMs: START_MS }));
    time.nowMs = NOW_MS;

    await poll();

    expect([...memory.incidents.values()].map(({ triggeredAtMs }) => triggeredAtMs)).toEqual([START_MS]);
    expect([...memory.rejected.values()]).toMatchObject([{ id: 'INC1', reason: 'malformed' }]);
  });

  it('refuses to go on with another time zone than that of the account', async () => {
    const { world, poll } = await stage({}, { timezone: 'America/New_York' });
    world.incidents.push(simulated('INC1', { triggeredAtMs: START_MS }), simulated('INC2'));

    await expect(poll()).rejects.toThrow('expected the zone America/New_York that timezone says');
  });

  it.each([
    { words: '[cancelled] a mistake', exclusion: 'flagged' },
    { words: 'Checkout', exclusion: undefined },
  ])('excludes what was cancelled: $words', async ({ words, exclusion }) => {
    const { world, memory, poll } = await stage();
    const events = [event('resolve', END_MS)];
    world.incidents.push(simulated('INC1', { title: words, triggeredAtMs: START_MS, events }));

    await poll();

    expect(memory.incidents.get('INC1')?.exclusion).toBe(exclusion);
  });

  it('drops an incident that is gone, which an empty list says', async () => {
    const { world, memory, time, poll } = await stage();
    world.incidents.push(simulated('INC1', { triggeredAtMs: START_MS }));
    await poll();
    const [incident] = world.incidents;
    if (incident !== undefined) incident.deletedAtMs = NOW_MS + 1000;
    time.nowMs += MINUTE_MS;

    await poll();

    expect([...memory.deletedIds]).toEqual(['INC1']);
  });

  it('agrees with what is imported of the same incident', async () => {
    const { world, memory, poll } = await stage();
    const events = [event('acknowledge', START_MS + MINUTE_MS), event('resolve', END_MS)];
    world.incidents.push(simulated('INC1', { title: 'Checkout answers 502', triggeredAtMs: START_MS, events }));
    await poll();
    const labels = {
      Number: 'INC1',
      'Short description': 'Checkout answers 502',
      Service: 'checkout',
      assignment_group: 'payments',
      Priority: '2 - High',
      State: 'Resolved',
      Opened: '2026-11-02 08:00:00',
      Updated: '2026-11-02 08:45:00',
      Resolved: '2026-11-02 08:45:00',
      Closed: '',
    };

    const [polled] = [...memory.incidents.values()].map(facts);

    expect(imported(labels)).toEqual(polled);
  });
});

/** What an import makes of a row whose times are those of Berlin. */
function imported(row: unknown): ReturnType<typeof facts> {
  const mapping = builtinMappings.get('servicenow');
  if (mapping === undefined) throw new TypeError('expected a mapping of that name');
  const parsed = parseIncident(
    row,
    { mapping, zone: BERLIN, tags: { service: undefined, severity: undefined } },
    NOW_MS,
  );
  if ('reason' in parsed) throw new Error(parsed.detail);
  return facts(parsed.incident);
}

function facts({ id, title, serviceName, team, severity, status, ...times }: Incident) {
  const { triggeredAtMs, resolvedAtMs, updatedAtMs } = times;
  const { priority } = severity;
  return { id, title, serviceName, team, priority, status, triggeredAtMs, resolvedAtMs, updatedAtMs };
}
