import { describe, expect, it } from 'vitest';
import { renderExplanation } from '../../../src/report/explain/text.ts';
import { severities } from '../../settings.ts';
import { incident, recovered } from '../../store/fixtures.ts';
import { ago, ask, days, worldOf } from '../stored-history.ts';

const HOURS = { timezone: 'UTC', days: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 1020, holidays: ['2026-05-25'] };

/** 100 minutes of P1, which overlap a P5 that stays open. */
const told = [
  recovered('A', 60, { triggeredAtMs: ago(1000), priority: 'P1' }),
  recovered('B', 60, { triggeredAtMs: ago(960), priority: 'P1' }),
  incident('NOTE', { triggeredAtMs: ago(days(20)), priority: 'P5' }),
];
const availability = { severities: ['P1'], objective: 0.999 };

describe('availability', () => {
  it('is of the incidents of its severities alone', () => {
    const found = ask(worldOf([{ incidents: told }]), { statistic: 'availability' }, { availability });

    expect(found.value).toBeCloseTo(1 - 100 / 43_200, 12);
    expect(found.arithmetic).toMatchObject({ kind: 'availability', busy_minutes: 100, severities: ['P1'] });
    expect(found.incidents.map(({ id }) => id).toSorted()).toEqual(['A', 'B']);
    expect(found.left_out).toMatchObject([{ reason: 'other_severity', count: 1, examples: [{ id: 'NOTE' }] }]);
  });

  it('has a budget: what may be lost of the covered minutes, less what was', () => {
    const found = ask(worldOf([{ incidents: told }]), { statistic: 'errorBudget' }, { availability });

    expect(found.value).toBeCloseTo(43.2 - 100, 9);
    expect(found.arithmetic).toMatchObject({ kind: 'error_budget', objective: 0.999, busy_minutes: 100 });
    expect(renderExplanation(found, 'UTC')).toContain(
      `  - with at least one incident of P1 open: 100 minutes (overlaps count once)
  - budget: 43200 × (1 − 0.999) = 43.2 minutes
  - 43.2 − 100 = -56.8 minutes: more than the budget is spent
`,
    );
  });

  it.each([
    { statistic: 'free', value: 1 - 100 / 43_200 },
    { statistic: 'mtbf', value: 43_100 / 2 },
  ] as const)('decides $statistic of everything together, where it is configured', ({ statistic, value }) => {
    const world = worldOf([{ incidents: told }]);

    const configured = ask(world, { statistic }, { availability });
    const service = ask(world, { statistic, labels: { service: 'checkout' } }, { availability });

    expect(configured.value).toBeCloseTo(value, 9);
    expect(configured.arithmetic).toMatchObject({ severities: ['P1'] });
    expect(configured.meaning).toMatch(/ \(incidents of P1\)$/);
    expect(service.value).not.toBeCloseTo(value, 3);
    expect(service.arithmetic).not.toHaveProperty('severities');
  });

  it.each([
    { labels: {}, given: {}, says: 'availability is not configured' },
    { labels: { severity: 'P3' }, given: { availability }, says: 'availability.severities does not list P3' },
  ])('has no number, and says why: $says', ({ labels, given, says }) => {
    const { value, absence } = ask(worldOf([{ incidents: told }]), { statistic: 'availability', labels }, given);

    expect({ value, absence }).toEqual({ value: undefined, absence: says });
  });
});

describe('a share within the target of a stage', () => {
  const targets = severities.map((one) =>
    one.name === 'P1' ? { ...one, stageTargetsMs: { acknowledgement: 5 * 60_000 } } : one,
  );
  const resolved = (id: string, acknowledgedAfter: number | undefined, priority = 'P1') =>
    recovered(id, 60, {
      priority,
      triggeredAtMs: ago(1000),
      acknowledgedAtMs: acknowledgedAfter === undefined ? undefined : ago(1000 - acknowledgedAfter),
    });

  it('names its stage, lists misses first, and says what has no timestamp or no target', () => {
    const world = worldOf([
      { incidents: [resolved('MET', 5), resolved('MISSED', 6), resolved('NEVER', undefined), resolved('P5', 1, 'P5')] },
    ]);

    const found = ask(world, { statistic: 'acknowledgementWithinTarget' }, { severities: targets });

    expect(found).toMatchObject({
      statistic: 'acknowledgement_within_target',
      metric: 'incident_stage_within_target_ratio',
      stage: 'acknowledgement',
      value: 0.5,
      arithmetic: { kind: 'share', part: 1, of: 2 },
    });
    expect(found.incidents.map(({ id }) => id)).toEqual(['MISSED', 'MET']);
    expect(found.left_out.map(({ reason, examples }) => [reason, examples[0]?.id])).toEqual([
      ['no_stamp', 'NEVER'],
      ['no_target', 'P5'],
    ]);
    const text = renderExplanation(found, 'UTC');
    expect(text).toContain(
      'incident_stage_within_target_ratio{by="all",window="30d",stage="acknowledgement"}:\n  Value: 0.5 (50%)\n',
    );
    expect(text).toContain('1 incident (no_stamp): resolved without an acknowledgement by a person');
  });
});

describe('the mean in business hours', () => {
  it('has of each recovery the part in business hours, and says which hours these are', () => {
    // Friday 16:00 to Tuesday 10:00, over a weekend and a holiday: an hour on each side.
    const triggeredAtMs = Date.parse('2026-05-22T16:00:00Z');
    const long = recovered('LONG', (Date.parse('2026-05-26T10:00:00Z') - triggeredAtMs) / 60_000, { triggeredAtMs });
    const world = worldOf([{ incidents: [long] }]);

    const found = ask(world, { statistic: 'businessMttr' }, { businessHours: HOURS });

    expect(found).toMatchObject({ value: 120, metric: 'incident_mttr_business_minutes', counted: 1 });
    expect(found.notes).toContain('business hours: Mon, Tue, Wed, Thu, Fri 09:00 to 17:00 (UTC), holidays: 1');
  });

  it('has no number where no business hours are configured', () => {
    const { value, absence } = ask(worldOf([{ incidents: told }]), { statistic: 'businessMttr' });

    expect({ value, absence }).toEqual({ value: undefined, absence: 'business_hours is not configured' });
  });
});
