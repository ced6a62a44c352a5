import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { FacetReading, Reader } from '../config/reading.ts';
import type { Incident } from '../model/incident.ts';
import type { Facet, FacetLabels } from '../model/stored.ts';
import { Admitted } from './admitted.ts';
import { facetKey, readFacet, type StoredFacet } from './facet-row.ts';
import { RevocableMap } from './revocable-map.ts';
import { Services } from './services.ts';
import type { Batch } from './store.ts';

/** Where services beyond the limit are counted. */
export const OTHER = 'other';

type IsWanted = (provider: string) => boolean;

/** What incidents are called: facets, names of services, and the services that have a place of their own. */
export class Facets {
  readonly #database: DatabaseSync;
  readonly #services: Services;
  readonly #byRow = new Map<number, StoredFacet>();
  readonly #byKey = new Map<string, number>();
  readonly #providerNames = new Map<number, string>();
  readonly #admitted: Admitted;
  #overflowed: ReadonlySet<string> = new Set();
  /** As the last commit left it. */
  #overflowedBefore: ReadonlySet<string> = new Set();
  /** Incidents that are kept, per facet. */
  readonly #incidents = new RevocableMap<number>();
  readonly #labels = new Map<number, FacetLabels>();
  readonly #welcomed = new Set<number>();
  readonly #insert: StatementSync;
  #readers: ReadonlyMap<string, Reader> = new Map();
  #maxServices = 0;

  constructor(database: DatabaseSync, { isWritten = true }: { isWritten?: boolean } = {}) {
    this.#database = database;
    this.#admitted = new Admitted(database, isWritten);
    this.#services = new Services(database);
    this.#insert = database.prepare(
      'INSERT INTO facets (row, provider, service, team, priority, urgency, tag) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#read();
  }

  /** Reads everything again: after a rollback what is in memory may be ahead of the store. */
  reload(): void {
    for (const one of [this.#byRow, this.#byKey]) one.clear();
    this.#admitted.reload();
    this.#forgetLabels();
    this.#incidents.discard();
    this.#overflowed = this.#overflowedBefore;
    this.#services.reload();
    this.#read();
  }

  /** What was counted stays; after COMMIT. */
  publish(): void {
    this.#incidents.publish();
    this.#overflowedBefore = this.#overflowed;
  }

  configure(readers: ReadonlyMap<string, Reader>, maxServices: number): void {
    this.#readers = readers;
    this.#maxServices = maxServices;
    this.#forgetLabels();
  }

  /** The facet of an incident, new ones written; its service's name must have been learnt. */
  of(incident: Incident, provider: { readonly row: number; readonly name: string }): number {
    const { serviceId, severity } = incident;
    const facet = {
      provider: provider.name,
      providerRow: provider.row,
      serviceId,
      team: incident.team ?? '',
      severity,
    };
    const known = this.#byKey.get(facetKey(facet));
    if (known !== undefined) return known;
    const row = this.#byRow.size + 1;
    const { priority, urgency, tag } = severity;
    this.#insert.run(row, provider.row, serviceId, facet.team, priority ?? null, urgency ?? null, tag ?? null);
    this.#remember({ row, ...facet });
    return row;
  }

  /** Takes the names of services from a page; true when one has another name than before. */
  learn(providerRow: number, page: Pick<Batch, 'catalogue' | 'incidents'>): boolean {
    let hasRenamed = page.catalogue !== undefined && this.#services.list(providerRow, page.catalogue);
    for (const { serviceId, serviceName } of page.incidents) {
      if (this.#services.learn(providerRow, { id: serviceId, name: serviceName })) hasRenamed = true;
    }
    if (hasRenamed) this.#forgetLabels();
    return hasRenamed;
  }

  facet(row: number): Facet {
    const facet = this.#byRow.get(row);
    if (facet === undefined) throw new Error(`the store holds no facet ${row}`);
    return { ...facet, serviceName: this.#services.name(facet.providerRow, facet.serviceId) };
  }

  /** Undefined for providers that are not configured. */
  reading(row: number): FacetReading | undefined {
    const facet = this.facet(row);
    return this.#readers.get(facet.provider)?.facet(facet);
  }

  labels(row: number): FacetLabels | undefined {
    const known = this.#labels.get(row);
    if (known !== undefined) return known;
    const reading = this.reading(row);
    if (reading === undefined) return undefined;
    const { severity, team, excluded } = reading;
    const service = this.#admitted.has(reading.service) ? reading.service : OTHER;
    const labels = { provider: this.facet(row).provider, service, severity: severity.name, team, excluded };
    this.#labels.set(row, labels);
    return labels;
  }

  /** Rows of the facets of these providers that have incidents. */
  inUse(isWanted: IsWanted): number[] {
    const rows: number[] = [];
    for (const { row, provider } of this.#byRow.values()) {
      if (this.incidents(row) > 0 && isWanted(provider)) rows.push(row);
    }
    return rows;
  }

  incidents(row: number): number {
    return this.#incidents.get(row) ?? 0;
  }

  /** Remembers that a facet gained or lost incidents. */
  count(row: number, by: number): void {
    this.#incidents.set(row, this.incidents(row) + by);
  }

  /** A service that comes after the first sync takes a place if there is one. */
  welcome(row: number): void {
    if (this.#welcomed.has(row)) return;
    this.#welcomed.add(row);
    const reading = this.reading(row);
    if (reading === undefined || reading.excluded || this.#admitted.has(reading.service)) return;
    if (this.#admitted.size >= this.#maxServices) {
      if (!this.#overflowed.has(reading.service)) this.#overflowed = new Set([...this.#overflowed, reading.service]);
      return;
    }
    this.#admitted.add(reading.service);
    this.#forgetLabels();
  }

  forgetCounts(): void {
    this.#incidents.clear();
  }

  /** There are places left, and a service of these providers that has none. */
  hasWaiting(isWanted: IsWanted): boolean {
    if (this.#admitted.size >= this.#maxServices) return false;
    return [...this.#byRow.values()].some(({ row, provider }) => {
      const reading = isWanted(provider) ? this.reading(row) : undefined;
      return reading !== undefined && !reading.excluded && !this.#admitted.has(reading.service);
    });
  }

  /** Gives places to services in order of their incidents, as far as the limit goes; true when labels changed. */
  admit(isWanted: IsWanted): boolean {
    const incidentsOf = this.#servicesInUse(isWanted);
    const waiting = [...incidentsOf.keys()].filter((name) => !this.#admitted.has(name)).sort(byIncidents(incidentsOf));
    const places = Math.max(0, this.#maxServices - this.#admitted.size);
    for (const name of waiting.slice(0, places)) this.#admitted.add(name);
    this.#overflowed = new Set(waiting.slice(places));
    const hasAdmitted = waiting.length > 0 && places > 0;
    if (hasAdmitted) this.#forgetLabels();
    return hasAdmitted;
  }

  /**
   * Takes back the places of services that are in no catalogue and in no kept incident, and of those with the fewest
   * incidents when the limit was lowered; returns how many.
   */
  dismiss(isWanted: IsWanted): number {
    const incidentsOf = this.#servicesInUse(isWanted);
    const used = new Set([...incidentsOf.keys(), ...this.#listedNames(isWanted)]);
    const names = this.#admitted.names();
    const unused = names.filter((name) => !used.has(name));
    const rest = names.filter((name) => used.has(name));
    const surplus = rest.toSorted(byIncidents(incidentsOf)).slice(this.#maxServices);
    const dismissed = [...unused, ...surplus];
    for (const name of dismissed) this.#admitted.delete(name);
    if (dismissed.length > 0) this.#forgetLabels();
    return dismissed.length;
  }

  hasPlace(service: string): boolean {
    return this.#admitted.has(service);
  }

  overflowed(): number {
    return this.#overflowed.size;
  }

  #servicesInUse(isWanted: IsWanted): Map<string, number> {
    const incidentsOf = new Map<string, number>();
    for (const row of this.inUse(isWanted)) {
      const reading = this.reading(row);
      if (reading === undefined || reading.excluded) continue;
      incidentsOf.set(reading.service, (incidentsOf.get(reading.service) ?? 0) + this.incidents(row));
    }
    return incidentsOf;
  }

  #listedNames(isWanted: IsWanted): string[] {
    return this.#services.listed().flatMap(({ providerRow, id, name }) => {
      const provider = this.#providerNames.get(providerRow);
      const reader = provider === undefined || !isWanted(provider) ? undefined : this.#readers.get(provider);
      if (reader === undefined || provider === undefined) return [];
      return [reader.facet({ row: 0, provider, serviceId: id, serviceName: name, team: '', severity: {} }).service];
    });
  }

  #forgetLabels(): void {
    this.#labels.clear();
    this.#welcomed.clear();
  }

  #read(): void {
    const facets = this.#database.prepare(
      'SELECT f.*, p.name AS provider_name FROM facets f JOIN providers p ON p.row = f.provider ORDER BY f.row',
    );
    for (const row of facets.iterate()) this.#remember(readFacet(row));
  }

  #remember(facet: StoredFacet): void {
    this.#byRow.set(facet.row, facet);
    this.#byKey.set(facetKey(facet), facet.row);
    this.#providerNames.set(facet.providerRow, facet.provider);
  }
}

/** Most incidents first. */
function byIncidents(incidentsOf: ReadonlyMap<string, number>): (nameA: string, nameB: string) => number {
  const countOf = (name: string) => incidentsOf.get(name) ?? 0;
  return (nameA, nameB) => countOf(nameB) - countOf(nameA) || (nameA < nameB ? -1 : 1);
}
