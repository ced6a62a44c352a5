import { z } from 'zod';
import type { Incident } from '../../model/incident.ts';
import type { StoredState } from '../../model/poll.ts';
import { toAlertId } from '../alerts.ts';
import { type MergeRules, mergeAlerts } from './merge-alerts.ts';
import type { Alert } from './schema.ts';

/** Readings that begin up to so many intervals apart are in a row; half an interval more than two, as polls take time. */
const IN_A_ROW_INTERVALS = 2.5;

const Missed = z.object({
  /** When the first of the readings in a row that did not show it was asked for. */
  firstMs: z.int(),
  /** A second one did not show it either. */
  isConfirmed: z.boolean(),
});

const Cursor = z.object({
  version: z.literal(1),
  /** When the last reading was asked for. */
  readAtMs: z.int(),
  /** Alerts without an end that the last reading did not show, by id. */
  missed: z.record(z.string(), Missed),
});
type Cursor = z.output<typeof Cursor>;

/** Alertmanager's active alerts, asked for at one time. */
export interface Reading {
  readonly askedAtMs: number;
  readonly alerts: readonly Alert[];
  /** False when some alerts could not be read: then it says nothing of those that it lacks. */
  readonly isWhole: boolean;
}

export interface ReadingRules extends MergeRules {
  readonly pollIntervalMs: number;
  readonly resolveWaitMs: number;
}

/** What a reading changes, and the cursor after it. */
export interface ReadingResult {
  readonly incidents: readonly Incident[];
  readonly cursor: string;
}

/** Applies one reading to what is stored: new alerts begin, and those that it no longer shows may have ended. */
export async function applyReading(
  reading: Reading,
  cursorBefore: string | undefined,
  stored: StoredState,
  rules: ReadingRules,
): Promise<ReadingResult> {
  // Empty while there was no API to ask.
  const before = cursorBefore === undefined || cursorBefore === '' ? undefined : parseCursor(cursorBefore);
  const shown = new Map(reading.alerts.map((alert) => [toAlertId(alert.subject, alert.startsAtMs), alert]));
  const known = await stored.incidents([
    ...new Set([...shown.keys(), ...(await stored.openIds()), ...Object.keys(before?.missed ?? {})]),
  ]);
  const unshown = new Map([...known].filter(([id]) => !shown.has(id)));
  const missed = reading.isWhole ? findMissed(reading, unshown, before, rules) : (before?.missed ?? {});
  const ended = Object.entries(missed).filter(
    ([, { firstMs, isConfirmed }]) => isConfirmed && reading.askedAtMs - firstMs >= rules.resolveWaitMs,
  );
  const news = [...shown].filter(([id]) => isNews(known.get(id))).map(([, alert]) => alert);
  const subjects = [...news.map(({ subject }) => subject), ...ended.map(([id]) => known.get(id)?.subject ?? '')];
  const bySubject = await stored.bySubject([...new Set(subjects)]);
  const evidence = {
    heardAtMs: reading.askedAtMs,
    isReading: true,
    absentSinceMs: new Map(ended.map(([id, { firstMs }]) => [id, firstMs])),
  };
  const incidents = [...new Set(subjects)].flatMap((subject) => {
    const alerts = news.filter((alert) => alert.subject === subject);
    return mergeAlerts(subject, bySubject.get(subject) ?? [], { ...evidence, alerts }, rules);
  });
  const endedIds = new Set(ended.map(([id]) => id));
  const waiting = Object.entries(missed).filter(([id]) => !endedIds.has(id));
  const readAtMs = reading.isWhole ? reading.askedAtMs : (before?.readAtMs ?? reading.askedAtMs);
  return { incidents, cursor: toCursor({ version: 1, readAtMs, missed: Object.fromEntries(waiting) }) };
}

/** Not known, or thought to be over because readings did not show it. */
function isNews(incident: Incident | undefined): boolean {
  return incident === undefined || incident.endKnownFrom === 'absence';
}

function findMissed(
  { askedAtMs }: Reading,
  unshown: ReadonlyMap<string, Incident>,
  before: Cursor | undefined,
  { pollIntervalMs }: ReadingRules,
): Cursor['missed'] {
  const isInARow = before !== undefined && askedAtMs - before.readAtMs <= IN_A_ROW_INTERVALS * pollIntervalMs;
  const missed: Record<string, z.output<typeof Missed>> = {};
  for (const [id, incident] of unshown) {
    if (!isAlert(incident)) continue;
    const last = before?.missed[id];
    const isOpen = incident.status !== 'resolved';
    if (!isOpen) {
      // It began anew after a reading had missed it: that reading is its end, unless a notification tells another one.
      const hasMissedFirst = last !== undefined && isExpired(incident) && last.firstMs < (incident.resolvedAtMs ?? 0);
      if (hasMissedFirst) missed[id] = { ...last, isConfirmed: true };
    } else if (last !== undefined && last.firstMs > incident.updatedAtMs && (last.isConfirmed || isInARow)) {
      missed[id] = { ...last, isConfirmed: true };
    } else if (askedAtMs > incident.updatedAtMs) {
      missed[id] = { firstMs: askedAtMs, isConfirmed: false };
    }
  }
  return missed;
}

/** Not one that came from a file. */
function isAlert({ id, subject, triggeredAtMs }: Incident): boolean {
  return subject !== undefined && id === toAlertId(subject, triggeredAtMs);
}

function isExpired({ exclusion, endKnownFrom }: Incident): boolean {
  return exclusion === 'expired' && endKnownFrom === undefined;
}

function parseCursor(text: string): Cursor {
  const parsed = Cursor.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error('the stored position is of another type of provider: give this provider a name of its own');
}

function toCursor(cursor: Cursor): string {
  return JSON.stringify(cursor);
}
