import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../src/config/types.ts';
import type { Incident } from '../../src/model/incident.ts';
import { Postmortem, toPostmortem } from '../../src/report/postmortem/document.ts';
import { gatherFacts } from '../../src/report/postmortem/facts.ts';
import { renderPostmortem } from '../../src/report/postmortem/template.ts';
import { severities } from '../settings.ts';
import { incident, recovered } from '../store/fixtures.ts';
import { ago, days, statisticsSettings, type World, worldOf } from './stored-history.ts';

function factsOf(world: World, id: string) {
  const [details] = world.history.find(id);
  if (details === undefined) throw new Error(`the test told of no ${id}`);
  return gatherFacts({ ...world, details, severities, settings: statisticsSettings() });
}

function facts(incidents: readonly Incident[], id: string, config: Partial<ProviderConfig> = {}) {
  return factsOf(worldOf([{ config, incidents }]), id);
}

function review(incidents: readonly Incident[], id: string, timezone = 'UTC'): string {
  return renderPostmortem(facts(incidents, id), { timezone });
}

const STORY = recovered('STORY', 120, {
  title: 'checkout is slow',
  triggeredAtMs: ago(300),
  startedAtMs: ago(310),
  acknowledgedAtMs: ago(296),
  escalatedAtMs: [ago(290), ago(280)],
  identifiedAtMs: ago(270),
  mitigatedAtMs: ago(260),
  reopenedAtMs: [ago(200)],
  intervals: [
    { openedAtMs: ago(300), closedAtMs: ago(250) },
    { openedAtMs: ago(200), closedAtMs: ago(180) },
  ],
  endKnownFrom: 'resolve_event',
  autoResolved: true,
  url: 'https://x.example/STORY',
});

describe('a post-incident review', () => {
  it('tells what happened in order, in the zone and in UTC', () => {
    const text = review([STORY], 'STORY', 'Europe/Berlin');

    const lines = text.split('\n').filter((line) => / UTC \| [+-]/.test(line));
    expect(lines).toEqual([
      '| 2026-05-31 20:50:00 +02:00 | 2026-05-31 18:50:00 UTC | -10.0 | Impact began |',
      '| 2026-05-31 21:00:00 +02:00 | 2026-05-31 19:00:00 UTC | +0.0 | Triggered |',
      '| 2026-05-31 21:04:00 +02:00 | 2026-05-31 19:04:00 UTC | +4.0 | Acknowledged |',
      '| 2026-05-31 21:10:00 +02:00 | 2026-05-31 19:10:00 UTC | +10.0 | Escalated (1) |',
      '| 2026-05-31 21:20:00 +02:00 | 2026-05-31 19:20:00 UTC | +20.0 | Escalated (2) |',
      '| 2026-05-31 21:30:00 +02:00 | 2026-05-31 19:30:00 UTC | +30.0 | Cause identified |',
      '| 2026-05-31 21:40:00 +02:00 | 2026-05-31 19:40:00 UTC | +40.0 | Mitigated |',
      '| 2026-05-31 21:50:00 +02:00 | 2026-05-31 19:50:00 UTC | +50.0 | Resolved (later reopened) |',
      '| 2026-05-31 22:40:00 +02:00 | 2026-05-31 20:40:00 UTC | +100.0 | Reopened |',
      '| 2026-05-31 23:00:00 +02:00 | 2026-05-31 21:00:00 UTC | +120.0 | Resolved automatically |',
    ]);
  });

  it('sums the incident up, with a link and what is known of its end', () => {
    const text = review([STORY], 'STORY');

    expect(text).toContain('# Post-incident review: checkout is slow\n');
    expect(text).toContain('| Incident | [STORY](<https://x.example/STORY>) |');
    expect(text).toContain(
      '| Status | resolved (not ended by a person, known from a resolve event) |'.replace('_', '_'),
    );
    expect(text).toContain('| Escalated | 2 times |\n| Reopened | once |');
  });

  it('measures durations against the targets of the severity', () => {
    const { durations } = facts([STORY], 'STORY');

    expect(durations).toEqual([
      { kind: 'detection', minutes: 10, targetMinutes: undefined },
      { kind: 'acknowledgement', minutes: 4, targetMinutes: undefined },
      { kind: 'identification', minutes: 30, targetMinutes: undefined },
      { kind: 'mitigation', minutes: 40, targetMinutes: undefined },
      { kind: 'recovery', minutes: 120, targetMinutes: 30 },
    ]);
  });

  it('has every section that people fill in', () => {
    const text = review([STORY], 'STORY');

    const titles = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual([
      'Summary',
      'Durations',
      'Timeline',
      'Investigation',
      'Resolution',
      'Recent changes',
      'Similar earlier incidents',
      'Compared with the 90 days before',
      'Impact',
      'Causes',
      'Contributing factors',
      'What went well',
      'What went badly',
      'Where we were lucky',
      'Action items',
      'Lessons',
    ]);
  });

  it('tells how the investigation went, and how it ended, with blanks for what only people know', () => {
    const text = review([STORY], 'STORY');

    expect(text).toContain(`## Investigation

| Step | When | After the trigger |
| --- | --- | --- |
| Started (first acknowledgement by a person) | 2026-05-31 19:04:00 UTC | 4.0 minutes |
| Cause identified | 2026-05-31 19:30:00 UTC | 30.0 minutes |
| Mitigated | 2026-05-31 19:40:00 UTC | 40.0 minutes |

_How was the cause found? What led astray, what was missing?_

- _fill in_

## Resolution

- State: resolved
- Resolved: 2026-05-31 21:00:00 UTC
- Ended by a person: no (a time-out or an integration)
- Known from: a resolve event
- Recovery: 120.0 minutes (2.0 hours)

_What ended it: a fix, a rollback, a workaround? What is still to be done?_

- _fill in_

## Recent changes

- none known: no deployments are read
`);
    expect(text).toContain(`## Contributing factors

_What made it likelier, worse, longer or harder to notice?_

| Kind | Factor |
| --- | --- |
| Technical (code, configuration, capacity, dependencies) | _fill in_ |
`);
    expect(text).toContain(`| Action | Kind | Team | Due | Ticket |
| --- | --- | --- | --- | --- |
| _fill in_ | prevent | _fill in_ | _fill in_ | _fill in_ |
`);
  });

  it('claims nothing of an investigation that no platform reports', () => {
    const text = review([incident('OPEN', { triggeredAtMs: ago(45) })], 'OPEN');

    expect(text).toContain('| Cause identified | not reported |  |');
    expect(text).toContain('- State: still open\n- Open so far: 45.0 minutes\n');
    expect(text).not.toContain('Ended by a person');
  });

  it('is the same as data, without title, for programs', () => {
    const document = toPostmortem(facts([STORY], 'STORY'));

    expect(Postmortem.safeParse(JSON.parse(JSON.stringify(document))).error).toBeUndefined();
    expect(JSON.stringify(document)).not.toContain('checkout is slow');
    expect(JSON.parse(JSON.stringify(document))).toMatchObject({
      incident: { provider: 'pagerduty', id: 'STORY', service: 'checkout', severity: 'P1', escalations: 2 },
      durations: [
        { kind: 'detection', minutes: 10 },
        { kind: 'acknowledgement', minutes: 4 },
        { kind: 'identification', minutes: 30 },
        { kind: 'mitigation', minutes: 40 },
        { kind: 'recovery', minutes: 120, target_minutes: 30, within_target: false },
      ],
      investigation: { minutes_to_start: 4, identification_minutes: 30, mitigation_minutes: 40 },
      resolution: { state: 'resolved', recovery_minutes: 120, resolved_at: '2026-05-31T21:00:00.000Z' },
      recent_changes: { known: false, changes: [] },
      similar: { count: 0, last: [] },
    });
    expect(document.timeline[0]).toEqual({
      at: '2026-05-31T18:50:00.000Z',
      minutes_after_trigger: -10,
      event: 'Impact began',
    });
    expect(document.to_fill_in.map(({ key }) => key)).toEqual([
      'investigation',
      'resolution',
      'recent_changes',
      'impact',
      'causes',
      'contributing_factors',
      'went_well',
      'went_badly',
      'lucky',
      'action_items',
      'lessons',
    ]);
  });

  it('measures every stage against its target', () => {
    const stageTargetsMs = { detection: 60_000, identification: 60_000, mitigation: 3_600_000 };
    const targets = severities.map((one) => ({ ...one, stageTargetsMs }));
    const world = worldOf([{ incidents: [STORY] }]);
    const [details] = world.history.find('STORY');
    if (details === undefined) throw new Error('the test told of STORY');

    const { durations } = gatherFacts({ ...world, details, severities: targets, settings: statisticsSettings() });

    expect(durations.map(({ kind, targetMinutes }) => [kind, targetMinutes])).toEqual([
      ['detection', 1],
      ['acknowledgement', undefined],
      ['identification', 1],
      ['mitigation', 60],
      ['recovery', 30],
    ]);
  });

  it('of an incident that is open says for how long it has been', () => {
    const { durations, events } = facts([incident('OPEN', { triggeredAtMs: ago(45) })], 'OPEN');

    expect(durations).toEqual([{ kind: 'open so far', minutes: 45, targetMinutes: 30 }]);
    expect(events.map(({ text }) => text)).toEqual(['Triggered']);
  });

  it('shows a title as it is, whatever Markdown or HTML is in it, on one line', () => {
    const title = '# <b>*a*</b> [x](javascript:y) | `z`\n## heading\u0007';

    const text = review([recovered('T', 1, { triggeredAtMs: ago(10), title })], 'T');

    expect(text.split('\n')[0]).toBe(
      '# Post-incident review: \\# \\<b\\>\\*a\\*\\</b\\> \\[x\\](javascript:y) \\| \\`z\\` \\#\\# heading ',
    );
  });

  it.each([
    { told: { deletedIds: ['X'] }, incident: incident('X', { triggeredAtMs: ago(45) }), state: 'deleted' },
    { told: {}, incident: recovered('X', 1, { triggeredAtMs: ago(45), merged: true }), state: 'merged' },
    { told: {}, incident: recovered('X', 1, { triggeredAtMs: ago(45), exclusion: 'expired' }), state: 'expired' },
  ] as const)('says how an incident ended that was $state', ({ told, incident: one, state }) => {
    const { resolution, durations } = factsOf(worldOf([{ ...told, incidents: [one] }]), 'X');

    expect(resolution).toBe(state);
    expect(durations.filter(({ kind }) => kind === 'open so far')).toEqual([]);
  });

  it('makes no link of what is no web address', () => {
    const text = review([recovered('T', 1, { triggeredAtMs: ago(10), url: 'javascript:alert(1)' })], 'T');

    expect(text).toContain('| Incident | T |');
    expect(text).not.toContain('javascript');
  });
});

describe('similar earlier incidents', () => {
  it('are those of the same trouble that began before, the last five with their durations', () => {
    const same = { fingerprint: 'disk full' };
    const earlier = Array.from({ length: 7 }, (_, at) =>
      recovered(`E${at}`, at, { ...same, triggeredAtMs: ago(days(10) - at) }),
    );
    const others = [
      recovered('LATER', 1, { ...same, triggeredAtMs: ago(10) }),
      recovered('OTHER', 1, { triggeredAtMs: ago(days(11)) }),
      recovered('FLAKY', 1, { ...same, triggeredAtMs: ago(days(11)), exclusion: 'flaky' }),
    ];

    const { similar } = facts([recovered('X', 9, { ...same, triggeredAtMs: ago(100) }), ...earlier, ...others], 'X');

    expect(similar.count).toBe(7);
    expect(similar.last.map(({ id, minutes }) => [id, minutes])).toEqual([
      ['E6', 6],
      ['E5', 5],
      ['E4', 4],
      ['E3', 3],
      ['E2', 2],
    ]);
  });
});

describe('the comparison', () => {
  const before = [
    recovered('A', 10, { triggeredAtMs: ago(days(20)) }),
    recovered('B', 20, { triggeredAtMs: ago(days(30)), service: 'search' }),
    recovered('C', 60, { triggeredAtMs: ago(days(40)), priority: 'P2' }),
    recovered('LONG AGO', 999, { triggeredAtMs: ago(days(120)) }),
    recovered('AFTER', 999, { triggeredAtMs: ago(days(1)) }),
  ];

  it('is with what was resolved in the 90 days before the trigger, by service and by severity', () => {
    const { comparisons } = facts([...before, recovered('X', 5, { triggeredAtMs: ago(days(10)) })], 'X');

    expect(comparisons).toEqual([
      {
        grouping: 'service',
        name: 'checkout',
        days: 90,
        medianMinutes: 35,
        meanMinutes: 35,
        resolved: 2,
        isWhole: true,
      },
      { grouping: 'severity', name: 'P1', days: 90, medianMinutes: 15, meanMinutes: 15, resolved: 2, isWhole: true },
    ]);
  });

  it('says how many times as long it took', () => {
    const text = review([...before, recovered('X', 70, { triggeredAtMs: ago(days(10)) })], 'X');

    expect(text).toContain('| service checkout | 2 | 35.0 | 35.0 | 2.0× | 2.0× |');
  });

  it('of a provider that counts only in its own rows is with its own incidents', () => {
    const own = [
      recovered('Y', 5, { triggeredAtMs: ago(days(11)) }),
      recovered('X', 5, { triggeredAtMs: ago(days(10)) }),
    ];
    const world = worldOf([{ incidents: before }, { config: { name: 'aws', overall: false }, incidents: own }]);

    const { comparisons } = factsOf(world, 'X');

    expect(comparisons.map(({ resolved, meanMinutes }) => [resolved, meanMinutes])).toEqual([
      [1, 5],
      [1, 5],
    ]);
  });
});

describe('an incident that no statistic counts', () => {
  it.each([
    { told: { merged: true }, filter: {}, says: 'merged into another incident: counted as opened, never as resolved' },
    { told: { exclusion: 'flaky' as const }, filter: {}, says: 'too short to be a recovery' },
    { told: {}, filter: { services: ['search'] }, says: 'left out by filter.services' },
    { told: {}, filter: { excludeTitles: [/trouble/] }, says: 'left out by filter.exclude_titles' },
  ])('says why: $says', ({ told, filter, says }) => {
    const none = { severities: [], services: [], teams: [], excludeTitles: [], shorterThanMs: 0 };

    const { exclusionText, service } = facts([recovered('X', 5, { triggeredAtMs: ago(100), ...told })], 'X', {
      filter: { ...none, ...filter },
    });

    expect({ exclusionText, service }).toEqual({ exclusionText: says, service: 'checkout' });
  });
});
