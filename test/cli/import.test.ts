import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/flags.ts';
import { ConfigError } from '../../src/config/diagnostics.ts';
import { openStoredIncidents } from '../../src/store/snapshot.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import { until } from '../e2e/process.ts';
import { NOW_MS, stageImport } from './run-import.ts';

const JIRA = `
providers:
  - { name: jira, type: import }
timezone: Europe/Berlin
`;
const TWO = `
providers:
  - { name: jira, type: import }
  - { name: og, type: opsgenie, api_key: k, overall: false }
`;
const TABLE = `Summary,Issue key,Reporter,Priority,Created,Updated,Resolved,Component/s,Component/s,Labels
"Checkout down, ""again""",INC-1,ada@example.com,Highest,1/Oct/26 11:00 AM,1/Oct/26 1:00 PM,1/Oct/26 12:30 PM,checkout,,x
No start,INC-2,ada@example.com,Low,,1/Oct/26 1:00 PM,,search,,
short,INC-3
`;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

function stored(path: string, provider: string, ids: readonly string[]) {
  const past = openStoredIncidents(path, provider);
  const found = past.stored.incidents(ids);
  past.close();
  return found;
}

describe('import', () => {
  it('imports the rows of an export, summarises them, and saves rejected rows to be corrected', async () => {
    const { run, write, path } = stageImport(JIRA);
    const file = write('issues.csv', TABLE);

    const { code, text } = await run(['--mapping', 'jira', file]);

    expect(code).toBe(1);
    expect(text).toContain('Imported into jira: 1 new, 2 rejected\n');
    expect(text).toContain('Incidents: 1 from 2026-10-01T09:00:00Z to 2026-10-01T10:30:00Z\n');
    expect(text).toContain('Unmapped severities, imported as P3: "Highest" (1)\n');
    expect(text).toContain("Ignored fields (no person's name is imported): Reporter, Labels\n");
    expect(text).toContain(`${file}:3: start_unknown: triggered_at (fields.created, Created): expected a date`);
    const rejected = readFileSync(path('issues.csv.rejected.ndjson'), 'utf8');
    expect(rejected.trim().split('\n')).toHaveLength(2);
    expect(rejected + text).not.toContain('ada@example.com');
    expect(readdirSync(path('.')).filter((name) => name.includes('partial'))).toEqual([]);
    expect(stored(path('store.db'), 'jira', ['INC-1']).get('INC-1')).toMatchObject({
      title: 'Checkout down, "again"',
      resolvedAtMs: Date.parse('2026-10-01T10:30:00Z'),
      imported: true,
    });
  });

  it.each([
    { says: 'the flag', args: ['--timezone', 'Asia/Tokyo'], mapping: 'timezone: Europe/Paris\n', zone: 'Asia/Tokyo' },
    { says: 'the mapping', args: [], mapping: 'timezone: Europe/Paris\n', zone: 'Europe/Paris' },
    { says: 'the configuration', args: [], mapping: '', zone: 'Europe/Berlin' },
  ])('reads times without a zone in the zone of $says, and says so', async ({ args, mapping, zone }) => {
    const { run, write } = stageImport(JIRA);
    const own = write('own.yml', `extends: mttr-exporter\n${mapping}fields: {}\n`);
    const file = write('rows.csv', 'id,triggeredAt,resolvedAt\nA,2026-10-01 11:00,2026-10-01 12:00\n');

    const { text } = await run(['--mapping', own, ...args, file]);

    expect(text).toContain(`Times without a time zone were read as ${zone} (change: --timezone)\n`);
  });

  it('announces in a dry run exactly what it will do', async () => {
    const { run, write } = stageImport(JIRA);
    const args = ['--mapping', 'mttr-exporter', '--format', 'ndjson'];
    const row = (id: string, change = {}) =>
      JSON.stringify({
        id,
        service: 'shop',
        triggeredAt: '2026-10-01T09:00:00Z',
        resolvedAt: '2026-10-01T10:00:00Z',
        ...change,
      });
    await run([...args, write('before.ndjson', [row('A'), row('B'), row('C')].join('\n'))]);
    const rows = [
      row('A'),
      row('B', { title: 'x' }),
      row('D'),
      row('D', { title: 'y' }),
      row('E', { resolvedAt: 'late' }),
    ];
    const file = write('rows.ndjson', rows.join('\n'));

    const dry = await run([...args, '--dry-run', file]);
    const done = await run([...args, file]);

    const comparable = (text: string) => text.replace(/^.*?: /, '').replace(/^Rejected rows.*\n/m, '');
    expect(done.text).toContain('1 new, 1 changed, 1 unchanged, 1 rejected\n');
    expect(done.text).toContain('Rows of an incident that another row has: 1; the last one counts\n');
    expect(comparable(dry.text).replace('Dry run, nothing was written. ', '')).toBe(comparable(done.text));
    expect(dry.code).toBe(done.code);
  });

  it('imports corrected rows from the file of rejected ones', async () => {
    const { run, write, path } = stageImport(JIRA);
    await run(['--mapping', 'jira', write('issues.csv', TABLE)]);
    const lines = readFileSync(path('issues.csv.rejected.ndjson'), 'utf8').split('\n');
    const mended = lines
      .filter((line) => line.includes('INC-2'))
      .map((line) => line.replace('"Created":""', '"Created":"1/Oct/26 11:00 AM"'));

    const { code, text } = await run(['--mapping', 'jira', write('mended.ndjson', mended.join('\n'))]);

    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining('Imported into jira: 1 new\n') });
    expect(text).not.toContain('Ignored fields');
  });

  it('exits with 0 when no more rows were rejected than --max-rejected', async () => {
    const { run, write } = stageImport(JIRA);
    const file = write('issues.csv', TABLE);

    expect((await run(['--mapping', 'jira', '--max-rejected', '2', file])).code).toBe(0);
    expect((await run(['--mapping', 'jira', '--max-rejected', '1', file])).code).toBe(1);
  });

  it('writes nothing in a dry run, and prints what would be imported', async () => {
    const { run, write, path } = stageImport(JIRA);
    const file = write('issues.csv', TABLE);
    const before = readdirSync(path('.'));

    const dry = await run(['--mapping', 'jira', '--dry-run', file]);
    const after = readdirSync(path('.'));
    const real = await run(['--mapping', 'jira', file]);
    const again = await run(['--mapping', 'jira', '--dry-run', file]);

    expect(after).toEqual(before);
    expect(dry.text).toContain('Dry run, nothing was written. Import into jira: 1 new, 2 rejected\n');
    const factsOf = (text: string) =>
      text.split('\n').filter((line) => /^(Incidents|Services|History|Severities)/.test(line));
    expect(factsOf(dry.text)).toEqual(factsOf(real.text));
    expect(again.text).toContain('1 unchanged, 2 rejected');
  });

  it('says that a running exporter uses the store, which does not matter to a dry run', async () => {
    const { run, write, path } = stageImport(JIRA);
    const file = write('a.ndjson', '{"id":"A","triggeredAt":"2026-10-01T09:00:00Z"}\n');
    await run([file]);
    const daemon = createSqliteStore({ path: path('store.db'), log: silent, nowMs: NOW_MS });

    const refused = run([file]);
    await expect(refused).rejects.toThrow('is in use by another mttr-exporter: stop it, import, and start it again');
    const dry = await run(['--dry-run', file]);
    daemon.close();

    expect(dry.text).toContain('1 unchanged');
  });

  it('leaves the store as it was when a file breaks in the middle', async () => {
    const { run, write, path } = stageImport(JIRA);
    const good = write('good.json', '[{"id":"A","triggeredAt":"2026-10-01T09:00:00Z"},{"id":""}]');
    const bad = write('bad.json', '[{"id":"B","triggeredAt":"2026-10-01T09:00:00Z"},{"id":');

    await expect(run([good, bad])).rejects.toThrow(`${bad}: ends in the middle of a JSON document`);

    expect(stored(path('store.db'), 'jira', ['A', 'B'])).toEqual(new Map());
    expect(readdirSync(path('.')).filter((name) => name.includes('rejected'))).toEqual([]);
  });

  it('reads standard input, and saves its rejected rows to --rejected-file', async () => {
    const { run, path } = stageImport(JIRA);
    const input = '{"id":"A","triggeredAt":"2026-10-01T09:00:00Z"}\n{"id":"B"}\n';

    const unkept = await run(['--format', 'ndjson', '-'], input);
    const kept = await run(['--format', 'ndjson', '--rejected-file', path('mine.ndjson'), '-'], input);

    expect(unkept.text).toContain('standard input:2: start_unknown');
    expect(unkept.text).toContain('use --rejected-file to save them');
    expect(kept.text).toContain('1 unchanged, 1 rejected');
    expect(JSON.parse(readFileSync(path('mine.ndjson'), 'utf8'))).toMatchObject({ id: 'B', rejected: { line: 2 } });
  });

  it('names the folder where rejected rows cannot be written, and imports nothing', async () => {
    const { run, write, path } = stageImport(JIRA);
    const file = write('a.ndjson', '{"id":"A","triggeredAt":"2026-10-01T09:00:00Z"}\n{"id":"B"}\n');

    const failing = run(['--rejected-file', path('nowhere/x.ndjson'), file]);

    await expect(failing).rejects.toThrow('use another --rejected-file');
    expect(stored(path('store.db'), 'jira', ['A'])).toEqual(new Map());
  });

  it('says that the history of a provider without a first sync waits for it', async () => {
    const { run, write } = stageImport(TWO);
    const file = write(
      'a.json',
      '{"data":[{"id":"A","status":"closed","createdAt":"2026-10-01T09:00:00Z","report":{"closeTime":60000}}]}',
    );

    const { code, text } = await run(['--provider', 'og', file]);

    expect(code).toBe(0);
    expect(text).toContain('First sync of og is incomplete: imported incidents appear once it is complete');
    expect(text).not.toContain('History of og begins');
  });

  it('uses --from and --to as the period that the files cover', async () => {
    const { run, write, path } = stageImport(JIRA);
    const file = write('a.ndjson', '{"id":"A","triggeredAt":"2026-10-01T09:00:00Z"}\n');

    const { text } = await run(['--from', '2026-09-01', '--to', '2026-10-20', file]);
    const store = createSqliteStore({ path: path('store.db'), log: silent, nowMs: NOW_MS });
    const state = store.provider('jira');
    store.close();

    expect(text).toContain('History of jira begins 2026-08-31T22:00:00Z\n');
    expect(new Date(state.polledUntilMs ?? 0).toISOString()).toMatch(/^2026-10-20T2[12]:/);
  });

  it('warns of what the retention would delete', async () => {
    const { run, write } = stageImport(JIRA);
    const old = '{"id":"A","triggeredAt":"2020-10-01T09:00:00Z","resolvedAt":"2020-10-01T10:00:00Z"}';

    const { text } = await run([write('a.ndjson', old)]);

    expect(text).toContain('Older than retention (400d): 1;');
  });

  it.each([
    [['a.xls'], '--format: required for a.xls, which has no known extension: ndjson, json or csv'],
    [['-'], '--format: required for standard input'],
    [
      ['--mapping', 'nope', 'a.csv'],
      '--mapping: "nope" is neither a file nor a mapping (known: pagerduty, opsgenie, jira, servicenow, rootly, outages, mttr-exporter)',
    ],
    [['--provider', 'x', 'a.csv'], '--provider: "x" is unknown (known: jira, og)'],
    [['--timezone', 'Mars', '--provider', 'og', 'a.csv'], '--timezone: "Mars" is not a time zone'],
    [['--max-rejected', 'all', '--provider', 'og', 'a.csv'], '--max-rejected: "all" is not a whole number'],
    [['--from', 'then', '--provider', 'og', 'a.csv'], '--from: "then" is not a time'],
    [['a.csv'], '--provider: required (known: jira, og)'],
  ])('%j is a usage error', async (words, message) => {
    const { run, path } = stageImport(TWO);
    const asked = words.includes('--provider') || words[0] === 'a.csv' ? words : ['--provider', 'og', ...words];

    const refused = run(asked);

    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
    expect(existsSync(path('store.db'))).toBe(false);
  });

  it('refuses a mapping that is wrong as it refuses a configuration', async () => {
    const { run, write } = stageImport(JIRA);
    const mapping = write('m.yml', 'extends: jira\nfields: { titles: x }');

    await expect(run(['--mapping', mapping, 'a.csv'])).rejects.toThrow(ConfigError);
  });

  it('says which file is not there, and that nothing was imported', async () => {
    const { run, path } = stageImport(JIRA);

    await expect(run([path('none.csv')])).rejects.toThrow(/none\.csv: cannot read it .*nothing was imported/);
    await expect(run([path('.'), '--format', 'csv'])).rejects.toThrow('is a directory; expected a file');
  });

  it('says that the import is committed when rejected rows cannot be saved after it', async () => {
    const { run, path } = stageImport(JIRA);
    const rejectedFile = path('bad.ndjson');
    const rows = async function* () {
      yield Buffer.from('{"id":"A","triggeredAt":"2026-10-01T09:00:00Z"}\n{"no":"id"}\n');
      // Rows are read ahead: the first rejected one must have found its file.
      await until('a row is rejected', () => readdirSync(path('.')).some((name) => name.startsWith('bad.ndjson')));
      mkdirSync(rejectedFile);
      yield Buffer.from('{"id":"B"}\n');
    };

    const failing = run(['--format', 'ndjson', '--rejected-file', rejectedFile, '-'], Readable.from(rows()));

    await expect(failing).rejects.toThrow(
      /^the import into jira is committed \(1 new, 2 rejected\), but cannot write rejected rows to .*bad\.ndjson \(EISDIR/,
    );
    expect([...stored(path('store.db'), 'jira', ['A']).keys()]).toEqual(['A']);
    expect(readdirSync(path('.')).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('says that the import is committed when its summary cannot be written', async () => {
    const { run, write, path } = stageImport(JIRA);
    const file = write('a.ndjson', '{"id":"A","triggeredAt":"2026-10-01T09:00:00Z"}\n{"no":"id"}\n');
    const output = {
      write: () => {
        throw new Error('the disk is full');
      },
    };

    const failing = run([file], '', output);

    await expect(failing).rejects.toThrow(
      'the import into jira is committed (1 new, 1 rejected), but cannot write the summary: the disk is full',
    );
    expect([...stored(path('store.db'), 'jira', ['A']).keys()]).toEqual(['A']);
    expect(readFileSync(path('a.ndjson.rejected.ndjson'), 'utf8')).toContain('missing_id');
  });
});
