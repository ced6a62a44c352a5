import type { ProviderConfig } from '../config/types.ts';
import { bucketOf } from './label-set.ts';
import { reshape, type Shape } from './label-sets.ts';
import type { Rooms } from './sqlite.ts';

/** Lets a configuration take effect on what is kept: new shapes restart families, new filters move `countingSince`. */
export function applyConfiguration(rooms: Rooms, nowMs: number): void {
  restartShapes(rooms, nowMs);
  for (const [name, { provider }] of rooms.settings().readers) applyFilter(rooms, name, provider);
  const { bucketsMs } = rooms.settings();
  rooms.exemplars.restore((ms) => bucketOf(ms, bucketsMs));
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
  rooms.database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run('shape', JSON.stringify(after));
}

function readShape(rooms: Rooms): Shape | undefined {
  const value = rooms.database.prepare('SELECT value FROM meta WHERE name = ?').get('shape')?.['value'];
  if (typeof value !== 'string') return undefined;
  const shape: Shape = JSON.parse(value);
  return shape;
}

/** What a filter lets in anew ended before anybody wanted it counted. */
function applyFilter(rooms: Rooms, name: string, config: ProviderConfig): void {
  const stored = rooms.providers.get(name);
  const filter = filterText(config);
  if (stored.filter === filter) return;
  const isChanged = stored.filter !== undefined && stored.countingSinceMs !== undefined;
  const countingSinceMs = isChanged ? (stored.askedUntilMs ?? stored.countingSinceMs) : stored.countingSinceMs;
  rooms.providers.write({ ...stored, filter, countingSinceMs });
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
