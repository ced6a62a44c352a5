import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { CLOUDWATCH_PEOPLE } from '../../src/simulator/cloudwatch/answers.ts';
import { OPSGENIE_PEOPLE } from '../../src/simulator/opsgenie/wire.ts';
import { PAGERDUTY_PEOPLE } from '../../src/simulator/pagerduty/wire.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import type { Fake } from '../../src/simulator/platform.ts';
import { startExporter, temporaryFolder } from './process.ts';
import { inventWorlds, liveOn, startPlatforms } from './three-platforms.ts';

const First = z.object({ incidents: z.tuple([z.object({ provider: z.string(), id: z.string() })], z.unknown()) });

const NAMES = [...PEOPLE, ...PAGERDUTY_PEOPLE, ...OPSGENIE_PEOPLE, CLOUDWATCH_PEOPLE].flatMap((one) =>
  Object.values(one),
);
/** Also parts of names, and people's ids. */
const PERSONAL = [...new Set([...NAMES, ...NAMES.flatMap((name) => name.split(' '))])].map((one) => one.toLowerCase());

function found(text: string, words: readonly string[]): string[] {
  const lower = text.toLowerCase();
  return words.filter((word) => lower.includes(word));
}

/** What a platform sends when it is asked as the exporter asks. */
async function sentBy({ url, requests }: Fake): Promise<string> {
  const asked = requests.map(({ method, path, query, headers, body }) => {
    const { authorization = '', 'x-amz-target': target = '', 'content-type': type = '' } = headers;
    return fetch(`${url}${path}?${query.toString()}`, {
      method,
      headers: { authorization, 'x-amz-target': String(target), 'content-type': type },
      ...(method === 'POST' ? { body } : {}),
    }).then((answer) => answer.text());
  });
  return (await Promise.all(asked)).join('\n');
}

it('no name, e-mail or title that the platforms send is on a page or in the log; no name or e-mail in the store', async () => {
  const worlds = inventWorlds(Date.now());
  for (const one of [...worlds.pagerduty.incidents, ...worlds.opsgenie.incidents]) one.title = 'Unspeakable trouble';
  const platforms = await startPlatforms(worlds);
  const folder = temporaryFolder();
  const exporter = await startExporter({
    words: [`--config.file=${platforms.configure(folder)}`, '--log.level=debug'],
  });
  await exporter.untilPage('all is synced', (page) => page.sum('mttr_exporter_provider_synced', {}) === 3);
  liveOn(worlds, 0);
  await exporter.untilPage('all is counted', (page) => page.sum('incident_recovery_time_minutes_count', {}) === 3);
  for (const { faults } of platforms.fakes) {
    const body = { error: { message: `Ask ${PEOPLE[1].email}` }, message: `Ask ${PEOPLE[1].email}` };
    faults.push({ times: Number.POSITIVE_INFINITY, answer: { status: 400, body } });
  }
  const page = await exporter.untilPage('all have failed', (one) => one.sum('mttr_exporter_provider_up', {}) === 0);

  const openmetrics = await exporter.get('metrics', {
    headers: { accept: 'application/openmetrics-text; version=1.0.0' },
  });
  const others = await Promise.all(['/', '-/ready', '-/healthy', 'api/v1/status'].map((path) => exporter.get(path)));
  const ofApi = await Promise.all(['statistics', 'config', 'explain'].map((path) => exporter.get(`api/v1/${path}`)));
  const incidents = await exporter.get('api/v1/incidents?limit=1000');
  const names = ['pd', 'og', 'aws'];
  const lastPolls = await Promise.all(names.map((name) => exporter.get(`api/v1/providers/${name}/last-poll`)));
  const [{ provider, id }] = First.parse(JSON.parse(incidents.text)).incidents;
  const path = `api/v1/incidents/${provider}/${encodeURIComponent(id)}/postmortem`;
  const reviews = [await exporter.get(path), await exporter.get(path, { headers: { accept: 'text/markdown' } })];
  exporter.kill('SIGTERM');
  const { stderr } = await exporter.ended;
  const store = readFileSync(join(folder, 's.db')).toString('latin1');

  const shown = [
    page.text,
    openmetrics.text,
    ...[...others, ...ofApi, ...reviews, ...lastPolls, incidents].map(({ text }) => text),
    stderr,
  ].join('\n');
  expect(openmetrics.text).toContain('# EOF');
  expect([...ofApi, ...reviews, incidents].map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
  expect(reviews[1]?.text).toMatch(/^# Post-incident review: /);
  expect(lastPolls.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(lastPolls.map(({ text }) => text.includes('"code":"400"'))).toEqual([true, true, true]);
  expect(stderr).toContain('400');
  expect(found(shown, [...PERSONAL, 'unspeakable'])).toEqual([]);
  expect(found(store, ['unspeakable'])).toEqual(['unspeakable']);
  expect(found(store, PERSONAL)).toEqual([]);
});

it('the platforms do send people and titles', async () => {
  const worlds = inventWorlds(Date.now());
  const platforms = await startPlatforms(worlds);
  const exporter = await startExporter({ words: [`--config.file=${platforms.configure(temporaryFolder())}`] });
  await exporter.untilPage('all is synced', (page) => page.sum('mttr_exporter_provider_synced', {}) === 3);
  exporter.kill('SIGKILL');
  await exporter.ended;

  const sent = await Promise.all(platforms.fakes.map(sentBy));

  for (const { name, email } of PEOPLE) {
    expect(found(sent[0] ?? '', [name.toLowerCase(), email])).toEqual([name.toLowerCase(), email]);
  }
  expect(found(sent[1] ?? '', PERSONAL).length).toBeGreaterThan(3);
  expect(found(sent[2] ?? '', PERSONAL)).not.toEqual([]);
  expect(found(sent[0] ?? '', ['does not answer'])).toEqual(['does not answer']);
});
