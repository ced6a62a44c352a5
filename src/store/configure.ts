import type { ProviderConfig } from '../config/types.ts';
import { MARKS } from '../model/stored.ts';
import type { EngineWriter, StoreEngine } from './engine.ts';
import { list } from './incident-row.ts';
import { IncidentTable, isSameBook, readBook } from './incident-table.ts';
import { migrateLayout } from './label-sets.ts';
import type { LedgerState } from './state.ts';
import type { StoreSettings } from './store.ts';

interface ConfigureInput {
  readonly engine: StoreEngine;
  readonly writer: EngineWriter;
  readonly fork: LedgerState;
  readonly settings: StoreSettings;
  readonly nowMs: number;
}

/** New layouts restart families; a changed filter moves the start of counting. Gives what restarts at zero, for the log. */
export function configure({ engine, writer, fork, settings, nowMs }: ConfigureInput): string[] {
  fork.settings = settings;
  fork.relabel();
  for (const [name, { provider }] of settings.readers) {
    const table = applyFilter(engine, fork, name, filterText(provider));
    if (table !== undefined) writer.incidents(table);
  }
  return migrateLayout(fork, nowMs);
}

/**
 * What a changed filter lets in had ended before anybody wanted it counted, so counting starts anew at the last successful
 * poll: earlier escalations and reopenings are counted ones no longer, and what happened since may have to be counted.
 */
function applyFilter(engine: StoreEngine, fork: LedgerState, name: string, filter: string): IncidentTable | undefined {
  const before = fork.provider(name);
  if (before.filter === filter) return undefined;
  const isChanged = before.filter !== undefined && before.countingSinceMs !== undefined;
  const countingSinceMs = isChanged ? (before.polledUntilMs ?? before.countingSinceMs) : before.countingSinceMs;
  fork.providers.set(name, { ...before, filter, countingSinceMs });
  if (!isChanged || countingSinceMs === undefined) return undefined;
  const rows = engine.incidents('happenedSince', before.row, countingSinceMs);
  const table = new IncidentTable(fork, rows);
  for (const row of rows) {
    const book = readBook(row);
    const since = (column: string) => list(row, column)?.filter((ms) => ms >= countingSinceMs).length ?? 0;
    book.escalationsCounted = Math.min(book.escalationsCounted, since('escalated'));
    book.reopensCounted = Math.min(book.reopensCounted, since('reopened'));
    book.marks |= MARKS.pending;
    if (!isSameBook(book, readBook(row))) table.putBook(row, book);
  }
  return table;
}

/** Without a filter mappings decide nothing; with one they decide what it lets through. */
function filterText({ filter, severity, services }: ProviderConfig): string {
  const { severities, services: names, teams, excludeTitles, shorterThanMs } = filter;
  const own = [severities, names, teams, excludeTitles.map(String), shorterThanMs];
  const maps = [
    severities.length > 0 ? [severity.from, severity.tag, [...severity.map], severity.default] : [],
    names.length > 0 ? services.rename.map(({ match, to }) => [String(match), to]) : [],
  ];
  return JSON.stringify([own, maps]);
}
