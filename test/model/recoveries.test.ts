import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Outcome, type RecoveryPolicy, type Transition, toRecoveries } from '../../src/model/recoveries.ts';
import { DAY_MS, MINUTE_MS } from '../../src/model/time.ts';

const NOW_MS = Date.UTC(2026, 10, 1);
const START_MS = NOW_MS - 60 * DAY_MS;

/** Alarms: no limit on the window, no flickers, neutral for 7 days expires. */
const ALARMS: RecoveryPolicy = { flakyBelowMs: 0, neutralExpiresMs: 7 * DAY_MS, nowMs: NOW_MS };
/** Deployments: 7 days to recover, less than 5 minutes is a flicker. */
const DEPLOYMENTS: RecoveryPolicy = { openWindowMs: 7 * DAY_MS, flakyBelowMs: 5 * MINUTE_MS, nowMs: NOW_MS };

const OUTCOMES: Readonly<Record<string, Outcome>> = { F: 'failure', S: 'success', N: 'neutral' };

/** `F0 S30 N1440`: a letter for the outcome, minutes after the start; the word is the id. */
function told(text: string): Transition[] {
  return text.split(' ').map((word) => ({
    id: word,
    atMs: START_MS + Number(word.slice(1)) * MINUTE_MS,
    outcome: OUTCOMES[word.charAt(0)] ?? 'neutral',
  }));
}

/** Chains as words: `F0+F5>S30 resolved`; unmatched successes as `?S7`. */
function words(text: string, policy: RecoveryPolicy): string[] {
  const { chains, unmatched } = toRecoveries(told(text), policy);
  const chainWords = chains.map(({ anchor, superseded, end, state }) => {
    const failures = [anchor, ...superseded].map(({ id }) => id).join('+');
    return `${failures}${end === undefined ? '' : `>${end.id}`} ${state}`;
  });
  return [...chainWords, ...unmatched.map(({ id }) => `?${id}`)];
}

const DAY = 1440;

describe('state changes become recoveries', () => {
  it.each([
    { says: 'the next success ends a failure', changes: 'F0 S30', chains: ['F0>S30 resolved'] },
    { says: 'later failures are superseded by the first', changes: 'F0 F5 F9 S30', chains: ['F0+F5+F9>S30 resolved'] },
    {
      says: 'a success between two failures makes two recoveries',
      changes: 'F0 S3 F5 S9',
      chains: ['F0>S3 resolved', 'F5>S9 resolved'],
    },
    { says: 'a failure without a success is open, however old', changes: 'F0', chains: ['F0 open'] },
    {
      says: 'a success that no failure precedes recovers nothing',
      changes: 'S3 F5 S9 S11',
      chains: ['F5>S9 resolved', '?S3', '?S11'],
    },
    { says: 'a neutral change neither fails nor recovers', changes: 'N0 F5 N7 S9 N12', chains: ['F5>S9 resolved'] },
    {
      says: 'a failure after a short neutral stretch goes on',
      changes: `F0 N5 F${2 * DAY} S${2 * DAY + 5}`,
      chains: [`F0+F${2 * DAY}>S${2 * DAY + 5} resolved`],
    },
    { says: 'neutral for 7 days is expired without a success', changes: 'F0 N5', chains: ['F0 expired'] },
    {
      says: 'a success after 7 neutral days closes the chain as expired',
      changes: `F0 N5 S${7 * DAY + 5}`,
      chains: [`F0>S${7 * DAY + 5} expired`],
    },
    {
      says: 'a success just before 7 neutral days recovers',
      changes: `F0 N5 S${7 * DAY + 4}`,
      chains: [`F0>S${7 * DAY + 4} resolved`],
    },
    {
      says: 'a failure after 7 neutral days begins a new chain',
      changes: `F0 N5 F${8 * DAY} S${8 * DAY + 5}`,
      chains: ['F0 expired', `F${8 * DAY}>S${8 * DAY + 5} resolved`],
    },
    {
      says: 'a neutral stretch counts from its first change',
      changes: `F0 N5 N${6 * DAY} S${7 * DAY + 5}`,
      chains: [`F0>S${7 * DAY + 5} expired`],
    },
    {
      says: 'a failure ends a neutral stretch',
      changes: `F0 N5 F${4 * DAY} N${5 * DAY} S${8 * DAY}`,
      chains: [`F0+F${4 * DAY}>S${8 * DAY} resolved`],
    },
    {
      says: 'a failure and a success of one instant are a recovery of no length',
      changes: 'S3 F3',
      chains: ['F3>S3 resolved'],
    },
  ])('of alarms: $says', ({ changes, chains }) => {
    expect(words(changes, ALARMS)).toEqual(chains);
  });

  it.each([
    { says: 'a success within 7 days recovers', changes: `F0 S${7 * DAY}`, chains: [`F0>S${7 * DAY} resolved`] },
    {
      says: 'a success after 7 days closes the chain as expired',
      changes: `F0 S${7 * DAY + 1}`,
      chains: [`F0>S${7 * DAY + 1} expired`],
    },
    { says: 'no success leaves it open, not lost', changes: 'F0', chains: ['F0 open'] },
    {
      says: 'a failure after 7 days still belongs to the open chain',
      changes: `F0 F${9 * DAY}`,
      chains: [`F0+F${9 * DAY} open`],
    },
    {
      says: 'a recovery under 5 minutes is flaky and ends the chain',
      changes: 'F0 S4 F10 S16',
      chains: ['F0>S4 flaky', 'F10>S16 resolved'],
    },
    { says: 'a recovery of 5 minutes is one', changes: 'F0 S5', chains: ['F0>S5 resolved'] },
    {
      says: 'a cancelled run never expires a failure',
      changes: `F0 N1 S${6 * DAY}`,
      chains: [`F0>S${6 * DAY} resolved`],
    },
  ])('of deployments: $says', ({ changes, chains }) => {
    expect(words(changes, DEPLOYMENTS)).toEqual(chains);
  });

  it('says when a chain ended: at its success, or when it had been neutral for too long', () => {
    const atMs = (text: string) => toRecoveries(told(text), ALARMS).chains[0]?.endedAtMs;

    expect(atMs('F0 S30')).toBe(START_MS + 30 * MINUTE_MS);
    expect(atMs('F0 N5')).toBe(START_MS + 5 * MINUTE_MS + 7 * DAY_MS);
    expect(atMs(`F0 N5 S${9 * DAY}`)).toBe(START_MS + 5 * MINUTE_MS + 7 * DAY_MS);
    expect(atMs(`F0 N5 F${9 * DAY}`)).toBe(START_MS + 5 * MINUTE_MS + 7 * DAY_MS);
    expect(atMs('F0')).toBeUndefined();
  });

  it('leaves a chain open until its neutral stretch has lasted 7 days', () => {
    const changes = told('F0 N5');
    const expiresAtMs = START_MS + 5 * MINUTE_MS + 7 * DAY_MS;

    const before = toRecoveries(changes, { ...ALARMS, nowMs: expiresAtMs - 1 });
    const after = toRecoveries(changes, { ...ALARMS, nowMs: expiresAtMs });

    expect(before.chains[0]?.state).toBe('open');
    expect(after.chains[0]?.state).toBe('expired');
  });
});

const anyChanges = fc
  .array(fc.record({ minutes: fc.nat({ max: 30 * DAY }), outcome: fc.constantFrom('failure', 'success', 'neutral') }), {
    maxLength: 40,
  })
  .map((found) =>
    found.map((one, id) => ({ id: `${id}`, atMs: START_MS + one.minutes * MINUTE_MS, outcome: one.outcome })),
  );

const anyPolicy: fc.Arbitrary<RecoveryPolicy> = fc.record({
  openWindowMs: fc.constantFrom(undefined, DAY_MS, 7 * DAY_MS),
  flakyBelowMs: fc.constantFrom(0, 5 * MINUTE_MS, DAY_MS),
  neutralExpiresMs: fc.constantFrom(undefined, DAY_MS, 7 * DAY_MS),
  nowMs: fc.integer({ min: START_MS + 30 * DAY_MS, max: NOW_MS }),
});

describe('recoveries are a function of the set of state changes', () => {
  it('whatever the order of arrival and however often each is told', () => {
    const shuffled = anyChanges.chain((changes) =>
      fc.tuple(
        fc.constant(changes),
        fc.shuffledSubarray([...changes, ...changes, ...changes.slice(0, 5)], {
          minLength: changes.length * 2 + Math.min(5, changes.length),
        }),
      ),
    );
    fc.assert(
      fc.property(shuffled, anyPolicy, ([changes, mixed], policy) => {
        expect(toRecoveries(mixed, policy)).toEqual(toRecoveries(changes, policy));
      }),
    );
  });

  it('in which each failure is resolved, flaky, superseded, open or expired', () => {
    fc.assert(
      fc.property(anyChanges, anyPolicy, (changes, policy) => {
        const { chains, unmatched } = toRecoveries(changes, policy);
        const failures = chains.flatMap(({ anchor, superseded }) => [anchor.id, ...superseded.map(({ id }) => id)]);
        const ends = chains.flatMap(({ end }) => (end === undefined ? [] : [end.id]));
        const idsOf = (outcome: Outcome) => changes.filter((one) => one.outcome === outcome).map(({ id }) => id);

        expect(failures.sort()).toEqual(idsOf('failure').sort());
        expect([...ends, ...unmatched.map(({ id }) => id)].sort()).toEqual(idsOf('success').sort());
        expect(chains.filter(({ state }) => state === 'open').length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('and agree with a slow and obvious reading', () => {
    fc.assert(
      fc.property(anyChanges, anyPolicy, (changes, policy) => {
        const { chains } = toRecoveries(changes, policy);

        const summary = chains.map(({ anchor, end, state }) => [anchor.id, end?.id, state]);
        expect(summary).toEqual(obvious(changes, policy));
      }),
    );
  });
});

type Summary = [string, string | undefined, string];

/** Asks of each failure, alone, whether it is an anchor and what ended it; quadratic, without any running state. */
function obvious(changes: readonly Transition[], policy: RecoveryPolicy): Summary[] {
  const order = ['failure', 'neutral', 'success'];
  const all = [...changes].sort(
    (a, b) => a.atMs - b.atMs || order.indexOf(a.outcome) - order.indexOf(b.outcome) || (a.id < b.id ? -1 : 1),
  );
  /** When the subject, failed until here, has been neutral for too long before `to`. */
  const expired = (from: number, to: number, endMs: number): boolean => {
    const between = all.slice(from + 1, to);
    const firstNeutral = between[between.findLastIndex(({ outcome }) => outcome !== 'neutral') + 1];
    return (
      firstNeutral !== undefined && endMs - firstNeutral.atMs >= (policy.neutralExpiresMs ?? Number.POSITIVE_INFINITY)
    );
  };
  const isAnchor = (index: number): boolean => {
    const before = all.slice(0, index).findLastIndex(({ outcome }) => outcome !== 'neutral');
    if (before === -1 || all[before]?.outcome === 'success') return true;
    return expired(before, index, all[index]?.atMs ?? 0);
  };
  return all.flatMap((change, index): Summary[] => {
    if (change.outcome !== 'failure' || !isAnchor(index)) return [];
    const next = all.findIndex(
      ({ outcome }, at) => at > index && (outcome === 'success' || (outcome === 'failure' && isAnchor(at))),
    );
    const end = all[next];
    if (end === undefined)
      return [[change.id, undefined, expired(index, all.length, policy.nowMs) ? 'expired' : 'open']];
    if (end.outcome === 'failure') return [[change.id, undefined, 'expired']];
    const tookMs = end.atMs - change.atMs;
    const tooLate = tookMs > (policy.openWindowMs ?? Number.POSITIVE_INFINITY) || expired(index, next, end.atMs);
    const state = tookMs < policy.flakyBelowMs ? 'flaky' : 'resolved';
    return [[change.id, end.id, tooLate ? 'expired' : state]];
  });
}
