import { createEngine, type Engine } from '../src/app/engine.ts';
import { createPageLoop, type PageLoop } from '../src/app/page-loop.ts';
import { readStatusView, type StatusInput } from '../src/app/status.ts';
import type { Config } from '../src/config/types.ts';
import { createCore } from '../src/core/core.ts';
import { type Core } from '../src/core/messages.ts';
import { type Remote, toRemote } from '../src/core/remote.ts';
import type { Format } from '../src/metrics/exposition.ts';
import { createPageReader, type PageReader } from '../src/metrics/reader.ts';
import { createProcessMetrics } from '../src/metrics/self-metrics.ts';
import type { Log } from '../src/model/log.ts';
import type { Clock } from '../src/model/time.ts';
import { platforms } from '../src/providers/registry.ts';
import type { StatusView } from '../src/server/status-page/view.ts';
import { createSqliteStore } from '../src/store/sqlite/open.ts';
import type { Store } from '../src/store/store.ts';

/** A log that nobody reads. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Everything between the providers and the page, without loops, threads and a server. */
export interface TestExporter {
  readonly config: Config;
  readonly store: Store;
  readonly core: Core;
  readonly remote: Remote<Core>;
  readonly engine: Engine;
  readonly reader: PageReader;
  readonly pageLoop: PageLoop;
  /** What the status page shows. */
  status(window?: string): Promise<StatusView>;
  close(): Promise<void>;
}

export interface TestExporterInput {
  readonly config: Config;
  readonly clock: Clock;
  readonly log?: Log;
  /** Puts something around the store. */
  readonly storeWith?: ((store: Store) => Store) | undefined;
  /** Instead of the process' own metrics. */
  readonly processText?: ((format: Format) => Promise<string>) | undefined;
  /** Instead of nothing that is known of them. */
  readonly status?: Partial<StatusInput>;
}

/** Opens the store and the engine of a configuration; the first page is there when it resolves. */
export async function openTestExporter(input: TestExporterInput): Promise<TestExporter> {
  const { config, clock, log = silent, storeWith, processText } = input;
  const opened = createSqliteStore({ path: config.store.path, log, nowMs: clock.nowMs() });
  const store = storeWith?.(opened) ?? opened;
  const core = createCore({ store, log });
  const remote = toRemote(core);
  const metrics = createProcessMetrics('test');
  const reader = createPageReader(processText ?? ((format) => metrics.text(format)));
  const onFatal = (error: unknown) => {
    throw error;
  };
  const engine = createEngine({ config, platforms, core: remote, clock, log, metrics, onFatal });
  const pageLoop = createPageLoop({ core: remote, reader, clock, log, onFatal });
  const status: StatusInput = {
    engine: () => engine,
    core: remote,
    pageLoop,
    trend: { findSeries: () => undefined },
    version: 'test',
    clock,
    startedAtMs: clock.nowMs(),
    deliveries: { find: () => undefined },
    reloadFailure: () => undefined,
    ...input.status,
  };
  const close = async () => {
    await engine.stop();
    core.close();
  };
  try {
    core.configure(engine.setup, clock.nowMs());
    await pageLoop.tick();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    config,
    store,
    core,
    remote,
    engine,
    reader,
    pageLoop,
    status: (window) => readStatusView(status, window),
    close,
  };
}
