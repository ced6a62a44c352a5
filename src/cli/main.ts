#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { UnusableConfiguration } from '../app/daemon.ts';
import { ConfigError } from '../config/diagnostics.ts';
import { messageOf } from '../model/error-message.ts';
import { systemClock } from '../model/time.ts';
import { ReplayError } from '../simulator/replay.ts';
import { EXIT_USAGE, parseCommandLine } from './command-line.ts';
import { UsageError } from './flags.ts';
import { handleBrokenPipe } from './process-lifecycle.ts';

const EXIT_FAILED = 1;
/** To which shells add the number of a signal. */
const EXIT_BY_SIGNAL = 128;
const USAGE_ERRORS = [UsageError, ConfigError, ReplayError, UnusableConfiguration];

/** Runs the command line; resolves with an exit code, or with undefined while a daemon runs. */
async function main(args: readonly string[]): Promise<number | undefined> {
  const version = readVersion();
  const command = parseCommandLine(args, version);
  if (command.kind === 'print') {
    (command.code === 0 ? process.stdout : process.stderr).write(command.text);
    return command.code;
  }
  if (command.kind === 'completion') return command.run();
  if (!command.isDaemon) exitOnSignals();
  const { env, stdin, stdout, stderr } = process;
  try {
    return await command.run({ version, env, clock: systemClock, stdin, stdout, stderr });
  } catch (error) {
    stderr.write(`mttr-exporter: ${messageOf(error)}\n`);
    return USAGE_ERRORS.some((kind) => error instanceof kind) ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** By exit, not by the signal itself: temporary files are removed then, also when a second signal comes. */
function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(EXIT_BY_SIGNAL + constants.signals[signal]));
  }
}

/** From package.json. */
function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return 'unknown';
  return String(manifest.version);
}

handleBrokenPipe(process, () => {
  process.exitCode = EXIT_FAILED;
});
const code = await main(process.argv.slice(2));
// What was printed last may have failed before this.
if (code !== undefined) process.exitCode ||= code;
