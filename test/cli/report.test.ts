import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import type { World } from '../../src/simulator/world.ts';
import { DAY_MS, HOUR_MS, START_MS, told } from '../metrics/stage.ts';
import { temporaryFolder } from '../store/sqlite-location.ts';
import { type CommandLine, type Ended, runLine } from './run-line.ts';

const WORLD: World = {
  alarms: [],
  incidents: [
    told({ id: 'QA', triggeredAtMs: START_MS - 2 * DAY_MS, acknowledged: 3, resolved: 45 }),
    told({ id: 'QB', triggeredAtMs: START_MS - 3 * DAY_MS, resolved: 100, service: 'search', priority: 'P2' }),
    told({ id: 'QC', triggeredAtMs: START_MS - 40 * DAY_MS, resolved: 10 }),
    told({ id: 'QD', triggeredAtMs: START_MS - HOUR_MS }),
  ],
};

interface Stage {
  readonly folder: string;
  readonly config: string;
  readonly store: string;
  /** Asks the command line, after `report` and the configuration. */
  readonly report: (words?: readonly string[], line?: Partial<CommandLine>) => Promise<Ended>;
}

interface StageInput {
  readonly more?: string;
  readonly key?: string;
}

/** A platform with a small world, a configuration for it, and no store yet. */
async function stage({ more = '', key = PAGERDUTY_FAKE_KEY }: StageInput = {}): Promise<Stage> {
  const fake = await startPagerdutyFake(WORLD, { nowMs: () => START_MS });
  onTestFinished(() => fake.close());
  const folder = temporaryFolder();
  const config = join(folder, 'c.yml');
  const store = join(folder, 'store.db');
  writeFileSync(
    config,
    `providers:
  - { name: pd, type: pagerduty, api_key: ${key}, base_url: "${fake.url}", rate_limit: 10000/s }
store: { path: "${store}" }
${more}`,
  );
  const report = (words: readonly string[] = [], line: Partial<CommandLine> = {}) =>
    runLine({ words: ['report', `--config.file=${config}`, ...words], nowMs: START_MS, ...line });
  return { folder, config, store, report };
}

describe('report', () => {
  it('reads the platforms where there is no store, and leaves none behind', async () => {
    const { report, folder } = await stage();

    const { code, printed, said } = await report();

    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(printed).toContain('Period: 2026-01-30T00:00:00 to 2026-03-01T00:00:00\n');
    expect(printed).toContain('  Total Incidents: 2\n  Performance Level: High\n');
    expect(printed).toContain('  Mean: 72.5 minutes (1.2 hours)\n');
    expect(readdirSync(folder)).toEqual(['c.yml']);
  });

  it('shows progress on a terminal, unless --quiet', async () => {
    const { report } = await stage();

    const shown = await report([], { isTTY: true });
    const quiet = await report(['--quiet'], { isTTY: true });

    expect(shown.said).toContain('pd [');
    expect(shown.said).toContain('100% of the history, 4 incidents');
    expect(shown.printed).not.toContain('% of the history');
    expect(quiet.said).toBe('');
  });

  it('covers what the short form of the configuration says, unless the command line does', async () => {
    const { config, report } = await stage();
    const text = readFileSync(config, 'utf8');
    const url = /base_url: "([^"]*)"/.exec(text)?.[1] ?? '';
    writeFileSync(
      config,
      `incident_source: pagerduty
pagerduty: { api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${url}", rate_limit: 10000/s }
time_range: { start_date: 60d, end_date: 2026-02-27 }
store: { path: "${config}.db" }
`,
    );

    const configured = await report();
    const asked = await report(['--from=2026-02-01', '--to=now']);

    expect(configured.printed).toContain('Period: 2025-12-30T00:00:00 to 2026-02-27T23:59:59\n');
    expect(asked.printed).toContain('Period: 2026-02-01T00:00:00 to 2026-03-01T00:00:00\n');
  });

  it('means whole days in the configured zone, and names it', async () => {
    const { report } = await stage({ more: 'timezone: America/New_York' });

    const { printed } = await report(['--from=2026-02-26', '--to=2026-02-26', '--output=json']);

    expect(JSON.parse(printed)).toMatchObject({
      period: {
        from: '2026-02-26T00:00:00.000-05:00',
        to: '2026-02-26T23:59:59.999-05:00',
        timezone: 'America/New_York',
      },
      all: { resolved: 1, mean_minutes: 45 },
    });
  });

  it('reads as much of the platforms as a comparison needs, however short the configured history', async () => {
    const { report } = await stage({ more: 'history: 8d\nwindows: [1d]' });

    const { printed } = await report(['--from=2026-02-01', '--to=2026-02-27', '--compare', '--output=json']);

    expect(JSON.parse(printed)).toMatchObject({
      before: { from: '2026-01-05T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z', all: { resolved: 1 } },
      notes: [],
    });
  });

  it.each([
    { output: 'text', begins: 'MEAN TIME TO RECOVERY (MTTR) REPORT\n' },
    { output: 'json', begins: '{\n  "format": 1,' },
    { output: 'markdown', begins: '# Mean Time to Recovery (MTTR) Report\n' },
    { output: 'csv', begins: 'grouping,name,title,period,' },
    { output: 'slack', begins: '{\n  "text": "Recovery report ' },
  ])('writes $output to a file atomically, and nothing else', async ({ output, begins }) => {
    const { report, folder } = await stage();
    const file = join(folder, 'report.out');

    const { code, printed } = await report([`--output=${output}`, `--output-file=${file}`]);

    expect({ code, printed }).toEqual({ code: 0, printed: '' });
    expect(readFileSync(file, 'utf8').startsWith(begins)).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual(['c.yml', 'report.out']);
  });

  it('names incidents by id and link, and neither titles nor people', async () => {
    const { report } = await stage();

    const all = await Promise.all(
      ['text', 'json', 'markdown', 'csv', 'slack'].map((output) => report([`--output=${output}`])),
    );

    const text = all.map(({ printed }) => printed).join('\n');
    expect(text).toContain('QB');
    expect(text).not.toContain('does not answer');
    expect(text).not.toMatch(/@|assignee|acknowledger/i);
  });

  it('reports an empty period with likely reasons, which is no failure', async () => {
    const { report } = await stage();

    const { code, printed } = await report(['--from=2026-02-10', '--to=2026-02-11']);

    expect(code).toBe(0);
    expect(printed).toContain('  Total Incidents: 0\n');
    expect(printed).toContain('Why the report may be empty:\n  - range: the last recovery was 2026-02-27T00:45:00');
  });
});

describe('report refuses in one line', () => {
  it.each([
    {
      says: 'an unknown service, with the one that was meant',
      words: ['--service=serch'],
      code: 2,
      line: '--service: "serch" is unknown; did you mean "search"? (known: checkout, search)',
    },
    {
      says: 'an unknown severity',
      words: ['--severity=SEV9'],
      code: 2,
      line: '--severity: "SEV9" is unknown (known: P1, P2, P3, P4, P5)',
    },
    {
      says: 'a period that ends before it begins',
      words: ['--from=2026-02-02', '--to=2026-02-01'],
      code: 2,
      line: '--from: "2026-02-02" is not before to: "2026-02-01"',
    },
    {
      says: 'a period in the future',
      words: ['--from=2026-04-01'],
      code: 2,
      line: '--from: "2026-04-01" is in the future; expected a time before now',
    },
    {
      says: 'what is no time',
      words: ['--to=tomorrow'],
      code: 2,
      line: '--to: "tomorrow" is not a time; expected now, a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z',
    },
    {
      says: 'a form that it does not have',
      words: ['--output=pdf'],
      code: 2,
      line: '--output: "pdf" is unknown; expected one of text, json, markdown, csv, slack',
    },
    {
      says: 'a file that it cannot write',
      words: ['--output-file=/proc/nowhere/report.txt'],
      code: 1,
      line: "cannot write /proc/nowhere/report.txt: ENOENT: no such file or directory, open '/proc/nowhere/report.txt.",
    },
    {
      says: 'to post without an address',
      words: ['--slack-webhook'],
      code: 2,
      line: '--slack-webhook: MTTR_SLACK_WEBHOOK is not set; set it, or use --slack-webhook-file',
    },
    {
      says: 'an address in no file',
      words: ['--slack-webhook-file=/nowhere'],
      code: 2,
      line: "--slack-webhook-file: cannot read /nowhere: ENOENT: no such file or directory, open '/nowhere'",
    },
  ])('$says', async ({ words, code, line }) => {
    const { report } = await stage();

    const ended = await report(words);

    expect(ended).toMatchObject({ code, printed: '' });
    expect(ended.said.split('\n')).toEqual([expect.stringContaining(`mttr-exporter: ${line}`), '']);
  });

  it('a configuration that is not there', async () => {
    const ended = await runLine({ words: ['report', '--config.file=/nowhere.yml'], nowMs: START_MS });

    expect(ended.code).toBe(2);
    expect(ended.said).toBe(
      "mttr-exporter: cannot read /nowhere.yml: ENOENT: no such file or directory, open '/nowhere.yml'\n",
    );
  });

  it('a store that it cannot read', async () => {
    const { report, store } = await stage();
    mkdirSync(store);

    const ended = await report();

    expect(ended).toMatchObject({ code: 1, printed: '' });
    expect(ended.said).toMatch(/^mttr-exporter: cannot read the store .*store\.db: .*\n$/);
  });

  it('a platform that rejects the credentials, without the key', async () => {
    const { report } = await stage({ key: 'wrong-key-123456' });

    const ended = await report();

    expect(ended.code).toBe(1);
    expect(ended.said).toMatch(/mttr-exporter: provider pd: GET \/.* 401/);
    expect(ended.said).not.toContain('wrong-key-123456');
  });

  it('a partial file: the old one stays when the report cannot be created', async () => {
    const { report, folder } = await stage();
    const file = join(folder, 'report.txt');
    writeFileSync(file, 'last week');

    await report(['--service=serch', `--output-file=${file}`]);

    expect(readFileSync(file, 'utf8')).toBe('last week');
  });
});

/** Somebody who takes messages; keeps them. */
async function channel(status = 200) {
  const told: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      told.push(body);
      response.writeHead(status).end(status === 200 ? 'ok' : 'no_service');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { told, url: `http://127.0.0.1:${port}/services/T0000SECRET/B0000SECRET` };
}

describe('the weekly post', () => {
  it('goes to the URL in a file, and prints no report', async () => {
    const { told: posted, url } = await channel();
    const { report, folder } = await stage();
    const file = join(folder, 'webhook');
    writeFileSync(file, `${url}\n`);

    const ended = await report([`--slack-webhook-file=${file}`]);

    expect(ended).toEqual({ code: 0, printed: '', said: 'posted to Slack\n' });
    expect(posted.map((text) => JSON.parse(text))).toEqual([
      expect.objectContaining({ text: expect.stringContaining('incidents resolved: 2, mean: 72.5 min') }),
    ]);
  });

  it('goes to the URL in the environment, in addition to --output', async () => {
    const { told: posted, url } = await channel();
    const { report } = await stage();

    const ended = await report(['--slack-webhook', '--output=csv', '--quiet'], { env: { MTTR_SLACK_WEBHOOK: url } });

    expect(ended).toMatchObject({ code: 0, said: '' });
    expect(ended.printed).toMatch(/^grouping,/);
    expect(posted).toHaveLength(1);
  });

  it('is not sent just because the environment has a URL', async () => {
    const { told: posted, url } = await channel();
    const { report } = await stage();

    await report(['--output=slack'], { env: { MTTR_SLACK_WEBHOOK: url } });

    expect(posted).toEqual([]);
  });

  it('that is rejected is a failure, reported without the URL', async () => {
    const { url } = await channel(404);
    const { report } = await stage();

    const ended = await report(['--slack-webhook'], { env: { MTTR_SLACK_WEBHOOK: url } });

    expect(ended.code).toBe(1);
    expect(ended.said).toMatch(
      /^mttr-exporter: cannot post the report to Slack: POST http:\/\/127\.0\.0\.1:\d+: 404: no_service\n$/,
    );
  });

  it('to an invalid URL is refused before anything is read, without the text', async () => {
    const { report, store } = await stage();

    const ended = await report(['--slack-webhook'], { env: { MTTR_SLACK_WEBHOOK: 'hooks/T0000SECRET' } });

    expect(ended.code).toBe(2);
    expect(ended.said).toBe(
      'mttr-exporter: MTTR_SLACK_WEBHOOK: contains no webhook URL; expected one that begins with https://\n',
    );
    expect(existsSync(store)).toBe(false);
  });
});
