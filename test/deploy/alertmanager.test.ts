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
  it('never routes by the name of a severity', () => {
    const matchers = (route: Route): readonly string[] => [
      ...(route.matchers ?? []),
      ...(route.routes ?? []).flatMap(matchers),
    ];

    expect(matchers(configuration.route).filter((matcher) => matcher.startsWith('incident_severity'))).toEqual([]);
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

/** The labels that the rules give an alert about a severity whose urgency depends on its rank. */
function labelsOf(severity: string, rank: number, isPaging: boolean): Readonly<Record<string, string>> {
  return {
    area: 'recovery',
    severity: isPaging ? 'critical' : 'warning',
    urgency: isPaging ? 'page' : 'ticket',
    incident_severity: severity,
    incident_rank: String(rank),
  };
}

/** The innermost route of an alert with its settings, as Alertmanager finds it: the first child that matches, if any. */
function routeOf(labels: Readonly<Record<string, string>>): Route {
  const fits = (matcher: string) => {
    const [, label = '', operator, value = ''] = /^(\w+) (=~|=) "?([^"]*)"?$/.exec(matcher) ?? [];
    const own = labels[label] ?? '';
    return operator === '=~' ? new RegExp(`^(?:${value})$`).test(own) : own === value;
  };
  const inner = (route: Route): Route => {
    const child = route.routes?.find(({ matchers = [] }) => matchers.every(fits));
    return child === undefined ? route : inner({ ...route, routes: undefined, ...child });
  };
  return inner(configuration.route);
}

describe('an open incident is told in time', () => {
  it.each([
    { rank: 0, responseMinutes: 5 },
    { rank: 1, responseMinutes: 15 },
    { rank: 2, responseMinutes: 60 },
    { rank: 3, responseMinutes: 240 },
    { rank: 4, responseMinutes: 240 },
  ])('for a response in $responseMinutes min to the severity of rank $rank', ({ rank, responseMinutes }) => {
    const route = routeOf({ alertname: 'MttrIncidentOpenTooLong', ...labelsOf('any', rank, rank < 2) });

    expect(minutes(route.group_wait)).toBeLessThanOrEqual(responseMinutes / 10);
    expect(minutes(route.group_interval)).toBe(responseMinutes);
    expect(minutes(route.repeat_interval)).toBe(4 * responseMinutes);
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

  /** Names of severities, the worst first. */
  const worlds = [
    { world: 'the defaults', names: ['P1', 'P2', 'P3', 'P4'] },
    { world: 'P0 to P3', names: ['P0', 'P1', 'P2', 'P3'] },
    { world: 'SEV1 to SEV4', names: ['SEV1', 'SEV2', 'SEV3', 'SEV4'] },
    { world: 'words', names: ['Outage', 'Degraded', 'Minor', 'Cosmetic'] },
  ];
  it.each(worlds)('pages for the two worst severities, then chats, then mails: $world', ({ names }) => {
    const receivers = names.map((name, rank) =>
      receiverOf({ alertname: 'MttrIncidentOpenTooLong', ...labelsOf(name, rank, rank < 2) }),
    );

    expect(receivers).toEqual(['page', 'page', 'chat', 'mail']);
  });

  it('pages for as many severities as the rules say', () => {
    const receivers = (paging: number) =>
      ['P1', 'P2', 'P3', 'P4'].map((name, rank) =>
        receiverOf({ alertname: 'MttrIncidentOpenTooLong', ...labelsOf(name, rank, rank < paging) }),
      );

    expect(receivers(1)).toEqual(['page', 'chat', 'chat', 'mail']);
    expect(receivers(3)).toEqual(['page', 'page', 'page', 'mail']);
  });

  it.each([
    ['page', 'MttrTargetBurning', labelsOf('P0', 0, true)],
    ['chat', 'MttrTargetBurning', labelsOf('P3', 2, false)],
    ['chat', 'MttrRegressed', { area: 'recovery', severity: 'warning', incident_severity: 'P0', incident_rank: '0' }],
    ['chat', 'MttrAvailabilityBurning', { area: 'recovery', severity: 'warning' }],
    ['mail', 'MttrAllIncidentsFrequent', { area: 'recovery', severity: 'info' }],
    ['mail', 'MttrIncidentsRepeat', { area: 'recovery', severity: 'info' }],
    ['page', 'MttrExporterAbsent', { area: 'exporter', severity: 'critical' }],
    ['chat', 'MttrDataStale', { area: 'exporter', severity: 'warning', provider: 'pd' }],
    ['chat', 'MttrProviderEmpty', { area: 'exporter', severity: 'warning', provider: 'pd' }],
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
