import { z } from 'zod';
import type { PollCoverage } from '../../model/poll.ts';
import type { TrackingState } from './track-alerts.ts';

const Fields = z.object({
  title: z.string(),
  serviceId: z.string(),
  serviceName: z.string(),
  team: z.string().optional(),
  severity: z.object({ tag: z.string().optional() }),
});

const Alert = z.object({
  fields: Fields,
  firstMs: z.int().optional(),
  lastMs: z.int(),
  startedAtMs: z.int().optional(),
  activeSinceMs: z.int().optional(),
});

const Cursor = z.object({
  version: z.literal(1),
  /** How far back the history was asked for. */
  wantedMs: z.number(),
  /** When the first poll began. */
  firstPollMs: z.number(),
  /** What the stored incidents were read with. */
  readWith: z.array(z.string()),
  /** Up to here the history is read once more: what is stored already keeps its start. */
  storedToMs: z.int().optional(),
  scanStartMs: z.int(),
  readToMs: z.int(),
  dataStartMs: z.int().optional(),
  unknownBeforeMs: z.int().optional(),
  lastUpMs: z.int().optional(),
  lastOutage: z.object({ afterMs: z.int(), beforeMs: z.int().optional() }).optional(),
  alerts: z.record(z.string(), Alert),
});

/** How far a provider has read, and the alerts that fire there. */
export interface Progress {
  readonly wantedMs: number;
  readonly firstPollMs: number;
  readonly readWith: readonly string[];
  readonly storedToMs?: number | undefined;
  readonly state: TrackingState;
}

interface ProgressInput {
  readonly cursor: string | undefined;
  /** What is stored already; absent before the first sync is complete. */
  readonly before?: PollCoverage | undefined;
  readonly nowMs: number;
  readonly historyStartMs: number;
  readonly stepMs: number;
  readonly readWith: readonly string[];
}

/**
 * Where reading continues. The history is read from its start before the first poll, when more of it is wanted, and when
 * other series or labels are; throws when another type of provider wrote the cursor.
 */
export function resumeProgress({ cursor, before: coverage, ...input }: ProgressInput): Progress {
  const { nowMs, historyStartMs, stepMs, readWith } = input;
  const before = cursor === undefined || cursor === '' ? undefined : parseCursor(cursor);
  const isSame =
    before !== undefined && historyStartMs >= before.wantedMs && before.readWith.join('\n') === readWith.join('\n');
  if (isSame) return before;
  const scanStartMs = Math.ceil(historyStartMs / stepMs) * stepMs;
  const storedToMs = Math.max(
    before?.state.readToMs ?? 0,
    before?.storedToMs ?? 0,
    Math.floor(coverage?.polledUntilMs ?? 0),
  );
  return {
    wantedMs: historyStartMs,
    firstPollMs: before?.firstPollMs ?? nowMs,
    readWith,
    ...(storedToMs === 0 ? {} : { storedToMs }),
    state: { scanStartMs, readToMs: scanStartMs - stepMs, alerts: new Map() },
  };
}

export function encodeProgress({ state, ...progress }: Progress): string {
  return JSON.stringify({ version: 1, ...progress, ...state, alerts: Object.fromEntries(state.alerts) });
}

function parseCursor(text: string): Progress {
  const parsed = Cursor.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error('the stored position is of another type of provider: give this provider a name of its own');
  }
  const { version: _version, wantedMs, firstPollMs, readWith, storedToMs, alerts, ...state } = parsed.data;
  return {
    wantedMs,
    firstPollMs,
    readWith,
    storedToMs,
    state: { ...state, alerts: new Map(Object.entries(alerts)) },
  };
}
