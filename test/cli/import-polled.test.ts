import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { SimulatedIncident } from '../../src/simulator/world.ts';
import { NOW_MS, stageImport } from './import-stage.ts';
import { pageAfterPoll } from './page-after-poll.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An incident of so many days ago, acknowledged after five minutes and resolved after an hour unless told otherwise. */
function trouble(id: string, daysAgo: number, resolvedAfterMs: number = HOUR_MS): SimulatedIncident {
  const triggeredAtMs = NOW_MS - daysAgo * DAY_MS;
  return {
    id,
    title: `checkout is slow (${id})`,
    service: { id: 'S1', name: 'checkout' },
    team: { id: 'T1', name: 'payments' },
    priority: 'P1',
    urgency: 'high',
    triggeredAtMs,
    events: [
      { kind: 'acknowledge', atMs: triggeredAtMs + 300_000, by: 'person' },
      { kind: 'resolve', atMs: triggeredAtMs + resolvedAfterMs, by: 'person' },
    ],
  };
}

/** Two that the polls find, and one that was opened before the history they read, and ended in the window. */
const incidents = [trouble('old', 120, 110 * DAY_MS), trouble('a', 20), trouble('b', 2)];

const fakes = {
  opsgenie: {
    start: startOpsgenieFake,
    key: OPSGENIE_FAKE_KEY,
    headers: { authorization: `GenieKey ${OPSGENIE_FAKE_KEY}` },
    list: '/v2/alerts?query=status%3A%20closed&limit=100&sort=createdAt&order=asc',
  },
  pagerduty: {
    start: startPagerdutyFake,
    key: PAGERDUTY_FAKE_KEY,
    headers: { authorization: `Token token=${PAGERDUTY_FAKE_KEY}`, accept: 'application/vnd.pagerduty+json;version=2' },
    list: '/incidents?date_range=all&limit=100',
  },
} as const;

async function stage(type: keyof typeof fakes) {
  const { start, key, headers, list } = fakes[type];
  const fake = await start({ incidents, alarms: [] }, { nowMs: () => NOW_MS });
  onTestFinished(() => fake.close());
  const provider = `{ name: live, type: ${type}, api_key: ${key}, base_url: "${fake.url}", rate_limit: 100000/s }`;
  const staged = stageImport(
    `providers: [${provider}]\nhistory: 100d\nwindows: [30d]\nmetrics: { new_series_hold: 0s }`,
  );
  const answer = await fetch(`${fake.url}${list}`, { headers });
  expect(answer.status).toBe(200);
  const file = staged.write('export.json', await answer.text());
  return { ...staged, file, poll: () => pageAfterPoll(staged.config, staged.clock) };
}

function resolved(page: Awaited<ReturnType<typeof pageAfterPoll>>) {
  return page.value('incident_window_resolved', { by: 'all', window: '30d' });
}

describe.each(['opsgenie', 'pagerduty'] as const)('an export of %s', (type) => {
  it('doubles nothing that was polled, and brings what is older than the polls', async () => {
    const { run, file, poll } = await stage(type);
    const before = await poll();

    const { code, text } = await run([file]);
    const after = await poll();

    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringContaining('Imported into live: 1 new, 2 not newer'),
    });
    expect([resolved(before), resolved(after)]).toEqual([2, 3]);
    expect(after.value('mttr_exporter_history_start_timestamp_seconds', { provider: 'live' })).toBe(
      (NOW_MS - 120 * DAY_MS) / 1000,
    );
    expect(after.sum('incident_recovery_time_minutes_count', {})).toBe(0);
  });

  it('that came before the first poll is joined by it without doubles', async () => {
    const { run, file, poll } = await stage(type);

    const { text } = await run([file]);
    const page = await poll();

    expect(text).toContain('First sync of live is incomplete');
    expect(resolved(page)).toBe(3);
    expect(page.value('incident_mtta_minutes', { by: 'all', window: '30d' })).toBe(5);
  });

  it('outlives the platform, as history of a provider that is imported only', async () => {
    const { run, file, poll, config, clock } = await stage(type);
    await poll();
    await run([file]);
    const text = readFileSync(config, 'utf8').replace(/\{ name: live.*?\}/, '{ name: live, type: import, until: now }');
    writeFileSync(config, text);

    const page = await pageAfterPoll(config, clock);

    expect(resolved(page)).toBe(3);
    expect(page.value('mttr_exporter_last_success_timestamp_seconds', { provider: 'live' })).toBe(NOW_MS / 1000);
  });
});
