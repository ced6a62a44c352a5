import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createCore } from '../../src/core/core.ts';
import { toRemote } from '../../src/core/remote.ts';
import { toCoreConfig } from '../../src/core/settings.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { LogFields } from '../../src/model/log.ts';
import type { Page } from '../../src/model/poll.ts';
import { createPoller, type Poller, type PollerCore } from '../../src/poller/poller.ts';
import { createRefresh, type RefreshResult } from '../../src/poller/refresh.ts';
import { createTranscriptRecorder, type TranscriptRecorder } from '../../src/poller/transcript.ts';
import type { PollRequest } from '../../src/providers/provider.ts';
import { platforms } from '../../src/providers/registry.ts';
import { createSqliteStore } from '../../src/store/sqlite/open.ts';
import type { CommitCounts, Store } from '../../src/store/store.ts';
import { CAPABILITIES } from '../core/stage.ts';
import { createHandClock, type HandClock } from './clock.ts';

export const START_MS = Date.parse('2026-03-01T00:00:00Z');
export const MINUTE_MS = 60_000;
export const NAME = 'pagerduty';

export function incident(id: string, change: Partial<Incident> = {}): Incident {
  const triggeredAtMs = change.triggeredAtMs ?? START_MS - 30 * MINUTE_MS;
  const { resolvedAtMs } = change;
  return {
    id,
    title: 'It is down',
    serviceId: 'S1',
    serviceName: 'checkout',
    severity: { priority: 'P1' },
    status: resolvedAtMs === undefined ? 'triggered' : 'resolved',
    triggeredAtMs,
    intervals: [{ openedAtMs: triggeredAtMs, closedAtMs: resolvedAtMs }],
    merged: false,
    fingerprint: 'S1 it is down',
    updatedAtMs: triggeredAtMs,
    ...change,
  };
}

export function page(cursor: string, change: Partial<Page> = {}): Page {
  return { incidents: [], stateChanges: [], rejected: [], deletedIds: [], replacedSubjects: [], ...change, cursor };
}

/** A page that ends its poll. */
export function lastPage(cursor: string, request: PollRequest, change: Partial<Page> = {}): Page {
  const complete = { polledUntilMs: request.nowMs, historyStartMs: request.historyStartMs };
  return page(cursor, { ...change, complete });
}

export type Polling = (request: PollRequest) => AsyncIterable<Page>;

export interface Stage {
  readonly clock: HandClock;
  readonly store: Store;
  readonly poller: Poller;
  /** Reads all of the history again. */
  refresh(): Promise<RefreshResult>;
  /** What the provider does when it is asked; replaced by a test as it goes. */
  poll: Polling;
  /** How far our clock is ahead of the platform's, as its last answer showed. */
  clockSkewMs: number | undefined;
  /** All requests that the provider got. */
  readonly requests: PollRequest[];
  readonly committed: CommitCounts[];
  /** Pages that were read. */
  readonly pages: Page[];
  readonly polled: { readonly isUp: boolean; readonly seconds: number }[];
  readonly fatal: unknown[];
  readonly transcript: TranscriptRecorder;
  /** `level message` with its fields. */
  readonly lines: { readonly text: string; readonly fields: LogFields }[];
  /** Ids that the store holds. */
  ids(of: readonly string[]): string[];
}

export interface StageInput {
  /** Puts something around the store. */
  readonly storeWith?: (store: Store) => Store;
  /** Puts something between the poller and the core. */
  readonly coreWith?: (core: PollerCore) => PollerCore;
}

/** A poller of an invented provider over a real core, with a clock in our hands. */
export function stage(
  poll: Polling,
  { storeWith = (store) => store, coreWith = (core) => core }: StageInput = {},
): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-poller-'));
  const clock = createHandClock(START_MS);
  const { log, lines } = rememberLines();
  const store = storeWith(createSqliteStore({ path: join(folder, 'store.db'), log, nowMs: START_MS }));
  const core = createCore({ store, log });
  onTestFinished(() => {
    core.close();
    rmSync(folder, { recursive: true });
  });
  const text = `providers: [{ type: pagerduty, name: ${NAME}, api_key: k }]\nhistory: 1d\nwindows: [12h]`;
  const { config } = loadConfig({ text, filename: 'c', env: {}, platforms, readFile: () => '', nowMs: START_MS });
  core.configure({ config: toCoreConfig(config), capabilities: new Map([[NAME, CAPABILITIES]]) }, START_MS);
  const requests: PollRequest[] = [];
  const committed: CommitCounts[] = [];
  const pages: Page[] = [];
  const polled: { isUp: boolean; seconds: number }[] = [];
  const fatal: unknown[] = [];
  const provider = {
    poll: (request: PollRequest) => {
      requests.push(request);
      return staged.poll(request);
    },
    clockSkewMs: () => staged.clockSkewMs,
  };
  const remote = coreWith(withCommits(toRemote(core), committed));
  const transcript = createTranscriptRecorder(clock);
  const poller = createPoller({
    name: NAME,
    provider,
    core: remote,
    clock,
    log,
    pollIntervalMs: MINUTE_MS,
    historyMs: config.historyMs,
    onPage: (one) => void pages.push(one),
    onPolled: (one) => void polled.push(one),
    onFatal: (error) => void fatal.push(error),
    transcript,
  });
  const refresh = createRefresh({ ...config, poller, provider, core: remote, requestsMade: () => requests.length });
  const ids = (wanted: readonly string[]) => [...store.stored(NAME).incidents(wanted).keys()];
  const staged: Stage = {
    clock,
    store,
    poller,
    refresh: () => refresh({ spanMs: undefined, isDryRun: false, signal: new AbortController().signal }),
    poll,
    clockSkewMs: undefined,
    requests,
    committed,
    pages,
    polled,
    fatal,
    transcript,
    lines,
    ids,
  };
  return staged;
}

function rememberLines() {
  const lines: Stage['lines'][number][] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ text: `${level} ${message}`, fields });
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

/** Remembers what commits changed. */
function withCommits(core: PollerCore, committed: CommitCounts[]): PollerCore {
  const remember = async (counts: Promise<CommitCounts>) => {
    committed.push(await counts);
    return counts;
  };
  return {
    ...core,
    commit: (batch) => remember(core.commit(batch)),
    commitPoll: (end) => remember(core.commitPoll(end)),
  };
}
