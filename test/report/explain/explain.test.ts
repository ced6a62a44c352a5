import { describe, expect, it } from 'vitest';
import { formatTime } from '../../../src/model/format.ts';
import { explain } from '../../../src/report/explain/explain.ts';
import { Explanation } from '../../../src/report/explain/explanation.ts';
import type { Question } from '../../../src/report/explain/question.ts';
import { DAY_MS, incident, recovered } from '../../store/fixtures.ts';
import {
  ago,
  ask,
  days,
  HISTORY_START,
  NOW,
  RETENTION_MS,
  statisticsSettings,
  type TestProvider,
  worldOf,
} from '../stored-history.ts';

const FILTER = { severities: [], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 };

/** What is left out, as `reason: ids`. */
function leftOut({ left_out: all }: Explanation): string[] {
  return all.map(({ reason, count, examples }) => `${reason} ${count}: ${examples.map(({ id }) => id).join(' ')}`);
}

function asked(incidents: TestProvider['incidents'], question: Partial<Question> = {}) {
  return ask(worldOf([{ incidents: incidents ?? [] }]), question);
}

describe('a mean', () => {
  const told = [
    recovered('SHORT', 10, { triggeredAtMs: ago(300), endKnownFrom: 'resolve_event' }),
    recovered('LONG', 50, {
      triggeredAtMs: ago(200),
      autoResolved: true,
      acknowledgedAtMs: ago(190),
      url: 'https://x/LONG',
    }),
  ];

  it('is measured by the configured clock, and agrees with the metric', () => {
    const incidents = [
      recovered('WHOLE', 40, { triggeredAtMs: ago(200), startedAtMs: ago(210), mitigatedAtMs: ago(180) }),
      recovered('PLAIN', 50, { triggeredAtMs: ago(200) }),
    ];

    const {
      value,
      incidents: listed,
      agrees,
      ...rest
    } = ask(worldOf([{ incidents }]), {}, { clock: 'impact', until: 'mitigated' });

    expect(listed.map(({ id, recovery_minutes: minutes }) => [id, minutes])).toEqual([
      ['PLAIN', 50],
      ['WHOLE', 30],
    ]);
    expect([value, agrees, rest.clock, rest.until]).toEqual([40, true, 'impact', 'mitigated']);
  });

  it('is the sum of the listed minutes divided by their number, the longest first', () => {
    const { value, arithmetic, incidents, counted } = asked(told);

    expect({ value, counted }).toEqual({ value: 30, counted: 2 });
    expect(arithmetic).toEqual({ kind: 'mean', sum_minutes: 60, count: 2 });
    expect(incidents.map(({ id, contribution }) => [id, contribution])).toEqual([
      ['LONG', 50],
      ['SHORT', 10],
    ]);
  });

  it('names each incident with its stamps, its link and how its end is known', () => {
    const { incidents } = asked(told);

    expect(incidents[0]).toMatchObject({
      provider: 'pagerduty',
      url: 'https://x/LONG',
      service: 'checkout',
      severity: 'P1',
      triggered_at: new Date(ago(200)).toISOString(),
      acknowledged_at: new Date(ago(190)).toISOString(),
      resolved_at: new Date(ago(150)).toISOString(),
      auto_resolved: true,
    });
    expect(incidents[1]?.end_known_from).toBe('resolve_event');
  });

  it('lists no more incidents than were asked for, and says how many there are', () => {
    const { incidents, counted } = asked(told, { limit: 1 });

    expect(incidents.map(({ id }) => id)).toEqual(['LONG']);
    expect(counted).toBe(2);
  });

  it('of the times to acknowledgement leaves out what nobody acknowledged', () => {
    const explanation = asked(told, { statistic: 'mtta' });

    expect(explanation).toMatchObject({ value: 10, metric: 'incident_mtta_minutes' });
    expect(leftOut(explanation)).toEqual(['no_stamp 1: SHORT']);
  });

  it('has as many minutes of a reopened incident as recovery.reopened says', () => {
    const intervals = [
      { openedAtMs: ago(200), closedAtMs: ago(180) },
      { openedAtMs: ago(100), closedAtMs: ago(90) },
    ];
    const world = worldOf([{ incidents: [recovered('R', 110, { triggeredAtMs: ago(200), intervals })] }]);

    const [last, first, sum] = [
      ask(world, {}, { reopened: 'last' }),
      ask(world, {}, { reopened: 'first' }),
      ask(world, {}, { reopened: 'sum' }),
    ];

    expect([last.value, first.value, sum.value]).toEqual([110, 20, 30]);
    expect(last.incidents[0]?.intervals).toHaveLength(2);
  });

  it('says that it is absent, and why, when nothing was resolved', () => {
    const { value, absence, incidents } = asked([incident('OPEN', { triggeredAtMs: ago(10) })]);

    expect(value).toBeUndefined();
    expect(absence).toBe('no incident is in it: mttr needs at least one');
    expect(incidents).toEqual([]);
  });

  it('says that it is absent below the configured sample', () => {
    const world = worldOf([{ incidents: told }]);

    const { value, absence } = ask(world, {}, { minimumSample: 3 });

    expect(value).toBeUndefined();
    expect(absence).toBe('only 2 of the 3 incidents that metrics.minimum_sample asks for');
  });

  it('is data that its own schema accepts, and JSON keeps', () => {
    const explanation = asked(told);

    const read: unknown = JSON.parse(JSON.stringify(explanation));

    expect(Explanation.parse(read)).toEqual(read);
  });
});

describe('what is left out', () => {
  it('is told with its reason: merged, set apart, deleted, open, and just outside the window', () => {
    const at = (minutes: number) => ({ triggeredAtMs: ago(minutes) });
    const world = worldOf([
      {
        incidents: [
          recovered('IN', 10, at(100)),
          recovered('MERGED', 10, { ...at(100), merged: true }),
          recovered('FLAKY', 1, { ...at(100), exclusion: 'flaky' }),
          recovered('EXPIRED', 10, { ...at(100), exclusion: 'expired' }),
          recovered('DELETED', 10, at(100)),
          incident('OPEN', at(days(200))),
          recovered('BEFORE', 10, at(days(31))),
          recovered('LONG AGO', 10, at(days(40))),
        ],
        deletedIds: ['DELETED'],
      },
    ]);

    const explanation = ask(world);

    expect(explanation.value).toBe(10);
    expect(leftOut(explanation)).toEqual([
      'deleted 1: DELETED',
      'expired 1: EXPIRED',
      'flaky 1: FLAKY',
      'merged 1: MERGED',
      'still_open 1: OPEN',
      'ended_before 1: BEFORE',
    ]);
    expect(explanation.left_out.at(-1)?.examples[0]?.outside_minutes).toBe(days(1) - 10);
  });

  it('is what ran when the period ended, and how much later it was resolved', () => {
    const explanation = asked([recovered('LATER', 60, { triggeredAtMs: ago(days(10) + 20) })], {
      end: ago(days(10)),
    });

    expect(leftOut(explanation)).toEqual(['ended_after 1: LATER']);
    expect(explanation.left_out[0]?.examples[0]?.outside_minutes).toBe(40);
  });

  it.each([
    { filter: { severities: ['P2'] }, reason: 'filter_severities' },
    { filter: { services: ['search'] }, reason: 'filter_services' },
    { filter: { teams: ['payments'] }, reason: 'filter_teams' },
    { filter: { excludeTitles: [/^trouble/] }, reason: 'exclude_titles' },
    { filter: { shorterThanMs: 11 * 60_000 }, reason: 'shorter_than' },
  ])('is what the filter keeps out: $reason', ({ filter, reason }) => {
    const world = worldOf([
      { config: { filter: { ...FILTER, ...filter } }, incidents: [recovered('X', 10, { triggeredAtMs: ago(100) })] },
    ]);

    const explanation = ask(world, { labels: { service: 'checkout' } });

    expect(leftOut(explanation)).toEqual([`${reason} 1: X`]);
    expect(explanation.absence).toMatch(/^no incident that counts has these labels/);
  });

  it('is what belongs to a provider that counts only in its own rows', () => {
    const own = {
      config: { name: 'aws', overall: false },
      incidents: [recovered('A', 10, { triggeredAtMs: ago(100) })],
    };
    const world = worldOf([{ incidents: [recovered('P', 30, { triggeredAtMs: ago(100) })] }, own]);

    const all = ask(world);
    const aws = ask(world, { labels: { provider: 'aws' } });

    expect(leftOut(all)).toEqual(['not_overall 1: A']);
    expect(all.providers.map(({ state }) => state)).toEqual(['counted', 'not_overall']);
    expect(aws).toMatchObject({ by: 'provider', value: 10, left_out: [] });
  });

  it('counts all but names a few, those nearest to the window first', () => {
    const told = Array.from({ length: 8 }, (_, at) =>
      recovered(`B${at}`, 0, { triggeredAtMs: ago(days(30) + 10 * at) }),
    );

    const { left_out: all } = asked(told);

    expect(all[0]).toMatchObject({ reason: 'ended_before', count: 8 });
    expect(all[0]?.examples.map(({ id }) => id)).toEqual(['B0', 'B1', 'B2', 'B3', 'B4']);
  });
});

describe('the arithmetic', () => {
  const four = [10, 20, 30, 50].map((minutes) => recovered(`T${minutes}`, minutes, { triggeredAtMs: ago(200) }));

  it('of a quantile names the incidents between which it lies', () => {
    const { value, arithmetic } = asked(four, { statistic: 'p90' });

    expect(value).toBeCloseTo(44, 9);
    expect(arithmetic).toMatchObject({
      kind: 'quantile',
      count: 4,
      below: { rank: 3, minutes: 30, id: 'T30' },
      above: { rank: 4, minutes: 50, id: 'T50' },
    });
  });

  it('of a standard deviation has the mean and the squares', () => {
    const { value, arithmetic } = asked(four, { statistic: 'stddev' });

    expect(arithmetic).toEqual({ kind: 'deviation', count: 4, mean_minutes: 27.5, squares: 875 });
    expect(value).toBeCloseTo(Math.sqrt(875 / 3), 9);
  });

  it('of a share within target shows the misses first, and what has no target', () => {
    const told = [...four, recovered('INFO', 5, { triggeredAtMs: ago(200), priority: 'P5' })];

    const explanation = asked(told, { statistic: 'withinTarget' });

    expect(explanation.arithmetic).toEqual({ kind: 'share', part: 3, of: 4 });
    expect(explanation.incidents[0]).toMatchObject({ id: 'T50', contribution: 0 });
    expect(leftOut(explanation)).toEqual(['no_target 1: INFO']);
  });

  it('of repeats groups the incidents by their trouble', () => {
    const told = ['a', 'b', 'a', 'a'].map((fingerprint, at) =>
      recovered(`R${at}`, 1, { triggeredAtMs: ago(200 - at), fingerprint }),
    );

    const { value, arithmetic } = asked(told, { statistic: 'repeat' });

    expect(value).toBe(0.5);
    expect(arithmetic).toMatchObject({ kind: 'repeat', opened: 4, fingerprints: 2, repeated_fingerprints: 1 });
    expect(arithmetic?.kind === 'repeat' && arithmetic.repeated[0]?.incidents.map(({ id }) => id)).toEqual([
      'R0',
      'R2',
      'R3',
    ]);
  });

  it('of free time counts overlaps once, and only the part that history covers', () => {
    const world = worldOf([
      {
        historyStartMs: ago(days(10)),
        incidents: [
          recovered('A', 60, { triggeredAtMs: ago(600) }),
          recovered('B', 60, { triggeredAtMs: ago(570) }),
          recovered('BEFORE', 120, { triggeredAtMs: ago(days(10) + 60) }),
        ],
      },
    ]);

    const { value, arithmetic, notes } = ask(world, { statistic: 'free' });

    expect(arithmetic).toMatchObject({ kind: 'free', covered_minutes: days(10), busy_minutes: 150 });
    expect(value).toBe((days(10) - 150) / days(10));
    expect(notes).toEqual([
      `provider pagerduty: its history begins at ${new Date(ago(days(10))).toISOString()}, within the window`,
    ]);
  });

  it('of a baseline is about the window before', () => {
    const { value, providers } = asked([recovered('OLD', 40, { triggeredAtMs: ago(days(45)) })], {
      statistic: 'baseline',
    });

    expect(value).toBe(40);
    expect(providers[0]).toMatchObject({
      window_from: new Date(NOW - 60 * DAY_MS).toISOString(),
      window_to: new Date(NOW - 30 * DAY_MS).toISOString(),
    });
  });
});

describe('a question', () => {
  const told = [
    recovered('CP', 10, { triggeredAtMs: ago(100), team: 'payments' }),
    recovered('SP', 30, { triggeredAtMs: ago(100), service: 'search', priority: 'P2', team: 'payments' }),
  ];

  it('takes a severity by one of its aliases', () => {
    const { labels, value } = asked(told, { labels: { severity: 'Critical' } });

    expect(labels).toEqual({ severity: 'P1' });
    expect(value).toBe(10);
  });

  it('takes a severity in any spelling of an alias', () => {
    const { labels } = asked(told, { labels: { severity: 'SEV 1' } });

    expect(labels).toEqual({ severity: 'P1' });
  });

  it('may narrow a row by further labels, and says that no page shows that', () => {
    const { by, value, notes } = asked(told, { labels: { team: 'payments', severity: 'P2' } });

    expect({ by, value }).toEqual({ by: 'team', value: 30 });
    expect(notes[0]).toMatch(/^\/metrics does not show this number: no row has just these labels/);
  });

  it.each([
    { labels: { service: 'chekout' }, says: /^service: "chekout" is unknown; did you mean "checkout"\?/ },
    { labels: { severity: 'P9' }, says: /^severity: "P9" is unknown/ },
    { labels: { team: 'payment' }, says: /^team: "payment" is unknown; did you mean "payments"\?/ },
    { labels: { provider: 'pagrduty' }, says: /^provider: "pagrduty" is unknown; did you mean "pagerduty"\?/ },
  ])('about a name that nothing has is refused: $labels', ({ labels, says }) => {
    const answer = () => asked(told, { labels });

    expect(answer).toThrow(says);
  });

  it('about a time before all history is refused', () => {
    const answer = () => asked(told, { end: HISTORY_START - 1 });

    expect(answer).toThrow(/^the period ends at .*, before the history begins \(pagerduty: /);
  });

  it('about a time of which nothing is kept any more is refused, and a window that begins there says so', () => {
    const world = worldOf([{ incidents: told }]);
    const question = { statistic: 'mttr', labels: {}, window: { name: '30d', ms: 30 * DAY_MS }, end: 'read' } as const;
    const given = { ...world, settings: statisticsSettings(), retentionMs: 10 * DAY_MS };

    const { notes } = explain({ ...given, question });
    const older = () => explain({ ...given, question: { ...question, end: ago(days(11)) } });

    const instant = new Date(ago(days(10))).toISOString();
    expect(notes).toEqual([
      `provider pagerduty: incidents that ended before ${instant}, within the window, are no longer kept (retention)`,
    ]);
    expect(older).toThrow(`before the history begins (pagerduty: ${formatTime(ago(days(10)))})`);
  });

  it('about a provider whose first sync goes on has no number, and says so', () => {
    const world = worldOf([{ incidents: told, isUnsynced: true }]);

    const { value, providers, notes } = ask(world, { labels: { service: 'checkout' } });

    expect(value).toBeUndefined();
    expect(providers).toEqual([{ name: 'pagerduty', state: 'not_synced' }]);
    expect(notes.at(-1)).toMatch(/^provider pagerduty: first sync incomplete/);
  });

  it('fails when the statistics and the incidents disagree', () => {
    const world = worldOf([{ incidents: told }]);
    let reads = 0;
    const each: typeof world.history.each = (visit, sinceMs) => {
      reads += 1;
      const isLying = reads > 1;
      return world.history.each((one) => visit(isLying ? { ...one, resolvedAtMs: NOW } : one), sinceMs);
    };
    const question = { statistic: 'mttr', labels: {}, window: { name: '30d', ms: 30 * DAY_MS }, end: 'read' } as const;

    const answer = () =>
      explain({
        ...world,
        history: { ...world.history, each },
        question,
        settings: statisticsSettings(),
        retentionMs: RETENTION_MS,
      });

    expect(answer).toThrow(/is 100 by the statistics and 20 by its incidents; this is a bug/);
  });
});
