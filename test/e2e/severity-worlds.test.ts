import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../src/simulator/opsgenie.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../src/simulator/pagerduty.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS, told } from '../metrics/stage.ts';
import { startAlertmanager } from './alertmanager.ts';
import { startExporter, temporaryFolder, until, writeIn } from './process.ts';
import { startPrometheus } from './prometheus.ts';
import { ALERTMANAGER, PROMETHEUS } from './servers.ts';

/** An open incident: the platform's word for its severity, and for how long it is open. */
type Open = readonly [priority: string, openMs: number];

interface SeverityWorld {
  readonly says: string;
  readonly pagerduty: readonly Open[];
  readonly opsgenie?: readonly Open[];
  configure(urls: { readonly pagerduty: string; readonly opsgenie: string }): string;
  /** Whom each alert is sent to. */
  readonly routed: Readonly<Record<string, readonly string[]>>;
}

const provider = (url: string) =>
  `{ name: pd, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${url}", poll_interval: 1s, rate_limit: 1000/s }`;
const open = (severity: string) => `MttrIncidentOpenTooLong ${severity}`;

const WORLDS: readonly SeverityWorld[] = [
  {
    says: 'the defaults',
    pagerduty: [
      ['P1', 40 * MINUTE_MS],
      ['P2', 3 * HOUR_MS],
      ['P3', 9 * HOUR_MS],
      ['P4', 25 * HOUR_MS],
      ['P5', 2000 * HOUR_MS],
    ],
    configure: ({ pagerduty }) => `providers: [${provider(pagerduty)}]\n`,
    routed: { [open('P1')]: ['page'], [open('P2')]: ['page'], [open('P3')]: ['chat'], [open('P4')]: ['mail'] },
  },
  {
    says: 'P0 to P3',
    pagerduty: [
      ['P0', 20 * MINUTE_MS],
      ['P1', 40 * MINUTE_MS],
      ['P2', 3 * HOUR_MS],
      ['P3', 7 * HOUR_MS],
    ],
    configure: ({ pagerduty }) => `providers: [${provider(pagerduty)}]
severities:
  - { name: P0, target: 15m }
`,
    routed: { [open('P0')]: ['page'], [open('P1')]: ['page'], [open('P2')]: ['chat'] },
  },
  {
    says: 'SEV1 to SEV4',
    pagerduty: [
      ['sev1_critical', 20 * MINUTE_MS],
      ['SEV-2 (High)', 20 * MINUTE_MS],
      ['Sev 3', 3 * HOUR_MS],
      ['SEV4', 9 * HOUR_MS],
    ],
    configure: ({ pagerduty }) => `providers:
  - ${provider(pagerduty).replace(/ }$/, ', severity: { default: SEV3 } }')}
default_severities: false
severities:
  - { name: SEV1, target: 15m }
  - { name: SEV2, target: 30m }
  - { name: SEV3, target: 2h }
  - { name: SEV4, target: 8h }
`,
    routed: { [open('SEV1')]: ['page'], [open('SEV3')]: ['chat'], [open('SEV4')]: ['mail'] },
  },
  {
    says: 'the short form',
    pagerduty: [
      ['P2', 3 * HOUR_MS],
      ['P3', 9 * HOUR_MS],
    ],
    configure: ({ pagerduty }) => `incident_source: pagerduty
time_range: { start_date: "30d", end_date: "now" }
severity_filter: ["P1", "P2"]
pagerduty:
  api_key: ${PAGERDUTY_FAKE_KEY}
  base_url: "${pagerduty}"
  poll_interval: 1s
  rate_limit: 1000/s
`,
    routed: { [open('P2')]: ['page'] },
  },
  {
    says: 'two platforms with words of their own',
    pagerduty: [['Blocker', 40 * MINUTE_MS]],
    opsgenie: [
      ['P1', 10 * MINUTE_MS],
      ['P2', 3 * HOUR_MS],
    ],
    configure: ({ pagerduty, opsgenie }) => `providers:
  - ${provider(pagerduty).replace(/ }$/, ', severity: { map: { Blocker: Outage } } }')}
  - { name: og, type: opsgenie, api_key: ${OPSGENIE_FAKE_KEY}, base_url: "${opsgenie}", poll_interval: 1s, rate_limit: 1000/s, severity: { map: { P1: Outage, P2: Degraded }, default: Degraded } }
default_severities: false
severities:
  - { name: Outage, target: 30m }
  - { name: Degraded, target: 2h }
`,
    routed: { [open('Outage')]: ['page'], [open('Degraded')]: ['page'] },
  },
];

describe.skipIf(PROMETHEUS.isSkipped || ALERTMANAGER.isSkipped)(
  `open incidents ring by the rank of their severity, whatever it is called${PROMETHEUS.says}${ALERTMANAGER.says}`,
  () => {
    // At the same time: each waits for intervals most of the time.
    it('with the defaults, other numbers, other words, the short form and two platforms', async () => {
      const routed = await Promise.all(WORLDS.map(async (world) => [world.says, await route(world)] as const));

      expect(routed).toEqual(WORLDS.map(({ says, routed: expected }) => [says, expected]));
    }, 180_000);
  },
);

/** Whom a real Alertmanager sends the alerts of this world to. */
async function route(world: SeverityWorld): Promise<Record<string, readonly string[]>> {
  const folder = temporaryFolder();
  const pagerduty = await startPagerdutyFake({ incidents: toIncidents(world.pagerduty), alarms: [] });
  const opsgenie = await startOpsgenieFake({ incidents: toIncidents(world.opsgenie ?? []), alarms: [] });
  onTestFinished(async () => {
    await Promise.all([pagerduty.close(), opsgenie.close()]);
  });
  const text = world.configure({ pagerduty: pagerduty.url, opsgenie: opsgenie.url });
  const file = writeIn(folder, 'c.yml', `${text}store: { path: "${join(folder, 's.db')}" }\n`);
  const exporter = await startExporter({ words: [`--config.file=${file}`] });
  const providers = world.opsgenie === undefined ? 1 : 2;
  await exporter.untilPage('all is synced', (page) => page.sum('mttr_exporter_provider_synced', {}) === providers);
  const alertmanager = await startAlertmanager();
  const prometheus = await startPrometheus({
    url: exporter.url,
    alertmanager: alertmanager.address,
    alerts: [[/\b(for|keep_firing_for): \d+m/g, '$1: 3s']],
  });
  await until('every expected alert is routed', async () => {
    const routed = await alertmanager.routed();
    return Object.keys(world.routed).every((name) => name in routed);
  });
  // Time for what should not ring.
  await prometheus.evaluateMore(4);
  return alertmanager.routed();
}

function toIncidents(all: readonly Open[]) {
  const nowMs = Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
  return all.map(([priority, openMs], number) =>
    told({ id: `Q${number}`, service: `service-${number}`, priority, triggeredAtMs: nowMs - openMs, acknowledged: 1 }),
  );
}
