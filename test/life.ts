import { createEngine, type Engine } from '../src/cli/engine.ts';
import type { Config } from '../src/config/types.ts';
import type { Format } from '../src/metrics/exposition.ts';
import { createHolds } from '../src/metrics/holds.ts';
import { createProcessMetrics } from '../src/metrics/process.ts';
import { createPageReader, type PageReader } from '../src/metrics/reader.ts';
import type { Log } from '../src/model/log.ts';
import type { Clock } from '../src/model/time.ts';
import { platforms } from '../src/providers/registry.ts';
import { createSqliteStore } from '../src/store/sqlite.ts';
import type { Store } from '../src/store/store.ts';

/** A log that nobody reads. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Everything between the providers and the page, without loops and without a server. */
export interface Life {
  readonly config: Config;
  readonly store: Store;
  readonly engine: Engine;
  readonly reader: PageReader;
  close(): Promise<void>;
}

export interface LifeInput {
  readonly config: Config;
  readonly clock: Clock;
  readonly log?: Log;
  /** Puts something around the store. */
  readonly storeWith?: ((store: Store) => Store) | undefined;
  /** Instead of the process' own metrics. */
  readonly processText?: ((format: Format) => Promise<string>) | undefined;
}

/** Opens the store and the engine of a configuration; the first page is there when it resolves. */
export async function openLife({ config, clock, log = silent, storeWith, processText }: LifeInput): Promise<Life> {
  const opened = createSqliteStore({ path: config.store.path, log, nowMs: clock.nowMs() });
  const store = storeWith?.(opened) ?? opened;
  const metrics = createProcessMetrics('test');
  const reader = createPageReader(processText ?? ((format) => metrics.text(format)));
  const onFatal = (error: unknown) => {
    throw error;
  };
  const engine = createEngine({ config, platforms, store, clock, log, metrics, reader, holds: createHolds(), onFatal });
  const close = async () => {
    await engine.close();
    store.close();
  };
  try {
    await engine.open();
  } catch (error) {
    await close();
    throw error;
  }
  return { config, store, engine, reader, close };
}
