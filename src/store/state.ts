import type { LabelMapper, MappedLabels } from '../config/label-mapper.ts';
import type { Incident, Service, SeveritySources } from '../model/incident.ts';
import type { Dimensions, IncidentLabels } from '../model/stored.ts';
import type { FamilyLayout, LabelSet } from './label-sets.ts';
import { LayeredMap } from './layered-map.ts';
import type { ProviderState, StoredCounter, StoreSettings } from './store.ts';

/** The service of incidents whose own service is beyond `metrics.max_services`. */
export const OTHER = 'other';

/** A provider's state with its key in the store. */
export interface StoredProvider extends ProviderState {
  readonly row: number;
  /** The filter by which it was counted last; a changed one moves `countingSinceMs`. */
  readonly filter: string | undefined;
  /** What was closed before this time may have been pruned, together with its ledger row. */
  readonly prunedBeforeMs: number | undefined;
  /** Where its imported history begins. */
  readonly importedFromMs: number | undefined;
}

/** A service by the platform's id, with its newest name. */
interface StoredService extends Service {
  readonly providerRow: number;
  /** The platform's list of services has it. */
  readonly isListed: boolean;
}

/** Dimensions as they are stored (table `facets`), with the name of their provider. */
export interface StoredDimensions {
  readonly row: number;
  readonly provider: string;
  readonly providerRow: number;
  readonly serviceId: string;
  readonly team: string;
  readonly severity: SeveritySources;
}

/** Same dimensions, same key. */
export function dimensionsKey({ providerRow, serviceId, team, severity }: Omit<StoredDimensions, 'row'>): string {
  return JSON.stringify([providerRow, serviceId, team, severity.priority, severity.urgency, severity.tag]);
}

export function serviceKey(providerRow: number, id: string): string {
  return `${providerRow}\n${id}`;
}

/** Before the first configuration nothing is read. */
export const NO_SETTINGS: StoreSettings = {
  labelMappers: new Map(),
  capabilities: new Map(),
  targetsMs: new Map(),
  serviceTargetsMs: new Map(),
  bucketsMs: [],
  detail: 'standard',
  team: false,
  maxServices: 0,
  settleMs: 0,
  reopened: 'last',
  retentionMs: Number.MAX_SAFE_INTEGER,
};

/**
 * Everything of the store that is small enough to be kept in memory: all but incidents, state changes, rejections and ledger
 * rows. A decision works on a `fork`; what it changed is written, and then applied.
 */
export class LedgerState {
  readonly providers: LayeredMap<string, StoredProvider>;
  /** By `serviceKey`. */
  readonly services: LayeredMap<string, StoredService>;
  readonly dimensionsByRow: LayeredMap<number, StoredDimensions>;
  /** Rows by `dimensionsKey`. */
  readonly dimensionsRowByKey: LayeredMap<string, number>;
  /** Number of countable incidents by dimensions; set while the store is loaded. */
  readonly incidents: LayeredMap<number, number>;
  /** Services that have a label of their own; the others are called `other`. */
  readonly allocated: LayeredMap<string, true>;
  /** Services that are called `other` because of `metrics.max_services`. */
  readonly overflowed: LayeredMap<string, true>;
  /** By `setKey`. */
  readonly labelSets: LayeredMap<string, LabelSet>;
  /** By `counterKey`. */
  readonly counters: LayeredMap<string, StoredCounter>;
  layout: FamilyLayout | undefined;
  lastIncidentRow: number;
  lastDimensionsRow: number;
  lastSetRow: number;
  settings: StoreSettings;
  readonly #base: LedgerState | undefined;
  readonly #layers: Pick<LayeredMap<never, never>, 'apply'>[] = [];
  readonly #labels = new Map<number, IncidentLabels>();
  readonly #mapped = new Map<number, MappedLabels>();
  /** The labels of this fork differ from those of its base. */
  #isRelabelled: boolean;

  constructor(base?: LedgerState) {
    this.#base = base;
    this.#isRelabelled = base === undefined;
    this.providers = this.#layer(base?.providers);
    this.services = this.#layer(base?.services);
    this.dimensionsByRow = this.#layer(base?.dimensionsByRow);
    this.dimensionsRowByKey = this.#layer(base?.dimensionsRowByKey);
    this.incidents = this.#layer(base?.incidents);
    this.allocated = this.#layer(base?.allocated);
    this.overflowed = this.#layer(base?.overflowed);
    this.labelSets = this.#layer(base?.labelSets);
    this.counters = this.#layer(base?.counters);
    this.layout = base?.layout;
    this.lastIncidentRow = base?.lastIncidentRow ?? 0;
    this.lastDimensionsRow = base?.lastDimensionsRow ?? 0;
    this.lastSetRow = base?.lastSetRow ?? 0;
    this.settings = base?.settings ?? NO_SETTINGS;
  }

  #layer<Key, Value>(base: LayeredMap<Key, Value> | undefined): LayeredMap<Key, Value> {
    const layer = new LayeredMap(base);
    this.#layers.push(layer);
    return layer;
  }

  fork(): LedgerState {
    return new LedgerState(this);
  }

  /** Applies what a fork of this state changed; after the commit. */
  apply(fork: LedgerState): void {
    for (const layer of fork.#layers) layer.apply();
    this.layout = fork.layout;
    this.lastIncidentRow = fork.lastIncidentRow;
    this.lastDimensionsRow = fork.lastDimensionsRow;
    this.lastSetRow = fork.lastSetRow;
    this.settings = fork.settings;
    if (fork.#isRelabelled) this.#forgetLabels();
  }

  hasNewLayout(): boolean {
    return this.layout !== this.#base?.layout;
  }

  /** A provider that is not stored yet has only its name and a key. */
  provider(name: string): StoredProvider {
    return this.providers.get(name) ?? this.#unseenProvider(name);
  }

  /** True when a filter of the configuration depends on titles. */
  isTitleWanted(): boolean {
    return [...this.settings.labelMappers.values()].some(({ provider }) => provider.filter.excludeTitles.length > 0);
  }

  /** Configured, and its first sync is complete. */
  isRead(name: string): boolean {
    return this.settings.labelMappers.has(name) && this.provider(name).isSynced;
  }

  /** The row of the dimensions of an incident; new dimensions get a new row. */
  findDimensionsRow(incident: Incident, provider: Pick<StoredProvider, 'row' | 'name'>): number {
    const { serviceId, team = '', severity } = incident;
    const dimensions = { provider: provider.name, providerRow: provider.row, serviceId, team, severity };
    const key = dimensionsKey(dimensions);
    const known = this.dimensionsRowByKey.get(key);
    if (known !== undefined) return known;
    this.lastDimensionsRow += 1;
    this.dimensionsByRow.set(this.lastDimensionsRow, { row: this.lastDimensionsRow, ...dimensions });
    this.dimensionsRowByKey.set(key, this.lastDimensionsRow);
    return this.lastDimensionsRow;
  }

  /** Throws for a row that there is not. */
  dimensions(row: number): Dimensions {
    const dimensions = this.dimensionsByRow.get(row);
    if (dimensions === undefined) throw new Error(`the store holds no dimensions ${row}`);
    const serviceName = this.services.get(serviceKey(dimensions.providerRow, dimensions.serviceId))?.name ?? '';
    return { ...dimensions, serviceName };
  }

  /** What today's mappings make of a set of dimensions; undefined for providers that are not configured. */
  mapped(row: number): MappedLabels | undefined {
    const base = this.#findBase(row);
    if (base !== undefined) return base.mapped(row);
    const known = this.#mapped.get(row);
    if (known !== undefined) return known;
    const dimensions = this.dimensions(row);
    const mapped = this.labelMapper(dimensions.provider)?.map(dimensions);
    if (mapped !== undefined) this.#mapped.set(row, mapped);
    return mapped;
  }

  /** The state below, where it knows these dimensions under the same names and mappings. */
  #findBase(row: number): LedgerState | undefined {
    return !this.#isRelabelled && this.#base?.dimensionsByRow.has(row) === true ? this.#base : undefined;
  }

  labelMapper(provider: string): LabelMapper | undefined {
    return this.settings.labelMappers.get(provider);
  }

  /** Today's labels of a set of dimensions, with the limit on services applied; undefined for providers that are not configured. */
  labels(row: number): IncidentLabels | undefined {
    const base = this.#findBase(row);
    if (base !== undefined) return base.labels(row);
    const known = this.#labels.get(row);
    if (known !== undefined) return known;
    const mapped = this.mapped(row);
    if (mapped === undefined) return undefined;
    const { severity, team, targetMs, excluded } = mapped;
    const service = this.allocated.has(mapped.service) ? mapped.service : OTHER;
    const { provider } = this.dimensions(row);
    const labels = { provider, service, severity: severity.name, team, targetMs, excluded };
    this.#labels.set(row, labels);
    return labels;
  }

  /** Must be called when names, mappings or the allocation of labels have changed. */
  relabel(): void {
    this.#isRelabelled = true;
    this.#forgetLabels();
  }

  #forgetLabels(): void {
    this.#labels.clear();
    this.#mapped.clear();
  }

  /** Remembers that a set of dimensions gained or lost incidents. */
  addIncidents(dimensionsRow: number, by: number): void {
    this.incidents.set(dimensionsRow, (this.incidents.get(dimensionsRow) ?? 0) + by);
  }

  /** Rows of dimensions that have incidents, of the providers whose first sync is complete. */
  dimensionsInUse(isWanted = (provider: string) => this.isRead(provider)): number[] {
    const rows: number[] = [];
    for (const { row, provider } of this.dimensionsByRow.values()) {
      if ((this.incidents.get(row) ?? 0) > 0 && isWanted(provider)) rows.push(row);
    }
    return rows;
  }

  count(counter: Omit<StoredCounter, 'value'>, by = 1): void {
    const key = JSON.stringify([counter.provider, counter.name, counter.label]);
    this.counters.set(key, { ...counter, value: (this.counters.get(key)?.value ?? 0) + by });
  }

  #unseenProvider(name: string): StoredProvider {
    let lastRow = 0;
    for (const { row } of this.providers.values()) lastRow = Math.max(lastRow, row);
    return {
      row: lastRow + 1,
      name,
      countingSinceMs: undefined,
      cursor: undefined,
      isSynced: false,
      polledUntilMs: undefined,
      historyStartMs: undefined,
      filter: undefined,
      prunedBeforeMs: undefined,
      importedFromMs: undefined,
    };
  }
}

/** The services of a poll: the platform's whole list, or names that came with incidents. */
export interface ServiceNames {
  readonly catalogue?: readonly Service[] | undefined;
  readonly incidents: readonly Pick<Incident, 'serviceId' | 'serviceName'>[];
}

/** Stores the newest names of services; true when one of them had another name before. */
export function updateServices(state: LedgerState, providerRow: number, names: ServiceNames): boolean {
  let isRenamed = false;
  const update = ({ id, name }: Service, isListed?: boolean) => {
    const key = serviceKey(providerRow, id);
    const known = state.services.get(key);
    const next = { id, name, providerRow, isListed: isListed ?? known?.isListed ?? false };
    if (known?.name === name && known.isListed === next.isListed) return;
    state.services.set(key, next);
    if (known !== undefined && known.name !== name) isRenamed = true;
  };
  if (names.catalogue !== undefined) {
    const listed = new Set(names.catalogue.map(({ id }) => id));
    for (const service of state.services.values()) {
      const isGone = service.providerRow === providerRow && service.isListed && !listed.has(service.id);
      if (isGone) update(service, false);
    }
    for (const service of names.catalogue) update(service, true);
  }
  for (const { serviceId, serviceName } of names.incidents) update({ id: serviceId, name: serviceName });
  if (isRenamed) state.relabel();
  return isRenamed;
}
