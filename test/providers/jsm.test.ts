import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import { startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { declared as jsm } from './declared/jsm.ts';
import { type DeclaredStage, declaredStage, HISTORY_START_MS, NOW_MS } from './declared-stage.ts';
import { pollInto } from './memory-known.ts';
import { createOpsgenieProvider, event, simulated } from './opsgenie-stage.ts';

const START_MS = NOW_MS - 5 * HOUR_MS;
const UUID = 'e0caa0ce-d52f-4500-81b9-d592d06970b6';
const OLD_ID = `${UUID}-${START_MS}`;

describe('the Jira Service Management provider', () => {
  const opened: { close(): Promise<void> }[] = [];
  const stage = async (config: Partial<ProviderConfig> = {}): Promise<DeclaredStage> => {
    const made = await declaredStage(jsm, { config });
    opened.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  it('reads when an alert was acknowledged from its log, once', async () => {
    const { world, memory, time, poll } = await stage();
    const events = [event('acknowledge', START_MS + MINUTE_MS)];
    world.incidents.push(simulated('A1', { triggeredAtMs: START_MS, events }));
    const first = await poll();
    const [alert] = world.incidents;
    if (alert !== undefined) alert.events = [...events, event('resolve', NOW_MS + 30_000)];
    time.nowMs += MINUTE_MS;

    const second = await poll();

    expect(memory.incidents.get('A1')).toMatchObject({
      status: 'resolved',
      acknowledgedAtMs: START_MS + MINUTE_MS,
      resolvedAtMs: NOW_MS + 30_000,
      serviceName: 'checkout',
      team: 'payments',
    });
    expect(first).toContain('/v1/alerts/A1/logs');
    expect(second).not.toContain('/v1/alerts/A1/logs');
  });

  it('does not take an acknowledged alert for one that nobody acknowledged when its log is not there', async () => {
    const { world, memory, poll, fake } = await stage();
    const events = [event('acknowledge', START_MS + MINUTE_MS), event('resolve', START_MS + HOUR_MS)];
    world.incidents.push(simulated('A1', { triggeredAtMs: START_MS, events }));
    fake.faults.push({ times: 9, path: /logs$/, answer: { status: 404, body: {} } });

    await poll();

    expect(memory.incidents.size).toBe(0);
    expect([...memory.rejected.values()]).toMatchObject([{ id: 'A1', reason: 'forbidden' }]);
  });

  it('asks for an alert that has vanished from the lists, and drops what answers 404', async () => {
    const { world, memory, time, poll } = await stage();
    world.incidents.push(simulated('A1', { triggeredAtMs: START_MS }));
    await poll();
    const [alert] = world.incidents;
    if (alert !== undefined) alert.deletedAtMs = NOW_MS + 1000;
    time.nowMs += MINUTE_MS;

    const asked = await poll();

    expect(asked).toContain('/v1/alerts/A1');
    expect([...memory.deletedIds]).toEqual(['A1']);
  });

  describe('moved from Opsgenie under the same name', () => {
    /** What an Opsgenie provider has stored of a world, and a Jira Service Management that shows the same alerts from then on. */
    async function move(newId: string) {
      const moved = await stage();
      const { world, memory } = moved;
      const alert = simulated(OLD_ID, { triggeredAtMs: START_MS });
      const old = simulated(`${UUID.replace('e0', 'f0')}-1`, {
        triggeredAtMs: START_MS - HOUR_MS,
        events: [event('resolve', START_MS)],
      });
      const fake = await startOpsgenieFake({ incidents: [alert, old], alarms: [] }, { nowMs: () => NOW_MS });
      const opsgenie = createOpsgenieProvider('alerts', fake.url);
      opened.push(fake, opsgenie);
      await pollInto(memory, opsgenie, { nowMs: NOW_MS, historyStartMs: HISTORY_START_MS });
      world.incidents.push({ ...alert, id: newId }, { ...old, id: old.id.slice(0, 36) });
      return moved;
    }

    it.each([
      { says: 'with the same id', newId: OLD_ID },
      { says: 'without the time in its id', newId: UUID },
    ])('finds an alert $says as the incident that it was', async ({ newId }) => {
      const { world, memory, time, poll } = await move(newId);
      const ids = [...memory.incidents.keys()];
      const [alert] = world.incidents;
      const events = [event('acknowledge', NOW_MS + 10_000), event('resolve', NOW_MS + 30_000)];
      if (alert !== undefined) alert.events = events;
      world.incidents.push(simulated('NEW', { triggeredAtMs: NOW_MS + 40_000 }));
      time.nowMs += MINUTE_MS;

      const asked = await poll();

      expect([...memory.incidents.keys()].toSorted()).toEqual([...ids, 'NEW'].toSorted());
      expect(memory.incidents.get(OLD_ID)).toMatchObject({
        status: 'resolved',
        acknowledgedAtMs: NOW_MS + 10_000,
        resolvedAtMs: NOW_MS + 30_000,
      });
      expect(memory.deletedIds.size).toBe(0);
      expect(memory.end?.historyStartMs).toBe(HISTORY_START_MS);
      // The changes, what is open and the names of teams: the history is not read again.
      const log = `/v1/alerts/${newId}/logs`;
      expect(asked.toSorted()).toEqual(['/v1/alerts', '/v1/alerts', log, '/v1/teams']);
    });

    it('goes on by its own position after that', async () => {
      const { memory, time, poll } = await move(UUID);
      time.nowMs += MINUTE_MS;
      await poll();
      const size = memory.incidents.size;
      time.nowMs += MINUTE_MS;

      await poll();

      expect(memory.incidents.size).toBe(size);
      expect(JSON.parse(memory.cursor ?? '')).toMatchObject({ phase: 'polling', historyStartMs: HISTORY_START_MS });
    });

    it('refuses the position of Opsgenie incidents, as these are other records', async () => {
      const { memory, poll } = await stage();
      memory.cursor = JSON.stringify({
        phase: 'synced',
        source: 'incidents',
        tags: [''],
        historyStartMs: 1,
        newestMs: 2,
      });

      await expect(poll()).rejects.toThrow('give this provider a name of its own');
    });
  });

  it('reads the history again when another tag is configured', async () => {
    const { world, memory, time, poll } = await stage({ services: { tag: 'team', rename: [] } });
    world.incidents.push(simulated('A1', { triggeredAtMs: START_MS, events: [event('resolve', START_MS + HOUR_MS)] }));
    await poll();
    expect(memory.incidents.get('A1')?.serviceName).toBe('');
    const other = await stage();
    other.world.incidents.push(...world.incidents);
    time.nowMs += HOUR_MS;
    const request = { nowMs: time.nowMs, historyStartMs: HISTORY_START_MS };

    await pollInto(memory, other.provider, request);

    expect(memory.incidents.get('A1')?.serviceName).toBe('checkout');
  });
});
