import { expect, it } from 'vitest';
import { oneShots } from '../../src/cli/commands.ts';
import { type Command, parseFlags } from '../../src/cli/flags.ts';

const KNOWN = `the commands are serve, check, ${oneShots.map(({ name }) => name).join(', ')}, demo`;
const VERSION = '1.2.3';

const serve = {
  kind: 'serve',
  configFile: undefined,
  web: {
    listenAddresses: [':16887'],
    configFile: undefined,
    telemetryPath: '/metrics',
    routePrefix: undefined,
    externalUrl: undefined,
    enableLifecycle: false,
  },
  log: { level: 'info', format: undefined },
} satisfies Command;

it.each<{ line: string; command: Command }>([
  { line: '', command: serve },
  { line: 'serve', command: serve },
  { line: '--config.file=a.yml', command: { ...serve, configFile: 'a.yml' } },
  { line: 'serve --config a.yml', command: { ...serve, configFile: 'a.yml' } },
  { line: '--config a.yml --config.file b.yml', command: { ...serve, configFile: 'b.yml' } },
  { line: '--config check serve', command: { ...serve, configFile: 'check' } },
  {
    line: '--web.listen-address=127.0.0.1:0 --web.listen-address [::1]:16887',
    command: { ...serve, web: { ...serve.web, listenAddresses: ['127.0.0.1:0', '[::1]:16887'] } },
  },
  {
    line: '--web.config.file web.yml --web.telemetry-path=/m --web.route-prefix=/mttr/ --web.enable-lifecycle',
    command: {
      ...serve,
      web: { ...serve.web, configFile: 'web.yml', telemetryPath: '/m', routePrefix: '/mttr', enableLifecycle: true },
    },
  },
  {
    line: '--web.external-url=https://x.example/mttr',
    command: { ...serve, web: { ...serve.web, externalUrl: 'https://x.example/mttr' } },
  },
  { line: '--web.route-prefix=/', command: { ...serve, web: { ...serve.web, routePrefix: '' } } },
  { line: '--log.level=debug --log.format=json', command: { ...serve, log: { level: 'debug', format: 'json' } } },
  { line: 'check', command: { kind: 'check', configFile: undefined, webConfigFile: undefined } },
  {
    line: 'check --config.file=a.yml --web.config.file=web.yml',
    command: { kind: 'check', configFile: 'a.yml', webConfigFile: 'web.yml' },
  },
  {
    line: 'serve --config.check --config.file=a.yml --log.level=debug',
    command: { kind: 'check', configFile: 'a.yml', webConfigFile: undefined },
  },
  {
    line: 'demo',
    command: { kind: 'demo', replayFile: undefined, listenAddresses: [':16887'], log: serve.log },
  },
  {
    line: '--web.listen-address :1 demo --replay outages.ndjson --log.format logfmt',
    command: {
      kind: 'demo',
      replayFile: 'outages.ndjson',
      listenAddresses: [':1'],
      log: { level: 'info', format: 'logfmt' },
    },
  },
])('understands "$line"', ({ line, command }) => {
  const parsed = parseFlags(words(line), VERSION);

  expect(parsed).toEqual(command);
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
  { line: '--config.file=', text: '--config.file: expected the name of a file' },
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
    text: "option '--log.level <level>' argument 'loud' is invalid. Allowed choices are debug, info, warn, error.",
  },
  { line: '--web.enable-lifecycle=yes', text: "unknown option '--web.enable-lifecycle=yes'" },
])('refuses "$line" with one message and exit code 2', ({ line, text }) => {
  const parsed = parseFlags(words(line), VERSION);

  expect(parsed).toEqual({ kind: 'exit', code: 2, text: `mttr-exporter: ${text}\n` });
});

it('prints name, version and Node version and ends well', () => {
  const parsed = parseFlags(['--version'], VERSION);

  expect(parsed).toEqual({ kind: 'exit', code: 0, text: `mttr-exporter 1.2.3 (node ${process.version})\n` });
});

it.each(['-h', '--help', 'help', '--config a.yml --help'])(
  'prints the commands or flags for %s and ends well',
  (line) => {
    const parsed = parseFlags(words(line), VERSION);

    expect(parsed).toMatchObject({ kind: 'exit', code: 0, text: expect.stringContaining('--config.file <file>') });
  },
);

it('does not remember the addresses of an earlier command line', () => {
  parseFlags(['--web.listen-address=:1'], VERSION);

  const parsed = parseFlags(['--web.listen-address=:2'], VERSION);

  expect(parsed).toMatchObject({ web: { listenAddresses: [':2'] } });
});

function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}
