import { z } from 'zod';
import type { ProviderConfig, RateLimit, SourceKind } from '../../config/types.ts';
import { createHttpClient, type HttpClient } from '../../http/client.ts';
import { RequestError } from '../../http/errors.ts';
import { rememberClockSkew } from '../../http/request-observer.ts';
import type { Service } from '../../model/incident.ts';
import { parseRecords } from '../answers.ts';
import type { Platform, Provider, ProviderDependencies } from '../provider.ts';
import { sourcesKey, withSources } from '../sources.ts';
import { authOptions } from './auth.ts';
import type { NameList, PlatformDefinition, PlatformRecord, RecordDetails } from './definition.ts';
import { readPages, toLabel } from './list-reader.ts';
import { createNameCache, type NameCache } from './name-cache.ts';
import { poll } from './poll.ts';
import { probe } from './probe.ts';

const secrets = new WeakSet<z.core.$ZodType>();

/** A setting that holds a secret: it also has a `_file` form, and its value never shows. */
export function secret(): z.ZodString {
  const schema = z.string().min(1);
  secrets.add(schema);
  return schema;
}

const ALL_SOURCES: readonly SourceKind[] = ['priority', 'urgency', 'tag', 'label', 'field'];

/** The platform that a declaration describes: its cursor, retries, limits, reconciliation and `doctor` are the engine's. */
export function definePlatform<Shape extends z.ZodRawShape, Item extends PlatformRecord>(
  definition: PlatformDefinition<Shape, Item>,
): Platform {
  const { type, settings: shape, rateLimit, defaultTags = {}, sources = ALL_SOURCES, webhook } = definition;
  return {
    type,
    shape,
    secrets: Object.keys(shape).filter((key) => shape[key] !== undefined && secrets.has(shape[key])),
    defaultRateLimit: rateLimit,
    defaultTags,
    sources,
    isBaseUrlRequired: definition.baseUrl === undefined,
    ...(webhook && { webhook }),
    fromEnvironment: (env) => fromEnvironment(definition, env),
    create: (config, dependencies) => createProvider(definition, config, dependencies),
  };
}

/** A declaration of a list per record, whose entries `entry` reads; a malformed entry is left out. */
export function details<Item extends PlatformRecord, Entry>({
  entry,
  apply,
  ...rest
}: Omit<RecordDetails<Item>, 'apply'> & {
  readonly entry: z.ZodType<Entry>;
  readonly apply: (record: Item, entries: readonly Entry[]) => Item;
}): RecordDetails<Item> {
  return { ...rest, apply: (record, entries, what) => apply(record, parseRecords(entry, entries, what).records) };
}

/** The entry that these variables amount to; undefined unless all that have no default are set. */
function fromEnvironment<Shape extends z.ZodRawShape, Item extends PlatformRecord>(
  { type, settings: shape, environment = {} }: PlatformDefinition<Shape, Item>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> | undefined {
  const entries = Object.entries(environment).map(([name, key]) => [key, env[name] ?? ''] as const);
  const isMissing = entries.some(
    ([key, value]) => value === '' && !z.safeParse(shape[key] ?? z.never(), undefined).success,
  );
  if (entries.length === 0 || isMissing) return undefined;
  return { name: type, type, ...Object.fromEntries(entries.filter(([, value]) => value !== '')) };
}

function createProvider<Shape extends z.ZodRawShape, Item extends PlatformRecord>(
  definition: PlatformDefinition<Shape, Item>,
  config: ProviderConfig,
  { clock, observer: outer }: ProviderDependencies,
): Provider {
  const settings = z.object(definition.settings).parse(config.settings);
  const { observer, clockSkewMs } = rememberClockSkew(outer);
  const { timeoutMs, proxyUrl, caFile } = config;
  const baseUrl = config.baseUrl ?? definition.baseUrl?.(settings);
  if (baseUrl === undefined) throw new TypeError(`expected a configuration with base_url for ${definition.type}`);
  const createClient = (rateLimit: RateLimit) =>
    createHttpClient({
      baseUrl,
      ...authOptions(definition.auth(settings), definition.headers),
      rateLimit,
      timeoutMs,
      proxyUrl,
      caFile,
      clock,
      observer,
    });
  const httpClient = withOwnLimit(createClient, config.rateLimit, definition.ownRateLimit);
  const declared = definition.incidents(settings, config);
  const lists = {
    ...declared,
    record: withSources(declared.record, config),
    readWith: [...(declared.readWith ?? []), ...sourcesKey(config)],
  };
  const names = (typeof definition.names === 'function' ? definition.names(settings) : definition.names) ?? {};
  const teams = createNames(httpClient, names.teams);
  const services = createNames(httpClient, names.services);
  const statuses = createNames(httpClient, names.statuses);
  const session = definition.session?.(settings);
  const { capabilities } = definition;
  return {
    capabilities: typeof capabilities === 'function' ? capabilities(settings) : capabilities,
    poll: (request) =>
      poll({ client: { httpClient, signal: request.signal }, lists, request, teams, services, statuses, session }),
    probe: (request) =>
      probe({
        client: { httpClient, signal: request.signal },
        lists,
        names,
        session,
        region: definition.region?.(settings, config.baseUrl) ?? {
          name: config.baseUrl === undefined ? new URL(baseUrl).host : 'as base_url says',
        },
        request,
      }),
    clockSkewMs,
    close: () => httpClient.close(),
  };
}

/** One client for all requests, or two where some have a limit of their own: never a lower one than the others. */
function withOwnLimit(
  createClient: (rateLimit: RateLimit) => HttpClient,
  rateLimit: RateLimit,
  own: { readonly path: string; readonly rateLimit: RateLimit } | undefined,
): Pick<HttpClient, 'get' | 'close'> {
  const main = createClient(rateLimit);
  if (own === undefined) return main;
  const isLower = own.rateLimit.requests * rateLimit.perMs < rateLimit.requests * own.rateLimit.perMs;
  const others = createClient(isLower ? rateLimit : own.rateLimit);
  return {
    get: (path, query, signal) => {
      const text = typeof path === 'string' ? path : path.path;
      return (text.startsWith(own.path) ? others : main).get(path, query, signal);
    },
    close: async () => {
      await main.close();
      await others.close();
    },
  };
}

const NO_NAMES: NameCache = { ensure: async () => undefined, of: () => undefined, takeUpdates: () => undefined };

/** 402 (not in the plan), 403 (not permitted) and 404 (not offered): the names are then unknown. */
const REFUSED_STATUSES: readonly (number | undefined)[] = [402, 403, 404];

function createNames(httpClient: Pick<HttpClient, 'get'>, list: NameList | undefined): NameCache {
  if (list === undefined) return NO_NAMES;
  return createNameCache(async (signal) => {
    try {
      return await readNames({ httpClient, signal }, list);
    } catch (error) {
      if (error instanceof RequestError && REFUSED_STATUSES.includes(error.status)) return undefined;
      throw error;
    }
  });
}

/** A name that cannot be read is a missing name, not a rejected record. */
async function readNames(client: Parameters<typeof readPages>[0], list: NameList): Promise<readonly Service[]> {
  const names: Service[] = [];
  for await (const { records } of readPages(client, list.paging, list.request)) {
    names.push(...parseRecords(list.record, records, toLabel(list.request)).records);
  }
  return names;
}
