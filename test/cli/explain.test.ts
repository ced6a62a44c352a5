import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Explanation } from '../../src/report/explain/explanation.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import { DAY_MS, START_MS as NOW_MS, told } from '../metrics/stage.ts';
import { ago } from '../report/stored-history.ts';
import { incident, recovered } from '../store/fixtures.ts';
import { temporaryFolder } from '../store/sqlite-location.ts';
import { openCommand } from './command-on-store.ts';
import { runLine } from './run-line.ts';

const TOLD = [
  recovered('A', 10, { triggeredAtMs: ago(300), acknowledgedAtMs: ago(298), endKnownFrom: 'resolve_event' }),
  recovered('B', 50, { triggeredAtMs: ago(200), url: 'https://x/B', autoResolved: true }),
  recovered('C', 30, { triggeredAtMs: ago(100), service: 'search' }),
  incident('D', { triggeredAtMs: ago(50) }),
];

const desk = (more = '') => openCommand('explain', [{ incidents: TOLD }], more);

describe('explain', () => {
  it('prints the number, the arithmetic, the incidents and the exclusions', async () => {
    const { run } = desk();

    const { code, text } = await run({ service: 'checkout', window: '7d' });

    expect(code).toBe(0);
    expect(text).toMatch(
      /^incident_mttr_minutes\{by="service",window="7d",service="checkout"\}:\n {2}Value: 30 minutes\n/,
    );
    expect(text).toContain('- 60 minutes ÷ 2 incidents = 30 minutes\n');
    expect(text).toContain('- Cross-check: matches the exported metric\n');
    expect(text).toMatch(/│ B +│ P1 +│ 2026-05-31T20:40:00 │ 2026-05-31T21:30:00 │ 50 +│ +│ automatic +│/);
    expect(text).toMatch(/│ A .*│ acknowledged 2 +│ resolve event +│/);
    expect(text).toContain('  B: https://x/B\n');
    expect(text).toContain('- 1 incident (still_open): open: no recovery yet\n');
  });

  it('prints times in the configured zone', async () => {
    const { run } = desk('timezone: Asia/Tokyo\n');

    const { text } = await run({ service: 'checkout' });

    expect(text).toMatch(/│ B .*│ 2026-06-01T05:40:00 │/);
    expect(text).toContain('times in Asia/Tokyo');
  });

  it('lists at most --limit incidents, and says how many more there are', async () => {
    const { run } = desk();

    const { text } = await run({ limit: '1' });

    expect(text).toContain('Incidents behind it (3):');
    expect(text).toContain('  and 2 more; --limit or --output json lists them');
  });

  it('prints JSON of its schema, with all incidents', async () => {
    const { run } = desk();

    const { text } = await run(
      { output: 'json' },
      'incident_recovery_quantile_minutes{by="all",window="30d",quantile="0.5"}',
    );

    const explanation = Explanation.parse(JSON.parse(text));
    expect(explanation).toMatchObject({ statistic: 'p50', quantile: 0.5, value: 30, agrees: true });
    expect(explanation.incidents).toHaveLength(3);
  });

  it('explains a period of the past as it is known today', async () => {
    const { run } = desk();

    const { text } = await run({ from: '2026-05-31', to: '2026-05-31', output: 'json' });

    const explanation = Explanation.parse(JSON.parse(text));
    expect(explanation).toMatchObject({ value: 30, window: '2026-05-31 to 2026-05-31', window_minutes: 1440 });
    expect(explanation.notes[0]).toContain('/metrics does not show this number');
  });

  it('writes a file atomically', async () => {
    const { run, folder } = desk();
    const file = join(folder, 'explained.txt');

    const written = await run({ outputFile: file });
    const unknown = await run({ outputFile: join(folder, 'other.txt'), service: 'chekout' });

    expect(written).toMatchObject({ code: 0, text: '' });
    expect(readFileSync(file, 'utf8')).toContain('incident_mttr_minutes{by="all"');
    expect(unknown.code).toBe(2);
    expect(existsSync(join(folder, 'other.txt'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('has an answer where nothing was resolved', async () => {
    const { run } = openCommand('explain', [{ incidents: [] }]);

    const { code, text } = await run();

    expect(code).toBe(0);
    expect(text).toContain('  Value: none: no incident is in it: mttr needs at least one\n');
  });

  it('has the baseline of a past window without a store, as the platforms are read far enough back', async () => {
    const window = { toMs: NOW_MS - 20 * DAY_MS, spanMs: 90 * DAY_MS };
    const triggeredAtMs = window.toMs - window.spanMs - 5 * DAY_MS;
    const world = { alarms: [], incidents: [told({ id: 'Q1', triggeredAtMs, resolved: 45 })] };
    const fake = await startPagerdutyFake(world, { nowMs: () => NOW_MS });
    onTestFinished(() => fake.close());
    const folder = temporaryFolder();
    const file = join(folder, 'c.yml');
    const provider = `{ name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${fake.url}" }`;
    writeFileSync(file, `providers: [${provider}]\nstore: { path: "${folder}/none.db" }\n`);
    const to = new Date(window.toMs).toISOString();
    // Time goes on between the question and the requests that answer it.
    let nowMs = NOW_MS;
    const clock = { nowMs: () => (nowMs += 10), sleep: async () => undefined };

    const { code, printed, said } = await runLine({
      words: ['explain', `--config.file=${file}`, '--statistic=baseline', '--from=90d', `--to=${to}`, '--output=json'],
      clock,
    });

    expect(code, said).toBe(0);
    const explanation = Explanation.parse(JSON.parse(printed));
    expect(explanation).toMatchObject({ value: 45, agrees: true });
    expect(explanation.absence).toBeUndefined();
  });

  it('claims no agreement where there is no number', async () => {
    const { run } = openCommand('explain', [{ incidents: [] }]);

    const json = await run({ output: 'json' });
    const text = await run();

    const explanation = Explanation.parse(JSON.parse(json.text));
    expect(explanation).toMatchObject({ absence: 'no incident is in it: mttr needs at least one' });
    expect(explanation).not.toHaveProperty('agrees');
    expect(text.text).not.toContain('Cross-check');
  });

  it.each([
    { values: { service: 'chekout' }, words: [], says: '--service: "chekout" is unknown; did you mean "checkout"?' },
    {
      values: { window: '0s' },
      words: [],
      says: '--window: "0s" is not a valid window; expected a duration such as 7d or 12h',
    },
    {
      values: { window: '7d', from: '3d' },
      words: [],
      says: '--window: cannot be combined with from; expected one of the two',
    },
    { values: { from: '2026-05-02', to: '2026-05-01' }, words: [], says: '--from: "2026-05-02" is not before to' },
    { values: { limit: 'x' }, words: [], says: '--limit: "x" is not a whole number; expected 0 or more' },
    { values: { statistic: 'mtr' }, words: [], says: '--statistic: "mtr" is not a statistic; did you mean mttr?' },
    {
      values: { statistic: 'mttr' },
      words: ['mtta'],
      says: '--statistic: "mttr" is given, and "mtta" by the series; expected one of the two',
    },
    {
      values: { window: '7d' },
      words: ['mttr{window="30d"}'],
      says: '--window: "7d" is given, and "30d" by the series',
    },
    { values: { service: 'a' }, words: ['mttr{service="b"}'], says: '--service: "a" is given, and "b" by the series' },
    { values: {}, words: ['mttr', 'mtta'], says: 'expected one series, got 2; does it need quotes?' },
    { values: {}, words: ['mttr{by="service"}'], says: 'by="service" needs a service; none is given' },
    {
      values: { from: '2019-01-01', to: '2019-02-01' },
      words: [],
      says: 'the period ends at 2019-02-01 23:59:59 UTC, before the history begins',
    },
    { values: { 'config.file': '/nowhere.yml' }, words: [], says: 'cannot read /nowhere.yml' },
  ])('refuses with code 2 and one line: $says', async ({ values, words, says }) => {
    const { run } = desk();

    const { code, errors, text } = await run(values, ...words);

    expect({ code, text, lines: errors.split('\n').length }).toEqual({ code: 2, text: '', lines: 1 });
    expect(errors).toContain(says);
  });
});
