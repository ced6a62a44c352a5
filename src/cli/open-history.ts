import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import cliProgress from 'cli-progress';
import { type OpenedProvider, openProviders } from '../app/providers.ts';
import { ConfigError } from '../config/problems.ts';
import type { Reader } from '../config/reading.ts';
import type { Config } from '../config/types.ts';
import { createCore } from '../core/core.ts';
import { toRemote } from '../core/remote.ts';
import { readersOf, shownProvider, storeSettings } from '../core/settings.ts';
import type { ShownProvider } from '../metrics/family.ts';
import { createProcessMetrics } from '../metrics/process.ts';
import { messageOf } from '../model/error-message.ts';
import type { Incident } from '../model/incident.ts';
import type { Log } from '../model/log.ts';
import type { Page } from '../model/poll.ts';
import type { Clock } from '../model/time.ts';
import { createPoller } from '../poller/poller.ts';
import type { Platform } from '../providers/provider.ts';
import { platforms } from '../providers/registry.ts';
import { type History, openHistory } from '../store/history.ts';
import { createSqliteStore } from '../store/sqlite/create.ts';
import { type Output, type Surroundings, WrongUse } from './command.ts';
import { readConfiguration, secretsOf } from './configuration.ts';
import { createLog } from './log.ts';
import { createTemporaryFolder } from './process-lifecycle.ts';

export interface SourceInput {
  readonly config: Config;
  readonly platforms: readonly Platform[];
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** How far back the platforms are asked where there is no store. */
  readonly historyMs: number;
  /** A page of a platform was read; only where there is no store. */
  readonly onRead?: (provider: string, page: Page) => void;
}

/** Where the numbers for people come from. */
export interface HistorySource {
  readonly history: History;
  readonly providers: readonly ShownProvider[];
  readonly reader: (provider: string) => Reader | undefined;
  /** How long closed incidents were kept; what the platforms were asked for just now is kept whole. */
  readonly retentionMs: number;
  close(): void;
}

/**
 * Opens the configured store read-only, or asks all platforms where there is none. Throws when the store cannot be
 * read, and when a platform does not answer: without it every number would be another one.
 */
export async function openSource(input: SourceInput): Promise<HistorySource> {
  const { config } = input;
  const opened = openProviders({ ...input, metrics: createProcessMetrics(input.version) });
  const readers = readersOf(config);
  const folder = existsSync(config.store.path) ? undefined : createTemporaryFolder('mttr-exporter-');
  try {
    const path = folder === undefined ? config.store.path : join(folder.path, 'read.db');
    const retentionMs = folder === undefined ? config.retentionMs : Math.max(config.retentionMs, input.historyMs);
    if (folder !== undefined) await readPlatforms(input, { opened, readers, path, retentionMs });
    const history = openHistory({ path, readers, maxServices: config.metrics.maxServices });
    return {
      history,
      providers: opened.map(shownProvider),
      reader: (provider) => readers.get(provider),
      retentionMs,
      close: () => {
        history.close();
        folder?.remove();
      },
    };
  } catch (error) {
    folder?.remove();
    throw error;
  } finally {
    for (const { provider } of opened) await provider.close();
  }
}

interface Reading {
  readonly opened: readonly OpenedProvider[];
  readonly readers: ReadonlyMap<string, Reader>;
  readonly path: string;
  readonly retentionMs: number;
}

async function readPlatforms(input: SourceInput, { opened, readers, path, retentionMs }: Reading): Promise<void> {
  const { config, clock, log, historyMs, onRead } = input;
  const store = createSqliteStore({ path, log, nowMs: clock.nowMs() });
  const core = toRemote(createCore({ store, log }));
  const reading = new AbortController();
  const readOne = async ({ config: { name, pollIntervalMs }, provider }: OpenedProvider) => {
    const poller = createPoller({
      name,
      provider,
      core,
      clock,
      log,
      pollIntervalMs,
      historyMs,
      onPage: (page) => onRead?.(name, page),
      onPolled: () => undefined,
      onFatal: (error) => reading.abort(error),
    });
    await poller.pollOnce(reading.signal);
    const { isUp, error } = poller.state();
    if (isUp !== true) throw new Error(`provider ${name}: ${error ?? 'it was not read to its end'}`);
  };
  try {
    store.configure(storeSettings({ ...config, retentionMs }, { readers, providers: opened }), clock.nowMs());
    await Promise.all(opened.map(readOne));
  } finally {
    reading.abort(new Error('reading has ended'));
    store.close();
  }
}

export interface ReadingInput {
  readonly surroundings: Surroundings;
  /** No progress and no warnings. */
  readonly isQuiet: boolean;
}

/** The configuration of a command for people, its warnings told; a file that cannot be read is wrong use, too. */
export function configurationOf(flag: string | undefined, { surroundings, isQuiet }: ReadingInput): Config {
  const { env, clock, errors } = surroundings;
  try {
    const { config, warnings } = readConfiguration({ flag, env, platforms, nowMs: clock.nowMs(), hasAnyEnd: true });
    if (!isQuiet) for (const warning of warnings) errors.write(`warning: ${warning}\n`);
    return config;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new WrongUse(messageOf(error), { cause: error });
  }
}

/** Opens the store, or reads the platforms that far back where there is none, with progress on a terminal. */
export async function readHistory(
  config: Config,
  historyMs: number,
  { surroundings, isQuiet }: ReadingInput,
): Promise<HistorySource> {
  const { clock, errors, version } = surroundings;
  const log = createLog({ level: 'error', destination: errors, secrets: secretsOf(config, platforms) });
  const progress = createReadingProgress({ output: errors, isQuiet, nowMs: clock.nowMs(), historyMs });
  let isComplete = false;
  try {
    const source = await openSource({
      config,
      platforms,
      clock,
      log,
      version,
      historyMs,
      onRead: (provider, page) => progress.read(provider, page),
    });
    isComplete = true;
    return source;
  } finally {
    progress.end({ isComplete });
  }
}

/** Shows how far the platforms were read; silent unless a person looks at the output. */
export interface ReadingProgress {
  /** A page of a provider was read. */
  read(provider: string, page: ReadPage): void;
  /** Bars are filled to their end only where everything was read. */
  end(result: { readonly isComplete: boolean }): void;
}

/** What counts of a page that was read. */
export interface ReadPage {
  readonly incidents: readonly Pick<Incident, 'id' | 'triggeredAtMs'>[];
}

export interface ProgressInput {
  readonly output: Output;
  readonly isQuiet: boolean;
  readonly nowMs: number;
  /** How far back the platforms are asked. */
  readonly historyMs: number;
}

const SILENT: ReadingProgress = { read: () => undefined, end: () => undefined };
/** Characters of a terminal that does not tell its width. */
const COLUMNS = 80;
const FORMAT = '{provider} [{bar}] {percentage}% of the history, {incidents} incidents';

/** One bar for each provider that has been heard of; it grows with the days whose incidents were seen. */
export function createReadingProgress({ output, isQuiet, nowMs, historyMs }: ProgressInput): ReadingProgress {
  if (isQuiet || output.isTTY !== true) return SILENT;
  const stream = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        output.write(String(chunk));
        done();
      },
    }),
    { isTTY: true, columns: output.columns ?? COLUMNS },
  );
  const bars = new cliProgress.MultiBar({ stream, format: FORMAT, gracefulExit: false });
  const seen = new Map<string, Seen>();
  return {
    read: (provider, { incidents }) => {
      const one = seen.get(provider) ?? { bar: bars.create(1, 0, { provider, incidents: 0 }), days: new Days() };
      seen.set(provider, one);
      one.days.add(incidents);
      const share = Math.min(1, one.days.spanMs(nowMs) / historyMs);
      one.bar.update(share, { incidents: one.days.ids.size });
    },
    end: ({ isComplete }) => {
      if (isComplete) for (const { bar } of seen.values()) bar.update(1);
      bars.stop();
    },
  };
}

interface Seen {
  readonly bar: cliProgress.SingleBar;
  readonly days: Days;
}

/** The stretch between the earliest and the latest incident; platforms are read in either direction. */
class Days {
  /** An incident is told more than once: its events come later. */
  readonly ids = new Set<string>();
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;

  add(incidents: ReadPage['incidents']): void {
    for (const { id, triggeredAtMs } of incidents) {
      this.ids.add(id);
      this.#fromMs = Math.min(this.#fromMs, triggeredAtMs);
      this.#toMs = Math.max(this.#toMs, triggeredAtMs);
    }
  }

  spanMs(nowMs: number): number {
    return this.ids.size === 0 ? 0 : Math.min(this.#toMs, nowMs) - this.#fromMs;
  }
}
