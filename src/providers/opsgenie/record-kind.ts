import type { z } from 'zod';
import type { HttpClient } from '../../http/client.ts';
import type { Capabilities } from '../../model/capabilities.ts';
import type { Incident, Rejection } from '../../model/incident.ts';
import type { NameCache } from '../engine/name-cache.ts';
import type { IncidentSample } from '../probes.ts';
import type { PollRequest } from '../provider.ts';
import type { CountStrategy } from './lists.ts';
import type { ListedRecord } from './schema.ts';

/** What became of some records. */
export interface BuildResult {
  readonly incidents: readonly Incident[];
  readonly rejected: readonly Rejection[];
  /** Records that are incomplete in a list; requested by their ids they may be complete. */
  readonly requestAgainIds: readonly string[];
}

export interface BuildOptions {
  /** Each record was asked for by its id, so that context again would tell no more. */
  readonly isWhole: boolean;
  /** No request is made for these: they are given back as to be asked again. */
  readonly retriedIds: ReadonlySet<string>;
}

/** What a source may use to complete its records in one poll. */
export interface PollContext {
  readonly httpClient: HttpClient;
  readonly request: PollRequest;
  readonly teams: NameCache;
  readonly services: NameCache;
}

/** Alerts or incidents: where they are listed, how they change, and how a record becomes an incident. */
export interface RecordKind<Item extends ListedRecord> {
  readonly name: 'alerts' | 'incidents';
  readonly capabilities: Capabilities;
  readonly path: string;
  readonly countStrategy: CountStrategy;
  /** The stamp that later polls can go on from: `createdAt` where the list cannot be sorted by changes. */
  readonly changesBy: 'updatedAt' | 'createdAt';
  readonly schema: z.ZodType<Item>;
  /** The tags that are read of a record, as configured. */
  readonly tags: readonly string[];
  /** What labels are made of, of one record; `serviceName` gives that of a listed service. */
  toSample(record: Item, serviceName: (id: string) => string | undefined): IncidentSample;
  /** Reads the names that incidents need; called at the start of a poll. */
  prepare(context: PollContext): Promise<void>;
  buildIncidents(records: readonly Item[], how: BuildOptions, context: PollContext): Promise<BuildResult>;
}
