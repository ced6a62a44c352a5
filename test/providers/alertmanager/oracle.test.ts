import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Shown, stageAlerts, type Told } from './stage.ts';

/** One alert name with its times of firing: minutes until it fires, and how long it does; the last may go on. */
const history = fc.record({
  name: fc.constantFrom('A', 'B', 'C'),
  spans: fc.array(fc.record({ pause: fc.integer({ min: 1, max: 40 }), firing: fc.integer({ min: 0, max: 40 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
  isOver: fc.boolean(),
});

/** What happens to each notification: it is lost, or delivered so many times, each so much later. */
const fate = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 3 });

function toSpans({
  name,
  spans,
  isOver,
}: {
  name: string;
  spans: readonly { pause: number; firing: number }[];
  isOver: boolean;
}) {
  let minute = 0;
  return spans.map(({ pause, firing }, index) => {
    const from = minute + pause;
    minute = from + firing;
    return { name, from, to: !isOver && index === spans.length - 1 ? undefined : minute };
  });
}

/** What Alertmanager tells, in order: each alert when it fires and, complete, when it is over. */
function toNotifications(spans: readonly Told[]): { readonly minute: number; readonly alert: Told }[] {
  return spans.flatMap(({ name = '', from, to }) => [
    { minute: from, alert: { name, from } },
    ...(to === undefined ? [] : [{ minute: to, alert: { name, from, to } }]),
  ]);
}

/** The obviously right answer: the end that was told, else unknown where it began anew, else it still fires. */
function expected(told: readonly Told[]): Shown[] {
  const keys = [...new Set(told.map(({ name = '', from }) => JSON.stringify([name, from])))];
  const shown = keys.map((key) => {
    const [name, from] = JSON.parse(key) as [string, number];
    const same = told.filter((one) => one.name === name && one.from === from);
    const end = same.find(({ to }) => to !== undefined)?.to;
    const later = told.filter((one) => one.name === name && one.from > from).map((one) => one.from);
    const next = later.length === 0 ? undefined : Math.min(...later);
    if (end !== undefined) return { from, to: end, known: 'resolve_event' };
    return { from, to: next, known: next === undefined ? undefined : 'expired' };
  });
  return sort(shown);
}

function sort(shown: readonly Shown[]): Shown[] {
  return [...shown].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

it('stores what was told, however often, late and out of order it is delivered, and whatever is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(history, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
      fc.array(fate, { minLength: 30, maxLength: 30 }),
      async (histories, fates) => {
        const notifications = histories.flatMap((one) => toNotifications(toSpans(one)));
        const deliveries = notifications
          .flatMap(({ minute, alert }, index) =>
            (fates[index] ?? [0]).map((delay) => ({ minute: minute + delay, alert })),
          )
          .sort((a, b) => a.minute - b.minute);
        const stage = stageAlerts();

        for (const { minute, alert } of deliveries) await stage.notify(minute, alert);

        expect(sort(stage.alerts())).toEqual(expected(deliveries.map(({ alert }) => alert)));
        const ids = [...stage.memory.incidents.keys()];
        expect(new Set(ids).size).toBe(ids.length);
      },
    ),
    { numRuns: 300 },
  );
});

it('is the same for two Alertmanagers that tell the same, and for one', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 10, maxLength: 10 }),
      async (one, delays) => {
        const notifications = toNotifications(toSpans(one));
        const twice = notifications.flatMap(({ minute, alert }, index) => [
          { minute, alert },
          { minute: minute + (delays[index] ?? 0), alert },
        ]);
        const [alone, both] = [stageAlerts(), stageAlerts()];

        for (const { minute, alert } of notifications) await alone.notify(minute, alert);
        for (const { minute, alert } of twice.sort((a, b) => a.minute - b.minute)) await both.notify(minute, alert);

        expect(both.alerts()).toEqual(alone.alerts());
      },
    ),
    { numRuns: 200 },
  );
});

it('ends each alert once at most within two readings of its end when every notification of it is lost', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (one) => {
      const spans = toSpans(one);
      const last = Math.max(...spans.flatMap(({ from, to = from }) => [from, to]));
      const stage = stageAlerts();

      for (let minute = 0; minute <= last + 15; minute += 1) {
        await stage.read(
          minute,
          ...spans.filter(({ from, to = Number.POSITIVE_INFINITY }) => from <= minute && minute < to),
        );
      }

      // With a reading a minute, what ended within one was never seen.
      const seen = spans.filter(({ from, to }) => to === undefined || to > from);
      expect(stage.alerts().map(({ from, to, known }) => ({ from, to, known }))).toEqual(
        seen.map(({ from, to }) => ({ from, to, known: to === undefined ? undefined : 'absence' })),
      );
    }),
    { numRuns: 100 },
  );
});
