import type { HttpClient } from '../../http/client.ts';
import type { Page } from '../../model/poll.ts';
import type { ProbeReport } from '../probes.ts';
import type { PollRequest, Provider } from '../provider.ts';
import { readServices, readTeams } from './catalogue.ts';
import { type Cursor, decodeCursor } from './cursor.ts';
import { beginFirstSync, firstSync, type SyncTools } from './first-sync.ts';
import { laterPoll } from './later-poll.ts';
import { createNameCache } from './name-cache.ts';
import { probe } from './probe.ts';
import { createLabelMapper } from './reader.ts';
import type { Source } from './source.ts';
import type { Stamped } from './wire.ts';

/** The way to one account. */
interface Place {
  readonly httpClient: HttpClient;
  readonly region: ProbeReport['region'];
  readonly clockSkewMs: () => number | undefined;
}

/** A provider of `source` whose `close` closes the HTTP client. */
export function createOpsgenie<Wire extends Stamped>(source: Source<Wire>, place: Place): Provider {
  const { httpClient, region, clockSkewMs } = place;
  const teams = createNameCache((signal) => readTeams(httpClient, signal));
  const services = createNameCache((signal) => readServices(httpClient, signal));
  async function* poll(request: PollRequest): AsyncGenerator<Page> {
    request.signal.throwIfAborted();
    const surroundings = { httpClient, request, teams, services };
    const tools = { source, surroundings, reader: createLabelMapper(source, surroundings) };
    const cursor = whereToGoOn(tools);
    await source.prepare(surroundings);
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
function whereToGoOn<Wire extends Stamped>(tools: SyncTools<Wire>): Cursor {
  const { source, surroundings } = tools;
  const anew = beginFirstSync(tools);
  if (surroundings.request.cursor === undefined) return anew;
  const stored = decodeCursor(surroundings.request.cursor);
  const { nowMs } = surroundings.request;
  // What lies ahead was written by a clock that was ahead.
  const cursor = stored.phase === 'synced' ? stored : { ...stored, askedUntilMs: Math.min(stored.askedUntilMs, nowMs) };
  if (cursor.source !== source.name) return anew;
  if (cursor.phase === 'synced' || cursor.tags.join('\n') === source.tags.join('\n')) return cursor;
  const { historyStartMs, askedUntilMs } = cursor;
  return { ...anew, historyStartMs, askedUntilMs, spans: [{ fromMs: historyStartMs, toMs: askedUntilMs }] };
}
