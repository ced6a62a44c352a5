import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenedProvider, openProviders } from '../app/providers.ts';
import type { LabelMapper } from '../config/label-mapper.ts';
import type { Config } from '../config/types.ts';
import { createCore } from '../core/core.ts';
import { toRemote } from '../core/remote.ts';
import { readersOf, shownProvider, storeSettings } from '../core/settings.ts';
import type { ShownProvider } from '../metrics/family.ts';
import { createProcessMetrics } from '../metrics/self-metrics.ts';
import type { Log } from '../model/log.ts';
import type { Page } from '../model/poll.ts';
import type { Clock } from '../model/time.ts';
import { createPoller } from '../poller/poller.ts';
import type { Platform } from '../providers/provider.ts';
import { type History, openHistory } from '../store/history.ts';
import { createSqliteStore } from '../store/sqlite/open.ts';
import { createTemporaryFolder } from './process-exit.ts';

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
  readonly reader: (provider: string) => LabelMapper | undefined;
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
  readonly readers: ReadonlyMap<string, LabelMapper>;
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
