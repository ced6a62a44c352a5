import { type Daemon, startDaemon } from '../../app/daemon.ts';
import type { Config } from '../../config/types.ts';
import { messageOf } from '../../model/error-message.ts';
import type { Log } from '../../model/log.ts';
import { platforms } from '../../providers/registry.ts';
import { parseExternalUrl, parseRoutePrefix, parseTelemetryPath } from '../../server/addresses.ts';
import { parseWebConfig } from '../../server/web-config.ts';
import { type CommandContext, defineCommand, type ParsedArgs } from '../command.ts';
import { type ConfigWatchInput, createFileRecorder, watchConfig } from '../config-watch.ts';
import { findSecrets, readConfiguration, readTextFile } from '../configuration.ts';
import {
  configFile,
  listenAddresses,
  logFlags,
  optional,
  orUsageError,
  toggle,
  webConfigFile,
  withDefault,
} from '../flags.ts';
import { createLog } from '../log.ts';
import { checkConfiguration } from './check.ts';

/** SIGTERM promises an end within 5 s, whatever hangs. */
const STOP_WITHIN_MS = 4500;
const EXIT_FAILED = 1;

const flags = {
  configFile,
  checkOnly: toggle('--config.check', 'check the configuration and exit, like the command check'),
  watch: toggle('--config.watch', 'reload when a configuration, secret or web file changes'),
  listenAddresses,
  webConfigFile,
  telemetryPath: withDefault('--web.telemetry-path <path>', 'path of the metrics', '/metrics', parseTelemetryPath),
  routePrefix: optional(
    '--web.route-prefix <path>',
    'prefix of all paths (default: the path of --web.external-url)',
    parseRoutePrefix,
  ),
  externalUrl: optional(
    '--web.external-url <url>',
    'URL that users reach this at, behind a reverse proxy',
    (text) => parseExternalUrl(text).href,
  ),
  enableLifecycle: toggle('--web.enable-lifecycle', 'allow POST /-/reload'),
  ...logFlags,
};

/** The exporter. */
export const serve = defineCommand({
  name: 'serve',
  description: 'poll and serve /metrics (the default)',
  flags,
  isDaemon: true,
  examples: [
    ['--config.file=mttr-exporter.yml', 'one configuration file, the default address'],
    ['--web.listen-address=127.0.0.1:9000 --web.config.file=web.yml', 'another address, with TLS and passwords'],
  ],
  run,
});

async function run(args: ParsedArgs<typeof flags>, context: CommandContext): Promise<number | undefined> {
  const { checkOnly, watch, logLevel: level, logFormat: format, webConfigFile: webFile, ...serving } = args.flags;
  if (checkOnly) return checkConfiguration({ configFile: serving.configFile, webConfigFile: webFile }, context);
  const { version, clock } = context;
  const secrets: string[] = [];
  const log = createLog({ level, format, secrets });
  const recorder = createFileRecorder();
  const readConfig = (): Config => {
    const { config, warnings } = readConfiguration(serving.configFile, context, {
      readFile: (path) => recorder.read(path),
    });
    for (const { caFile } of config.providers) if (caFile !== undefined) recorder.add(caFile);
    secrets.push(...findSecrets(config).filter((secret) => !secrets.includes(secret)));
    for (const warning of warnings) log.warn('configuration warning', { warning });
    return config;
  };
  const config = readConfig();
  const web = orUsageError(undefined, () =>
    webFile === undefined ? undefined : { config: parseWebConfig(readTextFile(webFile), webFile), file: webFile },
  );
  if (webFile !== undefined) recorder.add(webFile);
  return runDaemon(log, async (onFatal) => {
    const input = { config, readConfig, platforms, serving: { ...serving, web }, clock, log, version, onFatal };
    const daemon = await startDaemon(input);
    return watch ? withWatch(daemon, { recorder, reload: () => daemon.reload(), clock, log }) : daemon;
  });
}

/** The same daemon, which reloads when its files change. */
function withWatch(daemon: Daemon, input: ConfigWatchInput): Daemon {
  const stopping = new AbortController();
  const watching = watchConfig(input, stopping.signal);
  return {
    ...daemon,
    stop: async () => {
      stopping.abort(new Error('the exporter stops'));
      await Promise.all([watching, daemon.stop()]);
    },
  };
}

/** Starts a daemon and keeps it until a signal ends it; signals that come while it starts wait for it. */
export async function runDaemon(
  log: Log,
  start: (onFatal: (error: unknown) => void) => Promise<Daemon>,
): Promise<undefined> {
  const onFatal = (error: unknown) => {
    log.error('fatal error, exiting', { error: messageOf(error) });
    process.exit(EXIT_FAILED);
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', onFatal);
  const started = Promise.withResolvers<Daemon>();
  let isStopping = false;
  const stop = (signal: string) => {
    // npm passes on the Ctrl-C that the terminal has sent to all anyway; the time-out below ends what hangs.
    if (isStopping) return;
    isStopping = true;
    log.info('stopping', { signal });
    setTimeout(() => process.exit(EXIT_FAILED), STOP_WITHIN_MS).unref();
    started.promise.then((daemon) => daemon.stop()).then(() => process.exit(0), onFatal);
  };
  process.on('SIGHUP', () => void started.promise.then((daemon) => daemon.reload()));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  const daemon = await start(onFatal);
  for (const url of daemon.urls) log.info('listening', { url });
  started.resolve(daemon);
}
