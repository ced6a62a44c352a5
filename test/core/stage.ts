import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createCore } from '../../src/core/core.ts';
import { type Core, type CoreSetup, type TickResult } from '../../src/core/messages.ts';
import { toCoreConfig } from '../../src/core/settings.ts';
import { createPageReader, type PageReader } from '../../src/metrics/reader.ts';
import type { Capabilities } from '../../src/model/capabilities.ts';
import { platforms } from '../../src/providers/registry.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { type Parsed, parsePage } from '../e2e/page.ts';
import { rememberLog } from '../server/serving.ts';
import { SINCE } from '../store/fixtures.ts';
import { temporaryFolder } from '../store/sqlite-location.ts';

/** The provider of these tests. */
export const NAME = 'pagerduty';
/** Top-level keys of a configuration whose retention ends within a test. */
export const TEN_DAYS = 'history: 2d\nretention: 10d\nwindows: [12h, 1d]';

/** What PagerDuty can tell. */
export const CAPABILITIES: Capabilities = {
  statuses: ['triggered', 'acknowledged'],
  started: false,
  identified: false,
  acknowledged: true,
  mitigated: false,
  escalations: true,
  reopens: true,
};

/** A configuration of one provider, as the core is given it; `more` are further top-level keys. */
export function setupWith(more = ''): CoreSetup {
  return setupOf(['{ type: pagerduty, api_key: k }'], more);
}

/** A configuration of these providers. */
export function setupOf(providers: readonly string[], more = ''): CoreSetup {
  const hold = more.includes('metrics:') ? '' : 'metrics: { new_series_hold: 0s }\n';
  const text = `providers: [${providers.join(', ')}]\n${hold}${more}`;
  const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: SINCE });
  return {
    config: toCoreConfig(config),
    capabilities: new Map(config.providers.map(({ name }) => [name, CAPABILITIES])),
  };
}

export interface CoreStage {
  readonly core: Core;
  readonly store: Store;
  readonly path: string;
  readonly lines: readonly string[];
  /** Brings the page up to date. */
  tick(nowMs: number): TickResult;
  /** A tick, and one whole GET of the page. */
  scrape(nowMs: number): Promise<Parsed>;
}

export interface CoreStageInput {
  /** Where the store is; in a folder of its own unless given. */
  readonly path?: string;
  readonly setup?: CoreSetup;
  readonly nowMs?: number;
  /** Puts something around the store. */
  readonly storeWith?: (store: Store) => Store;
}

/** A core over a real store, in this thread. */
export function stageCore(input: CoreStageInput = {}): CoreStage {
  const { path = join(temporaryFolder(), 'store.db'), setup = setupWith(), nowMs = SINCE } = input;
  const { log, lines } = rememberLog();
  const opened = createSqliteStore({ path, log, nowMs });
  const store = input.storeWith?.(opened) ?? opened;
  const core = createCore({ store, log });
  onTestFinished(() => {
    try {
      core.close();
    } catch {
      // The test has closed it.
    }
  });
  core.configure(setup, nowMs);
  const reader = createPageReader(async () => '');
  const tick = (atMs: number) => {
    const result = core.tick(atMs, atMs);
    if (result.page !== undefined) reader.show(result.page);
    return result;
  };
  const scrape = async (atMs: number) => {
    tick(atMs);
    const { text, version } = await readPage(reader);
    core.scraped(version, atMs);
    return parsePage(text);
  };
  return { core, store, path, lines, tick, scrape };
}

async function readPage(reader: PageReader): Promise<{ readonly text: string; readonly version: number }> {
  const page = await reader.read('text');
  if (page === undefined) throw new Error('there is no page yet');
  return { text: Buffer.concat(page.body).toString('utf8'), version: page.version };
}

/** The page that an exporter of the same configuration shows which starts now over what is stored. */
export async function pageOfFreshStart(staged: CoreStage, nowMs: number, setup = setupWith()): Promise<Parsed> {
  staged.core.close();
  return stageCore({ path: staged.path, setup, nowMs }).scrape(nowMs);
}

/** Lines of some families of a page. */
export function linesOf({ text }: Parsed, isWanted: (name: string) => boolean): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && isWanted(/^\w+/.exec(line)?.[0] ?? ''));
}

/** Everything but what says how large the file is. */
export function numbersOf(page: Parsed): string[] {
  return linesOf(page, (name) => name !== 'mttr_exporter_store_bytes').toSorted();
}
