import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { renderCsv } from '../../../src/report/render/csv.ts';
import { renderJson } from '../../../src/report/render/json.ts';
import { renderMarkdown } from '../../../src/report/render/markdown.ts';
import { formatAvailability } from '../../../src/report/render/objectives.ts';
import { toSlackMessage } from '../../../src/report/render/slack.ts';
import { renderText } from '../../../src/report/render/text.ts';
import { group, report } from './invented.ts';

const availability = { severities: ['P1', 'P2'], objective: 0.9995 };
const businessHours = { timezone: 'UTC', days: [1, 2], fromMinute: 540, toMinute: 1020, holidays: ['2024-01-01'] };
const statistics = {
  resolved: 3,
  opened: 3,
  mttr: 145.3,
  businessMttr: 20.25,
  availability: 0.9989,
  errorBudget: -25.9,
};
const groups = [
  group({ statistics }),
  group({
    grouping: 'severity',
    name: 'P1',
    rank: 0,
    statistics: { resolved: 3, opened: 3, mttr: 145.3, businessMttr: 20.25, mtta: 4, acknowledgementWithinTarget: 0.5 },
    stageTargetMinutes: { acknowledgement: 5, mitigation: 60 },
  }),
  group({ grouping: 'service', name: 'checkout', statistics }),
];
const configured = report({ availability, businessHours, groups });

describe('a report where availability, business hours and targets of stages are configured', () => {
  it('says in text what was promised and kept', () => {
    const text = renderText(configured);

    expect(text).toContain(
      `Availability:
  Availability: 99.890%
  Objective: 99.95% missed
  Error Budget Left: -25.9 minutes (-0.4 hours)
  Unavailable While Open: P1, P2
`,
    );
    expect(text).toContain('  Mean: 145.3 minutes (2.4 hours)\n  Mean in Business Hours: 20.3 minutes (0.3 hours)\n');
    expect(text).toContain('│ Severity │ Avg Minutes │ Count │ Avg Business Minutes │');
    expect(text).toMatch(/│ Opened │ Avg Business Minutes │ Availability │ Budget Left │/);
    expect(text).toContain('  - Time Without an Open Incident and MTBF are of P1, P2, as availability is\n');
    expect(text).toContain('  - business hours: Mon, Tue 09:00 to 17:00 (UTC), holidays: 1\n');
    expect(text).toContain(
      `Targets of other Stages (minutes):
┌──────────┬─────────────────┬────────┬───────────────┬─────────┐
│ Severity │ Stage           │ Target │ Within Target │ Mean    │
├──────────┼─────────────────┼────────┼───────────────┼─────────┤
│ P1       │ Acknowledgement │ 5.0    │ 50.0%         │ 4.0     │
│ P1       │ Mitigation      │ 60.0   │ no data       │ no data │
└──────────┴─────────────────┴────────┴───────────────┴─────────┘
`,
    );
  });

  it('has in Markdown the same', () => {
    const page = renderMarkdown(configured);

    expect(page).toContain('## Availability\n\n- Availability: 99.890%\n- Objective: 99.95% missed\n');
    expect(page).toContain('| P1 | Acknowledgement | 5.0 | 50.0% | 4.0 |');
  });

  it('has in JSON the settings, and the numbers with those of the groups', () => {
    const document = JSON.parse(renderJson(configured));

    expect(document).toMatchObject({
      availability: { severities: ['P1', 'P2'], objective_ratio: 0.9995, objective_met: false },
      business_hours: { timezone: 'UTC', days: [1, 2], from: '09:00', to: '17:00' },
      all: { availability_ratio: 0.9989, error_budget_minutes: -25.9, mttr_business_minutes: 20.25 },
      severities: [{ name: 'P1', rank: 0, stage_target_minutes: { acknowledgement: 5, mitigation: 60 } }],
    });
  });

  it('has in CSV a column of each number', () => {
    const [all] = parse<Record<string, string>>(renderCsv(configured), { columns: true });

    expect(all).toMatchObject({
      availability_ratio: '0.9989',
      error_budget_minutes: '-25.9',
      mttr_business_minutes: '20.25',
    });
  });

  it('compares them with the period before', () => {
    const before = {
      bounds: { firstMs: 0, lastMs: 1 },
      groups: [group({ statistics: { availability: 0.999, businessMttr: 40.5 } })],
    };

    const text = renderText(report({ availability, businessHours, groups, before }));

    expect(text).toMatch(/│ Mean in Business Hours \(minutes\) +│ 20.3 +│ 40.5 +│ -50.0% +│/);
    expect(text).toMatch(/│ Availability +│ 99.890% +│ 99.900% +│ -0.010 points +│/);
  });

  it('says it to Slack', () => {
    const { attachments } = toSlackMessage(configured);

    const text = JSON.stringify(attachments);
    expect(text).toContain('*Availability*\\n99.890% of 99.95% :x:');
    expect(text).toContain('*Error budget left*\\n-25.9 min');
    expect(text).toContain('*Mean in business hours*\\n20.3 min');
    expect(text).toContain('*P1*: 145.3 min, 3 resolved, 50.0% acknowledged within 5.0 min');
  });
});

it('a report where nothing of that is configured does not mention it', () => {
  const before = { bounds: { firstMs: 0, lastMs: 1 }, groups: [] };
  const plain = report({ before });

  const texts = [renderText(plain), renderMarkdown(plain), JSON.stringify(toSlackMessage(plain))];

  for (const text of texts) expect(text).not.toMatch(/availab|business|budget|other stages/i);
  expect(JSON.parse(renderJson(plain))).toMatchObject({ availability: null, business_hours: null });
});

it.each([
  { share: 1, says: '100.000%' },
  { share: 0.999_999_9, says: '99.999%' },
  { share: 0.9995, says: '99.950%' },
  { share: undefined, says: 'no data' },
])('an availability of $share is never rounded up: $says', ({ share, says }) => {
  expect(formatAvailability(share)).toBe(says);
});

describe('the colour of a post', () => {
  const severity = (rank: number | undefined, opened: number) =>
    group({ grouping: 'severity', name: `S${rank}`, rank, statistics: { opened, resolved: 0 } });

  it.each([
    { says: 'the worst severity', ranks: [0, 1, 2], opened: [1, 1, 1], color: '#cf222e' },
    { says: 'the worst of which there was an incident', ranks: [0, 1, 2], opened: [0, 1, 1], color: '#fa6400' },
    { says: 'severities far down', ranks: [7], opened: [1], color: '#6e7781' },
    { says: 'one that is configured no more', ranks: [undefined], opened: [1], color: '#6e7781' },
    { says: 'nothing at all', ranks: [0], opened: [0], color: '#6e7781' },
  ])('is that of $says', ({ ranks, opened, color }) => {
    const severities = ranks.map((rank, index) => severity(rank, opened[index] ?? 0));

    const { attachments } = toSlackMessage(report({ groups: severities }));

    expect(attachments.map((attachment) => attachment.color)).toEqual([color]);
  });
});
