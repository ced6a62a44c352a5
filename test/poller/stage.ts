import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createReader } from '../../src/config/reading.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { LogFields } from '../../src/model/log.ts';
import type { Page } from '../../src/model/poll.ts';
import { createPoller, type Poller } from '../../src/poller/poller.ts';
import type { PollRequest, Provider } from '../../src/providers/provider.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import type { Committed, Store } from '../../src/store/store.ts';
import { providerConfig, severities } from '../settings.ts';
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
  return { incidents: [], signals: [], rejected: [], deletedIds: [], wholeSubjects: [], ...change, cursor };
}

/** A page that ends its poll. */
export function lastPage(cursor: string, request: PollRequest, change: Partial<Page> = {}): Page {
  const complete = { askedUntilMs: request.nowMs, historyStartMs: request.historyStartMs };
  return page(cursor, { ...change, complete });
}

const TRAITS = {
  statuses: ['triggered', 'acknowledged'],
  started: false,
  identified: false,
  acknowledged: true,
  mitigated: false,
  escalations: true,
  reopens: true,
} as const;

export type Polling = (request: PollRequest) => AsyncIterable<Page>;

export interface Stage {
  readonly clock: HandClock;
  readonly store: Store;
  readonly poller: Poller;
  /** What the provider does when it is asked; replaced by a test as it goes. */
  poll: Polling;
  /** All requests that the provider got. */
  readonly requests: PollRequest[];
  readonly committed: Committed[];
  readonly polled: { readonly isUp: boolean; readonly seconds: number }[];
  readonly fatal: unknown[];
  /** `level message` with its fields. */
  readonly lines: { readonly text: string; readonly fields: LogFields }[];
  /** Ids that the store holds. */
  ids(of: readonly string[]): Promise<string[]>;
}

/** A poller of an invented provider over a real store, with a clock in our hands. */
export async function stage(poll: Polling): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'mttr-poller-'));
  const clock = createHandClock(START_MS);
  const lines: Stage['lines'][number][] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ text: `${level} ${message}`, fields });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const store = createSqliteStore({ path: join(folder, 'store.db'), log, nowMs: START_MS });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });
  await configure(store);
  const requests: PollRequest[] = [];
  const provider: Provider = {
    traits: TRAITS,
    poll: (request) => {
      requests.push(request);
      return staged.poll(request);
    },
    clockSkewMs: () => undefined,
    examine: async () => ({ trials: [], region: { name: '', hint: '' } }),
    close: async () => undefined,
  };
  const committed: Committed[] = [];
  const polled: { isUp: boolean; seconds: number }[] = [];
  const fatal: unknown[] = [];
  const poller = createPoller({
    name: NAME,
    provider,
    store,
    clock,
    log,
    pollIntervalMs: MINUTE_MS,
    historyMs: 24 * 60 * MINUTE_MS,
    onCommitted: async (one) => void committed.push(one),
    onPolled: (one) => void polled.push(one),
    onFatal: (error) => void fatal.push(error),
  });
  const ids = async (wanted: readonly string[]) => [...(await store.known(NAME).incidents(wanted)).keys()];
  const staged: Stage = { clock, store, poller, poll, requests, committed, polled, fatal, lines, ids };
  return staged;
}

async function configure(store: Store): Promise<void> {
  const reader = createReader(providerConfig({ name: NAME }), severities);
  const settings = {
    readers: new Map([[NAME, reader]]),
    tells: new Map([[NAME, TRAITS]]),
    targetsMs: new Map<string, number>(),
    bucketsMs: [5 * MINUTE_MS, 60 * MINUTE_MS],
    detail: 'standard',
    team: false,
    maxServices: 500,
    settleMs: 0,
    reopened: 'last',
    retentionMs: 400 * 24 * 60 * MINUTE_MS,
  } as const;
  await store.configure(settings, START_MS);
  await store.load(() => undefined);
}
