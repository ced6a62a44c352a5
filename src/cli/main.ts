#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { type Daemon, startDaemon, UnusableConfiguration } from '../app/daemon.ts';
import { openProviders } from '../app/providers.ts';
import { ConfigError } from '../config/diagnostics.ts';
import type { Config } from '../config/types.ts';
import { createProcessMetrics } from '../metrics/self-metrics.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { systemClock } from '../model/time.ts';
import { platforms } from '../providers/registry.ts';
import { parseWebConfig, type WebConfig } from '../server/web-config.ts';
import { loadTlsOptions } from '../server/web-settings.ts';
import { ReplayError } from '../simulator/replay.ts';
import { bearBrokenOutputs } from './broken-outputs.ts';
import { type Surroundings, WrongUse } from './command.ts';
import { readConfiguration, readText } from './configuration.ts';
import { startDemo } from './demo.ts';
import { type Command, EXIT_WRONG_USE, parseFlags, type WebFlags } from './flags.ts';
import { createLog } from './log.ts';
import { secretsOf } from './secrets.ts';
import { readVersion } from './version.ts';

const EXIT_FAILED = 1;
/** To which shells add the number of a signal. */
const EXIT_BY_SIGNAL = 128;
/** SIGTERM promises an end within 5 s, whatever hangs. */
const STOP_WITHIN_MS = 4500;

/** Acts on the command line; resolves with an exit code, or with nothing while a daemon runs. */
async function main(words: readonly string[]): Promise<number | undefined> {
  const version = readVersion();
  const command = parseFlags(words, version);
  if (command.kind === 'exit') {
    (command.code === 0 ? process.stdout : process.stderr).write(command.text);
    return command.code;
  }
  if (command.kind === 'check') return check(command, version);
  if (command.kind === 'one-shot') return runOnce(command.run, version);
  return command.kind === 'demo' ? demo(command, version) : serve(command, version);
}

/** A command for people. */
async function runOnce(run: (surroundings: Surroundings) => Promise<number>, version: string): Promise<number> {
  const { env, stdin: input, stdout: output, stderr: errors } = process;
  // By exit, not by the signal itself: temporary files are removed then (process-exit.ts), also when a second signal comes.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(EXIT_BY_SIGNAL + constants.signals[signal]));
  }
  try {
    return await run({ version, env, clock: systemClock, input, output, errors });
  } catch (error) {
    return fail(error, isWrongUse(error) ? EXIT_WRONG_USE : EXIT_FAILED);
  }
}

/** Offline: says what is wrong with the files, or that nothing is. */
async function check(command: Extract<Command, { kind: 'check' }>, version: string): Promise<number> {
  try {
    const { warnings, config } = configuration(command.configFile);
    await checkWebConfig(command.webConfigFile);
    const log = createLog({ level: 'error' });
    const metrics = createProcessMetrics(version);
    const opened = openProviders({ config, platforms, clock: systemClock, log, metrics });
    for (const { provider } of opened) await provider.close();
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    process.stdout.write(`the configuration is good: ${config.providers.map(({ name }) => name).join(', ')}\n`);
    return 0;
  } catch (error) {
    return fail(error, EXIT_WRONG_USE);
  }
}

async function serve(command: Extract<Command, { kind: 'serve' }>, version: string): Promise<number | undefined> {
  const secrets: string[] = [];
  const log = createLog({ ...command.log, secrets });
  const readConfig = (): Config => {
    const { config, warnings } = configuration(command.configFile);
    secrets.push(...secretsOf(config, platforms).filter((secret) => !secrets.includes(secret)));
    for (const warning of warnings) log.warn('configuration warning', { warning });
    return config;
  };
  try {
    const config = readConfig();
    const serving = servingOf(command.web);
    return await runDaemon(log, (onFatal) =>
      startDaemon({ config, readConfig, platforms, serving, clock: systemClock, log, version, onFatal }),
    );
  } catch (error) {
    return fail(error, EXIT_WRONG_USE);
  }
}

async function demo(command: Extract<Command, { kind: 'demo' }>, version: string): Promise<number | undefined> {
  const log = createLog(command.log);
  return runDaemon(log, (onFatal) =>
    startDemo({ ...command, log, version, onFatal, print: (text) => process.stdout.write(text) }),
  );
}

/** Starts a daemon and keeps it until a signal ends it; signals that come while it starts wait for it. */
async function runDaemon(
  log: Log,
  start: (onFatal: (error: unknown) => void) => Promise<Daemon>,
): Promise<number | undefined> {
  const onFatal = (error: unknown) => {
    log.error('the exporter cannot go on', { error: messageOf(error) });
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
  try {
    const daemon = await start(onFatal);
    for (const url of daemon.urls) log.info('listening', { url });
    started.resolve(daemon);
    return undefined;
  } catch (error) {
    return fail(error, isWrongUse(error) ? EXIT_WRONG_USE : EXIT_FAILED);
  }
}

function isWrongUse(error: unknown): boolean {
  return [WrongUse, ReplayError, UnusableConfiguration, ConfigError].some((kind) => error instanceof kind);
}

function configuration(flag: string | undefined) {
  return readConfiguration({ flag, env: process.env, platforms, nowMs: systemClock.nowMs() });
}

function readWebConfig(file: string): WebConfig {
  return parseWebConfig(readText(file), file);
}

/** The certificates too: whether they can be read and belong together. */
async function checkWebConfig(file: string | undefined): Promise<void> {
  const tls = file === undefined ? undefined : readWebConfig(file).tls;
  if (tls !== undefined) await loadTlsOptions(tls, (path) => readFile(path, 'utf8'));
}

function servingOf({ configFile, ...flags }: WebFlags) {
  return {
    ...flags,
    web: configFile === undefined ? undefined : { config: readWebConfig(configFile), file: configFile },
  };
}

function fail(error: unknown, code: number): number {
  process.stderr.write(`mttr-exporter: ${messageOf(error)}\n`);
  return code;
}

bearBrokenOutputs(process, () => {
  process.exitCode = EXIT_FAILED;
});
const code = await main(process.argv.slice(2));
// What was printed last may have failed before this.
if (code !== undefined) process.exitCode ||= code;
