import { expect, it } from 'vitest';
import { renderExplanation } from '../../../src/report/explain/text.ts';
import { deploying, failure, success } from '../../store/deployment-fixtures.ts';
import { MINUTE_MS } from '../../store/fixtures.ts';
import { ago, ask, worldOf } from '../stored-history.ts';

/** So that it ended so many minutes before now. */
function ended(one: ReturnType<typeof failure>, minutes: number) {
  const finishedAtMs = ago(minutes);
  return { ...one, startedAtMs: finishedAtMs - MINUTE_MS, finishedAtMs, updatedAtMs: finishedAtMs };
}

it('a recovery of deployments names its anchor, what was superseded and the success that ended it', () => {
  const deployments = [
    ended(failure('1', 0), 300),
    ended(failure('2', 0), 280),
    ended(success('3', 0), 260),
    ended(failure('4', 0), 200),
    ended(success('5', 0), 198),
    ended(failure('6', 0), 100),
  ];

  const found = ask(worldOf([{ config: { ...deploying, overall: true }, deployments }]));

  const [resolved] = found.incidents;
  expect(found.value).toBe(40);
  expect(resolved?.chain).toEqual({
    anchor: '1',
    superseded: ['2'],
    ended_by: '3',
    reason: 'resolved: a deployment succeeded within open_window',
  });
  const leftOut = Object.fromEntries(found.left_out.map(({ reason, examples }) => [reason, examples[0]?.chain]));
  expect(leftOut).toMatchObject({
    flaky: { anchor: '4', superseded: [], ended_by: '5' },
    still_open: { anchor: '6', reason: 'open: no deployment has succeeded since' },
  });
  expect(renderExplanation(found, 'UTC')).toContain(
    'anchor 1; superseded 2; ended by 3; resolved: a deployment succeeded within open_window',
  );
});
