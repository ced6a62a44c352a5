import { expect, it } from 'vitest';
import { findIssues, type HealthInput } from '../../src/app/health.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { CoreProviderStatus, CoreStatus } from '../../src/core/messages.ts';
import { platforms } from '../../src/providers/registry.ts';
import { HOUR_MS, MINUTE_MS, NOW_MS, PROVIDER } from '../server/invented-view.ts';

const text = 'providers: [{ type: pagerduty, api_key: k, poll_interval: 10m }]';
const { config } = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
const WELL = { ...PROVIDER, lastSuccessAtMs: NOW_MS - MINUTE_MS, waitingRecords: 0, rejectedRecords: 0 };

type Rejected = CoreProviderStatus['rejected'];

/** What the core says of one provider, and of another one that nobody asks about. */
function coreWith(rejected: Rejected = [], servicesOverflowed = 0): CoreStatus {
  const other = toStatus('other', [{ label: 'future', value: 9 }]);
  return {
    providers: [other, toStatus('pagerduty', rejected)],
    rows: [],
    openNow: { service: new Map(), severity: new Map() },
    open: { oldest: [], total: 0 },
    servicesOverflowed,
    storeBytes: 0,
  };
}

function toStatus(name: string, rejected: Rejected): CoreProviderStatus {
  const unknown = {
    countingSinceMs: undefined,
    cursor: undefined,
    polledUntilMs: undefined,
    historyStartMs: undefined,
  };
  return {
    state: { name, isSynced: true, ...unknown },
    counts: undefined,
    backlog: { held: 0, waiting: 0 },
    rejected,
    unmappedSeverities: [],
  };
}

/** As `kind text`, with one provider that is well but for what is given. */
function issuesOf(provider: Partial<typeof PROVIDER> = {}, input: Partial<HealthInput> = {}): string[] {
  const issues = findIssues({
    config,
    core: coreWith(),
    providers: [{ ...WELL, ...provider }],
    nowMs: () => NOW_MS,
    hasPage: true,
    pageFailure: undefined,
    reloadFailure: undefined,
    ...input,
  });
  return issues.map(({ kind, text: words }) => `${kind} ${words}`);
}

it('nothing is wrong when all is well', () => {
  expect(issuesOf()).toEqual([]);
});

it.each([
  { says: 'a failure', provider: { error: '403 Forbidden' }, text: 'problem pagerduty is down: 403 Forbidden' },
  {
    says: 'silence',
    provider: { lastSuccessAtMs: NOW_MS - HOUR_MS },
    text: 'problem pagerduty: the last successful poll was 1 h 0 min ago; its numbers are outdated.',
  },
  {
    says: 'an incomplete first sync',
    provider: { synced: false, lastSuccessAtMs: undefined, heldIncidents: 120 },
    text: 'notice pagerduty: the first sync is not complete (120 incidents so far); its incidents are in no number yet.',
  },
  {
    says: 'a low allowance',
    provider: { allowance: { left: 89, requests: 900, perMs: MINUTE_MS } },
    text: 'notice pagerduty: 89 of 900 requests are left; polls may have to wait.',
  },
  {
    says: 'severities that map to nothing',
    provider: { unmappedSeverities: ['urgent', 'whatever'] },
    text: 'notice pagerduty: severities without a mapping got the default: urgent, whatever. Map them in severity.map.',
  },
])('$says of a provider is an issue', ({ provider, text: expected }) => {
  expect(issuesOf(provider)).toEqual([expected]);
});

it.each([
  { says: 'three polls that did not come', provider: { lastSuccessAtMs: NOW_MS - 30 * MINUTE_MS } },
  { says: 'an allowance that is a tenth left', provider: { allowance: { left: 90, requests: 900, perMs: MINUTE_MS } } },
  { says: 'imported incidents, which nobody asks for,', provider: { allowance: undefined, lastSuccessAtMs: 0 } },
  { says: 'an allowance that nobody knows', provider: { allowance: { left: undefined, requests: 900, perMs: 1 } } },
])('$says are no issue yet', ({ provider }) => {
  expect(issuesOf(provider)).toEqual([]);
});

it('a first sync may use the whole allowance', () => {
  const allowance = { left: 0, requests: 900, perMs: MINUTE_MS };

  const issues = issuesOf({ synced: false, allowance });

  expect(issues).toHaveLength(1);
  expect(issues[0]).toContain('first sync');
});

it('rejected records are counted by reason, with how many are fetched again', () => {
  const core = coreWith([
    { label: 'forbidden', value: 3 },
    { label: 'future', value: 2 },
  ]);

  const again = issuesOf({ rejectedRecords: 5, waitingRecords: 2 }, { core });
  const past = issuesOf({ rejectedRecords: 5 }, { core });

  expect(again).toEqual([
    'notice pagerduty: 5 records were rejected (3 forbidden, 2 future); 2 of them are fetched again with each poll. They are in no number.',
  ]);
  expect(past).toEqual(['notice pagerduty: 5 records were rejected (3 forbidden, 2 future). They are in no number.']);
});

it('the exporter reports what is wrong with itself', () => {
  const issues = issuesOf(
    {},
    { core: coreWith([], 7), hasPage: false, pageFailure: 'disk is full', reloadFailure: 'c.yml:3: unknown key' },
  );

  expect(issues).toEqual([
    'notice The exporter is starting: it reads the store, and there is no metrics page yet.',
    'problem The metrics page cannot be updated: disk is full',
    'problem The configuration was not reloaded, the old one stays: c.yml:3: unknown key',
    'notice 7 services more than metrics.max_services (500) are shown together as "other".',
  ]);
});
