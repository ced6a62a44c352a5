import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import { runToEnd, startExporter, temporaryFolder, until, writeIn } from './process.ts';

const EMPTY = { incidents: [], alarms: [] };

async function pagerdutyUrl(): Promise<string> {
  const fake = await startPagerdutyFake(EMPTY);
  onTestFinished(() => fake.close());
  return fake.url;
}

describe('a wrong configuration ends the program at once with one message that says where and what', () => {
  const PROVIDER = 'type: pagerduty, api_key: k';
  const cases = [
    {
      says: 'unknown key',
      yaml: `providers:\n  - { ${PROVIDER} }\nwindow: [7d]\n`,
      message: 'window (FILE:3:1): is not a known key; did you mean windows?',
    },
    {
      says: 'wrong type',
      yaml: `providers:\n  - { ${PROVIDER}, overall: maybe }\n`,
      message: 'providers[0].overall (FILE:2:36): "maybe" is a string; expected true or false',
    },
    {
      says: 'bad duration',
      yaml: `providers:\n  - { ${PROVIDER}, poll_interval: soon }\n`,
      message:
        'providers[0].poll_interval (FILE:2:36): "soon" is not a duration; expected a duration in ms, s, m, h, d or w, such as 1h30m',
    },
    {
      says: 'bad regular expression',
      yaml: `providers:\n  - { ${PROVIDER}, filter: { exclude_titles: ["("] } }\n`,
      message:
        'providers[0].filter.exclude_titles[0] (FILE:2:64): "(" is not a regular expression (Unterminated group)',
    },
    {
      says: 'duplicate name',
      yaml: `providers:\n  - { ${PROVIDER} }\n  - { ${PROVIDER} }\n`,
      message: 'providers[1].name (FILE:3:5): "pagerduty" is already the name of providers[0]',
    },
    {
      says: 'unset variable',
      yaml: 'providers:\n  - { type: pagerduty, api_key: ${NOT_SET_ANYWHERE} }\n',
      message: 'providers[0].api_key (FILE:2:24): the environment variable NOT_SET_ANYWHERE is not set',
    },
    {
      says: 'unreadable secret file',
      yaml: 'providers:\n  - { type: pagerduty, api_key_file: /not/there }\n',
      message: 'providers[0].api_key_file (FILE:2:24): "/not/there" cannot be read',
    },
    {
      says: 'unreadable CA file',
      yaml: `providers:\n  - { ${PROVIDER}, tls: { ca_file: /not/there } }\n`,
      message: 'provider pagerduty: tls.ca_file: cannot be read',
    },
  ];

  it.each(cases)('$says', async ({ yaml, message }) => {
    const folder = temporaryFolder();
    const file = writeIn(folder, 'c.yml', yaml);

    const { code, stdout, stderr } = await runToEnd({ words: ['serve', `--config.file=${file}`], folder });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')).toHaveLength(2);
    expect(stderr.replace(file, 'FILE')).toContain(`mttr-exporter: ${message}`);
  });

  it.each([{ words: ['check'] }, { words: ['serve', '--config.check'] }])('and so does $words', async ({ words }) => {
    const folder = temporaryFolder();
    const file = writeIn(folder, 'c.yml', `providers:\n  - { ${PROVIDER} }\nwindow: [7d]\n`);

    const ended = await runToEnd({ words: [...words, `--config.file=${file}`], folder });

    const stderr = `mttr-exporter: window (${file}:3:1): is not a known key; did you mean windows?\n`;
    expect(ended).toEqual({ code: 2, stdout: '', stderr });
  });

  it('check opens the providers as serve does, without a request', async () => {
    const folder = temporaryFolder();
    const file = writeIn(folder, 'c.yml', `providers:\n  - { ${PROVIDER}, tls: { ca_file: /not/there } }\n`);

    const { code, stderr } = await runToEnd({ words: ['check', `--config.file=${file}`], folder });

    expect(code).toBe(2);
    expect(stderr).toContain('mttr-exporter: provider pagerduty: tls.ca_file: cannot be read');
  });

  it('a file that is not there', async () => {
    const { code, stderr } = await runToEnd({ words: ['--config.file=/not/there.yml'] });

    expect(code).toBe(2);
    expect(stderr).toMatch(/^mttr-exporter: cannot read \/not\/there\.yml: .*\n$/);
  });

  it('no configuration at all', async () => {
    const { code, stderr } = await runToEnd({ words: ['serve'], folder: temporaryFolder() });

    expect(code).toBe(2);
    expect(stderr).toMatch(/^mttr-exporter: .*PAGERDUTY_TOKEN.*\n$/);
  });

  it.each([{ command: 'serve' }, { command: 'check' }])(
    'a certificate that is not there, for $command',
    async ({ command }) => {
      const folder = temporaryFolder();
      const file = writeIn(folder, 'c.yml', `providers:\n  - { ${PROVIDER} }\nstore: { path: "${folder}/s.db" }\n`);
      const web = writeIn(folder, 'web.yml', 'tls_server_config: { cert_file: gone.pem, key_file: gone.key }\n');
      const words = [command, `--config.file=${file}`, `--web.config.file=${web}`];

      const { code, stderr } = await runToEnd({ words, folder });

      expect(code).toBe(2);
      expect(stderr).toMatch(/^mttr-exporter: tls_server_config\.cert_file: cannot read the file: ENOENT.*\n$/);
    },
  );

  it('a wrong flag', async () => {
    const { code, stderr } = await runToEnd({ words: ['serve', '--web.listen-address=nowhere'] });

    expect(code).toBe(2);
    expect(stderr).toMatch(/^mttr-exporter: --web\.listen-address: .*\n$/);
  });
});

describe('what cannot be had ends the program at once with one message and code 1', () => {
  const YAML = (path: string) =>
    `providers:\n  - { type: pagerduty, api_key: k, base_url: "http://127.0.0.1:9" }\nstore: { path: "${path}" }\n`;

  async function ending(path: string, words: readonly string[] = ['--web.listen-address=127.0.0.1:0']) {
    const folder = temporaryFolder();
    const file = writeIn(folder, 'c.yml', YAML(path));
    return runToEnd({ words: ['serve', `--config.file=${file}`, ...words], folder });
  }

  it('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;

    const ended = await ending(join(temporaryFolder(), 's.db'), [`--web.listen-address=127.0.0.1:${port}`]);

    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr: `mttr-exporter: cannot listen on 127.0.0.1:${port}: the port is in use\n`,
    });
  });

  it('a data folder that cannot be made', async () => {
    const { code, stderr } = await ending('/dev/null/data/s.db');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^mttr-exporter: cannot make the folder of the store \/dev\/null\/data\/s\.db: .*\n$/);
  });

  it('a store of a newer version', async () => {
    const path = join(temporaryFolder(), 's.db');
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE later (a INTEGER); PRAGMA user_version = 9999');
    database.close();

    const { code, stderr } = await ending(path);

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^mttr-exporter: the store .* was written by a newer mttr-exporter \(store version 9999; .*\)\n$/,
    );
  });

  it('a store that another exporter holds', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 's.db');
    const file = writeIn(folder, 'c.yml', YAML(path));
    await startExporter({ words: ['serve', `--config.file=${file}`] });

    const { code, stderr } = await ending(path);

    expect(code).toBe(1);
    expect(stderr).toBe(`mttr-exporter: the store ${path} is in use by another mttr-exporter\n`);
  });
});

describe('a good configuration', () => {
  it.each([{ words: ['check'] }, { words: ['--config.check'] }])(
    'is called good by $words, offline',
    async ({ words }) => {
      const folder = temporaryFolder();
      const file = writeIn(folder, 'c.yml', 'providers:\n  - { name: pd, type: pagerduty, api_key: k }\n');

      const ended = await runToEnd({ words: [...words, `--config.file=${file}`], folder });

      expect(ended).toEqual({ code: 0, stdout: 'configuration is valid; providers: pd\n', stderr: '' });
    },
  );

  it('may be of the short form', async () => {
    const folder = temporaryFolder();
    const text = `
incident_source: pagerduty
time_range: { start_date: "30d", end_date: "now" }
severity_filter: ["P1", "P2"]
pagerduty:
  api_key: \${PAGERDUTY_TOKEN}
  base_url: ${await pagerdutyUrl()}
`;
    const file = writeIn(folder, 'c.yml', text);
    const env = { PAGERDUTY_TOKEN: PAGERDUTY_FAKE_KEY };

    const exporter = await startExporter({ words: [`--config.file=${file}`], env, folder });
    const page = await exporter.untilPage('synced', (one) => one.sum('mttr_exporter_provider_synced', {}) === 1);

    expect(page.value('mttr_exporter_provider_up', { provider: 'pagerduty' })).toBe(1);
    expect(page.value('incident_window_resolved', { by: 'all', window: '30d' })).toBe(0);
    expect(page.value('incident_window_resolved', { by: 'all', window: '90d' })).toBeUndefined();
  });

  it('may be in the environment alone', async () => {
    const folder = temporaryFolder();
    const env = { PAGERDUTY_TOKEN: 'k', OPSGENIE_TOKEN: 'k', HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' };

    const exporter = await startExporter({ words: [], env, folder });
    await until('both have failed', async () => (await exporter.get('-/ready')).text.split('down').length === 3);
    const { status, text } = await exporter.get('metrics');

    expect(status).toBe(200);
    expect(text).toContain('mttr_exporter_provider_synced{provider="pagerduty"} 0\n');
    expect(text).toContain('mttr_exporter_provider_synced{provider="opsgenie"} 0\n');
  });

  it('is found at config/mttr-exporter.yml of the folder it was started in', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'config'));
    writeIn(folder, 'config/mttr-exporter.yml', 'providers:\n  - { name: found, type: pagerduty, api_key: k }\n');

    const ended = await runToEnd({ words: ['check'], folder });

    expect(ended.stdout).toBe('configuration is valid; providers: found\n');
  });
});
