import type { HttpClient } from '../../http/client.ts';
import type { Page } from '../../model/poll.ts';
import { createNameCache } from '../engine/name-cache.ts';
import type { ProbeReport } from '../probes.ts';
import type { PollRequest, Provider } from '../provider.ts';
import { type Cursor, decodeCursor } from './cursor.ts';
import { beginFirstSync, firstSync, type SyncTools } from './first-sync.ts';
import { laterPoll } from './later-poll.ts';
import { readServices, readTeams } from './names.ts';
import { probe } from './probe.ts';
import { createReader } from './reader.ts';
import type { RecordKind } from './record-kind.ts';
import type { ListedRecord } from './schema.ts';

/** The way to one account. */
interface AccountAccess {
  readonly httpClient: HttpClient;
  readonly region: ProbeReport['region'];
  readonly clockSkewMs: () => number | undefined;
}

/** A provider of `source` whose `close` closes the HTTP client. */
export function createOpsgenie<Item extends ListedRecord>(source: RecordKind<Item>, access: AccountAccess): Provider {
  const { httpClient, region, clockSkewMs } = access;
  const teams = createNameCache((signal) => readTeams(httpClient, signal));
  const services = createNameCache((signal) => readServices(httpClient, signal));
  async function* poll(request: PollRequest): AsyncGenerator<Page> {
    request.signal.throwIfAborted();
    const context = { httpClient, request, teams, services };
    const tools = { source, context, reader: createReader(source, context) };
    const cursor = resumeCursor(tools);
    await source.prepare(context);
    if (cursor.phase === 'synced') yield* laterPoll(tools, cursor);
    else yield* firstSync(tools, cursor);
  }
  return {
    capabilities: source.capabilities,
    poll,
    probe: (request) => probe(source, { httpClient, region, ...request }),
    clockSkewMs,
    close: () => httpClient.close(),
  };
}

/** The other source has other records, and a first sync that began with other tags lacks the new ones: both begin anew. */
function resumeCursor<Item extends ListedRecord>(tools: SyncTools<Item>): Cursor {
  const { source, context } = tools;
  const anew = beginFirstSync(tools);
  if (context.request.cursor === undefined) return anew;
  const stored = decodeCursor(context.request.cursor);
  const { nowMs } = context.request;
  // What lies ahead was written by a clock that was ahead.
  const cursor = stored.phase === 'synced' ? stored : { ...stored, askedUntilMs: Math.min(stored.askedUntilMs, nowMs) };
  if (cursor.source !== source.name) return anew;
  if (cursor.phase === 'synced' || cursor.tags.join('\n') === source.tags.join('\n')) return cursor;
  const { historyStartMs, askedUntilMs } = cursor;
  return { ...anew, historyStartMs, askedUntilMs, spans: [{ fromMs: historyStartMs, toMs: askedUntilMs }] };
}
