import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT_USAGE, parseCommandLine } from '../../src/cli/command-line.ts';
import { loadConfig } from '../../src/config/load.ts';
import { platforms } from '../../src/providers/registry.ts';
import { root } from './dockerfile.ts';

const unit = readFileSync(join(root, 'deploy/systemd/mttr-exporter.service'), 'utf8');
const readme = readFileSync(join(root, 'deploy/systemd/README.md'), 'utf8');
const settings = unit.split('\n').flatMap((line) => {
  const [, name, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [[name, value] as const];
});
const valuesOf = (wanted: string) => settings.filter(([name]) => name === wanted).map(([, value]) => value);
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const note = hasAnalyze ? '' : ' (skipped: systemd-analyze is not installed)';
/** Of 100; a service without any restriction has 96. */
const EXPOSURE_MAX = 15;

describe('the systemd unit', () => {
  it('starts the program of the package with flags that it knows', () => {
    const [program = '', ...words] = (valuesOf('ExecStart')[0] ?? '').split(' ').slice(1);
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

    const command = parseCommandLine(words, '0.0.0');

    expect(program).toBe(`/opt/mttr-exporter/node_modules/mttr-exporter/${bin['mttr-exporter']}`);
    expect(command).toMatchObject({ name: 'serve', flags: { configFile: '/etc/mttr-exporter/config.yml' } });
  });

  it('keeps data in a folder of its own, which is where the relative path of the store leads', () => {
    const { config } = load('providers: [{ type: cloudwatch, regions: [eu-west-1] }]', () => '');

    expect(config.store.path.startsWith('/')).toBe(false);
    expect(valuesOf('WorkingDirectory')).toEqual(['%S/mttr-exporter']);
    expect(valuesOf('StateDirectory')).toEqual(['mttr-exporter']);
  });

  it('gives keys as credentials, under the names that its page tells', () => {
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const asked: string[] = [];

    const { config } = load(example, (path) => {
      asked.push(path);
      return 'the-key';
    });

    expect(valuesOf('LoadCredential')).toEqual(['key:/etc/mttr-exporter/keys']);
    expect(asked).toEqual(['/run/credentials/key_pagerduty']);
    expect(config.providers.map(({ type }) => type)).toEqual(['pagerduty']);
  });

  it('never forbids memory that is both written and run, which ends Node at its start', () => {
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
  });

  it.each([
    ['DynamicUser', 'yes'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['PrivateDevices', 'yes'],
    ['ProtectProc', 'invisible'],
    ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
    ['UMask', '0077'],
  ])('is restricted by %s=%s', (name, value) => {
    expect(valuesOf(name)).toEqual([value]);
  });

  it('is started again when it fails, but not with a wrong configuration', () => {
    expect(valuesOf('Restart')).toEqual(['on-failure']);
    expect(valuesOf('RestartPreventExitStatus')).toEqual([String(EXIT_USAGE)]);
  });
});

describe.skipIf(!hasAnalyze)(`the systemd unit, by systemd-analyze${note}`, () => {
  let folder = '';
  let file = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mttr-exporter-unit-'));
    file = join(folder, 'mttr-exporter.service');
    // The Node that is here stands for that of the machine.
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const analyze = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...words, file], { encoding: 'utf8' });
    return { status, text: `${stdout}${stderr}` };
  };

  it('has no key that systemd does not know', () => {
    const { status, text } = analyze('verify');

    expect(text).toBe('');
    expect(status).toBe(0);
  });

  it('is hardly exposed', () => {
    const { status, text } = analyze('security', '--offline=true', '--no-pager', `--threshold=${EXPOSURE_MAX}`);

    expect(text).toContain('Overall exposure level for mttr-exporter.service: 1.');
    expect(status).toBe(0);
  });
});

function load(text: string, readFile: (path: string) => string) {
  const env = { CREDENTIALS_DIRECTORY: '/run/credentials' };
  return loadConfig({ text, filename: 'config.yml', env, platforms, readFile, nowMs: 0 });
}
