import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Incident } from '../../src/model/incident.ts';
import { toRecoveries } from '../../src/model/recoveries.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/model/time.ts';
import type { SimulatedAlarm } from '../../src/simulator/world.ts';
import {
  ALARM,
  alarm,
  change,
  createCloudwatchProvider,
  minutes,
  NO_DATA,
  NOW_MS,
  OK,
  stage,
  storedIncidents,
  withCredentials,
} from './cloudwatch-stage.ts';
import { pollInto } from './memory-known.ts';
import { impatientClock, silentObserver } from './setup.ts';

withCredentials();

describe('an alarm becomes incidents', () => {
  it('with everything that the platform reports', async () => {
    const staged = await stage([
      alarm('api/5xx: prod', [ALARM(-60), OK(-30)], { tags: { service: 'checkout', severity: 'SEV-1' } }),
    ]);

    await staged.poll();

    expect([...staged.memory.incidents.values()]).toEqual([
      {
        id: `eu-west-1/api/5xx: prod@${minutes(-60)}`,
        recoveryKey: `eu-west-1/api/5xx: prod@${minutes(-30)}:OK`,
        subject: 'eu-west-1/api/5xx: prod',
        url: 'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/api%2F5xx%3A%20prod',
        title: 'api/5xx: prod',
        serviceId: 'checkout',
        serviceName: 'checkout',
        severity: { tag: 'SEV-1' },
        status: 'resolved',
        triggeredAtMs: minutes(-60),
        resolvedAtMs: minutes(-30),
        endKnownFrom: 'state_change',
        intervals: [{ openedAtMs: minutes(-60), closedAtMs: minutes(-30) }],
        merged: false,
        fingerprint: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:api/5xx: prod',
        updatedAtMs: minutes(-30),
      },
    ]);
  });

  it('that is its own service and has no severity without tags', async () => {
    const staged = await stage([alarm('disk', [ALARM(-60)])]);

    await staged.poll();

    const [incident] = staged.memory.incidents.values();
    expect(incident).toMatchObject({ serviceId: 'disk', serviceName: 'disk', severity: {}, status: 'triggered' });
  });

  it.each(['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] as const)('when it is a %s', async (kind) => {
    const staged = await stage([alarm('one', [ALARM(-60), OK(-30), ALARM(-10)], { kind })]);

    await staged.poll();

    expect(storedIncidents(staged)).toEqual(['one@-10 triggered', 'one@-60 resolved -30']);
    expect(staged.memory.rejected.size).toBe(0);
  });

  it('one for each period in ALARM when it flaps', async () => {
    const changes = Array.from({ length: 400 }, (_, index) => [ALARM(-3000 + index * 7), OK(-2997 + index * 7)]).flat();
    const staged = await stage([alarm('flapping', changes)]);

    await staged.poll();

    expect(staged.memory.incidents.size).toBe(400);
    const took = [...staged.memory.incidents.values()].map((one) => (one.resolvedAtMs ?? 0) - one.triggeredAtMs);
    expect(new Set(took)).toEqual(new Set([3 * MINUTE_MS]));
  });

  it('that is open since before the history begins', async () => {
    const staged = await stage([alarm('old', [ALARM(-60 * 1440)])]);

    await staged.poll();

    expect(storedIncidents(staged)).toEqual([`old@${-60 * 1440} triggered`]);
    expect(staged.memory.rejected.size).toBe(0);
  });

  it('not when only its end is in the history that is kept', async () => {
    const staged = await stage([alarm('cut', [ALARM(-31 * 1440), OK(-29 * 1440)])]);

    await staged.poll();
    await staged.poll();

    expect(storedIncidents(staged)).toEqual([]);
    expect([...staged.memory.rejected.values()].map(({ key, reason }) => ({ key, reason }))).toEqual([
      { key: `eu-west-1/cut@${minutes(-29 * 1440)}`, reason: 'start_unknown' },
    ]);
  });

  it('not when it went without data since before the history begins and fires on', async () => {
    const staged = await stage([
      alarm('cut', [ALARM(-31 * 1440), NO_DATA(-29 * 1440), ALARM(-28 * 1440), OK(-27 * 1440)]),
    ]);

    await staged.poll();

    expect(storedIncidents(staged)).toEqual([]);
    expect([...staged.memory.rejected.values()].map(({ reason }) => reason)).toEqual(['start_unknown']);
  });

  it('and history begins 30 days before the first sync, and stays there', async () => {
    const staged = await stage([alarm('one', [ALARM(-60), OK(-30)])]);

    await staged.poll();
    const first = staged.memory.end;
    staged.time.nowMs += DAY_MS;
    await staged.poll();

    expect(first).toEqual({ polledUntilMs: NOW_MS, historyStartMs: NOW_MS - 30 * DAY_MS });
    expect(staged.memory.end).toEqual({ polledUntilMs: NOW_MS + DAY_MS, historyStartMs: NOW_MS - 30 * DAY_MS });
  });

  it('and history begins anew when nobody asked for longer than the platform remembers', async () => {
    const staged = await stage([alarm('one', [ALARM(-60), OK(-30)])]);
    await staged.poll();
    staged.time.nowMs += 45 * DAY_MS;

    await staged.poll();

    expect(staged.memory.end?.historyStartMs).toBe(NOW_MS + 15 * DAY_MS);
    expect(storedIncidents(staged)).toEqual(['one@-60 resolved -30']);
  });
});

describe('INSUFFICIENT_DATA', () => {
  it('neither ends an incident nor begins one', async () => {
    const staged = await stage([alarm('one', [NO_DATA(-90), ALARM(-60), NO_DATA(-50), ALARM(-40), NO_DATA(-30)])]);

    await staged.poll();
    const before = storedIncidents(staged);
    change(staged.world, 'one', OK(5));
    staged.time.nowMs = minutes(10);
    await staged.poll();

    expect(before).toEqual(['one@-60 triggered']);
    expect(storedIncidents(staged)).toEqual(['one@-60 resolved 5']);
  });

  it('for 7 days sets an incident apart as expired, without any news of the alarm', async () => {
    const staged = await stage([alarm('one', [ALARM(-60), NO_DATA(-50)])]);
    await staged.poll();
    staged.time.nowMs = minutes(-50) + 7 * DAY_MS - 1;
    await staged.poll();
    const before = storedIncidents(staged);
    staged.time.nowMs += 1;

    await staged.poll();

    expect(before).toEqual(['one@-60 triggered']);
    expect(storedIncidents(staged)).toEqual([`one@-60 expired ${-50 + 7 * 1440}`]);
  });

  it('for 7 days lets the next ALARM begin an incident of its own', async () => {
    const staged = await stage([alarm('one', [ALARM(-20 * 1440), NO_DATA(-19 * 1440), ALARM(-2 * 1440), OK(-1440)])]);

    await staged.poll();

    expect(storedIncidents(staged)).toEqual([
      `one@${-2 * 1440} resolved -1440`,
      `one@${-20 * 1440} expired ${-12 * 1440}`,
    ]);
  });
});

describe('late and missing history', () => {
  it('makes a recovery of an end whose start is reported late', async () => {
    const staged = await stage([alarm('one', [OK(-9), ALARM(-4, 5 * MINUTE_MS), OK(-2)])]);
    await staged.poll();
    const before = [...staged.memory.incidents.values()];
    staged.time.nowMs = minutes(6);

    await staged.poll();

    expect(before).toEqual([]);
    expect(storedIncidents(staged)).toEqual(['one@-4 resolved -2']);
  });

  it('changes the id of an incident whose anchor moves, but not the identity of its recovery', async () => {
    const staged = await stage([alarm('one', [OK(-100), ALARM(-3), OK(-1)])]);
    await staged.poll();
    const [before] = staged.memory.incidents.values();
    // The platform shows an earlier ALARM and a period without data only now.
    const [found] = staged.world.alarms;
    if (found !== undefined) found.changes = [OK(-100), ALARM(-5), NO_DATA(-4), ALARM(-3), OK(-1)];
    staged.time.nowMs = minutes(2);

    const pages = await staged.poll();

    const [after] = staged.memory.incidents.values();
    expect(staged.memory.incidents.size).toBe(1);
    expect([before?.triggeredAtMs, after?.triggeredAtMs]).toEqual([minutes(-3), minutes(-5)]);
    expect(after?.id).not.toBe(before?.id);
    expect(after?.recoveryKey).toBe(before?.recoveryKey);
    expect(pages.flatMap(({ replacedSubjects }) => replacedSubjects)).toEqual(['eu-west-1/one']);
  });

  it('keeps the identity of a recovery that a late end splits in two', async () => {
    const staged = await stage([alarm('one', [ALARM(-40), OK(-5, 6 * MINUTE_MS), ALARM(-3), OK(-1)])]);
    await staged.poll();
    const [before] = staged.memory.incidents.values();
    staged.time.nowMs = minutes(6);

    const pages = await staged.poll();

    expect(storedIncidents(staged)).toEqual(['one@-3 resolved -1', 'one@-40 resolved -5']);
    const later = staged.memory.incidents.get(`eu-west-1/one@${minutes(-3)}`);
    expect(later?.recoveryKey).toBe(before?.recoveryKey);
    expect(pages.flatMap(({ replacedSubjects }) => replacedSubjects)).toEqual(['eu-west-1/one']);
  });

  it('of a recovery is waited for, and then the alarm itself is believed', async () => {
    const staged = await stage([alarm('one', [ALARM(-60)])]);
    await staged.poll();
    change(staged.world, 'one', OK(5, 3 * DAY_MS));
    staged.time.nowMs = minutes(30);
    await staged.poll();
    const waiting = storedIncidents(staged);
    staged.time.nowMs = minutes(66);

    await staged.poll();

    expect(waiting).toEqual(['one@-60 triggered']);
    expect(storedIncidents(staged)).toEqual(['one@-60 resolved 5']);
  });

  it('that comes after the alarm was believed changes nothing', async () => {
    const staged = await stage([alarm('one', [ALARM(-60)])]);
    await staged.poll();
    change(staged.world, 'one', OK(5, 62 * MINUTE_MS));
    staged.time.nowMs = minutes(66);
    await staged.poll();
    const before = [...staged.memory.incidents.values()];
    staged.time.nowMs = minutes(68);

    await staged.poll();

    expect([...staged.memory.incidents.values()]).toEqual(before);
    expect(before[0]?.status).toBe('resolved');
  });

  it('is no reason to ask for the state of alarms that fire as they should', async () => {
    const staged = await stage([alarm('one', [ALARM(-60)]), alarm('two', [ALARM(-60), OK(-30)])]);
    await staged.poll();
    const before = staged.asked('DescribeAlarms').length;
    staged.time.nowMs = minutes(1);

    await staged.poll();

    expect(staged.asked('DescribeAlarms').length).toBe(before + 1);
    expect(staged.asked('DescribeAlarms').at(-1)?.body).toContain('"StateValue":"ALARM"');
  });
});

describe('an alarm that is deleted while it fires', () => {
  it('takes its open incident along, not those that ended', async () => {
    const staged = await stage([alarm('one', [ALARM(-60), OK(-50), ALARM(-40)])]);
    await staged.poll();
    const [found] = staged.world.alarms;
    if (found !== undefined) found.deletedAtMs = minutes(3);
    staged.time.nowMs = minutes(5);

    const pages = await staged.poll();

    expect(storedIncidents(staged)).toEqual(['one@-60 resolved -50']);
    expect(pages.flatMap(({ deletedIds }) => deletedIds)).toEqual([`eu-west-1/one@${minutes(-40)}`]);
    expect(pages.flatMap(({ replacedSubjects }) => replacedSubjects)).toEqual([]);
  });

  it('lends nothing to one that is made anew under its name', async () => {
    const staged = await stage([alarm('one', [ALARM(-40)])]);
    await staged.poll();
    const [found] = staged.world.alarms;
    if (found !== undefined) found.deletedAtMs = minutes(3);
    staged.time.nowMs = minutes(5);
    await staged.poll();
    staged.world.alarms.push(alarm('one', [ALARM(20), OK(30)]));
    staged.time.nowMs = minutes(35);

    await staged.poll();

    expect(storedIncidents(staged)).toEqual(['one@20 resolved 30']);
    expect(new Set([...staged.memory.incidents.values()].map(({ fingerprint }) => fingerprint))).toEqual(
      new Set(['arn:aws:cloudwatch:eu-west-1:123456789012:alarm:one']),
    );
  });

  it('is recovered after all when its end is reported late', async () => {
    const staged = await stage([alarm('one', [ALARM(-40)])]);
    await staged.poll();
    change(staged.world, 'one', OK(2, 10 * MINUTE_MS));
    const [found] = staged.world.alarms;
    if (found !== undefined) found.deletedAtMs = minutes(3);
    staged.time.nowMs = minutes(5);
    await staged.poll();
    const before = storedIncidents(staged);
    staged.time.nowMs = minutes(13);

    await staged.poll();

    expect(before).toEqual([]);
    expect(storedIncidents(staged)).toEqual(['one@-40 resolved 2']);
  });

  it('before the first sync is not open', async () => {
    const staged = await stage([
      alarm('gone', [ALARM(-60), OK(-50), ALARM(-40)], { deletedAtMs: minutes(-20) }),
      alarm('there', [ALARM(-30)]),
    ]);

    await staged.poll();

    expect(storedIncidents(staged)).toEqual(['gone@-60 resolved -50', 'there@-30 triggered']);
  });

  it('keeps the service and severity that its tags gave it', async () => {
    const staged = await stage([
      alarm('one', [ALARM(-60), OK(-50)], { tags: { service: 'checkout', severity: 'P1' } }),
    ]);
    await staged.poll();
    change(staged.world, 'one', ALARM(600));
    change(staged.world, 'one', OK(610));
    const [found] = staged.world.alarms;
    if (found !== undefined) found.deletedAtMs = minutes(615);
    staged.time.nowMs = minutes(620);

    await staged.poll();

    const all = [...staged.memory.incidents.values()];
    expect(all.map(({ serviceName, severity }) => [serviceName, severity.tag])).toEqual([
      ['checkout', 'P1'],
      ['checkout', 'P1'],
    ]);
  });
});

describe('several regions', () => {
  const REGIONS = ['eu-west-1', 'us-east-1', 'ap-southeast-2'];

  it('are read under one provider, with alarms of the same name apart', async () => {
    const staged = await stage(
      REGIONS.map((region, index) => alarm('one', [ALARM(-60 - index), OK(-50)], { region })),
      { regions: REGIONS },
    );

    await staged.poll();

    expect([...staged.memory.incidents.keys()].sort()).toEqual(
      REGIONS.map((region, index) => `${region}/one@${minutes(-60 - index)}`).sort(),
    );
    const fingerprints = [...staged.memory.incidents.values()].map(({ fingerprint }) => fingerprint.split(':')[3]);
    expect(new Set(fingerprints)).toEqual(new Set(REGIONS));
  });

  it('have an allowance each: none waits for the requests of another', async () => {
    const alarms = REGIONS.map((region) => alarm('one', [ALARM(-60)], { region }));
    const staged = await stage(alarms, { regions: REGIONS, rateLimit: { requests: 1, perMs: 24 * HOUR_MS } });
    const stop = new AbortController();

    const poll = staged.poll({ signal: stop.signal });
    await vi.waitFor(() => expect(staged.fake.requests).toHaveLength(3), { timeout: 30_000 });
    stop.abort(new Error('seen enough'));

    await expect(poll).rejects.toThrow('seen enough');
    const asked = staged.fake.requests.map(({ headers }) => headers.authorization?.split('/')[2]);
    expect(new Set(asked)).toEqual(new Set(REGIONS));
  });

  it('fail together, so that a poll never reports half of what happened', async () => {
    const staged = await stage(
      REGIONS.map((region) => alarm('one', [ALARM(-60)], { region })),
      { regions: REGIONS },
    );
    await staged.poll();
    const before = staged.memory.cursor;
    for (const { name } of staged.world.alarms) change(staged.world, name, OK(3));
    staged.time.nowMs = minutes(5);
    staged.fake.faults.push({ times: 1, answer: { status: 400, body: { __type: 'x#InternalFault', message: 'no' } } });

    await expect(staged.poll()).rejects.toThrow('400');

    expect(staged.memory.cursor).toBe(before);
    expect(storedIncidents(staged)).toEqual(['one@-60 triggered', 'one@-60 triggered', 'one@-60 triggered']);
  });

  it('may be added later, and then bring their history along', async () => {
    const alarms = REGIONS.map((region) => alarm('one', [ALARM(-5 * 1440), OK(-4 * 1440)], { region }));
    const staged = await stage(alarms, { regions: ['eu-west-1'] });
    await staged.poll();
    const more = createCloudwatchProvider(
      staged.fake.url,
      { regions: REGIONS },
      { clock: impatientClock(NOW_MS), observer: silentObserver },
    );
    onTestFinished(() => more.close());

    await pollInto(staged.memory, more, { nowMs: minutes(1), historyStartMs: NOW_MS - 210 * DAY_MS });

    expect(staged.memory.incidents.size).toBe(3);
  });
});

describe('the platform says no', () => {
  it('by throttling with status 400, which is tried again and counted', async () => {
    let throttled = 0;
    const observer = { ...silentObserver, onThrottled: () => (throttled += 1) };
    const staged = await stage([alarm('one', [ALARM(-60)])], { observer });
    const answer = {
      status: 400,
      headers: { 'x-amzn-query-error': 'Throttling;Sender' },
      body: { __type: 'com.amazonaws.cloudwatch#ThrottlingException', message: 'Rate exceeded' },
    };
    staged.fake.faults.push({ times: 2, answer });

    await staged.poll();

    expect(throttled).toBe(2);
    expect(storedIncidents(staged)).toEqual(['one@-60 triggered']);
  });

  it('to a token that has expired, and the region goes on from where it was', async () => {
    const changes = Array.from({ length: 400 }, (_, index) => [ALARM(-3000 + index * 7), OK(-2997 + index * 7)]).flat();
    let refusals = 2;
    const staged = await stage([alarm('flapping', changes)], { tokensRefused: () => refusals-- > 0 });

    await staged.poll();

    expect(staged.memory.incidents.size).toBe(400);
    const begun = staged.asked('DescribeAlarmHistory').filter(({ body }) => !body.includes('NextToken'));
    expect(begun).toHaveLength(3);
  });

  it('to every token, which ends the poll with an error instead of going on for ever', async () => {
    const changes = Array.from({ length: 150 }, (_, index) => [
      ALARM(-10 + index / 100),
      OK(-10 + (index + 0.5) / 100),
    ]);
    const staged = await stage([alarm('flapping', changes.flat())], { tokensRefused: () => true });

    await expect(staged.poll()).rejects.toThrow('refused its own NextToken');
  });

  it('without naming anybody in the error', async () => {
    const staged = await stage([alarm('one', [ALARM(-60)])]);
    const message =
      'User: arn:aws:iam::1:user/ada-byron (ada.byron@example.com) is not authorized to perform: cloudwatch:DescribeAlarms';
    staged.fake.faults.push({ times: 9, answer: { status: 403, body: { __type: 'x#AccessDenied', message } } });

    const failure = await staged.poll().catch((error: unknown) => String(error));

    expect(failure).toContain('403');
    expect(failure).toContain('cloudwatch:DescribeAlarms');
    expect(failure).not.toContain('ada');
  });
});

describe('incidents are a function of the history, not of how it arrived', () => {
  const anyLife = fc.record({
    gaps: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 25 }),
    states: fc.infiniteStream(fc.constantFrom('ALARM', 'OK', 'INSUFFICIENT_DATA') as fc.Arbitrary<'ALARM' | 'OK'>),
    lateness: fc.infiniteStream(fc.constantFrom(0, 0, 0, 2, 4)),
    kind: fc.constantFrom('MetricAlarm' as const, 'CompositeAlarm' as const),
  });

  it('whatever polls cut it into, however late and often items are shown', async () => {
    const lives = fc.array(anyLife, { minLength: 1, maxLength: 3 });
    const pollMinutes = fc.array(fc.integer({ min: 1, max: 2880 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(lives, pollMinutes, fc.boolean(), async (drawn, polls, duplicates) => {
        const alarms = drawn.map((life, index) => alarm(`alarm ${index}`, toChanges(life), { kind: life.kind }));
        const staged = await stage(alarms, { duplicates });
        staged.time.nowMs = NOW_MS;
        for (const minute of polls) {
          await staged.poll();
          staged.time.nowMs += minute * MINUTE_MS;
        }
        // By then everything has been shown, and nothing is later than the overlap.
        staged.time.nowMs = Math.max(staged.time.nowMs, minutes(20 * 1440));
        for (let again = 0; again < 2; again += 1) {
          await staged.poll();
          staged.time.nowMs += MINUTE_MS;
        }

        expect(factsOf([...staged.memory.incidents.values()])).toEqual(expected(alarms, staged.time.nowMs - MINUTE_MS));
      }),
      { numRuns: 30 },
    );
  });

  interface Life {
    readonly gaps: readonly number[];
    readonly states: Iterator<'ALARM' | 'OK'>;
    readonly lateness: Iterator<number>;
  }

  function toChanges({ gaps, states, lateness }: Life): SimulatedAlarm['changes'] {
    let minute = -1440;
    return gaps.map((gap) => {
      minute += gap;
      const late = Number(lateness.next().value) * MINUTE_MS;
      return { atMs: minutes(minute), state: states.next().value, shownAfterMs: late };
    });
  }

  function expected(alarms: readonly SimulatedAlarm[], nowMs: number) {
    const outcomes = { ALARM: 'failure', OK: 'success', INSUFFICIENT_DATA: 'neutral' } as const;
    return alarms
      .flatMap(({ name, changes }) => {
        const stateChanges = changes.map(({ atMs, state }) => ({ id: `${atMs}`, atMs, outcome: outcomes[state] }));
        const policy = { flakyBelowMs: 0, neutralExpiresMs: 7 * DAY_MS, nowMs };
        return toRecoveries(stateChanges, policy).chains.map(({ anchor, endedAtMs, state }) => ({
          id: `eu-west-1/${name}@${anchor.atMs}`,
          resolvedAtMs: endedAtMs,
          expired: state === 'expired',
        }));
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  function factsOf(incidents: readonly Incident[]) {
    return incidents
      .map(({ id, resolvedAtMs, exclusion }) => ({ id, resolvedAtMs, expired: exclusion === 'expired' }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
});

it('asks two questions per region and poll while nothing happens', async () => {
  const staged = await stage([alarm('one', [ALARM(-60), OK(-50)])]);
  await staged.poll();
  staged.time.nowMs += 2 * HOUR_MS;
  const before = staged.fake.requests.length;

  await staged.poll();

  expect(staged.fake.requests.length - before).toBe(2);
});
