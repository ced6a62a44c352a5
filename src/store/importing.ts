import type { Incident } from '../model/incident.ts';
import type { Known } from '../model/poll.ts';
import { countingOf, takeArrival } from './batch.ts';
import { knownIncidents } from './known.ts';
import type { StoredProvider } from './provider-rows.ts';
import type { Rooms } from './sqlite.ts';

/** Which provider an import is for. */
export interface ImportInput {
  readonly provider: string;
  /** Its incidents come from files alone: nothing of them is ever counted, and an import completes its first sync. */
  readonly isOnlySource: boolean;
  readonly nowMs: number;
}

/** The time of which an import tells everything. */
export interface ImportSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Where an import looks things up, and puts what it takes. */
export interface ImportTarget {
  readonly known: Pick<Known, 'incidents'>;
  readonly take: (incidents: readonly Incident[]) => void;
}

/** Does the work of an import; gives the time of which it told everything, or nothing when it took nothing. */
export type ImportWork = (target: ImportTarget) => Promise<ImportSpan | undefined>;

/** Lets `work` put incidents of files into the store; the caller's transaction makes it whole or nothing. */
export async function takeImport(rooms: Rooms, input: ImportInput, work: ImportWork): Promise<void> {
  const provider = begin(rooms, input);
  const { incidents, facets } = rooms;
  const counting = countingOf(rooms, provider, { nowMs: input.nowMs, askedUntilMs: provider.askedUntilMs });
  const isNamed = createNameCheck(rooms, provider);
  const span = await work({
    known: knownIncidents(rooms.database, incidents, provider),
    take: (told) => {
      const unnamed = input.isOnlySource ? told : told.filter(({ serviceId }) => !isNamed(serviceId));
      facets.learn(provider.row, { incidents: unnamed });
      for (const incident of told) {
        const arrival = incidents.receive(incident, provider, incidents.byId(provider, incident.id));
        takeArrival(rooms, arrival, { provider, counting });
      }
    },
  });
  if (span !== undefined) end(rooms, { provider, input, span });
}

/** Whatever ended before the import of a provider without polls is history. */
function begin(rooms: Rooms, { provider: name, isOnlySource, nowMs }: ImportInput): StoredProvider {
  const before = rooms.providers.get(name);
  const provider = isOnlySource ? { ...before, countingSinceMs: nowMs } : before;
  rooms.providers.write(provider);
  return provider;
}

/** The names that a file has may be old ones: what a poll has named keeps its name. */
function createNameCheck({ database }: Rooms, { row }: StoredProvider): (serviceId: string) => boolean {
  const find = database.prepare('SELECT 1 FROM services WHERE provider = ? AND id = ?');
  return (serviceId) => find.get(row, serviceId) !== undefined;
}

interface Ending {
  readonly provider: StoredProvider;
  readonly input: ImportInput;
  readonly span: ImportSpan;
}

/** History begins where the import begins, if that is earlier; with polls, the end stays theirs to say. */
function end({ meta, providers }: Rooms, { provider, input, span }: Ending): void {
  const fromMs = Math.min(span.fromMs, meta.importedFromMs(provider.name) ?? span.fromMs);
  meta.writeImportedFrom(provider.name, fromMs);
  if (!input.isOnlySource && !provider.isSynced) return;
  const historyStartMs = Math.min(fromMs, provider.historyStartMs ?? fromMs);
  if (!input.isOnlySource) {
    providers.write({ ...provider, historyStartMs });
    return;
  }
  const askedUntilMs = Math.min(Math.max(span.untilMs, provider.askedUntilMs ?? 0), input.nowMs);
  providers.write({ ...provider, isSynced: true, isCounted: true, historyStartMs, askedUntilMs });
}
