import { toEnvironment } from '../config/deployments.ts';
import { cutLabel, type LabelMapper, type MappedLabels, NONE } from '../config/label-mapper.ts';
import type { Deployment, DeploymentLabels } from '../model/deployment.ts';
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
  /** When counting began for the first time; `countingSinceMs` moves on from it with a changed filter. */
  readonly countingBeganMs: number | undefined;
  /** How its deployments were paired and compared last; when that has changed, all are derived anew. */
  readonly deploymentPolicy: string | undefined;
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

/** One repository and one environment of it, in the platform's own names. */
export interface StoredSubject {
  readonly row: number;
  readonly provider: string;
  readonly providerRow: number;
  readonly repository: string;
  readonly environment: string;
}

/** Same subject, same key. */
export function subjectKey({ providerRow, repository, environment }: Omit<StoredSubject, 'row' | 'provider'>): string {
  return JSON.stringify([providerRow, repository, environment]);
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
  readonly subjectsByRow: LayeredMap<number, StoredSubject>;
  /** Rows by `subjectKey`. */
  readonly subjectRowByKey: LayeredMap<string, number>;
  /** Number of deployments by subject, without deleted ones; set while the store is loaded. */
  readonly deployments: LayeredMap<number, number>;
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
  lastSubjectRow: number;
  lastDeploymentRow: number;
  settings: StoreSettings;
  readonly #base: LedgerState | undefined;
  readonly #layers: Pick<LayeredMap<never, never>, 'apply'>[] = [];
  readonly #labels = new Map<number, IncidentLabels>();
  readonly #mapped = new Map<number, MappedLabels>();
  readonly #deploymentLabels = new Map<number, DeploymentLabels | undefined>();
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
    this.subjectsByRow = this.#layer(base?.subjectsByRow);
    this.subjectRowByKey = this.#layer(base?.subjectRowByKey);
    this.deployments = this.#layer(base?.deployments);
    this.allocated = this.#layer(base?.allocated);
    this.overflowed = this.#layer(base?.overflowed);
    this.labelSets = this.#layer(base?.labelSets);
    this.counters = this.#layer(base?.counters);
    this.layout = base?.layout;
    this.lastIncidentRow = base?.lastIncidentRow ?? 0;
    this.lastDimensionsRow = base?.lastDimensionsRow ?? 0;
    this.lastSetRow = base?.lastSetRow ?? 0;
    this.lastSubjectRow = base?.lastSubjectRow ?? 0;
    this.lastDeploymentRow = base?.lastDeploymentRow ?? 0;
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
    this.lastSubjectRow = fork.lastSubjectRow;
    this.lastDeploymentRow = fork.lastDeploymentRow;
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
    this.#deploymentLabels.clear();
  }

  /** The row of the subject of a deployment; a new subject gets a new row. */
  findSubjectRow(
    { repository, environment }: Pick<Deployment, 'repository' | 'environment'>,
    provider: Pick<StoredProvider, 'row' | 'name'>,
  ): number {
    const subject = { provider: provider.name, providerRow: provider.row, repository, environment };
    const key = subjectKey(subject);
    const known = this.subjectRowByKey.get(key);
    if (known !== undefined) return known;
    this.lastSubjectRow += 1;
    this.subjectsByRow.set(this.lastSubjectRow, { row: this.lastSubjectRow, ...subject });
    this.subjectRowByKey.set(key, this.lastSubjectRow);
    return this.lastSubjectRow;
  }

  /** Throws for a row that there is not. */
  subject(row: number): StoredSubject {
    const subject = this.subjectsByRow.get(row);
    if (subject === undefined) throw new Error(`the store holds no subject ${row} of deployments`);
    return subject;
  }

  subjectsOf(providerRow: number): StoredSubject[] {
    return this.subjectsByRow.values().filter((subject) => subject.providerRow === providerRow);
  }

  /** Our name of an environment of the platform; undefined where it is not read. */
  environmentOf({ provider, environment }: Pick<StoredSubject, 'provider' | 'environment'>): string | undefined {
    const rules = this.labelMapper(provider)?.provider.deployments?.environments;
    const ours = rules && toEnvironment(rules, environment);
    return ours === undefined ? undefined : cutLabel(ours);
  }

  /** The newest name of the service of a repository. */
  serviceName({ providerRow, repository }: Pick<StoredSubject, 'providerRow' | 'repository'>): string {
    return this.services.get(serviceKey(providerRow, repository))?.name ?? '';
  }

  /** Today's labels of a subject; undefined where it is not read: by its provider, its environment or the filter of services. */
  deploymentLabels(row: number): DeploymentLabels | undefined {
    if (this.#deploymentLabels.has(row)) return this.#deploymentLabels.get(row);
    const labels = this.#toDeploymentLabels(this.subject(row));
    this.#deploymentLabels.set(row, labels);
    return labels;
  }

  #toDeploymentLabels(subject: StoredSubject): DeploymentLabels | undefined {
    const { row, provider, repository } = subject;
    const labelMapper = this.labelMapper(provider);
    const environment = this.environmentOf(subject);
    if (labelMapper === undefined || environment === undefined) return undefined;
    const serviceName = this.serviceName(subject);
    const mapped = labelMapper.map({ row, provider, serviceId: repository, serviceName, team: '', severity: {} });
    const { services } = labelMapper.provider.filter;
    if (services.length > 0 && !services.includes(mapped.service)) return undefined;
    return {
      provider,
      repository,
      platformEnvironment: subject.environment,
      environment,
      service: this.allocated.has(mapped.service) ? mapped.service : OTHER,
      renamedService: mapped.service,
      team: mapped.team === NONE ? '' : mapped.team,
    };
  }

  /** Remembers that a subject gained or lost deployments. */
  addDeployments(subjectRow: number, by: number): void {
    this.deployments.set(subjectRow, (this.deployments.get(subjectRow) ?? 0) + by);
  }

  /** Subjects that have deployments and are read, with their labels, of the providers whose first sync is complete. */
  subjectsInUse(): { readonly row: number; readonly labels: DeploymentLabels }[] {
    return this.subjectsByRow.values().flatMap(({ row, provider }) => {
      if ((this.deployments.get(row) ?? 0) === 0 || !this.isRead(provider)) return [];
      const labels = this.deploymentLabels(row);
      return labels === undefined ? [] : [{ row, labels }];
    });
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
      deploymentPolicy: undefined,
      countingBeganMs: undefined,
    };
  }
}
