import { describe, expect, it } from 'vitest';
import { applySources, type SourcedRecord, sourcesKey } from '../../src/providers/sources.ts';
import { providerConfig } from '../settings.ts';

const RECORD: SourcedRecord = {
  severity: { priority: 'P4', urgency: 'high' },
  serviceId: 'S1',
  serviceName: 'shop',
  teamId: 'T1',
  tags: { severity: 'sev1', blank: ' ', owner: 'ada@example.com' },
};
const RAW = { impact: { level: 2 }, teams: [{ summary: 'core' }, { summary: 'web' }], lead: null };

function withFrom({ severity, services, team }: { severity?: string[]; services?: string[]; team?: string[] }) {
  const { severity: own, services: ownServices } = providerConfig();
  return {
    severity: { ...own, ...(severity && { from: severity }) },
    services: { ...ownServices, from: services },
    team: team && { from: team },
  };
}

describe('the severity', () => {
  it.each([
    { from: ['priority', 'urgency'], tag: undefined },
    { from: ['tag:severity', 'priority'], tag: 'sev1' },
    { from: ['tag:nothing', 'label:severity'], tag: 'sev1' },
    { from: ['priority', 'tag:severity'], tag: undefined },
    { from: ['tag:blank', 'field:impact.level'], tag: '2' },
    { from: ['field:impact.missing', 'tag:toString'], tag: undefined },
  ])('is taken from the first of $from that has one', ({ from, tag }) => {
    const { severity } = applySources(RECORD, RAW, withFrom({ severity: from }));

    expect(severity).toEqual({ ...RECORD.severity, tag });
  });
});

describe('the service and the team', () => {
  it.each([
    { from: ['service', 'field:teams.summary'], id: 'S1', name: 'shop' },
    { from: ['field:teams.1.summary', 'service'], id: 'web', name: 'web' },
    { from: ['field:teams.summary'], id: 'core', name: 'core' },
    { from: ['field:nowhere'], id: '', name: '' },
    { from: ['tag:owner', 'service'], id: 'S1', name: 'shop' },
  ])('$from gives the service "$name"', ({ from, id, name }) => {
    const found = applySources(RECORD, RAW, withFrom({ services: from }));

    expect([found.serviceId, found.serviceName]).toEqual([id, name]);
  });

  it.each([
    { from: ['team', 'tag:severity'], teamId: 'T1', team: undefined },
    { from: ['field:teams.summary', 'team'], teamId: undefined, team: 'core' },
    { from: ['field:lead'], teamId: undefined, team: undefined },
  ])('$from gives the team "$team"', ({ from, teamId, team }) => {
    const found = applySources(RECORD, RAW, withFrom({ team: from }));

    expect([found.teamId, found.team]).toEqual([teamId, team]);
  });

  it('ask for nothing to be read again while the platform itself is asked', () => {
    expect(sourcesKey(withFrom({ severity: ['urgency', 'priority'] }))).toEqual([]);
    expect(sourcesKey(withFrom({ severity: ['urgency', 'tag:a'], team: ['team'] }))).toEqual([
      'severity: urgency, tag:a',
      'team: team',
    ]);
  });
});
