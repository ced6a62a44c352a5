import { expect, it } from 'vitest';
import { renderExplanation } from '../../../src/report/explain/text.ts';
import { deploying, failure, success } from '../../store/deployment-fixtures.ts';
import { MINUTE_MS, recovered } from '../../store/fixtures.ts';
import { ago, ask, worldOf } from '../stored-history.ts';

/** So that it ended so many minutes before now. */
function ended(one: ReturnType<typeof failure>, minutes: number) {
  const finishedAtMs = ago(minutes);
  return { ...one, startedAtMs: finishedAtMs - MINUTE_MS, finishedAtMs, updatedAtMs: finishedAtMs };
}

const PLATFORM = { name: 'deploys', ...deploying, overall: false };

it('incidents name the newest successful deployment of their service before them', () => {
  const incidents = [
    recovered('A', 10, { triggeredAtMs: ago(290) }),
    recovered('B', 20, { triggeredAtMs: ago(100) }),
    recovered('C', 30, { triggeredAtMs: ago(100), service: 'search' }),
    recovered('D', 40, { triggeredAtMs: ago(310) }),
  ];
  const deployments = [
    ended(success('2', 0), 150),
    ended(success('1', 0), 300),
    ended(failure('3', 0), 120),
    ended(success('4', 0), 90),
  ];

  const found = ask(worldOf([{ incidents }, { config: PLATFORM, deployments }]));

  const before = Object.fromEntries(found.incidents.map(({ id, deployment_before: one }) => [id, one]));
  expect(before).toEqual({
    A: expect.objectContaining({ id: '1', provider: 'deploys', minutes_before_trigger: 10 }),
    B: expect.objectContaining({ id: '2', repository: 'acme/checkout', minutes_before_trigger: 50 }),
  });
  expect(renderExplanation(found, 'Asia/Tokyo')).toContain(
    'B: deployment 2 of acme/checkout to production (deploys) succeeded at 2026-06-01T06:30:00, 50 minutes before the trigger',
  );
});

it('failed deployments name their chain, and no deployment before it in the text', () => {
  const deployments = [ended(success('1', 0), 300), ended(failure('2', 0), 200), ended(success('3', 0), 100)];

  const found = ask(worldOf([{ config: { ...deploying, overall: true }, deployments }]));

  expect(found.incidents[0]).toMatchObject({ chain: { anchor: '2' }, deployment_before: { id: '1' } });
  expect(renderExplanation(found, 'UTC')).not.toContain('Deployments before');
});
