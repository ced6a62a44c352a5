import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load as parse } from 'js-yaml';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { startAlertmanager } from './alertmanager.ts';
import { root, rulesIn } from './rule-files.ts';
import { tool } from './tools.ts';

const FILE = `${root}deploy/alertmanager/alertmanager.yml`;
const text = readFileSync(FILE, 'utf8');

interface Route {
  readonly receiver?: string | undefined;
  readonly matchers?: readonly string[] | undefined;
  readonly group_wait?: string | undefined;
  readonly group_interval?: string | undefined;
  readonly repeat_interval?: string | undefined;
  readonly routes?: readonly Route[] | undefined;
}
const Route: z.ZodType<Route> = z.object({
  receiver: z.string().optional(),
  matchers: z.string().array().optional(),
  group_wait: z.string().optional(),
  group_interval: z.string().optional(),
  repeat_interval: z.string().optional(),
  get routes() {
    return Route.array().optional();
  },
});
const Configuration = z.looseObject({ route: Route, receivers: z.looseObject({ name: z.string() }).array() });
const Slack = z.object({ slack_configs: z.object({ text: z.string() }).array() });
const Paging = z.object({ pagerduty_configs: z.object({ details: z.record(z.string(), z.string()) }).array() });
const configuration = Configuration.parse(parse(text));

const minutes = (span = '') => {
  const [, count = '', unit = ''] = /^(\d+)(s|m|h|d)$/.exec(span) ?? [];
  return (
    (Number(count) *
      { s: 1, m: 60, h: 3600, d: 86_400 }[unit === '' ? 's' : z.enum(['s', 'm', 'h', 'd']).parse(unit)]) /
    60
  );
};

describe('the configuration of Alertmanager', () => {
  const open = configuration.route.routes?.[0];
  const routeOf = (severity: string): Route => {
    const own = open?.routes?.find(({ matchers }) => matchers?.includes(`incident_severity = ${severity}`));
    return { ...open, ...own };
  };

  it.each([
    { severity: 'P1', responseMinutes: 5 },
    { severity: 'P2', responseMinutes: 15 },
    { severity: 'P3', responseMinutes: 60 },
    { severity: 'P4', responseMinutes: 240 },
  ])('speaks of open incidents of $severity in time for a response in $responseMinutes min', (wanted) => {
    const route = routeOf(wanted.severity);

    expect(open?.matchers).toEqual(['alertname = MttrIncidentOpenTooLong']);
    expect(minutes(route.group_wait)).toBeLessThanOrEqual(wanted.responseMinutes / 10);
    expect(minutes(route.group_interval)).toBe(wanted.responseMinutes);
    expect(minutes(route.repeat_interval)).toBe(4 * wanted.responseMinutes);
  });

  it('reads every secret from a file', () => {
    const keys = [...text.matchAll(/^\s*-? ?([a-z_]+):/gm)].map(([, key = '']) => key);
    const secret = /password|api_url|routing_key|service_key|token|credentials/;

    expect(keys.filter((key) => secret.test(key))).toEqual([
      'smtp_auth_password_file',
      'slack_api_url_file',
      'routing_key_file',
    ]);
  });

  it('speaks over PagerDuty, Slack and mail', () => {
    const ways = new Set(configuration.receivers.flatMap((receiver) => Object.keys(receiver)));

    expect([...ways].sort()).toEqual(['email_configs', 'name', 'pagerduty_configs', 'slack_configs']);
  });

  it('leaves escalation to the paging platform, and says what drives it', () => {
    expect(text).toMatch(/Escalation is not done here/);
    expect(text).toMatch(/15, 30, 120 or 480 minutes/);
    expect(text).toContain('MttrIncidentOpenTooLong');
  });

  it('names only alerts that there are', () => {
    const known = rulesIn('mttr.alerts.yml').map(({ alert }) => alert);
    const named = [...text.matchAll(/\bMttr[A-Z]\w+/g)].map(([name]) => name);

    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});

const amtool = tool('amtool');

describe.skipIf(amtool.isSkipped)(`amtool${amtool.says}`, () => {
  const receiverOf = (labels: Readonly<Record<string, string>>) => {
    const words = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    return amtool.run(['config', 'routes', 'test', `--config.file=${FILE}`, ...words]).stdout.trim();
  };

  it('takes the configuration', () => {
    const { status, stdout } = amtool.run(['check-config', FILE]);

    expect(status).toBe(0);
    expect(stdout).toContain('SUCCESS');
    expect(stdout).toContain(`${configuration.receivers.length} receivers`);
  });

  it.each([
    ['page', 'MttrIncidentOpenTooLong', { area: 'recovery', severity: 'critical', incident_severity: 'P1' }],
    ['page', 'MttrIncidentOpenTooLong', { area: 'recovery', severity: 'critical', incident_severity: 'P2' }],
    ['chat', 'MttrIncidentOpenTooLong', { area: 'recovery', severity: 'warning', incident_severity: 'P3' }],
    ['mail', 'MttrIncidentOpenTooLong', { area: 'recovery', severity: 'warning', incident_severity: 'P4' }],
    ['page', 'MttrTargetBurning', { area: 'recovery', severity: 'critical', incident_severity: 'P1' }],
    ['chat', 'MttrTargetBurning', { area: 'recovery', severity: 'warning', incident_severity: 'P3' }],
    ['chat', 'MttrRegressed', { area: 'recovery', severity: 'warning', incident_severity: 'P1' }],
    ['mail', 'MttrIncidentsRepeat', { area: 'recovery', severity: 'info' }],
    ['page', 'MttrExporterAbsent', { area: 'exporter', severity: 'critical' }],
    ['chat', 'MttrDataStale', { area: 'exporter', severity: 'warning', provider: 'pd' }],
    ['mail', 'MttrRecordsRejected', { area: 'exporter', severity: 'info', provider: 'pd' }],
    ['mail', 'Watchdog', { severity: 'none' }],
  ])('sends to %s: %s %o', (receiver, alertname, labels) => {
    expect(receiverOf({ alertname, ...labels })).toBe(receiver);
  });

  it('fills what the chat and the page are told, with the dashboard of each alert', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mttr-amtool-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'alerts.json');
    writeFileSync(join(folder, 'wanted.tmpl'), '');
    const firing = ['P1', 'P2'].map((severity) => ({
      status: 'firing',
      annotations: { description: `${severity} is slow.`, dashboard_url: `https://grafana.example.com/${severity}` },
    }));
    writeFileSync(file, JSON.stringify({ status: 'firing', alerts: firing }));
    const chat = configuration.receivers.find(({ name }) => name === 'chat');
    const page = configuration.receivers.find(({ name }) => name === 'page');
    const texts = Slack.parse(chat).slack_configs.map((told) => told.text);
    const details = Paging.parse(page).pagerduty_configs.map((told) => told.details['dashboards'] ?? '');
    const words = ['template', 'render', `--template.glob=${join(folder, '*.tmpl')}`, `--template.data=${file}`];

    const said = [...texts, ...details].map((template) => {
      const { status, stdout } = amtool.run([...words, `--template.text=${template}`]);
      return { status, stdout: stdout.trim() };
    });

    expect(said).toEqual([
      {
        status: 0,
        stdout:
          'P1 is slow. <https://grafana.example.com/P1|Dashboard>\nP2 is slow. <https://grafana.example.com/P2|Dashboard>',
      },
      { status: 0, stdout: 'https://grafana.example.com/P1 https://grafana.example.com/P2' },
    ]);
  });
});

const alertmanager = tool('prometheus-alertmanager', 'alertmanager');

describe.skipIf(alertmanager.isSkipped)(`Alertmanager${alertmanager.says}`, () => {
  const job = 'mttr-exporter';
  const recovery = [
    { alertname: 'MttrRegressed', area: 'recovery', severity: 'warning', job, incident_severity: 'P1' },
    { alertname: 'MttrIncidentOpenTooLong', area: 'recovery', severity: 'critical', job, provider: 'pd' },
    { alertname: 'MttrIncidentOpenTooLong', area: 'recovery', severity: 'critical', job, provider: 'og' },
  ];
  const stale = { alertname: 'MttrDataStale', area: 'exporter', severity: 'warning', job };
  const down = { alertname: 'MttrProviderDown', area: 'exporter', severity: 'warning', job };

  /** Nobody is told of anything. */
  const mute = dump({
    ...configuration,
    global: {},
    receivers: configuration.receivers.map(({ name }) => ({ name })),
  });

  it.each([
    {
      says: 'keeps nothing quiet while data are fresh',
      alerts: recovery,
      quiet: [],
    },
    {
      says: 'keeps quiet, while a provider is stale, what is about it and what is about all',
      alerts: [...recovery, { ...stale, provider: 'pd', overall: 'true' }, { ...down, provider: 'pd' }],
      quiet: ['MttrIncidentOpenTooLong pd', 'MttrProviderDown pd', 'MttrRegressed'],
    },
    {
      says: 'keeps quiet only what is about it, while a provider is stale that does not count everywhere',
      alerts: [...recovery, { ...stale, provider: 'og', overall: 'false' }, { ...down, provider: 'pd' }],
      quiet: ['MttrIncidentOpenTooLong og'],
    },
    {
      says: 'keeps nothing of another exporter quiet',
      alerts: [...recovery, { ...stale, job: 'other', provider: 'pd', overall: 'true' }],
      quiet: [],
    },
  ])('$says', async ({ alerts, quiet }) => {
    const server = await startAlertmanager(alertmanager.name, mute);

    const known = await server.receive(alerts, [
      { ...stale, job: 'last', provider: 'pd', overall: 'true' },
      { ...down, job: 'last', provider: 'pd' },
    ]);

    expect(known.length).toBe(alerts.length);
    expect(known.flatMap(({ name, isInhibited }) => (isInhibited ? [name] : [])).sort()).toEqual(quiet);
  });
});
