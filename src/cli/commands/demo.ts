import { join } from 'node:path';
import { type Daemon, type DaemonInput, startDaemon } from '../../app/daemon.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import { type Clock, DAY_MS, SECOND_MS } from '../../model/time.ts';
import { platforms } from '../../providers/registry.ts';
import { DEMO_DEFAULTS, DEMO_PLATFORMS } from '../../simulator/demo-platforms.ts';
import { createOrganisation } from '../../simulator/organisation.ts';
import { PAGERDUTY_FAKE_KEY, startPagerdutyFake } from '../../simulator/pagerduty.ts';
import type { Fake } from '../../simulator/platform.ts';
import { readReplay } from '../../simulator/replay.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { readTextFile } from '../configuration.ts';
import { type FlagValues, listenAddresses, logFlags, optional, toFileName, withDefault } from '../flags.ts';
import { createLog } from '../log.ts';
import { createTemporaryFolder } from '../process-lifecycle.ts';
import { runDaemon } from './serve.ts';

const replayFile = optional(
  '--replay <file>',
  'serve the outages of this file (one JSON object per line) instead of invented ones',
  toFileName,
);
const demoPlatforms = withDefault(
  '--platforms <types>',
  `platforms to invent incidents on, separated by commas; known: ${DEMO_PLATFORMS.map(({ type }) => type).join(', ')}`,
  DEMO_DEFAULTS.join(','),
  parsePlatforms,
);
const flags = { replayFile, demoPlatforms, listenAddresses, ...logFlags };

/** The same organisation for everybody. */
const SEED = 7;
/** How often the organisation moves on. */
const LIVE_EVERY_MS = SECOND_MS;

/** Fakes of platforms with an invented organisation (or a replayed file), and the real exporter polling them. */
export const demo = defineCommand({
  name: 'demo',
  description: 'serve an invented organisation, or a file of outages',
  flags,
  isDaemon: true,
  examples: [
    ['demo', 'invented incidents that open and resolve while you watch'],
    ['demo --platforms=jsm,incidentio', 'the same on other platforms'],
    ['demo --replay=outages.ndjson', 'outages of a file, shifted so that the last one ends now'],
  ],
  run: (args, context) => {
    const { logLevel: level, logFormat: format } = args.flags;
    const log = createLog({ level, format });
    return runDaemon(log, (onFatal) => startDemo(args.flags, { ...context, log, onFatal }));
  },
});

async function startDemo(
  { replayFile: file, demoPlatforms: types, listenAddresses: addresses }: FlagValues<typeof flags>,
  { clock, version, stdout, log, onFatal }: CommandContext & Pick<DaemonInput, 'log' | 'onFatal'>,
): Promise<Daemon> {
  // The fakes are on this machine: no proxy leads there, and any credentials will do.
  process.env['NO_PROXY'] = [process.env['NO_PROXY'], '127.0.0.1'].filter(Boolean).join(',');
  process.env['AWS_ACCESS_KEY_ID'] = 'demo';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'demo';
  const stage = file === undefined ? await startOrganisation(types) : await startReplay(file);
  const folder = createTemporaryFolder('mttr-exporter-demo-');
  const closeStage = async () => {
    await stage.close();
    folder.remove();
  };
  const config = demoConfig(stage, folder.path);
  const serving = {
    listenAddresses: addresses,
    telemetryPath: '/metrics',
    routePrefix: undefined,
    externalUrl: undefined,
    enableLifecycle: false,
    web: undefined,
  };
  const input = { config, readConfig: () => config, platforms, serving, clock, log, version, onFatal };
  const daemon = await startDaemon(input).catch(async (error: unknown) => {
    await closeStage();
    throw error;
  });
  const stopping = new AbortController();
  void scrapeUntilComplete(new URL('metrics', daemon.urls[0]), clock, stopping.signal);
  stdout.write(welcomeText(daemon.urls[0] ?? '', file));
  return {
    ...daemon,
    stop: async () => {
      stopping.abort();
      await daemon.stop();
      await closeStage();
    },
  };
}

function parsePlatforms(text: string): readonly string[] {
  const types = [...new Set(text.split(','))];
  const unknown = types.find((type) => DEMO_PLATFORMS.every((platform) => platform.type !== type));
  if (unknown === undefined) return types;
  throw new Error(`"${unknown}" is unknown; expected some of ${DEMO_PLATFORMS.map(({ type }) => type).join(', ')}`);
}

/** Fakes of platforms, and the configuration that polls them. */
interface Stage {
  readonly providers: readonly Readonly<Record<string, unknown>>[];
  /** Further top-level keys. */
  readonly more: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

async function startOrganisation(types: readonly string[]): Promise<Stage> {
  const further = types.filter((type) => !DEMO_DEFAULTS.includes(type));
  const organisation = createOrganisation({ seed: SEED, nowMs: Date.now(), further });
  const fakes: Fake[] = [];
  const providers: Readonly<Record<string, unknown>>[] = [];
  for (const platform of DEMO_PLATFORMS.filter((one) => types.includes(one.type))) {
    const { type, name = type } = platform;
    const fake = await platform.start(organisation);
    fakes.push(fake);
    providers.push({ name, type, base_url: fake.url, ...platform.settings(organisation) });
  }
  const living = setInterval(() => organisation.live(Date.now()), LIVE_EVERY_MS);
  return {
    providers,
    more: {
      availability: { severities: ['P1'], objective: 0.999 },
      // The shop has so many incidents that each deployment has one within a day.
      dora: { incident_within: '30m' },
    },
    close: async () => {
      clearInterval(living);
      await closeAll(fakes);
    },
  };
}

async function startReplay(file: string): Promise<Stage> {
  const nowMs = Date.now();
  const world = readReplay(readTextFile(file), file, nowMs);
  const firstAtMs = world.incidents.reduce((least, { triggeredAtMs }) => Math.min(least, triggeredAtMs), nowMs);
  // All of the file is fetched, however old it is; the shortest history that suits the default windows is 210 d.
  const days = Math.max(210, Math.ceil((nowMs - firstAtMs) / DAY_MS) + 1);
  const pagerduty = await startPagerdutyFake(world);
  return {
    more: { history: `${days}d`, retention: `${days + 190}d` },
    providers: [
      {
        name: 'pagerduty',
        type: 'pagerduty',
        api_key: PAGERDUTY_FAKE_KEY,
        base_url: pagerduty.url,
        poll_interval: '2s',
        rate_limit: '100/s',
      },
    ],
    close: () => closeAll([pagerduty]),
  };
}

async function closeAll(fakes: readonly Fake[]): Promise<void> {
  for (const fake of fakes) await fake.close();
}

function demoConfig({ providers, more }: Stage, folder: string): Config {
  // JSON is YAML.
  const text = JSON.stringify({
    providers,
    ...more,
    metrics: { new_series_hold: '5s' },
    store: { path: join(folder, 'demo.db') },
  });
  const readFile = () => {
    throw new Error('the demo reads no secret files');
  };
  return loadConfig({ text, filename: 'demo', env: {}, platforms, readFile, nowMs: Date.now() }).config;
}

/** Nobody may be scraping yet: until the windowed series are there, the demo reads the zero of new series itself. */
async function scrapeUntilComplete(url: URL, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A page that is cut off, as when the demo ends meanwhile, is read again.
    const text = await fetch(url, { signal })
      .then((response) => response.text())
      .catch(() => '');
    if (text.includes('incident_mttr_minutes{')) return;
    await clock.sleep(SECOND_MS, signal).catch(() => undefined);
  }
}

function welcomeText(url: string, file: string | undefined): string {
  const what = file === undefined ? 'an invented organisation' : `the outages of ${file}`;
  const live = file === undefined ? 'Incidents open and resolve while you watch.\n' : '';
  return `\nmttr-exporter shows ${what}; no data leaves this machine.\n${live}
  status page   ${url}
  metrics       ${url}metrics
  try           curl -s ${url}metrics | grep incident_mttr_minutes
                curl -s ${url}metrics | grep incident_recovery_time_minutes_count   (and again after a minute)\n\n`;
}
