import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Service } from '../model/incident.ts';

interface NamedService extends Service {
  readonly providerRow: number;
  /** The platform's list of services has it. */
  readonly isListed: boolean;
}

/** Services by the platform's id, with their newest names. */
export class Services {
  readonly #byKey = new Map<string, NamedService>();
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#put = database.prepare(
      `INSERT INTO services (provider, id, name, listed) VALUES (?, ?, ?, ?)
       ON CONFLICT (provider, id) DO UPDATE SET name = excluded.name, listed = excluded.listed`,
    );
    this.reload();
  }

  reload(): void {
    this.#byKey.clear();
    for (const row of this.#database.prepare('SELECT * FROM services').iterate()) {
      const service = { providerRow: Number(row['provider']), id: String(row['id']), name: String(row['name']) };
      this.#byKey.set(keyOf(service.providerRow, service.id), { ...service, isListed: row['listed'] === 1 });
    }
  }

  name(providerRow: number, id: string): string {
    return this.#byKey.get(keyOf(providerRow, id))?.name ?? '';
  }

  /** A name that came with an incident: the newest, until another comes. True when the service had another before. */
  learn(providerRow: number, { id, name }: Service): boolean {
    const known = this.#byKey.get(keyOf(providerRow, id));
    if (known?.name === name) return false;
    return this.#set({ id, name, providerRow, isListed: known?.isListed ?? false });
  }

  /** The platform's whole list; true when a service has another name than before. */
  list(providerRow: number, services: readonly Service[]): boolean {
    const ids = new Set(services.map(({ id }) => id));
    for (const known of this.#byKey.values()) {
      const isGone = known.providerRow === providerRow && known.isListed && !ids.has(known.id);
      if (isGone) this.#set({ ...known, isListed: false });
    }
    const renamed = services.filter(({ id, name }) => this.#set({ id, name, providerRow, isListed: true }));
    return renamed.length > 0;
  }

  listed(): NamedService[] {
    return [...this.#byKey.values()].filter(({ isListed }) => isListed);
  }

  #set({ providerRow, id, name, isListed }: NamedService): boolean {
    const key = keyOf(providerRow, id);
    const known = this.#byKey.get(key);
    if (known?.name === name && known.isListed === isListed) return false;
    this.#byKey.set(key, { providerRow, id, name, isListed });
    this.#put.run(providerRow, id, name, Number(isListed));
    return known !== undefined && known.name !== name;
  }
}

function keyOf(providerRow: number, id: string): string {
  return `${providerRow}\n${id}`;
}
