import type { ProviderConfig } from '../config/types.ts';
import { createBreath } from '../model/breath.ts';
import { list, number } from './incident-row.ts';
import { bookOf } from './incidents.ts';
import { reshape, type Shape } from './label-sets.ts';
import type { StoredProvider } from './provider-rows.ts';
import type { Rooms } from './sqlite.ts';

/** Rows looked at per slice: a few milliseconds of work. */
const SLICE_ROWS = 2000;

/** Lets a configuration take effect on what is kept: new shapes restart families, new filters move `countingSince`. */
export async function applyConfiguration(rooms: Rooms, nowMs: number): Promise<void> {
  restartShapes(rooms, nowMs);
  for (const [name, { provider }] of rooms.settings().readers) await applyFilter(rooms, name, provider);
}

function restartShapes(rooms: Rooms, nowMs: number): void {
  const { bucketsMs, detail, team } = rooms.settings();
  const after: Shape = { bucketsMs, detail, team };
  const before = readShape(rooms);
  if (before !== undefined) {
    for (const what of reshape(rooms.sets, { before, after, nowMs })) {
      rooms.log.warn('cumulative series restart at zero, with a new _created: their shape was changed', { what });
    }
  }
  rooms.meta.writeShape(JSON.stringify(after));
}

function readShape(rooms: Rooms): Shape | undefined {
  const json = rooms.meta.shape();
  if (json === undefined) return undefined;
  const shape: Shape = JSON.parse(json);
  return shape;
}

/** What a filter lets in anew ended before anybody wanted it counted. */
async function applyFilter(rooms: Rooms, name: string, config: ProviderConfig): Promise<void> {
  const stored = rooms.providers.get(name);
  const filter = filterText(config);
  if (stored.filter === filter) return;
  const isChanged = stored.filter !== undefined && stored.countingSinceMs !== undefined;
  const countingSinceMs = isChanged ? (stored.askedUntilMs ?? stored.countingSinceMs) : stored.countingSinceMs;
  rooms.providers.write({ ...stored, filter, countingSinceMs });
  if (countingSinceMs !== undefined && countingSinceMs !== stored.countingSinceMs) {
    await forgetEarlierChanges(rooms, stored, countingSinceMs);
  }
}

/** Counted escalations and reopenings are counted from `countingSince` on: those before a new one are none of them. */
async function forgetEarlierChanges(rooms: Rooms, provider: StoredProvider, sinceMs: number): Promise<void> {
  const slice = rooms.database.prepare(
    `SELECT * FROM incidents WHERE row > ? AND provider = ? AND (escalations_counted > 0 OR reopens_counted > 0)
     ORDER BY row LIMIT ${SLICE_ROWS}`,
  );
  const breathe = createBreath();
  for (let rows = slice.all(0, provider.row); rows.length > 0; ) {
    let last = 0;
    for (const row of rows) {
      const book = bookOf(row);
      const since = (column: string) => list(row, column)?.filter((ms) => ms >= sinceMs).length ?? 0;
      book.escalationsCounted = Math.min(book.escalationsCounted, since('escalated'));
      book.reopensCounted = Math.min(book.reopensCounted, since('reopened'));
      rooms.incidents.writeBook(book, row);
      last = number(row, 'row');
    }
    await breathe();
    rows = slice.all(last, provider.row);
  }
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
