import type { DatabaseSync } from 'node:sqlite';
import type { Incident, Signal } from '../model/incident.ts';
import type { Known } from '../model/poll.ts';
import { MARKS } from '../model/stored.ts';
import type { Incidents, ProviderRow } from './incidents.ts';

/** Marks of which each says that an incident without an end is not open. */
export const NOT_OPEN: number = MARKS.merged | MARKS.deleted | MARKS.expired | MARKS.flaky;

/** What a provider may ask about its own past. */
export function knownIncidents(database: DatabaseSync, incidents: Incidents, provider: ProviderRow): Known {
  const open = database.prepare(
    `SELECT id FROM incidents WHERE provider = ? AND resolved_ms IS NULL AND marks & ${NOT_OPEN} = 0`,
  );
  const rejected = database.prepare('SELECT DISTINCT id FROM rejections WHERE provider = ? AND id IS NOT NULL');
  const signals = database.prepare('SELECT * FROM signals WHERE provider = ? AND subject = ? ORDER BY at_ms, id');
  return {
    incidents: async (ids) => {
      const found = new Map<string, Incident>();
      for (const id of ids) {
        const row = incidents.byId(provider, id);
        if (row !== undefined) found.set(id, incidents.read(row));
      }
      return found;
    },
    openIds: async () => open.all(provider.row).map((row) => String(row['id'])),
    rejectedIds: async () => rejected.all(provider.row).map((row) => String(row['id'])),
    signals: async (subjects) =>
      new Map(subjects.map((subject) => [subject, signals.all(provider.row, subject).map(readSignal)])),
    bySubject: async (subjects) =>
      new Map(
        subjects.map((subject) => {
          const rows = incidents.bySubject(provider, subject);
          const kept = rows.filter((row) => (Number(row['marks']) & MARKS.deleted) === 0);
          return [subject, kept.map((row) => incidents.read(row))];
        }),
      ),
  };
}

function readSignal(row: Record<string, unknown>): Signal {
  return {
    subject: String(row['subject']),
    id: String(row['id']),
    atMs: Number(row['at_ms']),
    kind: String(row['kind']),
  };
}
