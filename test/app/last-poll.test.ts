import { expect, it } from 'vitest';
import { LastPollResponse } from '../../src/server/api/schemas.ts';
import { PAGERDUTY_PEOPLE } from '../../src/simulator/pagerduty/wire.ts';
import { PAGERDUTY_FAKE_KEY } from '../../src/simulator/pagerduty.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, START_MS, stageEngine, told } from '../metrics/stage.ts';

const INCIDENTS = [
  { ...told({ id: 'QABCDEF', triggeredAtMs: START_MS - DAY_MS }), title: 'Unspeakable trouble' },
  { ...told({ id: 'Q2', triggeredAtMs: START_MS - 2 * DAY_MS, resolved: 47 }), title: 'Unspeakable trouble' },
];
const ALARM = {
  region: 'eu-west-1',
  name: 'cpu',
  kind: 'MetricAlarm' as const,
  tags: { service: 'checkout', severity: 'P1' },
  changes: [
    { atMs: START_MS - 2 * HOUR_MS, state: 'OK' as const },
    { atMs: START_MS - HOUR_MS, state: 'ALARM' as const },
  ],
};

it('a poll is told request by request, page by page and with what was stored', async () => {
  const stage = await stageEngine({ incidents: INCIDENTS, alarms: [ALARM] });
  const before = stage.lastPoll('pd');
  await stage.live(0);
  const sync = stage.lastPoll('pd');

  await stage.live(MINUTE_MS);
  const [later, alarms] = [stage.lastPoll('pd'), stage.lastPoll('aws')];

  expect(before.state).toBe('pending');
  expect(sync).toMatchObject({ state: 'succeeded', started_at: '2026-03-01T00:00:00.000Z', omitted_lines: 0 });
  expect(sync.lines[0]).toMatchObject({ event: 'begin', poll: 'first_sync', until: '2026-03-01T00:00:00.000Z' });
  expect(sync.lines).toContainEqual(
    expect.objectContaining({ event: 'request', method: 'GET', path: '/incidents', code: '200', tries: 1 }),
  );
  const committed = sync.lines.flatMap((line) => (line.event === 'commit' ? [line.new] : []));
  expect(committed.reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(later.lines[0]).toMatchObject({ event: 'begin', poll: 'poll' });
  expect(later.lines.at(-1)).toMatchObject({ event: 'commit', new: 0 });
  const operations = alarms.lines.flatMap((line) => (line.event === 'request' ? [line.endpoint] : []));
  expect(operations).toContain('DescribeAlarms');
});

it('no secret, title, query or person is in it, and no id in an endpoint', async () => {
  const stage = await stageEngine({ incidents: INCIDENTS, alarms: [ALARM] });
  await stage.live(0);
  const sync = stage.lastPoll('pd');
  // An open incident that left all lists is asked for by its id.
  stage.world.incidents.shift();
  await stage.live(MINUTE_MS);

  const all = [sync, stage.lastPoll('pd'), stage.lastPoll('aws')];
  const page = await stage.scrape();

  const text = JSON.stringify(all);
  const people = Object.values(PAGERDUTY_PEOPLE[0] ?? {});
  expect(
    [PAGERDUTY_FAKE_KEY, 'Unspeakable', 'statuses', '?', '@', ...people].filter((one) => text.includes(one)),
  ).toEqual([]);
  for (const one of all) expect(LastPollResponse.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
  const endpoints = new Set(
    all.flatMap(({ lines }) => lines.flatMap((line) => (line.event === 'request' ? [line.endpoint] : []))),
  );
  expect(text).toContain('"path":"/incidents/QABCDEF"');
  expect([...endpoints].filter((endpoint) => endpoint.includes('QABCDEF'))).toEqual([]);
  expect(endpoints).toContain('/incidents/{id}');
  expect(page.text).not.toContain('endpoint="/incidents/QABCDEF"');
});
