import { expect, it } from 'vitest';
import { checkBaselines } from '../../src/cli/doctor/baseline-check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { platforms } from '../../src/providers/registry.ts';

const DAY_MS = 24 * 60 * 60_000;

/** The check of a provider with these keys, on a platform that keeps so many days. */
function check(more: string, keys = '', days?: number) {
  const text = `providers: [{ type: pagerduty, api_key: k${keys} }]\n${more}`;
  const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
  const [provider] = config.providers;
  if (provider === undefined) throw new Error('expected a provider');
  return checkBaselines({
    config,
    provider,
    capabilities: { retentionMs: days === undefined ? undefined : days * DAY_MS },
  });
}

it.each([
  {
    says: 'the default history',
    given: check(''),
    result: 'ok',
    found: 'each window has one after the first sync',
  },
  {
    says: 'a history that is too short',
    given: check('history: 120d'),
    result: 'warning',
    found:
      'none over 90d (90d later) after the first sync, because history is 120d, and a baseline over 90d needs 210d; alerts that compare with the baseline cannot fire there until then',
  },
  {
    says: 'a platform that keeps less',
    given: check('', '', 30),
    result: 'warning',
    found:
      'none over 7d (14d later), 30d (60d later), 90d (180d later) after the first sync, because the platform keeps only 30d of history, and a baseline over 90d needs 210d; alerts that compare with the baseline cannot fire there until then',
  },
  {
    says: 'a provider that is in no row that could have one',
    given: check('', ', overall: false', 30),
    result: 'ok',
    found: 'no row needs one: overall is false',
  },
  {
    says: 'a provider that has rows of its own',
    given: check('groupings: [all, provider]\nwindows: [7d]\nhistory: 44d', ', overall: false', 30),
    result: 'warning',
    found:
      'none over 7d (14d later) after the first sync, because the platform keeps only 30d of history, and a baseline over 7d needs 44d; alerts that compare with the baseline cannot fire there until then',
  },
])('of $says it is said which windows have a baseline', ({ given, result, found }) => {
  expect([given.result, given.found]).toEqual([result, found]);
});
