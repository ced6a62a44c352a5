import type { Reader } from '../config/reading.ts';
import type { Config, Grouping } from '../config/types.ts';
import { createHolds } from '../metrics/holds.ts';
import { createPageUpdates, type PageUpdate } from '../metrics/reader.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { Incident, Signal } from '../model/incident.ts';
import type { Log } from '../model/log.ts';
import type { Page, PollEnd } from '../model/poll.ts';
import { sharedJson } from '../model/shared-bytes.ts';
import { HOUR_MS } from '../model/time.ts';
import type { FieldError } from '../report/known-labels.ts';
import { type StatisticsQuery, selectStatistics } from '../report/window-statistics.ts';
import type { ProviderCounts, Row } from '../stats/rows.ts';
import { createStatistics, type Statistics } from '../stats/statistics.ts';
import type {
  Backlog,
  Batch,
  CommitCounts,
  OpenIncident,
  ProviderState,
  Store,
  StoredCounter,
  StoredIncidents,
} from '../store/store.ts';
import { createPageRenderer, EMPTY_SNAPSHOT, type PageRendering, type PageSnapshot } from './page-renderer.ts';
import { createPollBuffer, type PollBuffer } from './poll-buffer.ts';
import {
  activeProvider,
  describeProviders,
  readersOf,
  shownProvider,
  statisticsSettings,
  storeSettings,
} from './settings.ts';

/** How often what is older than the retention is looked for. */
const PRUNE_EVERY_MS = HOUR_MS;

/** The store can no longer be trusted, or memory no longer be brought in line with it: only a restart helps. */
export class CoreFailure extends Error {
  override readonly name = 'CoreFailure';
}

/** The configuration as far as the core needs it: plain data, without the platforms' own settings. */
export interface CoreSetup {
  readonly config: Config;
  /** By provider. */
  readonly capabilities: ReadonlyMap<string, Capabilities>;
}

/** Of which provider is asked, and whether the pages of its poll under way count as committed. */
export interface StoredQuery {
  readonly provider: string;
  readonly withPoll: boolean;
}

/** How a poll ended. */
export interface PollCommit {
  readonly provider: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly cursor: string;
  readonly complete: PollEnd;
}

/** What changed since the tick before. */
export interface TickResult {
  /** A new page; undefined while the last one still stands. */
  readonly page: PageUpdate | undefined;
  /** Providers whose numbers the newest page carries. */
  readonly shownProviders: readonly string[];
  /** Why the page could not be brought up to date, or nothing could be written. */
  readonly trouble: string | undefined;
}

export type StatisticsAnswer = { readonly json: Uint8Array } | { readonly errors: readonly FieldError[] };

/** What the core knows of a provider. */
export interface CoreProviderStatus {
  readonly state: ProviderState;
  readonly counts: ProviderCounts | undefined;
  readonly backlog: Backlog;
  /** Records that were not accepted, by reason; only reasons that occurred. */
  readonly rejected: readonly Pick<StoredCounter, 'label' | 'value'>[];
  /** Severities of the platform that the configuration does not know. */
  readonly unmappedSeverities: readonly string[];
}

/** What people are told of the present state. */
export interface CoreStatus {
  readonly providers: readonly CoreProviderStatus[];
  /** Rows of the newest page. */
  readonly rows: readonly Row[];
  readonly openNow: PageSnapshot['openNow'];
  readonly open: { readonly oldest: readonly OpenIncident[]; readonly total: number };
  readonly servicesOverflowed: number;
  readonly storeBytes: number;
}

/**
 * Owns store, ledger, statistics and page. Every method runs to its end before the next one, so nobody sees a change half
 * done. Arguments and results are plain data: the same methods work from another thread.
 */
export interface Core {
  /** Applies a configuration, reads the store and renders a page. When it throws, the configuration before is in force. */
  configure(setup: CoreSetup, nowMs: number): void;
  provider(name: string): ProviderState;
  /** Applies what a page of a first sync found. */
  commit(batch: Batch): CommitCounts;
  /** Begins a poll of a provider: pages that were added before are forgotten. */
  beginPoll(provider: string): ProviderState;
  /** Keeps a page until the poll is committed. */
  addPage(provider: string, page: Page): void;
  /** Applies all pages of a poll, in one transaction. */
  commitPoll(poll: PollCommit): CommitCounts;
  /** What `commitPoll` would change; nothing is written. */
  previewPoll(poll: PollCommit): CommitCounts;
  /**
   * Of stored incidents triggered at or after a time, those that no page of the poll has shown are listed as open from now
   * on, so that the platform is asked for each; more than `max` are left alone. Gives how many are left alone.
   */
  requestMissing(provider: string, sinceMs: number, max: number): number;
  incidents(query: StoredQuery, ids: readonly string[]): Map<string, Incident>;
  openIds(query: StoredQuery): readonly string[];
  rejectedIds(query: StoredQuery): readonly string[];
  signals(query: StoredQuery, subjects: readonly string[]): Map<string, readonly Signal[]>;
  bySubject(query: StoredQuery, subjects: readonly string[]): Map<string, readonly Incident[]>;
  /** Ends holds that are over, prunes, and renders what changed. */
  tick(nowMs: number): TickResult;
  /** A GET got all of this page. */
  scraped(version: number, nowMs: number): void;
  status(groupings: readonly Grouping[], openMax: number): CoreStatus;
  /** The windowed rows of the newest page as JSON (`{"rows": […]}`) on shared memory, or what is wrong with the query. */
  statistics(query: StatisticsQuery): StatisticsAnswer;
  close(): void;
}

export interface CoreInput {
  readonly store: Store;
  readonly log: Log;
}

/** One configuration at work. */
interface Engine {
  readonly setup: CoreSetup;
  readonly statistics: Statistics;
  readonly render: () => PageRendering;
  /** Moves the windows of a provider; true when it is one that was not active before. */
  advance(provider: string): boolean;
}

export function createCore({ store, log }: CoreInput): Core {
  const holds = createHolds();
  const toUpdate = createPageUpdates();
  const buffers = new Map<string, PollBuffer>();
  let engine: Engine | undefined;
  let hasChanged = false;
  let snapshot = EMPTY_SNAPSHOT;
  let shownProviders: readonly string[] = [];
  let prunedAtMs: number | undefined;

  /** Memory follows a commit; if it cannot, everything is put together anew from the store. */
  const follow = (work: (current: Engine) => boolean) => {
    if (engine === undefined) return;
    hasChanged = true;
    try {
      if (work(engine)) engine.statistics.rebuild();
    } catch (error) {
      log.error('statistics could not follow a commit and are rebuilt from the store', { error: messageOf(error) });
      engine = rebuilt(engine.setup);
    }
  };
  const rebuilt = (setup: CoreSetup): Engine => {
    try {
      return loadEngine(store, setup);
    } catch (error) {
      throw new CoreFailure(`statistics cannot be rebuilt from the store: ${messageOf(error)}`, { cause: error });
    }
  };
  const commit = (batch: Batch): CommitCounts => {
    const { changed, isRelabelled, counts } = trusting(store, () => store.commit(batch));
    follow(({ statistics, advance }) => {
      for (const incident of changed) statistics.put(incident);
      return advance(batch.provider) || isRelabelled;
    });
    return counts;
  };
  const bufferOf = (provider: string): PollBuffer => {
    const known = buffers.get(provider) ?? createPollBuffer(store.stored(provider));
    buffers.set(provider, known);
    return known;
  };
  const toBatch = ({ provider, ...end }: PollCommit): Batch => ({ ...bufferOf(provider).pages(), ...end, provider });
  const query = ({ provider, withPoll }: StoredQuery): StoredIncidents =>
    withPoll ? bufferOf(provider).overlay : store.stored(provider);
  const prune = (nowMs: number) => {
    prunedAtMs ??= nowMs;
    if (Math.abs(nowMs - prunedAtMs) < PRUNE_EVERY_MS) return;
    const { removedRows, isRelabelled, hasMore } = store.prune(nowMs);
    if (!hasMore) prunedAtMs = nowMs;
    if (removedRows.length === 0 && !isRelabelled) return;
    follow(({ statistics }) => {
      statistics.forget(removedRows);
      return isRelabelled;
    });
  };
  const release = ({ setup }: Engine, nowMs: number) => {
    const due = holds.due(nowMs, setup.config.metrics.newSeriesHoldMs);
    if (due.length === 0) return;
    store.release(due);
    hasChanged = true;
  };
  const render = (current: Engine): PageUpdate => {
    const { page, source, snapshot: next } = current.render();
    const update = toUpdate(page);
    snapshot = next;
    shownProviders = source.providers.filter(({ state }) => state.isSynced).map(({ provider }) => provider.name);
    holds.rendered(
      update.version,
      source.sets.map(({ set }) => set),
    );
    hasChanged = false;
    return update;
  };

  return {
    configure: (setup, nowMs) => {
      const before = engine?.setup;
      try {
        engine = configured(store, setup, nowMs);
      } catch (error) {
        if (before !== undefined) engine = trusting(store, () => configured(store, before, nowMs));
        throw error;
      }
      buffers.clear();
      hasChanged = true;
    },
    provider: (name) => store.provider(name),
    commit,
    beginPoll: (provider) => {
      buffers.delete(provider);
      return store.provider(provider);
    },
    addPage: (provider, page) => bufferOf(provider).add(page),
    commitPoll: (poll) => {
      const counts = commit(toBatch(poll));
      buffers.delete(poll.provider);
      return counts;
    },
    previewPoll: (poll) => store.preview(toBatch(poll)),
    requestMissing: (provider, sinceMs, max) => {
      const buffer = bufferOf(provider);
      const missing = buffer.missing(store.idsSince(provider, sinceMs));
      // A platform that shows nothing at all has lost its memory, or shows us none of it.
      if (buffer.size() === 0 || missing.length > max) return missing.length;
      buffer.requestAgain(missing);
      return 0;
    },
    incidents: (asked, ids) => query(asked).incidents(ids),
    openIds: (asked) => query(asked).openIds(),
    rejectedIds: (asked) => query(asked).rejectedIds(),
    signals: (asked, subjects) => query(asked).signals(subjects),
    bySubject: (asked, subjects) => query(asked).bySubject(subjects),
    tick: (nowMs) => {
      if (engine === undefined) return { page: undefined, shownProviders, trouble: undefined };
      let trouble: string | undefined;
      // A full disk ends no hold and prunes nothing, but what was polled before is shown.
      try {
        trusting(store, () => {
          if (engine !== undefined) release(engine, nowMs);
          prune(nowMs);
        });
      } catch (error) {
        if (error instanceof CoreFailure) throw error;
        trouble = messageOf(error);
      }
      const page = hasChanged ? render(engine) : undefined;
      return { page, shownProviders, trouble };
    },
    scraped: (version, nowMs) => holds.delivered(version, nowMs),
    status: (groupings, openMax) => {
      const counts = engine?.statistics.counts();
      const counters = store.counters().filter(({ name, value }) => name === 'rejected' && value > 0);
      const unmapped = store.unmappedSeverities();
      return {
        providers: (engine?.setup.config.providers ?? []).map(({ name }) => ({
          state: store.provider(name),
          counts: counts?.get(name),
          backlog: store.backlog(name),
          rejected: counters.filter(({ provider }) => provider === name).map(({ label, value }) => ({ label, value })),
          unmappedSeverities: unmapped.filter(({ provider }) => provider === name).map(({ value }) => value),
        })),
        rows: snapshot.rows.filter(({ grouping }) => groupings.includes(grouping)).map(toPlainRow),
        openNow: snapshot.openNow,
        open: store.openIncidents(openMax),
        servicesOverflowed: store.servicesOverflowed(),
        storeBytes: store.sizeBytes(),
      };
    },
    statistics: (asked) => {
      if (engine === undefined) return { json: sharedJson({ rows: [] }) };
      const selected = selectStatistics({ config: engine.setup.config, rows: snapshot.rows }, asked);
      return 'errors' in selected ? selected : { json: sharedJson(selected) };
    },
    close: () => store.close(),
  };
}

/** A row without the machinery behind it. */
function toPlainRow({ grouping, labels, statistics, values, versions }: Row): Row {
  return { grouping, labels, statistics, values, versions };
}

function configured(store: Store, setup: CoreSetup, nowMs: number): Engine {
  store.configure(
    storeSettings(setup.config, { readers: readersOf(setup.config), providers: describeProviders(setup) }),
    nowMs,
  );
  return loadEngine(store, setup);
}

/** Reads the whole store. */
function loadEngine(store: Store, setup: CoreSetup): Engine {
  const { config } = setup;
  const readers: ReadonlyMap<string, Reader> = readersOf(config);
  const described = describeProviders(setup);
  const statistics = createStatistics({
    settings: statisticsSettings(config),
    labels: (facet) => store.labels(facet),
    reader: (name) => readers.get(name),
  });
  const active = new Set<string>();
  const advance = (name: string) => {
    const provider = described.find((one) => one.config.name === name);
    const coverage = provider === undefined ? undefined : activeProvider(store.provider(name), provider);
    if (coverage === undefined) return false;
    statistics.advance(coverage);
    const isNew = !active.has(name);
    active.add(name);
    return isNew;
  };
  store.load((incident) => statistics.put(incident));
  for (const { name } of config.providers) advance(name);
  statistics.rebuild();
  const providers = described.map(shownProvider);
  return { setup, statistics, render: createPageRenderer({ config, store, statistics, providers }), advance };
}

/** Errors that say that the store is damaged are told apart from those that pass. */
function trusting<Result>(store: Store, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!store.isBroken(error)) throw error;
    throw new CoreFailure(`the store is damaged: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
