import { expect, it } from 'vitest';
import { findIssues, type HealthInput } from '../../src/app/health.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { CoreProviderStatus, CoreStatus } from '../../src/core/messages.ts';
import { platforms } from '../../src/providers/registry.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, NOW_MS, PROVIDER } from '../server/invented-view.ts';

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
    hasDeployments: false,
    backlog: { held: 0, waiting: 0 },
    rejected,
    unmappedSeverities: [],
    unreadEnvironments: [],
  };
}

/** As `kind text`, with one provider that is well but for what is given. */
function issuesOf(provider: Partial<typeof PROVIDER> = {}, input: Partial<HealthInput> = {}): string[] {
  const { providers } = input.config ?? config;
  const issues = findIssues({
    config,
    core: coreWith(),
    providers: [{ ...WELL, ...provider }],
    held: providers.map((one) => ({ config: one, isImportedOnly: false })),
    capabilities: new Map(),
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
  {
    says: 'environments that are not read',
    provider: {
      unreadEnvironments: [
        { name: 'preview', deployments: 12 },
        { name: 'qa', deployments: 1 },
      ],
    },
    text: 'notice pagerduty: 13 deployments of environments that the configuration does not name (preview, qa) were not read. Name them in environments.',
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

/** As YAML, with what the core says of the provider. */
function issuesWith(text: string, days: number, input: Partial<HealthInput> = {}): string[] {
  const parsed = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
  const [other, core] = coreWith().providers;
  if (other === undefined || core === undefined) throw new Error('expected two');
  const state = { ...core.state, polledUntilMs: NOW_MS, historyStartMs: NOW_MS - days * DAY_MS };
  const providers = [other, { ...core, state }];
  return issuesOf({}, { config: parsed.config, core: { ...coreWith(), providers }, ...input });
}

const PAGERDUTY = 'providers: [{ type: pagerduty, api_key: k }]';
const MUTE =
  'Alerts that compare with the baseline, such as MttrRegressed, cannot fire over these windows for any row that pagerduty counts in.';

it('windows whose baseline is not there yet mute alerts, and the page says which, why and until when', () => {
  const short = issuesWith(`${PAGERDUTY}\nhistory: 120d`, 120);
  const young = issuesWith(PAGERDUTY, 45);
  const platform = issuesWith(PAGERDUTY, 30, { capabilities: new Map([['pagerduty', { retentionMs: 30 * DAY_MS }]]) });

  expect(short).toEqual([
    `notice pagerduty: no baseline over 90d (until 2027-02-19), because history is 120d, and a baseline over 90d needs 210d. ${MUTE}`,
  ]);
  expect(young).toEqual([
    `notice pagerduty: no baseline over 30d (until 2027-01-05), 90d (until 2027-05-05), because its history is shorter than configured, and a baseline over 90d needs 210d. ${MUTE}`,
  ]);
  expect(platform).toEqual([
    `notice pagerduty: no baseline over 7d (until 2026-12-05), 30d (until 2027-01-20), 90d (until 2027-05-20), because the platform keeps only 30d of history, and a baseline over 90d needs 210d. ${MUTE}`,
  ]);
});

it('a baseline that is there, or that no row has, is no issue', () => {
  const apart = 'providers: [{ type: pagerduty, api_key: k, overall: false }]';

  const enough = issuesWith(`${PAGERDUTY}\nhistory: 120d`, 210);
  const without = issuesWith(apart, 30);
  const own = issuesWith(`${apart}\ngroupings: [all, provider]`, 30);

  expect([enough, without]).toEqual([[], []]);
  expect(own).toEqual([expect.stringContaining('for its rows.')]);
});

it('a provider that holds nothing, or leaves out everything, is a problem', () => {
  const text = 'providers: [{ type: pagerduty, api_key: k, filter: { services: [chekout], severities: [P1] } }]';
  const filtered = loadConfig({ text, filename: 'c.yml', env: {}, platforms, readFile: () => '', nowMs: 0 });
  const withCounts = (excluded: number, open = 0) => ({
    ...coreWith(),
    providers: coreWith().providers.map((one) => ({ ...one, counts: { open, resolved: 0, excluded } })),
  });

  const heldBy = (way: Partial<HealthInput['held'][number]>) =>
    config.providers.map((one) => ({ config: one, isImportedOnly: false, ...way }));

  const nothing = issuesOf({}, { core: withCounts(0) });
  const notImported = issuesOf({}, { core: withCounts(0), held: heldBy({ isImportedOnly: true }) });
  const notPushed = issuesOf({}, { core: withCounts(0), held: heldBy({ push: {} }) });
  const notDelivered = issuesOf({}, { core: withCounts(0), held: heldBy({ webhook: { content: {} } }) });
  const leftOut = issuesOf({}, { core: withCounts(12), config: filtered.config });
  const merged = issuesOf({}, { core: withCounts(1) });
  const some = issuesOf({}, { core: withCounts(12, 1), config: filtered.config });

  expect(nothing).toEqual([
    'problem pagerduty adds nothing to any number: it holds no incidents: is it the right account, and can the key read all teams?',
  ]);
  expect(notImported).toEqual([
    'problem pagerduty adds nothing to any number: it holds no incidents: import some with mttr-exporter import',
  ]);
  expect(notPushed).toEqual([
    'problem pagerduty adds nothing to any number: it holds no incidents: nothing was pushed yet',
  ]);
  expect(notDelivered).toEqual([
    'problem pagerduty adds nothing to any number: it holds no incidents: nothing came to /webhooks/pagerduty yet',
  ]);
  expect(leftOut).toEqual([
    'problem pagerduty adds nothing to any number: all 12 incidents that it holds are left out: by filter.severities, filter.services, or as merged, deleted, expired or flaky',
  ]);
  expect(merged).toEqual([
    'problem pagerduty adds nothing to any number: the only incident that it holds is left out as merged, deleted, expired or flaky',
  ]);
  expect(some).toEqual([]);
});
