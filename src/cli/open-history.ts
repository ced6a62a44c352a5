import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import cliProgress from 'cli-progress';
import { type OpenedProvider, openProviders } from '../app/providers.ts';
import type { LabelMapper } from '../config/label-mapper.ts';
import type { Config } from '../config/types.ts';
import { createCore } from '../core/core.ts';
import { toRemote } from '../core/remote.ts';
import { createLabelMappers, storeSettings, toPageProvider } from '../core/settings.ts';
import type { PageProvider } from '../metrics/family.ts';
import { createProcessMetrics } from '../metrics/self-metrics.ts';
import type { Incident } from '../model/incident.ts';
import type { Log } from '../model/log.ts';
import { createPoller } from '../poller/poller.ts';
import { platforms } from '../providers/registry.ts';
import { openSnapshot, type StoreSnapshot } from '../store/snapshot.ts';
import { createSqliteStore } from '../store/sqlite/open.ts';
import type { CommandContext, Output } from './command.ts';
import { findSecrets } from './configuration.ts';
import { createLog } from './log.ts';
import { createTemporaryFolder } from './process-lifecycle.ts';

export interface HistorySourceInput {
  readonly config: Config;
  /** How far back the platforms are read where there is no store. */
  readonly historyMs: number;
  /** No progress. */
  readonly isQuiet: boolean;
}

/** What reports, explanations and backfills read. */
export interface HistorySource {
  readonly history: StoreSnapshot;
  readonly providers: readonly PageProvider[];
  readonly labelMapper: (provider: string) => LabelMapper | undefined;
  /** How long resolved incidents were kept; what was just read from the platforms is kept whole. */
  readonly retentionMs: number;
  close(): void;
}

/**
 * Opens the configured store read-only, or reads all platforms where there is none, with progress on a terminal. Throws
 * when the store cannot be read, and when a platform cannot be: without it every number would be another one.
 */
export async function openHistorySource(input: HistorySourceInput, context: CommandContext): Promise<HistorySource> {
  const { config, historyMs } = input;
  const log = createLog({ level: 'error', destination: context.stderr, secrets: findSecrets(config) });
  const metrics = createProcessMetrics(context.version);
  const opened = openProviders({ config, platforms, clock: context.clock, log, metrics });
  const labelMappers = createLabelMappers(config);
  const folder = existsSync(config.store.path) ? undefined : createTemporaryFolder('mttr-exporter-');
  try {
    const path = folder === undefined ? config.store.path : join(folder.path, 'read.db');
    const retentionMs = folder === undefined ? config.retentionMs : Math.max(config.retentionMs, historyMs);
    if (folder !== undefined) {
      const kept = { ...input, config: { ...config, retentionMs } };
      await readPlatforms(kept, context, { opened, path, log });
    }
    const history = openSnapshot({ path, labelMappers, maxServices: config.metrics.maxServices });
    return {
      history,
      providers: opened.map(toPageProvider),
      labelMapper: (provider) => labelMappers.get(provider),
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

/** Polls each provider once, into a new store at this path. */
async function readPlatforms(
  { config, historyMs, isQuiet }: HistorySourceInput,
  { clock, stderr }: CommandContext,
  { opened, path, log }: { readonly opened: readonly OpenedProvider[]; readonly path: string; readonly log: Log },
): Promise<void> {
  const progress = createSyncProgress({ output: stderr, isQuiet, nowMs: clock.nowMs(), historyMs });
  const store = createSqliteStore({ path, log, nowMs: clock.nowMs() });
  const core = toRemote(createCore({ store, log }));
  const stopping = new AbortController();
  const pollOnce = async ({ config: { name, pollIntervalMs }, provider }: OpenedProvider) => {
    const poller = createPoller({
      name,
      provider,
      core,
      clock,
      log,
      pollIntervalMs,
      historyMs,
      onPage: (page) => progress.addPage(name, page),
      onPolled: () => undefined,
      onFatal: (error) => stopping.abort(error),
    });
    await poller.pollOnce(stopping.signal);
    const { isUp, error } = poller.state();
    if (isUp !== true) throw new Error(`provider ${name}: ${error ?? 'the first sync is incomplete'}`);
  };
  let isComplete = false;
  try {
    store.configure(
      storeSettings(config, { labelMappers: createLabelMappers(config), providers: opened }),
      clock.nowMs(),
    );
    await Promise.all(opened.map(pollOnce));
    isComplete = true;
  } finally {
    stopping.abort(new Error('another provider has failed'));
    store.close();
    progress.end({ isComplete });
  }
}

/** Shows how much of the history was read; silent unless the output is a terminal. */
export interface SyncProgress {
  addPage(provider: string, page: { readonly incidents: readonly Pick<Incident, 'id' | 'triggeredAtMs'>[] }): void;
  /** Bars are filled to their end only when everything was read. */
  end(result: { readonly isComplete: boolean }): void;
}

/** Width of a terminal that does not report one. */
const COLUMNS = 80;
const PROGRESS_FORMAT = '{provider} [{bar}] {percentage}% of the history, {incidents} incidents';

/** One bar for each provider from its first page on; it grows with the days between its earliest and latest incident. */
export function createSyncProgress({
  output,
  isQuiet,
  nowMs,
  historyMs,
}: {
  readonly output: Output;
  readonly isQuiet: boolean;
  readonly nowMs: number;
  readonly historyMs: number;
}): SyncProgress {
  if (isQuiet || output.isTTY !== true) return { addPage: () => undefined, end: () => undefined };
  const stream = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        output.write(String(chunk));
        done();
      },
    }),
    { isTTY: true, columns: output.columns ?? COLUMNS },
  );
  const bars = new cliProgress.MultiBar({ stream, format: PROGRESS_FORMAT, gracefulExit: false });
  const createProviderBar = (provider: string) => ({
    bar: bars.create(1, 0, { provider, incidents: 0 }),
    // An incident may be on several pages: its events come later.
    ids: new Set<string>(),
    fromMs: nowMs,
    toMs: Number.NEGATIVE_INFINITY,
  });
  const byProvider = new Map<string, ReturnType<typeof createProviderBar>>();
  return {
    addPage: (provider, { incidents }) => {
      const one = byProvider.get(provider) ?? createProviderBar(provider);
      byProvider.set(provider, one);
      // Platforms are read in either direction.
      for (const { id, triggeredAtMs } of incidents) {
        one.ids.add(id);
        one.fromMs = Math.min(one.fromMs, triggeredAtMs);
        one.toMs = Math.min(Math.max(one.toMs, triggeredAtMs), nowMs);
      }
      const share = Math.min(1, Math.max(0, one.toMs - one.fromMs) / historyMs);
      one.bar.update(share, { incidents: one.ids.size });
    },
    end: ({ isComplete }) => {
      if (isComplete) for (const { bar } of byProvider.values()) bar.update(1);
      bars.stop();
    },
  };
}
