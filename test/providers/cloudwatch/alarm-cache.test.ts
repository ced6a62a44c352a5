import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident, StateChange } from '../../../src/model/incident.ts';
import { createAlarmCache } from '../../../src/providers/cloudwatch/alarm-cache.ts';
import { DELETED, toSignal } from '../../../src/providers/cloudwatch/alarm-id.ts';
import { deriveRecoveries, toIncident } from '../../../src/providers/cloudwatch/derive-incidents.ts';
import { createMemoryKnown } from '../memory-known.ts';

const SUBJECT = 'eu-west-1/one';
const NOW_MS = 1_000_000;
const ATTRIBUTES = { subject: SUBJECT, service: 'one', severityTag: undefined, arn: undefined };

const incidentsOf = (stateChanges: readonly StateChange[]) =>
  deriveRecoveries(stateChanges, NOW_MS).chains.map((chain) => toIncident(chain, ATTRIBUTES));

/** Adds state changes as a poll does; returns the number of state changes processed and what changed. */
async function update(cache: ReturnType<typeof createAlarmCache>, stateChanges: readonly StateChange[]) {
  const newSignals = await cache.addSignals(stateChanges);
  const fromMs = Math.min(...newSignals.map(({ atMs }) => atMs));
  const range = cache.findSinceOk(SUBJECT, fromMs);
  const incidents = incidentsOf(range.stateChanges);
  const changes = cache.updateIncidents(SUBJECT, { afterMs: range.afterMs, incidents, attributes: ATTRIBUTES });
  return { processed: range.stateChanges.length, ...changes };
}

describe('the alarm cache', () => {
  it('derives the same incidents however the state changes of an alarm are cut and ordered', async () => {
    const change = fc.record({
      atMs: fc.integer({ min: 0, max: 40 }),
      from: fc.constantFrom('OK', 'ALARM', 'INSUFFICIENT_DATA', undefined),
      to: fc.constantFrom('OK', 'ALARM', 'INSUFFICIENT_DATA', 'OK', 'ALARM', DELETED),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { maxLength: 8 }), async (pages) => {
        const cache = createAlarmCache(createMemoryKnown().known);
        await cache.load([SUBJECT]);
        const stored = new Map<string, Incident>();
        for (const page of pages) {
          const { changed, missingIds } = await update(
            cache,
            page.map((one) => toSignal({ subject: SUBJECT, ...one, atMs: one.atMs + (one.to === DELETED ? 0.5 : 0) })),
          );
          for (const id of missingIds) stored.delete(id);
          for (const one of changed) stored.set(one.id, one);
        }

        const all = incidentsOf(cache.findSinceOk(SUBJECT, Number.NEGATIVE_INFINITY).stateChanges);
        const byId = (one: Incident, other: Incident) => (one.id < other.id ? -1 : 1);
        expect([...stored.values()].sort(byId)).toEqual(all.toSorted(byId));
        const changes = cache.updateIncidents(SUBJECT, {
          afterMs: Number.POSITIVE_INFINITY,
          incidents: [],
          attributes: ATTRIBUTES,
        });
        expect(changes.all().toSorted(byId)).toEqual(all.toSorted(byId));
      }),
      { numRuns: 500 },
    );
  });

  it('processes only what is new, however long the history of an alarm is', async () => {
    const cache = createAlarmCache(createMemoryKnown().known);
    const processed: number[] = [];

    for (let page = 0; page < 200; page += 1) {
      const stateChanges = Array.from({ length: 100 }, (_, n) =>
        toSignal({ subject: SUBJECT, atMs: page * 100 + n, to: n % 2 === 0 ? 'ALARM' : 'OK' }),
      );
      const { processed: count, changed } = await update(cache, stateChanges);
      processed.push(count, changed.length);
    }

    expect(Math.max(...processed)).toBe(100);
    expect(cache.findLastIncident(SUBJECT)?.triggeredAtMs).toBe(19_998);
  });
});
