import { expect, it } from 'vitest';
import { writePostmortem } from '../../src/app/api/postmortem.ts';
import { loadConfig } from '../../src/config/load.ts';
import { platforms } from '../../src/providers/registry.ts';
import { Postmortem } from '../../src/report/postmortem/document.ts';
import { RequestProblem } from '../../src/server/responses.ts';
import { ago, worldOf } from '../report/stored-history.ts';
import { recovered } from '../store/fixtures.ts';

const text = 'providers: [{ type: pagerduty, api_key: k }, { name: second, type: pagerduty, api_key: k }]';
const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: 0 });

function stage() {
  const told = (minutes: number) =>
    recovered('SAME', minutes, { triggeredAtMs: ago(300), title: 'customer Smith cannot pay' });
  return { ...worldOf([{ incidents: [told(10)] }, { config: { name: 'second' }, incidents: [told(90)] }]), config };
}

it('writes the review of the incident of this provider as its schema has it', () => {
  const json = writePostmortem(stage(), { provider: 'second', id: 'SAME', format: 'json' });

  expect(Postmortem.parse(JSON.parse(json))).toMatchObject({
    incident: { provider: 'second', id: 'SAME' },
    resolution: { state: 'resolved', recovery_minutes: 90 },
    durations: [{ kind: 'recovery', minutes: 90, target_minutes: 30, within_target: false }],
  });
});

it('writes the same in Markdown, and the title in neither', () => {
  const markdown = writePostmortem(stage(), { provider: 'pagerduty', id: 'SAME', format: 'markdown' });
  const json = writePostmortem(stage(), { provider: 'pagerduty', id: 'SAME', format: 'json' });

  expect(markdown).toMatch(/^# Post-incident review: checkout SAME\n/);
  expect(markdown).toContain('| Recovery | trigger to resolve | 10.0 minutes | 30.0 | met |');
  expect(`${markdown}${json}`).not.toContain('Smith');
});

it.each([
  { provider: 'pagerduty', id: 'NONE', says: 'provider "pagerduty" has no incident "NONE"' },
  { provider: 'nobody', id: 'SAME', says: 'provider "nobody" has no incident "SAME"' },
])('has no review where $says', ({ provider, id, says }) => {
  const write = () => writePostmortem(stage(), { provider, id, format: 'json' });

  expect(write).toThrow(new RequestProblem(404, says));
});
