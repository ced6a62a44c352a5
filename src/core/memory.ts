import type { LabelMapper } from '../config/label-mapper.ts';
import type { Config } from '../config/types.ts';
import { createHolds } from '../metrics/holds.ts';
import { createPageUpdates, type PageUpdate } from '../metrics/reader.ts';
import { messageOf } from '../model/error-message.ts';
import type { Log } from '../model/log.ts';
import { createBlaming, hasDeployments, toDoraProvider, toDoraSettings } from '../report/dora/dora-input.ts';
import { createDoraStatistics, type DoraStatistics } from '../stats/dora/statistics.ts';
import { createStatistics, type Statistics } from '../stats/statistics.ts';
import type { CommitResult, PruneResult, Store } from '../store/store.ts';
import { CoreFailure, type CoreSetup } from './messages.ts';
import { createPageRenderer, EMPTY_SNAPSHOT, type PageRendering, type PageSnapshot } from './page-renderer.ts';
import {
  activeProvider,
  createLabelMappers,
  describeProviders,
  statisticsSettings,
  storeSettings,
  toPageProvider,
} from './settings.ts';

/** Statistics and page of one configuration. */
interface Memory {
  readonly setup: CoreSetup;
  readonly statistics: Statistics;
  /** Undefined where no deployments are read. */
  readonly dora: DoraStatistics | undefined;
  readonly render: () => PageRendering;
  /** Moves the windows of a provider; true when it was not active before. */
  readonly advance: (provider: string) => boolean;
}

/** What memory holds of the store: statistics and page. All of it can be rebuilt from the store. */
export class CoreMemory {
  readonly #store: Store;
  readonly #log: Log;
  readonly #holds = createHolds();
  readonly #toUpdate = createPageUpdates();
  #memory: Memory | undefined;
  #hasChanged = false;
  #snapshot: PageSnapshot = EMPTY_SNAPSHOT;
  #providersOnPage: readonly string[] = [];

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Undefined before the first configuration. */
  get setup(): CoreSetup | undefined {
    return this.#memory?.setup;
  }

  get statistics(): Statistics | undefined {
    return this.#memory?.statistics;
  }

  /** Undefined where no deployments are read. */
  get dora(): DoraStatistics | undefined {
    return this.#memory?.dora;
  }

  /** What the newest page shows. */
  get snapshot(): PageSnapshot {
    return this.#snapshot;
  }

  /** Providers whose numbers the newest page carries. */
  get providersOnPage(): readonly string[] {
    return this.#providersOnPage;
  }

  /** Applies a configuration; when it throws, the one before stays in force. */
  configure(setup: CoreSetup, nowMs: number): void {
    const before = this.setup;
    try {
      this.#memory = configure(this.#store, setup, nowMs);
    } catch (error) {
      if (before !== undefined) this.#memory = restoreSetup(this.#store, before, { nowMs, refused: error });
      throw error;
    }
    this.#hasChanged = true;
  }

  /** Applies a commit to the statistics. */
  apply(provider: string, { changed, changedDeployments, isRelabelled }: CommitResult): void {
    this.#update(({ statistics, dora, advance }) => {
      for (const incident of changed) statistics.put(incident);
      for (const incident of changed) dora?.putIncident(incident);
      for (const deployment of changedDeployments) dora?.put(deployment);
      return advance(provider) || isRelabelled;
    });
  }

  forget({ removedRows, removedDeployments = [], isRelabelled }: PruneResult): void {
    if (removedRows.length + removedDeployments.length === 0 && !isRelabelled) return;
    this.#update(({ statistics, dora }) => {
      statistics.forget(removedRows);
      dora?.forgetIncidents(removedRows);
      dora?.forget(removedDeployments);
      return isRelabelled;
    });
  }

  /** Ends the holds that are over. */
  release(steadyMs: number): void {
    if (this.setup === undefined) return;
    const expired = this.#holds.findExpired(steadyMs, this.setup.config.metrics.newSeriesHoldMs);
    if (expired.length === 0) return;
    this.#store.release(expired);
    this.#hasChanged = true;
  }

  /** A response with this page was sent completely. */
  scraped(version: number, steadyMs: number): void {
    this.#holds.onScraped(version, steadyMs);
  }

  /** A new page; undefined while nothing has changed. */
  render(): PageUpdate | undefined {
    if (this.#memory === undefined || !this.#hasChanged) return undefined;
    const { page, source, snapshot } = this.#renderOrRebuild(this.#memory);
    const update = this.#toUpdate(page);
    const synced = source.providers.filter(({ state }) => state.isSynced);
    this.#snapshot = snapshot;
    this.#providersOnPage = synced.map(({ provider }) => provider.name);
    const sets = source.sets.map(({ set }) => set);
    this.#holds.onRendered(update.version, sets);
    this.#hasChanged = false;
    return update;
  }

  #renderOrRebuild(memory: Memory): PageRendering {
    try {
      return memory.render();
    } catch (error) {
      this.#log.error('the page could not be rendered and is rebuilt from the store', { error: messageOf(error) });
      this.#memory = rebuild(this.#store, memory.setup);
      return rendered(this.#memory);
    }
  }

  /** Applies a change of the store to memory; when that fails, everything is rebuilt from the store. `apply` returns whether the groups have to be rebuilt. */
  #update(apply: (memory: Memory) => boolean): void {
    if (this.#memory === undefined) return;
    this.#hasChanged = true;
    try {
      if (!apply(this.#memory)) return;
      this.#memory.statistics.rebuild();
      this.#memory.dora?.rebuild();
    } catch (error) {
      const fields = { error: messageOf(error) };
      this.#log.error('statistics could not apply a commit and are rebuilt from the store', fields);
      this.#memory = rebuild(this.#store, this.#memory.setup);
    }
  }
}

/** Turns an error that says the store is damaged into a CoreFailure; other errors pass through. */
export function failOnDamage<Result>(store: Store, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!store.isBroken(error)) throw error;
    throw new CoreFailure(`the store cannot be trusted: ${messageOf(error)}`, { cause: error });
  }
}

function configure(store: Store, setup: CoreSetup, nowMs: number): Memory {
  const labelMappers = createLabelMappers(setup.config);
  store.configure(storeSettings(setup.config, { labelMappers, providers: describeProviders(setup) }), nowMs);
  return loadMemory(store, setup);
}

/** Goes back to the configuration before: otherwise the store would count by one and the page show by another. */
function restoreSetup(
  store: Store,
  before: CoreSetup,
  { nowMs, refused }: { nowMs: number; refused: unknown },
): Memory {
  try {
    return configure(store, before, nowMs);
  } catch (error) {
    const why = `a configuration was refused (${messageOf(refused)}), and so is the one before (${messageOf(error)})`;
    throw new CoreFailure(why, { cause: error });
  }
}

function rebuild(store: Store, setup: CoreSetup): Memory {
  try {
    return loadMemory(store, setup);
  } catch (error) {
    throw new CoreFailure(`statistics cannot be rebuilt from the store: ${messageOf(error)}`, { cause: error });
  }
}

function rendered({ render }: Memory): PageRendering {
  try {
    return render();
  } catch (error) {
    throw new CoreFailure(`the page cannot be rendered: ${messageOf(error)}`, { cause: error });
  }
}

/** Reads the whole store. */
function loadMemory(store: Store, setup: CoreSetup): Memory {
  const { config } = setup;
  const labelMappers = createLabelMappers(config);
  const described = describeProviders(setup);
  const statistics = createStatistics({
    settings: statisticsSettings(config),
    labels: (dimensionsRow) => store.labels(dimensionsRow),
    labelMapper: (name) => labelMappers.get(name),
  });
  const dora = createDora(store, config, labelMappers);
  const active = new Set<string>();
  const advance = (name: string) => {
    const provider = described.find((one) => one.config.name === name);
    const coverage = provider && activeProvider(store.provider(name), provider);
    if (provider === undefined || coverage === undefined) return false;
    statistics.advance(coverage);
    const doraProvider = toDoraProvider(store.provider(name), provider.config);
    if (doraProvider !== undefined) dora?.advance(doraProvider);
    const isNew = !active.has(name);
    active.add(name);
    return isNew;
  };
  store.load(
    (incident) => {
      statistics.put(incident);
      dora?.putIncident(incident);
    },
    (deployment) => dora?.put(deployment),
  );
  for (const { name } of config.providers) advance(name);
  statistics.rebuild();
  dora?.rebuild();
  const providers = described.map(toPageProvider);
  const render = createPageRenderer({ config, store, statistics, dora, providers });
  return { setup, statistics, dora, render, advance };
}

function createDora(
  store: Store,
  config: Config,
  labelMappers: ReadonlyMap<string, LabelMapper>,
): DoraStatistics | undefined {
  if (!hasDeployments(config)) return undefined;
  return createDoraStatistics({
    settings: toDoraSettings(config),
    labels: (subjectRow) => store.deploymentLabels(subjectRow),
    toBlaming: createBlaming({
      config,
      labels: (dimensionsRow) => store.labels(dimensionsRow),
      renamedService: (dimensionsRow) => store.renamedService(dimensionsRow),
      labelMapper: (name) => labelMappers.get(name),
    }),
  });
}
