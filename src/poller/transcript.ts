import type { ObservedRequest } from '../http/request-observer.ts';
import type { RejectionReason } from '../model/incident.ts';
import type { Page } from '../model/poll.ts';
import { type Clock, steadyMs } from '../model/time.ts';
import type { CommitCounts } from '../store/store.ts';

/** Lines that are kept of the beginning of a poll, and of its end: a first sync makes thousands of requests. */
const LINES_AT_EACH_END = 250;

/** What happened in a poll: counts, times and paths, never a title, a query, a body or a header. */
export type TranscriptEvent =
  | {
      readonly event: 'begin';
      /** A first sync that began in an earlier poll goes on. */
      readonly poll: 'first_sync' | 'first_sync_continued' | 'poll';
      /** Nothing later is requested. */
      readonly untilMs: number;
      readonly historyStartMs: number;
    }
  | { readonly event: 'request'; readonly code: string; readonly request: ObservedRequest }
  | { readonly event: 'page'; readonly counts: PageCounts }
  | { readonly event: 'commit'; readonly counts: CommitCounts }
  /** The platform's clock differs from ours: the poll begins again by its time. */
  | { readonly event: 'clock'; readonly skewMs: number };

/** What one page of a poll has. */
export interface PageCounts {
  readonly incidents: number;
  readonly stateChanges: number;
  /** Ids that the platform no longer has. */
  readonly deleted: number;
  /** By reason; only reasons that occurred. */
  readonly rejected: Readonly<Partial<Record<RejectionReason, number>>>;
  readonly isLast: boolean;
}

export type TranscriptLine = TranscriptEvent & {
  /** After the beginning of the poll. */
  readonly afterMs: number;
};

export interface Transcript {
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly startedAtMs: number;
  /** How long it took, or takes so far. */
  readonly durationMs: number;
  /** Why it failed. */
  readonly error: string | undefined;
  readonly lines: readonly TranscriptLine[];
  /** Lines between the first and the last ones that are not kept. */
  readonly omitted: number;
}

/** Records the polls of one provider, and keeps the last one. */
export interface TranscriptRecorder {
  begin(): void;
  /** Outside a poll nothing is recorded. */
  add(event: TranscriptEvent): void;
  end(error?: string): void;
  /** The poll that ended last; the one that runs while none has ended; undefined before the first. */
  last(): Transcript | undefined;
}

export function createTranscriptRecorder(clock: Clock): TranscriptRecorder {
  let running: ReturnType<typeof createRecording> | undefined;
  let ended: Transcript | undefined;
  return {
    begin: () => {
      running = createRecording(clock);
    },
    add: (event) => running?.add(event),
    end: (error) => {
      ended = running?.toTranscript(error === undefined ? 'succeeded' : 'failed', error);
      running = undefined;
    },
    last: () => ended ?? running?.toTranscript('running', undefined),
  };
}

function createRecording(clock: Clock) {
  const startedAtMs = clock.nowMs();
  const startedMs = steadyMs(clock);
  const elapsedMs = () => steadyMs(clock) - startedMs;
  const first: TranscriptLine[] = [];
  const last: TranscriptLine[] = [];
  let omitted = 0;
  return {
    add: (event: TranscriptEvent) => {
      const line = { ...event, afterMs: elapsedMs() };
      if (first.length < LINES_AT_EACH_END) first.push(line);
      else last.push(line);
      if (last.length <= LINES_AT_EACH_END) return;
      last.shift();
      omitted += 1;
    },
    toTranscript: (state: Transcript['state'], error: string | undefined): Transcript => {
      const durationMs = elapsedMs();
      return { state, startedAtMs, durationMs, error, lines: [...first, ...last], omitted };
    },
  };
}

export function countPage({ incidents, stateChanges, deletedIds, rejected, complete }: Page): PageCounts {
  const byReason: Partial<Record<RejectionReason, number>> = {};
  for (const { reason } of rejected) byReason[reason] = (byReason[reason] ?? 0) + 1;
  return {
    incidents: incidents.length,
    stateChanges: stateChanges.length,
    deleted: deletedIds.length,
    rejected: byReason,
    isLast: complete !== undefined,
  };
}
