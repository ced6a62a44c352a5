import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backfillFamilies } from '../../src/cli/backfill/gauge-replay.ts';
import { UsageError } from '../../src/cli/flags.ts';
import type { Parsed } from '../e2e/page.ts';
import { playExamplePlatforms } from '../metrics/example-platforms.ts';
import { DAY_MS, type EngineStage, HOUR_MS, MINUTE_MS, START_MS, stageEngine, told } from '../metrics/stage.ts';
import { backfill, folderForTest, pagesIn } from './run-backfill.ts';

/** What backfill tells of a page, in any order. */
function toldLines({ text }: Parsed): string[] {
  const names = new Set(backfillFamilies.map(({ name }) => name));
  return text
    .split('\n')
    .filter((line) => names.has(/^\w+/.exec(line)?.[0] ?? ''))
    .toSorted();
}

/** Backfills until now into a folder, and fails the test when that fails. */
async function filesOf(stage: EngineStage, words: readonly string[]) {
  const folder = folderForTest();
  const { configuration } = stage;
  const all = [`--output-directory=${folder}`, '--to=now', ...words];
  const run = await backfill({ configuration, nowMs: stage.nowMs(), words: all });
  if (run.failure !== undefined) throw run.failure;
  return { folder, run, pages: pagesIn(folder) };
}

/** One incident, one minute. */
async function smallStage(): Promise<EngineStage> {
  const stage = await stageEngine({
    incidents: [told({ id: 'Q1', triggeredAtMs: START_MS - 3 * DAY_MS, resolved: 9 })],
  });
  await stage.live(MINUTE_MS);
  return stage;
}

describe('backfill', () => {
  it('ends with exactly what the exporter shows: every series, every value', async () => {
    const stage = await playExamplePlatforms();
    const live = await stage.scrape();

    const { pages } = await filesOf(stage, ['--from=2h', '--partial']);

    const last = pages.get(stage.nowMs() / 1000);
    expect(toldLines(live).length).toBeGreaterThan(300);
    expect(last?.text.split('\n').toSorted()).toEqual(toldLines(live));
  });

  it('has at each time what the exporter showed then, where nothing was corrected since', async () => {
    const stage = await stageEngine({
      incidents: (await playExamplePlatforms()).world.incidents.filter(({ id }) => id !== 'Q07'),
      more: 'groupings: [all, severity, service, "service,severity", team, provider]\nwindows: [7d, 30d]\n',
    });
    const seen = new Map<number, Parsed>();
    for (let minutes = 0; minutes <= 120; minutes += 5) {
      await stage.live(5 * MINUTE_MS);
      seen.set(stage.nowMs() / 1000, await stage.scrape());
    }

    const { pages } = await filesOf(stage, ['--from=115m', '--partial']);

    // Groups and series that were not there yet are told as empty: no incident of theirs is in any window.
    const isKnown = (line: string, page: Parsed) => page.text.includes(line.slice(0, line.lastIndexOf(' ') + 1));
    const said = [...pages].map(([at, page]) => {
      const then = seen.get(at);
      if (then === undefined) throw new Error(`nothing was scraped at ${at}`);
      return [at, toldLines(page).filter((line) => isKnown(line, then))];
    });
    expect(said).toHaveLength(24);
    expect(said).toEqual([...pages.keys()].map((at) => [at, toldLines(seen.get(at) as Parsed)]));
  });

  it('reads the platforms where there is no store, with the same result', async () => {
    const stage = await playExamplePlatforms();
    const { pages: fromStore } = await filesOf(stage, ['--from=10m']);
    const elsewhere = join(folderForTest(), 'none.db');
    const configuration = stage.configuration.replace(/^store:.*$/m, `store: { path: "${elsewhere}" }`);

    const { pages } = await filesOf({ ...stage, configuration }, ['--from=10m']);

    const lines = (page: Parsed | undefined) => page?.text.split('\n').toSorted();
    expect(lines(pages.get(stage.nowMs() / 1000))).toEqual(lines(fromStore.get(stage.nowMs() / 1000)));
    expect(existsSync(elsewhere)).toBe(false);
  });

  it('omits a window until history covers it', async () => {
    const stage = await stageEngine({ more: 'history: 7d\nwindows: [7d]\n' });
    await stage.live(DAY_MS);

    const { pages, run } = await filesOf(stage, ['--from=3d', '--step=12h']);

    const days = [...pages].map(([at, page]) => [
      (at * 1000 - START_MS) / HOUR_MS,
      page.sum('incident_window_opened', {}),
    ]);
    const hasWindow = [...pages].map(([at, page]) => [
      at * 1000 >= START_MS + DAY_MS,
      page.text.includes('window="7d"'),
    ]);
    expect(days.length).toBe(7);
    expect(hasWindow.filter(([isLate, has]) => isLate !== has)).toEqual([]);
    expect(run.errors).toContain(
      'note: window 7d omitted until 2026-03-02T00:00:00Z: history too short (--partial includes it)',
    );
  });

  it('writes one file for each day atomically, and says how to load them', async () => {
    const stage = await smallStage();
    const { folder, run } = await filesOf(stage, ['--from=2d', '--step=6h', '--label=instance=a "b"']);

    const names = readdirSync(folder).toSorted();
    expect(names).toEqual([
      'mttr-exporter-2026-02-27.om',
      'mttr-exporter-2026-02-28.om',
      'mttr-exporter-2026-03-01.om',
    ]);
    for (const name of names) {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(text.match(/# EOF/g)).toHaveLength(1);
      expect(text.endsWith('\n# EOF\n')).toBe(true);
      expect(text).toContain(',job="mttr-exporter",instance="a \\"b\\""} ');
      for (const [, at] of text.matchAll(/^[^#].* (\d+)$/gm)) {
        expect(new Date(Number(at) * 1000).toISOString().slice(0, 10)).toBe(name.slice(14, 24));
      }
    }
    expect(run.text).toContain(`for file in ${folder}/mttr-exporter-*.om; do`);
    expect(run.text).toContain('--storage.tsdb.retention.time=3d or more');
    expect(run.text).toContain('Warning: these files contain samples of the last 3h.');
    expect(run.errors).toContain('note: a step of 6h leaves gaps in graphs');
    expect(run.code).toBe(0);
  });

  it('writes only the selected groupings and windows', async () => {
    const stage = await smallStage();
    const { pages } = await filesOf(stage, ['--from=10m', '--by=severity', '--by=service,severity', '--window=30d']);

    const text = pages.get(stage.nowMs() / 1000)?.text ?? '';
    const values = (label: string) =>
      new Set([...text.matchAll(new RegExp(`${label}="([^"]*)"`, 'g'))].map(([, one]) => one));
    expect(values('by')).toEqual(new Set(['severity', 'service,severity']));
    expect(values('window')).toEqual(new Set(['30d']));
  });

  it('stops three hours ago by default, as later blocks would remove live samples', async () => {
    const stage = await smallStage();
    const folder = folderForTest();

    const run = await backfill({
      configuration: stage.configuration,
      nowMs: stage.nowMs(),
      words: [`--output-directory=${folder}`, '--from=1d', '--step=1h'],
    });

    expect(Math.max(...pagesIn(folder).keys()) * 1000).toBe(stage.nowMs() - 3 * HOUR_MS);
    expect(run.text).not.toContain('Warning');
  });

  it('names files of other runs, which would be loaded too', async () => {
    const stage = await smallStage();
    const folder = folderForTest();
    const other = join(folder, 'mttr-exporter-2020-01-01.om');
    writeFileSync(other, '# EOF\n');

    const run = await backfill({
      configuration: stage.configuration,
      nowMs: stage.nowMs(),
      words: [`--output-directory=${folder}`, '--from=1d', '--step=1h'],
    });

    expect(run.errors).toContain(`warning: ${other} is not from this run and would be loaded too\n`);
  });
});

describe('backfill refuses', () => {
  const minutes = (count: number) => new Date(START_MS - count * MINUTE_MS).toISOString();

  it.each([
    { words: [], says: 'expected either --output-directory <directory> or --remote-write <url>' },
    {
      words: ['--output-directory=x', '--remote-write=http://localhost/'],
      says: 'expected either --output-directory <directory> or --remote-write <url>',
    },
    {
      words: ['--output-directory=x', '--remote-write.tenant=a'],
      says: 'flags --remote-write.… require --remote-write <url>',
    },
    {
      words: ['--output-directory=x', `--from=${minutes(10)}`, `--to=${minutes(20)}`],
      says: /^--from: ".*" is not before to: /,
    },
    {
      words: ['--output-directory=x', '--from=yesterday'],
      says: /^--from: "yesterday" is not a time; expected a span/,
    },
    {
      words: ['--output-directory=x', '--step=500ms'],
      says: '--step: "500ms" is not a step; expected whole seconds, 1s or more, such as 5m',
    },
    {
      words: ['--output-directory=x', '--from=1h', '--step=2h'],
      says: '--step: 2h is longer than the period, which is 1h',
    },
    {
      words: ['--output-directory=x', '--label=provider=a'],
      says: '--label: the exporter sets provider itself',
    },
    {
      words: ['--output-directory=x', '--label=__name__=a'],
      says: '--label: "__name__=a" is not a label; expected NAME=VALUE, such as instance=mttr-exporter',
    },
    {
      words: ['--output-directory=x', '--by=customer'],
      says: '--by: "customer" is not in the configuration (known: all, severity, service, service,severity)',
    },
    {
      words: ['--output-directory=x', '--window=31d'],
      says: '--window: "31d" is not in the configuration (known: 7d, 30d, 90d)',
    },
    { words: ['--remote-write=localhost:9090'], says: /^--remote-write: expected a URL such as http/ },
    {
      words: ['--remote-write=http://localhost/', '--remote-write.username=me'],
      says: '--remote-write.username and --remote-write.password-file require each other',
    },
    {
      words: ['--remote-write=http://localhost/', '--remote-write.bearer-token-file=/nowhere/token'],
      says: /^--remote-write.bearer-token-file: cannot read \/nowhere\/token/,
    },
  ])('$words', async ({ words, says }) => {
    const configuration = 'providers: [{ name: pd, type: pagerduty, api_key: k, base_url: "http://127.0.0.1:1" }]';

    const { failure, text } = await backfill({ configuration, nowMs: START_MS, words });

    expect(failure).toBeInstanceOf(UsageError);
    expect(String(failure).replace('UsageError: ', '')).toMatch(says);
    expect(text).toBe('');
    expect(existsSync('x')).toBe(false);
  });

  it('a period before the history, and says where that is', async () => {
    const stage = await stageEngine({ more: 'history: 90d\n' });
    await stage.live(MINUTE_MS);
    const folder = join(folderForTest(), 'history');

    const { failure } = await backfill({
      configuration: stage.configuration,
      nowMs: stage.nowMs(),
      words: [`--output-directory=${folder}`, '--from=2025-01-01', '--to=2025-01-31'],
    });

    expect(failure).toBeInstanceOf(UsageError);
    expect(existsSync(folder)).toBe(false);
    expect(String(failure)).toMatch(
      /is outside the history, which is from 2025-12-01T00:0[01]:00Z to 2026-03-01T00:01:00Z$/,
    );
  });

  it('a path that is no folder, before it reads anything', async () => {
    const file = join(folderForTest(), 'file');
    writeFileSync(file, '');
    const configuration = 'providers: [{ name: pd, type: pagerduty, api_key: k, base_url: "http://127.0.0.1:1" }]';

    const { failure } = await backfill({ configuration, nowMs: START_MS, words: [`--output-directory=${file}/in`] });

    expect(failure).not.toBeInstanceOf(UsageError);
    expect(String(failure)).toContain(`--output-directory: cannot write to ${file}/in: `);
  });
});
