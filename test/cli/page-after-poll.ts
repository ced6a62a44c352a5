import { readFileSync } from 'node:fs';
import { createEngine } from '../../src/cli/engine.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createHolds } from '../../src/metrics/holds.ts';
import { createProcessMetrics } from '../../src/metrics/process.ts';
import { createPageReader } from '../../src/metrics/reader.ts';
import type { Clock } from '../../src/model/time.ts';
import { platforms } from '../../src/providers/registry.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { type Parsed, parsePage } from '../e2e/page.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What an exporter of this configuration shows after a start and one poll of each provider; it is gone afterwards. */
export async function pageAfterPoll(configFile: string, clock: Clock): Promise<Parsed> {
  const text = readFileSync(configFile, 'utf8');
  const readFile = () => '';
  const { config } = loadConfig({ text, filename: configFile, env: {}, platforms, readFile, nowMs: clock.nowMs() });
  const store = createSqliteStore({ path: config.store.path, log: silent, nowMs: clock.nowMs() });
  const metrics = createProcessMetrics('test');
  const reader = createPageReader((format) => metrics.text(format));
  const onFatal = (error: unknown) => {
    throw error;
  };
  const engine = createEngine({
    config,
    platforms,
    store,
    clock,
    log: silent,
    metrics,
    reader,
    holds: createHolds(),
    onFatal,
  });
  try {
    await engine.open();
    for (const { poller } of engine.providers) await poller.pollOnce(new AbortController().signal);
    await engine.tick();
    const page = await reader.read('text');
    return parsePage(Buffer.concat(page?.body ?? []).toString('utf8'));
  } finally {
    await engine.close();
    store.close();
  }
}
