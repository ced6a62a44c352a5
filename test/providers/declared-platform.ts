import { readdirSync } from 'node:fs';
import type { ProviderConfig } from '../../src/config/types.ts';
import type { Platform } from '../../src/providers/provider.ts';
import { PEOPLE } from '../../src/simulator/people.ts';
import type { ContractAdapter } from './contract.ts';
import { event, simulated } from './opsgenie-stage.ts';
import { providerConfig } from './setup.ts';

/** What the contract suite must know of a platform that is declared: `declared` of a file in `declared/`. */
export interface DeclaredPlatform
  extends Pick<ContractAdapter, 'name' | 'startFake' | 'unauthorised' | 'cap' | 'longSync'> {
  readonly platform: Platform;
  readonly config: Partial<ProviderConfig>;
  /** The list that incidents are made from, and where its records are; empty when the answer is the list itself. */
  readonly path: string;
  readonly items: string;
  /** The field of a record that has its id; `id` without it. */
  readonly idField?: string;
  /** Whether an object of an answer is the record of that id, where the id is no plain text. */
  hasId?(value: object, fakeId: string): boolean;
  /** The record with another time of its creation. */
  withTime(record: object, time: unknown): object;
  /** The record with a status that nobody knows. */
  withUnknownStatus(record: object): object;
  /** A closed record without any time of its end. */
  withoutEnd(record: object): object;
  /** Details that tell no end either, for platforms that look for it there. */
  readonly detailsWithoutEnd?: { readonly path: RegExp; readonly body: unknown };
  /** The fake's id of the record that is `index`-th in the world; its name without it. */
  fakeId?(name: string, index: number): string;
  /** The id of the incident that is made of it; the fake's without it. */
  incidentId?(fakeId: string): string;
}

/** Every file of `declared/`, so that a platform is added by a file of its own. */
export async function readDeclaredPlatforms(): Promise<readonly DeclaredPlatform[]> {
  const folder = new URL('./declared/', import.meta.url);
  const modules = readdirSync(folder).map(async (file): Promise<{ declared: DeclaredPlatform }> => {
    return import(new URL(file, folder).href);
  });
  return (await Promise.all(modules)).map((module) => module.declared);
}

/** The answer whose first record, in the list at this path, has an unreadable time. */
function breakFirst(body: unknown, [key, ...path]: readonly string[], declared: DeclaredPlatform): unknown {
  if (typeof body !== 'object' || body === null) return body;
  if (key !== undefined) {
    const inner: unknown = Object.entries(body).find(([name]) => name === key)?.[1];
    return inner === undefined ? body : { ...body, [key]: breakFirst(inner, path, declared) };
  }
  return Array.isArray(body) ? body.map((one, index) => (index === 0 ? declared.withTime(one, 7) : one)) : body;
}

/** A JSON:API record with other attributes. */
export function withAttributes(record: object, changed: Readonly<Record<string, unknown>>): object {
  return { ...record, attributes: { ...('attributes' in record ? Object(record.attributes) : {}), ...changed } };
}

/** The platform as the contract suite of all providers takes it. */
export function toAdapter(declared: DeclaredPlatform): ContractAdapter {
  const { platform, config, path, items } = declared;
  /** Ids in the world, by the suite's names. */
  const ids = new WeakMap<object, Map<string, string>>();
  return {
    ...declared,
    createProvider: (url, overrides, dependencies) =>
      platform.create(providerConfig(platform.type, { baseUrl: url, ...config, ...overrides }), dependencies),
    add(world, { name, triggeredAtMs, resolvedAtMs, shownAfterMs }) {
      const id = declared.fakeId?.(name, world.incidents.length) ?? name;
      const known = ids.get(world) ?? new Map<string, string>();
      ids.set(world, known.set(name, id));
      const ends = resolvedAtMs === undefined ? [] : [event('resolve', resolvedAtMs)];
      // Details of 20,001 acknowledged records would take a minute.
      const isAcknowledged = world.incidents.length < 1100;
      const events = [...(isAcknowledged ? [event('acknowledge', triggeredAtMs + 10_000)] : []), ...ends];
      world.incidents.push(simulated(id, { triggeredAtMs, events, shownAfterMs }));
      return declared.incidentId?.(id) ?? id;
    },
    resolve(world, name, atMs) {
      const found = world.incidents.find(({ id }) => id === ids.get(world)?.get(name));
      if (found === undefined) throw new Error(`no ${name} in the world`);
      found.events = [...found.events, event('resolve', atMs)];
    },
    isList: (exchange) => exchange.path === path,
    breakRecord: (body) => breakFirst(body, items === '' ? [] : items.split('.'), declared),
    people: PEOPLE.flatMap(({ name, email, login }) => [name, email, login]),
  };
}
