import { join } from 'node:path';
import { type Daemon, startDaemon } from '../../app/daemon.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import type { Log } from '../../model/log.ts';
import { DAY_MS, SECOND_MS, systemClock } from '../../model/time.ts';
import { platforms } from '../../providers/registry.ts';
import { startCloudwatchFake } from '../../simulator/cloudwatch.ts';
import { OPSGENIE_FAKE_KEY, startOpsgenieFake } from '../../simulator/opsgenie.ts';
import { createOrganisation } from '../../simulator/organisation.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../simulator/pagerduty.ts';
import type { Fake } from '../../simulator/platform.ts';
import { readReplay } from '../../simulator/replay.ts';
import { readText } from '../configuration.ts';
import { createTemporaryFolder } from '../process-lifecycle.ts';

export interface DemoInput {
  readonly replayFile: string | undefined;
  readonly listenAddresses: readonly string[];
  readonly log: Log;
  readonly version: string;
  readonly onFatal: (error: unknown) => void;
  readonly print: (text: string) => void;
}

/** The same organisation for everybody. */
const SEED = 7;
/** How often the organisation lives on. */
const LIVE_EVERY_MS = SECOND_MS;

/** Fakes of the three platforms with an invented organisation (or a replayed file), and the real exporter pointed at them. */
export async function startDemo(input: DemoInput): Promise<Daemon> {
  // The fakes are on this machine: no proxy leads there, and any credentials will do.
  process.env['NO_PROXY'] = [process.env['NO_PROXY'], '127.0.0.1'].filter(Boolean).join(',');
  process.env['AWS_ACCESS_KEY_ID'] = 'demo';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'demo';
  const stage = input.replayFile === undefined ? await invent() : await replay(input.replayFile);
  const folder = createTemporaryFolder('mttr-exporter-demo-');
  const config = demoConfig(stage, folder.path);
  const daemon = await startDaemon({
    config,
    readConfig: () => config,
    platforms,
    serving: {
      listenAddresses: input.listenAddresses,
      telemetryPath: '/metrics',
      routePrefix: undefined,
      externalUrl: undefined,
      enableLifecycle: false,
      web: undefined,
    },
    clock: systemClock,
    log: input.log,
    version: input.version,
    onFatal: input.onFatal,
  }).catch(async (error: unknown) => {
    await stage.close();
    folder.remove();
    throw error;
  });
  const stopping = new AbortController();
  const ownPage = new URL('metrics', daemon.urls[0]);
  void readOwnPage(ownPage, stopping.signal);
  input.print(welcome(daemon.urls[0] ?? '', input.replayFile));
  return {
    ...daemon,
    stop: async () => {
      stopping.abort();
      await daemon.stop();
      await stage.close();
      folder.remove();
    },
  };
}

interface Stage {
  /** YAML of the `providers` list. */
  readonly providers: string;
  /** YAML of further top-level keys. */
  readonly more?: string;
  close(): Promise<void>;
}

async function invent(): Promise<Stage> {
  const organisation = createOrganisation({ seed: SEED, nowMs: Date.now() });
  const pagerduty = await startPagerdutyFake(organisation.pagerduty);
  const opsgenie = await startOpsgenieFake(organisation.opsgenie);
  const cloudwatch = await startCloudwatchFake(organisation.cloudwatch);
  const living = setInterval(() => organisation.live(Date.now()), LIVE_EVERY_MS);
  const regions = [...new Set(organisation.cloudwatch.alarms.map(({ region }) => region))].join(', ');
  return {
    providers: `
  - { name: pagerduty, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${pagerduty.url}", poll_interval: 2s, rate_limit: 100/s }
  - { name: opsgenie, type: opsgenie, api_key: ${OPSGENIE_FAKE_KEY}, base_url: "${opsgenie.url}", poll_interval: 2s, rate_limit: 100/s }
  - { name: aws, type: cloudwatch, regions: [${regions}], base_url: "${cloudwatch.url}", poll_interval: 5s, rate_limit: 50/s, overall: false }`,
    close: async () => {
      clearInterval(living);
      await closeAll([pagerduty, opsgenie, cloudwatch]);
    },
  };
}

async function replay(file: string): Promise<Stage> {
  const nowMs = Date.now();
  const world = readReplay(readText(file), file, nowMs);
  const firstAtMs = world.incidents.reduce((least, { triggeredAtMs }) => Math.min(least, triggeredAtMs), nowMs);
  // All of the file is fetched, however old it is; the shortest history that suits the default windows is 210 d.
  const days = Math.max(210, Math.ceil((nowMs - firstAtMs) / DAY_MS) + 1);
  const pagerduty = await startPagerdutyFake(world);
  return {
    more: `history: ${days}d\nretention: ${days + 190}d\n`,
    providers: `
  - { name: pagerduty, type: pagerduty, api_key: ${PAGERDUTY_FAKE_KEY}, base_url: "${pagerduty.url}", poll_interval: 2s, rate_limit: 100/s }`,
    close: () => closeAll([pagerduty]),
  };
}

async function closeAll(fakes: readonly Fake[]): Promise<void> {
  for (const fake of fakes) await fake.close();
}

function demoConfig({ providers, more = '' }: Stage, folder: string): Config {
  const text = `providers:${providers}\n${more}metrics: { new_series_hold: 5s }\nstore: { path: '${join(folder, 'demo.db')}' }\n`;
  const readFile = () => {
    throw new Error('the demo reads no secret files');
  };
  return loadConfig({ text, filename: 'demo', env: {}, platforms, readFile, nowMs: Date.now() }).config;
}

/** Nobody may be scraping yet: the demo carries the births at zero itself. */
async function readOwnPage(url: URL, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(url, { signal }).catch(() => undefined);
    const text = await answer?.text();
    if (answer?.ok === true && text?.includes('incident_mttr_minutes{') === true) return;
    await systemClock.sleep(SECOND_MS, signal).catch(() => undefined);
  }
}

function welcome(url: string, replayFile: string | undefined): string {
  const what = replayFile === undefined ? 'an invented organisation' : `the outages of ${replayFile}`;
  const live = replayFile === undefined ? 'Incidents open and are resolved while you watch.\n' : '';
  return `\nmttr-exporter shows ${what}; nothing leaves this machine.\n${live}
  status page   ${url}
  metrics       ${url}metrics
  try           curl -s ${url}metrics | grep incident_mttr_minutes
                curl -s ${url}metrics | grep incident_recovery_time_minutes_count   (and again after a minute)\n\n`;
}
