import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident, Signal } from '../../../src/model/incident.ts';
import { createAlarmCache } from '../../../src/providers/cloudwatch/alarm-cache.ts';
import { DELETED, toSignal } from '../../../src/providers/cloudwatch/alarm-id.ts';
import { deriveRecoveries, toIncident } from '../../../src/providers/cloudwatch/derive-incidents.ts';
import { createMemoryKnown } from '../memory-known.ts';

const SUBJECT = 'eu-west-1/one';
const NOW_MS = 1_000_000;
const ATTRIBUTES = { subject: SUBJECT, service: 'one', severityTag: undefined, arn: undefined };

const incidentsOf = (signals: readonly Signal[]) =>
  deriveRecoveries(signals, NOW_MS).chains.map((chain) => toIncident(chain, ATTRIBUTES));

/** Enters signals as a poll does; gives how many signals were looked at and how many incidents were told. */
async function enter(cache: ReturnType<typeof createAlarmCache>, signals: readonly Signal[]) {
  const newSignals = await cache.addSignals(signals);
  const fromMs = Math.min(...newSignals.map(({ atMs }) => atMs));
  const stretch = cache.findSinceOk(SUBJECT, fromMs);
  const incidents = incidentsOf(stretch.signals);
  const told = cache.updateIncidents(SUBJECT, { afterMs: stretch.afterMs, incidents, attributes: ATTRIBUTES });
  return { looked: stretch.signals.length, ...told };
}

describe('the book of alarms', () => {
  it('comes to the same incidents however the signals of an alarm are cut and ordered', async () => {
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
          const { changed, missingIds } = await enter(
            cache,
            page.map((one) => toSignal({ subject: SUBJECT, ...one, atMs: one.atMs + (one.to === DELETED ? 0.5 : 0) })),
          );
          for (const id of missingIds) stored.delete(id);
          for (const one of changed) stored.set(one.id, one);
        }

        const all = incidentsOf(cache.findSinceOk(SUBJECT, Number.NEGATIVE_INFINITY).signals);
        const byId = (one: Incident, other: Incident) => (one.id < other.id ? -1 : 1);
        expect([...stored.values()].sort(byId)).toEqual(all.toSorted(byId));
        const told = cache.updateIncidents(SUBJECT, {
          afterMs: Number.POSITIVE_INFINITY,
          incidents: [],
          attributes: ATTRIBUTES,
        });
        expect(told.all().toSorted(byId)).toEqual(all.toSorted(byId));
      }),
      { numRuns: 500 },
    );
  });

  it('looks at what is new only, however long the history of an alarm is', async () => {
    const cache = createAlarmCache(createMemoryKnown().known);
    const looked: number[] = [];

    for (let page = 0; page < 200; page += 1) {
      const signals = Array.from({ length: 100 }, (_, n) =>
        toSignal({ subject: SUBJECT, atMs: page * 100 + n, to: n % 2 === 0 ? 'ALARM' : 'OK' }),
      );
      const { looked: count, changed } = await enter(cache, signals);
      looked.push(count, changed.length);
    }

    expect(Math.max(...looked)).toBe(100);
    expect(cache.findLastIncident(SUBJECT)?.triggeredAtMs).toBe(19_998);
  });
});
