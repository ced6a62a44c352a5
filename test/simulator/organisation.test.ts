import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANGES_MAX } from '../../src/simulator/organisation/alarms.ts';
import { LIVE_INCIDENTS_MAX } from '../../src/simulator/organisation/incidents.ts';
import { createRandom } from '../../src/simulator/organisation/random.ts';
import { createOpener, mannerOf, SHOP_OPSGENIE, SHOP_PAGERDUTY } from '../../src/simulator/organisation/shop.ts';
import { createOrganisation, type Organisation } from '../../src/simulator/organisation.ts';
import type { SimulatedIncident, World } from '../../src/simulator/world.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 9, 30);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SEEDS = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const shop = (seed = 7) => createOrganisation({ seed, nowMs: NOW_MS });
const incidentsOf = ({ pagerduty, opsgenie }: Organisation) => [...pagerduty.incidents, ...opsgenie.incidents];

/** When an incident was resolved, by what has happened at `atMs`; undefined while it is open. */
function resolvedAtMs({ events }: SimulatedIncident, atMs: number): number | undefined {
  const last = events
    .filter((event) => event.atMs <= atMs && ['resolve', 'merge', 'reopen'].includes(event.kind))
    .at(-1);
  return last === undefined || last.kind === 'reopen' ? undefined : last.atMs;
}

function recoveries(incidents: readonly SimulatedIncident[]): number[] {
  return incidents
    .filter(({ events }) => !events.some(({ kind }) => kind === 'merge'))
    .flatMap((incident) => (resolvedAtMs(incident, Infinity) ?? Number.NaN) - incident.triggeredAtMs)
    .filter((ms) => !Number.isNaN(ms))
    .sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

describe('the invented shop', () => {
  it('is the same for the same seed, live or not, and another for another seed', () => {
    const [one, same, other] = [shop(1), shop(1), shop(2)];
    for (const organisation of [one, same, other]) {
      for (let second = 0; second < 60; second += 1) organisation.live(NOW_MS + second * 1000);
    }

    const texts = [one, same, other].map((organisation) => JSON.stringify(organisation));

    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });

  it('has about twelve services of four teams, and 210 days of incidents and 30 days of alarms', () => {
    const organisation = shop();

    const incidents = incidentsOf(organisation);
    const alarms = organisation.cloudwatch.alarms;
    const firings = alarms.flatMap(({ changes }) => changes.filter(({ state }) => state === 'ALARM'));
    const firstMs = Math.min(...incidents.map(({ triggeredAtMs }) => triggeredAtMs));
    expect(new Set(incidents.map(({ service }) => service.name)).size).toBe(12);
    expect(new Set(incidents.map(({ team }) => team?.name)).size).toBe(4);
    expect(organisation.pagerduty.incidents.length).toBeGreaterThan(1400);
    expect(organisation.pagerduty.incidents.length).toBeLessThan(1600);
    expect(organisation.opsgenie.incidents.length).toBeGreaterThan(650);
    expect(organisation.opsgenie.incidents.length).toBeLessThan(750);
    expect(NOW_MS - firstMs).toBeGreaterThan(205 * DAY_MS);
    expect(NOW_MS - firstMs).toBeLessThanOrEqual(210 * DAY_MS);
    expect(new Set(alarms.map(({ region }) => region)).size).toBe(2);
    expect(firings.length).toBeGreaterThan(100);
    expect(firings.length).toBeLessThan(200);
    expect(firings.every(({ atMs }) => atMs > NOW_MS - 30 * DAY_MS)).toBe(true);
  });

  it('reaches back as far as it is told', () => {
    const organisation = createOrganisation({ seed: 7, nowMs: NOW_MS, historyMs: 30 * DAY_MS });

    const incidents = incidentsOf(organisation);
    expect(incidents.length).toBeGreaterThan(250);
    expect(incidents.length).toBeLessThan(400);
    expect(incidents.every(({ triggeredAtMs }) => triggeredAtMs >= NOW_MS - 30 * DAY_MS)).toBe(true);
  });

  it('recovers from the worst fastest, with a heavy tail in each severity', () => {
    const incidents = incidentsOf(shop());

    const bySeverity = ['P1', 'P2', 'P3', 'P4', 'P5'].map((name) =>
      recoveries(incidents.filter(({ priority }) => priority === name)),
    );

    const medians = bySeverity.map((ms) => quantile(ms, 0.5));
    expect(medians).toEqual([...medians].sort((a, b) => a - b));
    expect(medians[0]).toBeLessThan(45 * MINUTE_MS);
    expect(medians[4]).toBeGreaterThan(600 * MINUTE_MS);
    for (const ms of bySeverity) {
      expect(ms.length).toBeGreaterThan(30);
      expect(quantile(ms, 0.95)).toBeGreaterThan(2.5 * quantile(ms, 0.5));
    }
  });

  it('acknowledges the worst faster than the mildest', () => {
    const incidents = incidentsOf(shop());

    const median = (name: string) => {
      const delays = incidents
        .filter(({ priority }) => priority === name)
        .flatMap(({ events, triggeredAtMs }) => {
          const first = events.find(({ kind, by }) => kind === 'acknowledge' && by === 'person');
          return first === undefined ? [] : [first.atMs - triggeredAtMs];
        });
      return quantile(
        delays.sort((a, b) => a - b),
        0.5,
      );
    };
    expect(median('P1')).toBeLessThan(5 * MINUTE_MS);
    expect(median('P4')).toBeGreaterThan(30 * MINUTE_MS);
  });

  it.each(['pagerduty', 'opsgenie'] as const)('has some of everything that a life can hold on %s', (platform) => {
    const { incidents } = shop()[platform];

    const happened = new Set(incidents.flatMap(({ events }) => events.map(({ kind, by }) => `${kind} by ${by}`)));
    expect([...happened]).toEqual(
      expect.arrayContaining([
        'acknowledge by person',
        'acknowledge by integration',
        'unacknowledge by timeout',
        'escalate by timeout',
        'escalate by person',
        'resolve by person',
        'resolve by integration',
        'resolve by timeout',
        'reopen by person',
      ]),
    );
    expect(happened.has('merge by person')).toBe(platform === 'pagerduty');
    const unset = incidents.filter(({ priority }) => priority === undefined);
    expect(new Set(unset.map(({ urgency }) => urgency))).toEqual(new Set(['high', 'low']));
    expect(unset.length / incidents.length).toBeGreaterThan(0.08);
    expect(unset.length / incidents.length).toBeLessThan(0.25);
  });

  it('meets the same trouble again and again, under one alias where the platform has aliases', () => {
    const { pagerduty, opsgenie } = shop();

    const troubles = new Set(pagerduty.incidents.map(({ title }) => title.replace(/\d+/g, '#')));
    expect(troubles.size).toBeLessThan(60);
    for (const incident of opsgenie.incidents) {
      const others = opsgenie.incidents.filter(({ alias }) => alias === incident.alias);
      expect(new Set(others.map(({ title }) => title.replace(/\d+/g, '#'))).size).toBe(1);
    }
  });

  it('went through a fortnight with more and longer incidents', () => {
    const incidents = shop().pagerduty.incidents;
    const between = (fromAgo: number, toAgo: number) =>
      incidents.filter(
        ({ triggeredAtMs }) => triggeredAtMs >= NOW_MS - fromAgo * DAY_MS && triggeredAtMs < NOW_MS - toAgo * DAY_MS,
      );

    const [before, bad] = [between(80, 52), between(52, 38)];

    expect(bad.length / 14).toBeGreaterThan((1.4 * before.length) / 28);
    expect(quantile(recoveries(bad), 0.5)).toBeGreaterThan(1.2 * quantile(recoveries(before), 0.5));
  });

  it('has a few incidents of different ages and severities, and two alarms, open at now', () => {
    const organisation = shop();

    for (const { incidents } of [organisation.pagerduty, organisation.opsgenie]) {
      const open = incidents.filter((incident) => resolvedAtMs(incident, NOW_MS) === undefined);
      const agesMs = open.map(({ triggeredAtMs }) => NOW_MS - triggeredAtMs);
      expect(open.length).toBeGreaterThan(5);
      expect(open.length).toBeLessThan(25);
      expect(Math.min(...agesMs)).toBeLessThan(15 * MINUTE_MS);
      expect(Math.max(...agesMs)).toBeGreaterThan(10 * DAY_MS);
      expect(new Set(open.map(({ priority }) => priority)).size).toBeGreaterThanOrEqual(5);
    }
    const states = organisation.cloudwatch.alarms.map(
      ({ changes }) => changes.filter(({ atMs }) => atMs <= NOW_MS).at(-1)?.state,
    );
    expect(states.filter((state) => state === 'ALARM')).toHaveLength(2);
  });

  it('holds lives that are possible, whatever the seed and however long it lives', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const organisation = createOrganisation({ seed, nowMs: NOW_MS, historyMs: 40 * DAY_MS });
        for (let second = 0; second < 120; second += 1) organisation.live(NOW_MS + second * 1000);

        const incidents = incidentsOf(organisation);
        expect(new Set(incidents.map(({ id }) => id)).size).toBe(incidents.length);
        for (const incident of incidents) expect(faultOf(incident)).toBeUndefined();
        for (const { changes } of organisation.cloudwatch.alarms) {
          const pairs = changes.slice(1).map((change, index) => [changes[index], change] as const);
          expect(changes[0]?.state).toBe('OK');
          expect(pairs.every(([a, b]) => a !== undefined && a.atMs < b.atMs && a.state !== b.state)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });
});

/** What is impossible about a life, or nothing. */
function faultOf({ id, triggeredAtMs, events }: SimulatedIncident): string | undefined {
  let state = 'triggered';
  let beforeMs = triggeredAtMs;
  for (const { kind, atMs } of events) {
    if (!Number.isInteger(atMs)) return `${id}: ${kind} at a fraction of a millisecond`;
    if (atMs < beforeMs || atMs === triggeredAtMs) return `${id}: ${kind} before what came before it`;
    if ((kind === 'reopen') !== (state === 'resolved')) return `${id}: ${kind} while ${state}`;
    if (kind === 'unacknowledge' && state !== 'acknowledged') return `${id}: ${kind} while ${state}`;
    if (kind === 'acknowledge') state = 'acknowledged';
    else if (kind === 'resolve' || kind === 'merge') state = 'resolved';
    else if (kind !== 'escalate') state = 'triggered';
    beforeMs = atMs;
  }
  return undefined;
}

/** Lets the shop live by a clock that is stepped second by second; gives the incidents and firings that opened meanwhile. */
function watch(organisation: Organisation, seconds: number) {
  const { pagerduty, opsgenie, cloudwatch } = organisation;
  for (let second = 1; second <= seconds; second += 1) organisation.live(NOW_MS + second * 1000);
  const opened = ({ incidents }: World) => incidents.filter(({ triggeredAtMs }) => triggeredAtMs > NOW_MS);
  const firings = cloudwatch.alarms.flatMap(({ changes }) =>
    changes.flatMap(({ atMs, state }, index) =>
      state === 'ALARM' && atMs > NOW_MS ? [{ atMs, overAtMs: changes[index + 1]?.atMs ?? Number.NaN }] : [],
    ),
  );
  return { pagerduty: opened(pagerduty), opsgenie: opened(opsgenie), firings };
}

/** When something was resolved after now, ascending. */
function resolvesAfterNow({ incidents }: World): number[] {
  const stamps = incidents.flatMap(({ events }) =>
    events.filter(({ kind }) => kind === 'resolve').map(({ atMs }) => atMs),
  );
  return stamps.filter((atMs) => atMs > NOW_MS).sort((a, b) => a - b);
}

describe('the shop can be watched', () => {
  it('opens an incident or lets an alarm fire every five seconds or so, each at its own now', () => {
    const organisation = shop();

    const { pagerduty, opsgenie, firings } = watch(organisation, 600);

    const all = [...pagerduty, ...opsgenie].map(({ triggeredAtMs }) => triggeredAtMs);
    const count = all.length + firings.length;
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(150);
    expect([...all, ...firings.map(({ atMs }) => atMs)].every((atMs) => (atMs - NOW_MS) % 1000 === 0)).toBe(true);
    for (const platform of [pagerduty, opsgenie, firings]) expect(platform.length).toBeGreaterThan(20);
  });

  it('resolves something within 20 s, and on PagerDuty and Opsgenie in any 45 s, whatever the seed', () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const organisation = createOrganisation({ seed, nowMs: NOW_MS, historyMs: DAY_MS });

        watch(organisation, 300);

        const resolves = [organisation.pagerduty, organisation.opsgenie].map(resolvesAfterNow);
        expect(Math.min(...resolves.flat())).toBeLessThanOrEqual(NOW_MS + 20_000);
        for (const stamps of resolves) {
          const until = [NOW_MS, ...stamps.filter((atMs) => atMs < NOW_MS + 300_000), NOW_MS + 300_000];
          const longestMs = Math.max(...until.slice(1).map((atMs, index) => atMs - (until[index] ?? 0)));
          expect(longestMs).toBeLessThanOrEqual(45_000);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('resolves within 45 s of the first call too, however late that comes', () => {
    const organisation = shop();
    const startMs = NOW_MS + 3_600_000;

    for (let second = 0; second < 45; second += 1) organisation.live(startMs + second * 1000);

    for (const world of [organisation.pagerduty, organisation.opsgenie]) {
      const opened = world.incidents.filter(({ triggeredAtMs }) => triggeredAtMs >= startMs);
      expect(opened.some((incident) => resolvedAtMs(incident, startMs + 45_000) !== undefined)).toBe(true);
    }
  });

  it('acknowledges within seconds, escalates and reopens now and then, and is done with each in 10 to 90 s', () => {
    const { pagerduty, opsgenie, firings } = watch(shop(), 1800);
    const incidents = [...pagerduty, ...opsgenie];

    const acknowledgedMs = incidents.map(({ events, triggeredAtMs }) => {
      return (events.find(({ kind }) => kind === 'acknowledge')?.atMs ?? Number.NaN) - triggeredAtMs;
    });
    const firstMs = incidents.map(({ events, triggeredAtMs }) => {
      return (events.find(({ kind }) => kind === 'resolve')?.atMs ?? Number.NaN) - triggeredAtMs;
    });

    expect(acknowledgedMs.every((ms) => ms > 0 && ms <= 20_000)).toBe(true);
    expect(firstMs.every((ms) => ms >= 10_000 && ms <= 90_000)).toBe(true);
    expect(recoveries(incidents)).toHaveLength(incidents.length);
    expect(recoveries(incidents).at(-1)).toBeLessThanOrEqual(90_000);
    expect(firings.every(({ atMs, overAtMs }) => overAtMs >= atMs + 10_000 && overAtMs <= atMs + 60_000)).toBe(true);
    for (const kind of ['escalate', 'reopen']) {
      const share =
        incidents.filter(({ events }) => events.some((event) => event.kind === kind)).length / incidents.length;
      expect(share).toBeGreaterThan(0.02);
      expect(share).toBeLessThan(0.25);
    }
  });

  it('opens one incident a platform, not thousands, after a clock that slept for a day', () => {
    const organisation = shop();
    organisation.live(NOW_MS);
    const before = incidentsOf(organisation).length;

    organisation.live(NOW_MS + DAY_MS);

    expect(incidentsOf(organisation)).toHaveLength(before + 2);
  });

  it('forgets the oldest of what it lived through, so that it may run for weeks', () => {
    const organisation = shop();
    const { pagerduty, opsgenie, cloudwatch } = organisation;
    const atStart = [pagerduty.incidents.length, opsgenie.incidents.length];
    const steps = LIVE_INCIDENTS_MAX + 100;

    for (let step = 1; step <= steps; step += 1) organisation.live(NOW_MS + step * 60_000);

    const nowMs = NOW_MS + steps * 60_000;
    const newest = pagerduty.incidents.at(-1);
    expect([pagerduty, opsgenie].map(({ incidents }) => incidents.length)).toEqual(
      atStart.map((count) => count + LIVE_INCIDENTS_MAX),
    );
    expect(pagerduty.incidents.filter(({ triggeredAtMs }) => triggeredAtMs <= NOW_MS)).toHaveLength(atStart[0] ?? 0);
    expect(newest?.triggeredAtMs).toBe(nowMs);
    expect(cloudwatch.alarms.every(({ changes }) => changes.length <= CHANGES_MAX)).toBe(true);
    expect(cloudwatch.alarms.every(({ changes }) => changes[0]?.state === 'OK')).toBe(true);
    expect(cloudwatch.alarms.some(({ changes }) => (changes[0]?.atMs ?? 0) > NOW_MS)).toBe(true);
  });
});

it.each([
  ['PagerDuty', SHOP_PAGERDUTY],
  ['Opsgenie', SHOP_OPSGENIE],
] as const)('two incidents of %s that open in one millisecond have ids of their own', (_, platform) => {
  const open = createOpener(platform, createRandom(1));
  const beginning = { atMs: NOW_MS, manner: mannerOf('P1') };

  const incidents = [open(beginning, []), open(beginning, [])];

  expect(incidents[0]?.id).not.toBe(incidents[1]?.id);
});

describe('the deployments of the shop', () => {
  it('fail, are rolled back and are repaired, and some incidents follow one', () => {
    const { github, pagerduty } = shop();
    const deployments = github.repositories.flatMap((one) =>
      one.deployments.map((each) => ({ ...each, name: one.name })),
    );

    const final = deployments.map(({ statuses }) => statuses.at(-1)?.state);
    const isCaused = deployments.filter(({ name, statuses }) => {
      const endedAtMs = statuses.at(-1)?.atMs ?? 0;
      return pagerduty.incidents.some(
        ({ service, triggeredAtMs }) =>
          `shop/${service.name}` === name && triggeredAtMs > endedAtMs && triggeredAtMs < endedAtMs + 40 * MINUTE_MS,
      );
    });
    const rolledBack = github.repositories.flatMap(({ deployments: all, commits }) => {
      const position = new Map(commits.map(({ sha }, at) => [sha, at]));
      return all.filter(({ sha }, at) => (position.get(sha) ?? 0) < (position.get(all[at - 1]?.sha ?? '') ?? 0));
    });
    expect(deployments.length).toBeGreaterThan(300);
    for (const state of ['SUCCESS', 'FAILURE', 'INACTIVE']) expect(final).toContain(state);
    expect(deployments.filter(({ ref }) => ref === 'hotfix/repair').length).toBeGreaterThan(10);
    expect(rolledBack.length).toBeGreaterThan(3);
    expect(isCaused.length).toBeGreaterThan(20);
  });
});
