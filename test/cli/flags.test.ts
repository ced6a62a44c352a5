import { expect, it } from 'vitest';
import { commands, parseCommandLine } from '../../src/cli/command-line.ts';
import { oneOf, parseFlags, repeatable, toUsageError } from '../../src/cli/flags.ts';
import { InputError } from '../../src/model/input-error.ts';

const KNOWN = `commands: ${commands.map(({ name }) => name).join(', ')}`;
const VERSION = '1.2.3';

const log = { logLevel: 'info', logFormat: undefined };
const serve = {
  checkOnly: false,
  watch: false,
  configFile: undefined,
  listenAddresses: [':16887'],
  webConfigFile: undefined,
  telemetryPath: '/metrics',
  routePrefix: undefined,
  externalUrl: undefined,
  enableLifecycle: false,
  ...log,
};

it.each([
  { line: '', name: 'serve', flags: serve },
  { line: 'serve', name: 'serve', flags: serve },
  { line: '--config.file=a.yml', name: 'serve', flags: { ...serve, configFile: 'a.yml' } },
  { line: 'serve --config a.yml', name: 'serve', flags: { ...serve, configFile: 'a.yml' } },
  { line: '--config a.yml --config.file b.yml', name: 'serve', flags: { ...serve, configFile: 'b.yml' } },
  { line: '--config check serve', name: 'serve', flags: { ...serve, configFile: 'check' } },
  {
    line: '--web.listen-address=127.0.0.1:0 --web.listen-address [::1]:16887',
    name: 'serve',
    flags: { ...serve, listenAddresses: ['127.0.0.1:0', '[::1]:16887'] },
  },
  {
    line: '--web.config.file web.yml --web.telemetry-path=/m --web.route-prefix=/mttr/ --web.enable-lifecycle',
    name: 'serve',
    flags: { ...serve, webConfigFile: 'web.yml', telemetryPath: '/m', routePrefix: '/mttr', enableLifecycle: true },
  },
  {
    line: '--web.external-url=https://x.example/mttr',
    name: 'serve',
    flags: { ...serve, externalUrl: 'https://x.example/mttr' },
  },
  { line: '--web.route-prefix=/', name: 'serve', flags: { ...serve, routePrefix: '' } },
  {
    line: '--log.level=debug --log.format=json',
    name: 'serve',
    flags: { ...serve, logLevel: 'debug', logFormat: 'json' },
  },
  { line: 'check', name: 'check', flags: { configFile: undefined, webConfigFile: undefined } },
  {
    line: 'check --config.file=a.yml --web.config.file=web.yml',
    name: 'check',
    flags: { configFile: 'a.yml', webConfigFile: 'web.yml' },
  },
  {
    line: 'serve --config.check --config.file=a.yml',
    name: 'serve',
    flags: { ...serve, checkOnly: true, configFile: 'a.yml' },
  },
  {
    line: 'demo',
    name: 'demo',
    flags: {
      replayFile: undefined,
      demoPlatforms: ['pagerduty', 'opsgenie', 'cloudwatch', 'github'],
      listenAddresses: [':16887'],
      ...log,
    },
  },
  {
    line: '--web.listen-address :1 demo --replay outages.ndjson --log.format logfmt',
    name: 'demo',
    flags: {
      replayFile: 'outages.ndjson',
      demoPlatforms: ['pagerduty', 'opsgenie', 'cloudwatch', 'github'],
      listenAddresses: [':1'],
      logLevel: 'info',
      logFormat: 'logfmt',
    },
  },
])('understands "$line"', ({ line, name, flags }) => {
  const parsed = parseCommandLine(words(line), VERSION);

  expect(parsed).toMatchObject({ kind: 'command', name });
  expect(parsed).toHaveProperty('flags', flags);
});

it.each([
  { line: '--nope', text: "unknown option '--nope'" },
  { line: '--log.levle=info', text: "unknown option '--log.levle=info'" },
  { line: 'dance', text: `unknown command or argument 'dance'; ${KNOWN}` },
  { line: '--config a.yml repot', text: `unknown command or argument 'repot'; ${KNOWN}` },
  { line: 'serve now', text: `unknown command or argument 'now'; ${KNOWN}` },
  { line: 'check --web.listen-address=:1', text: "unknown option '--web.listen-address=:1'" },
  { line: 'demo --config.file=a.yml', text: "unknown option '--config.file=a.yml'" },
  { line: '--config.file', text: "option '--config, --config.file <file>' argument missing" },
  { line: '--config.file=', text: '--config.file: expected a file name' },
  {
    line: '--web.listen-address=16887',
    text: '--web.listen-address: invalid address "16887"; expected host:port such as :16887, 127.0.0.1:16887 or [::1]:16887',
  },
  {
    line: '--web.listen-address=:65536',
    text: '--web.listen-address: invalid address ":65536"; expected host:port such as :16887, 127.0.0.1:16887 or [::1]:16887',
  },
  {
    line: '--web.telemetry-path=metrics',
    text: '--web.telemetry-path: invalid path "metrics"; expected one such as /metrics, of letters, digits and . _ ~ - /',
  },
  {
    line: '--web.external-url=mttr.example',
    text: '--web.external-url: invalid URL "mttr.example"; expected one such as https://monitoring.example.com/mttr/',
  },
  {
    line: '--log.level=loud',
    text: '--log.level: "loud" is unknown; expected one of debug, info, warn, error',
  },
  { line: '--web.enable-lifecycle=yes', text: "unknown option '--web.enable-lifecycle=yes'" },
])('refuses "$line" with one message and exit code 2', ({ line, text }) => {
  const parsed = parseCommandLine(words(line), VERSION);

  expect(parsed).toEqual({ kind: 'print', code: 2, text: `mttr-exporter: ${text}\n` });
});

it('prints name, version and Node version and ends well', () => {
  const parsed = parseCommandLine(['--version'], VERSION);

  expect(parsed).toEqual({ kind: 'print', code: 0, text: `mttr-exporter 1.2.3 (node ${process.version})\n` });
});

it.each(['-h', '--help', 'help', '--config a.yml --help'])(
  'prints the commands or flags for %s and ends well',
  (line) => {
    const parsed = parseCommandLine(words(line), VERSION);

    expect(parsed).toMatchObject({ kind: 'print', code: 0, text: expect.stringContaining('--config.file <file>') });
  },
);

it('does not remember the addresses of an earlier command line', () => {
  parseCommandLine(['--web.listen-address=:1'], VERSION);

  const parsed = parseCommandLine(['--web.listen-address=:2'], VERSION);

  expect(parsed).toMatchObject({ flags: { listenAddresses: [':2'] } });
});

it('an invalid value is an error with the flag and the reason as fields', () => {
  const flags = { trend: oneOf('--trend <step>', 'step', ['day', 'week']), services: repeatable('--service <s>', 's') };

  const parse = () => parseFlags(flags, { trend: ['hour'] });

  expect(parse).toThrow(
    expect.objectContaining({ source: '--trend', reason: '"hour" is unknown; expected one of day, week' }),
  );
  expect(parseFlags(flags, { service: ['a', 'b'] })).toEqual({ trend: undefined, services: ['a', 'b'] });
});

it.each([
  { field: 'from', source: '--from' },
  { field: 'series', source: 'series' },
  { field: undefined, source: undefined },
])('a wrong input of the field $field is one of $source', ({ field, source }) => {
  const error = toUsageError(new InputError({ field, problem: 'is wrong' }));

  expect(error).toMatchObject({ name: 'UsageError', source, reason: 'is wrong' });
});

function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}
