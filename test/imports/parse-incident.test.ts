import { describe, expect, it } from 'vitest';
import { builtinMappings } from '../../src/imports/builtin-mappings.ts';
import { parseIncident } from '../../src/imports/parse-incident.ts';

const NOW_MS = Date.parse('2026-11-01T00:00:00Z');

function read(name: string, record: unknown) {
  const mapping = builtinMappings.get(name);
  if (mapping === undefined) throw new Error(`no mapping is called ${name}`);
  return parseIncident(record, { mapping, zone: 'UTC', tags: { service: 'service', severity: undefined } }, NOW_MS);
}

function ms(time: string): number {
  return Date.parse(`2026-10-01T${time}Z`);
}

const own = { id: 'A', triggeredAt: '2026-10-01T09:00:00Z', resolvedAt: '2026-10-01T10:00:00Z', service: 'shop' };

describe('a record', () => {
  it('can set every field', () => {
    const whole = {
      ...own,
      url: 'https://status.example/A',
      title: 'shop is down',
      serviceId: 'S1',
      team: 'core',
      severity: 'P1',
      urgency: 'high',
      status: 'resolved',
      startedAt: '2026-10-01T08:50:00Z',
      identifiedAt: '2026-10-01T09:10:00Z',
      acknowledgedAt: '2026-10-01T09:05:00Z',
      mitigatedAt: '2026-10-01T09:20:00Z',
      updatedAt: '2026-10-01T11:00:00Z',
      autoResolved: true,
      merged: 'no',
      fingerprint: 'shop/down',
      intervals: [
        ['2026-10-01T09:00:00Z', '2026-10-01T09:15:00Z'],
        ['2026-10-01T09:30:00Z', '2026-10-01T10:00:00Z'],
      ],
    };

    expect(read('mttr-exporter', whole)).toEqual({
      hasUpdatedAt: true,
      droppedTimestamps: [],
      incident: {
        id: 'A',
        url: 'https://status.example/A',
        title: 'shop is down',
        serviceId: 'S1',
        serviceName: 'shop',
        team: 'core',
        severity: { priority: 'P1', urgency: 'high' },
        status: 'resolved',
        startedAtMs: ms('08:50:00'),
        triggeredAtMs: ms('09:00:00'),
        identifiedAtMs: ms('09:10:00'),
        acknowledgedAtMs: ms('09:05:00'),
        mitigatedAtMs: ms('09:20:00'),
        resolvedAtMs: ms('10:00:00'),
        endKnownFrom: 'resolve_event',
        autoResolved: true,
        intervals: [
          { openedAtMs: ms('09:00:00'), closedAtMs: ms('09:15:00') },
          { openedAtMs: ms('09:30:00'), closedAtMs: ms('10:00:00') },
        ],
        merged: false,
        fingerprint: 'shop/down',
        updatedAtMs: ms('11:00:00'),
        imported: true,
      },
    });
  });

  it('last changed at its last known event, unless it has updatedAt', () => {
    expect(read('mttr-exporter', own)).toMatchObject({
      hasUpdatedAt: false,
      incident: { updatedAtMs: ms('10:00:00') },
    });
  });

  it.each([
    ['no status, and no end', { resolvedAt: null }, 'triggered'],
    [
      'no status and no end, but an acknowledgement',
      { resolvedAt: '', acknowledgedAt: own.triggeredAt },
      'acknowledged',
    ],
    ['no status, and an end', {}, 'resolved'],
    ['that it is open, and an end', { status: 'open' }, 'triggered'],
    ['that it is mitigated', { status: 'Mitigated', resolvedAt: undefined }, 'mitigated'],
  ])('with %s has the right status', (_says, change, status) => {
    const taken = read('mttr-exporter', { ...own, ...change });

    expect(taken).toMatchObject({ incident: { status } });
    expect('incident' in taken && taken.incident.resolvedAtMs !== undefined).toBe(status === 'resolved');
  });

  it.each<[says: string, change: object, verdict: [reason: string, detail: string]]>([
    ['no id', { id: ' ' }, ['missing_id', 'id (id): expected an id']],
    ['no trigger', { triggeredAt: null }, ['start_unknown', 'triggered_at (triggeredAt): expected a date with a time']],
    [
      'a trigger that is none',
      { triggeredAt: 'Ada Byron' },
      ['malformed', 'triggered_at (triggeredAt): expected a date'],
    ],
    [
      'no end, though it is over',
      { resolvedAt: null, status: 'resolved' },
      ['end_unknown', 'resolved_at (resolvedAt)'],
    ],
    [
      'a status that nobody knows',
      { status: 'Ada' },
      ['malformed', 'status (status): expected triggered, acknowledged'],
    ],
    ['a flag that is none', { merged: 'perhaps' }, ['malformed', 'merged (merged): expected true or false']],
    [
      'an end before its trigger',
      { resolvedAt: '2026-10-01T08:00:00Z' },
      ['negative_duration', 'before it was triggered'],
    ],
    ['a stamp in the future', { resolvedAt: '2026-12-01T08:00:00Z' }, ['future', 'more than 15m ahead']],
    [
      'spans that do not fit',
      { intervals: [[own.triggeredAt, null]] },
      ['malformed', 'intervals (intervals): expected pairs'],
    ],
    ['spans that are none', { intervals: 'x' }, ['malformed', 'intervals (intervals): expected pairs']],
    [
      'spans out of order',
      {
        intervals: [
          [own.triggeredAt, own.resolvedAt],
          [own.triggeredAt, own.resolvedAt],
        ],
      },
      ['malformed', 'intervals'],
    ],
  ])('with %s is rejected without quoting any value', (_says, change, [reason, detail]) => {
    const refused = read('mttr-exporter', { ...own, ...change });

    expect(refused).toMatchObject({ reason, detail: expect.stringContaining(detail) });
    expect(JSON.stringify(refused)).not.toContain('Ada');
  });

  it('keeps only http links, and before its trigger only the start of the impact', () => {
    const strange = {
      ...own,
      url: 'javascript:alert(1)',
      acknowledgedAt: '2026-10-01T08:00:00Z',
      startedAt: '2026-10-01T09:30:00Z',
    };

    expect(read('mttr-exporter', strange)).toMatchObject({
      incident: { url: undefined, acknowledgedAtMs: undefined, startedAtMs: undefined, resolvedAtMs: ms('10:00:00') },
    });
  });
});

describe('a row of PagerDuty', () => {
  it('of the analytics has acknowledgement and end in seconds, and no time of change', () => {
    const row = {
      id: 'Q1A2B3C4D5E6F7',
      incident_number: '1042',
      created_at: '2026-10-01T09:00:00',
      updated_at: '2026-10-20T09:00:00',
      status: 'resolved',
      service_id: 'PSVC001',
      service_name: 'checkout',
      team_name: 'Payments',
      priority_name: 'SEV-1',
      urgency: 'high',
      seconds_to_first_ack: '270',
      seconds_to_resolve: '2470',
      auto_resolved: 'false',
      assigned_user_names: 'Ada Byron',
    };

    expect(read('pagerduty', row)).toMatchObject({
      hasUpdatedAt: false,
      incident: {
        id: 'Q1A2B3C4D5E6F7',
        serviceId: 'PSVC001',
        serviceName: 'checkout',
        team: 'Payments',
        severity: { priority: 'SEV-1', urgency: 'high' },
        acknowledgedAtMs: ms('09:04:30'),
        resolvedAtMs: ms('09:41:10'),
        autoResolved: false,
        updatedAtMs: ms('09:41:10'),
      },
    });
  });

  it('of older reports has other column names', () => {
    const row = {
      id: 'Q1',
      incident_number: '7',
      description: 'down',
      created_on: '2026-10-01T09:00:00Z',
      resolved_on: '2026-10-01T10:00:00Z',
    };

    expect(read('pagerduty', row)).toMatchObject({
      incident: { title: 'down', triggeredAtMs: ms('09:00:00'), resolvedAtMs: ms('10:00:00') },
    });
  });
});

describe('an alert of Opsgenie', () => {
  const alert = { id: 'A', createdAt: '2026-10-01T09:00:00Z', status: 'open', report: { ackTime: 60_000 } };

  it.each([
    [{ acknowledged: false }, 'triggered'],
    [{ acknowledged: true }, 'acknowledged'],
    [{}, 'acknowledged'],
    [{ acknowledged: true, status: 'closed', report: { closeTime: 120_000 } }, 'resolved'],
  ])('with %j has the status that a poll gives it', (change, status) => {
    const parsed = read('opsgenie', { ...alert, ...change });

    expect(parsed).toMatchObject({ incident: { status } });
  });
});

describe('an issue of Jira', () => {
  const issue = {
    id: '10042',
    key: 'INC-42',
    self: 'https://acme.atlassian.net/rest/api/3/issue/10042',
    fields: {
      summary: 'checkout down',
      status: { name: 'Resolved', statusCategory: { key: 'done' } },
      priority: { name: 'Highest' },
      project: { key: 'INC' },
      components: [{ name: 'checkout' }],
      reporter: { displayName: 'Ada Byron' },
      created: '2026-10-01T09:00:00.000+0000',
      updated: '2026-10-01T11:41:10.120+0200',
      resolutiondate: '2026-10-01T09:41:10.000+0000',
      statuscategorychangedate: '2026-10-01T09:50:00.000+0000',
    },
  };

  it('is an incident from creation to resolution', () => {
    expect(read('jira', issue)).toMatchObject({
      hasUpdatedAt: true,
      incident: {
        id: 'INC-42',
        title: 'checkout down',
        serviceName: 'checkout',
        severity: { priority: 'Highest' },
        status: 'resolved',
        resolvedAtMs: ms('09:41:10'),
        endKnownFrom: 'resolve_event',
        updatedAtMs: Date.parse('2026-10-01T09:41:10.120Z'),
      },
    });
  });

  it('that is done without a resolution ended when its status category changed', () => {
    const fields = { ...issue.fields, resolutiondate: null, components: [] };

    expect(read('jira', { ...issue, fields })).toMatchObject({
      incident: { resolvedAtMs: ms('09:50:00'), endKnownFrom: 'state_change', serviceName: 'INC' },
    });
  });

  it('that was reopened is open', () => {
    const status = { statusCategory: { key: 'indeterminate' } };
    const fields = { ...issue.fields, resolutiondate: null, status };

    expect(read('jira', { ...issue, fields })).toMatchObject({
      incident: { status: 'triggered', resolvedAtMs: undefined },
    });
  });
});

describe('a time that cannot be', () => {
  it.each([
    { says: 'the zero of Go', triggeredAt: '0001-01-01T00:00:00Z' },
    { says: 'Unix time 0', triggeredAt: '1970-01-01T00:00:00Z' },
  ])('is no trigger: $says', ({ triggeredAt }) => {
    expect(read('mttr-exporter', { ...own, triggeredAt })).toMatchObject({
      reason: 'start_unknown',
      field: 'triggered_at',
    });
  });

  it('is no other time either', () => {
    const zero = '0001-01-01T00:00:00Z';

    const found = read('mttr-exporter', {
      ...own,
      startedAt: zero,
      acknowledgedAt: zero,
      resolvedAt: zero,
      updatedAt: zero,
    });

    expect(found).toMatchObject({
      hasUpdatedAt: false,
      droppedTimestamps: [],
      incident: {
        status: 'triggered',
        startedAtMs: undefined,
        acknowledgedAtMs: undefined,
        resolvedAtMs: undefined,
        updatedAtMs: ms('09:00:00'),
      },
    });
  });

  it.each([
    { field: 'updated_at', record: { updatedAt: '2099-01-01T00:00:00Z' } },
    {
      field: 'intervals',
      record: {
        resolvedAt: undefined,
        intervals: [
          ['2026-10-01T09:00:00Z', '2026-10-01T10:00:00Z'],
          ['2099-01-01T00:00:00Z', null],
        ],
      },
    },
  ])('rejects the record when it is ahead: $field', ({ field, record }) => {
    expect(read('mttr-exporter', { ...own, ...record })).toMatchObject({ id: 'A', reason: 'future', field });
  });
});

it('a record without a time of change is as new as the newest of its times', () => {
  const open = { ...own, resolvedAt: undefined };
  const reopened = {
    ...open,
    intervals: [
      ['2026-10-01T09:00:00Z', '2026-10-01T10:00:00Z'],
      ['2026-10-01T11:00:00Z', null],
    ],
  };

  expect(read('mttr-exporter', { ...open, identifiedAt: '2026-10-01T09:30:00Z' })).toMatchObject({
    incident: { updatedAtMs: ms('09:30:00') },
  });
  expect(read('mttr-exporter', reopened)).toMatchObject({ incident: { updatedAtMs: ms('11:00:00') } });
});
