import { describe, expect, it } from 'vitest';
import { createLabelMapper, isVisible } from '../../src/config/label-mapper.ts';
import { FLAGS } from '../../src/model/stored.ts';
import { EXCLUSION_TEXTS, EXCLUSIONS, findExclusion, toLabels } from '../../src/report/exclusion.ts';
import { providerConfig, severities } from '../settings.ts';

const OPEN = { severities: [], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 };
const DIMENSIONS = { row: 1, provider: 'pagerduty', serviceId: 'S', serviceName: 'checkout', team: 'payments' };
const INCIDENT = { flags: 0, title: 'It is slow', recoveryMs: 60_000 };

function excluded(filter: Partial<typeof OPEN> | object, incident: Partial<typeof INCIDENT> = {}) {
  const labelMapper = createLabelMapper(providerConfig({ filter: { ...OPEN, ...filter } }), severities);
  const labels = toLabels(labelMapper.map({ ...DIMENSIONS, severity: { priority: 'P1' } }));
  const subject = { ...INCIDENT, ...incident };
  return { reason: findExclusion(subject, labels, labelMapper), isVisible: isVisible(subject, labels, labelMapper) };
}

describe('an incident that is not counted', () => {
  it.each([
    { reason: 'filter_severities', filter: { severities: ['P2'] }, incident: {} },
    { reason: 'filter_services', filter: { services: ['search'] }, incident: {} },
    { reason: 'filter_teams', filter: { teams: ['T1'] }, incident: {} },
    { reason: 'deleted', filter: {}, incident: { flags: FLAGS.deleted } },
    { reason: 'flagged', filter: {}, incident: { flags: FLAGS.flagged } },
    { reason: 'expired', filter: {}, incident: { flags: FLAGS.expired } },
    { reason: 'flaky', filter: {}, incident: { flags: FLAGS.flaky } },
    { reason: 'exclude_titles', filter: { excludeTitles: [/slow/] }, incident: {} },
    { reason: 'shorter_than', filter: { shorterThanMs: 60_001 }, incident: {} },
    { reason: undefined, filter: { teams: ['payments'], severities: ['P1'] }, incident: { flags: FLAGS.merged } },
  ])('is told with its reason: $reason', ({ reason, filter, incident }) => {
    expect(excluded(filter, incident)).toEqual({ reason, isVisible: reason === undefined });
  });

  it('has a reason exactly where statistics do not see it', () => {
    const filters = [{}, { severities: ['P2'] }, { services: ['checkout'] }, { teams: ['x'], shorterThanMs: 90_000 }];
    const flags = Array.from({ length: 2 * FLAGS.reopened }, (_, bits) => bits);
    const recoveries = [undefined, 0, 60_000, 120_000];

    const found = filters.flatMap((filter) =>
      flags.flatMap((bits) =>
        recoveries.map((recoveryMs) => excluded(filter, { flags: bits, ...(recoveryMs && { recoveryMs }) })),
      ),
    );

    expect(found.filter(({ reason, isVisible: isSeen }) => (reason === undefined) !== isSeen)).toEqual([]);
  });

  it('has words for every reason', () => {
    expect(EXCLUSIONS.filter((one) => EXCLUSION_TEXTS[one] === undefined)).toEqual([]);
  });
});
