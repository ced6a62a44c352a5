import type { Incident } from '../../../src/model/incident.ts';
import type { MergeRules } from '../../../src/providers/alertmanager/merge-alerts.ts';
import { applyReading } from '../../../src/providers/alertmanager/readings.ts';
import { receiveNotification } from '../../../src/providers/alertmanager/receive.ts';
import { parseReading } from '../../../src/providers/alertmanager/schema.ts';
import { readAlertLabels } from '../../../src/providers/alerts.ts';
import { createMemoryKnown, type MemoryKnown } from '../memory-known.ts';
import { providerConfig } from '../setup.ts';

export const NOW_MS = Date.UTC(2026, 9, 1, 9);
export const MINUTE_MS = 60_000;
/** Minutes after the begin of the test. */
export const at = (minutes: number) => NOW_MS + minutes * MINUTE_MS;
const iso = (ms: number) => new Date(ms).toISOString();

/** An alert of the test: minutes after the begin. */
export interface Told {
  /** `HighErrorRate` without it. */
  readonly name?: string;
  readonly from: number;
  /** Absent: it fires. */
  readonly to?: number | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly fingerprint?: string;
}

export function alertJson({ name = 'HighErrorRate', from, to, labels = {}, fingerprint = `of-${name}` }: Told) {
  return {
    status: to === undefined ? 'firing' : 'resolved',
    labels: {
      alertname: name,
      service: 'checkout',
      severity: 'critical',
      team: 'payments',
      pod: 'checkout-1',
      ...labels,
    },
    annotations: { summary: 'ask jane.doe@example.com', owner: 'Jane Doe' },
    startsAt: iso(at(from)),
    endsAt: to === undefined ? '0001-01-01T00:00:00Z' : iso(at(to)),
    generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
    fingerprint,
  };
}

export function messageJson(alerts: readonly unknown[], more: Readonly<Record<string, unknown>> = {}) {
  return {
    receiver: 'mttr\\.exporter',
    status: 'firing',
    alerts,
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    routeLabels: {},
    notification_reason: 'new alerts added',
    externalURL: 'http://alertmanager:9093',
    version: '4',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
    ...more,
  };
}

export interface AlertStage {
  readonly memory: MemoryKnown;
  /** Delivers a notification, so many minutes after the begin. */
  notify(minute: number, ...alerts: readonly Told[]): Promise<void>;
  deliver(minute: number, body: unknown): ReturnType<typeof receiveNotification>;
  /** Alertmanager's list of what fires. */
  read(minute: number, ...alerts: readonly Told[]): Promise<void>;
  readJson(minute: number, list: readonly unknown[]): Promise<void>;
  /** Times of what is stored, in minutes. */
  alerts(): Shown[];
  incident(index: number): Incident | undefined;
}

export interface Shown {
  readonly from: number;
  readonly to: number | undefined;
  readonly known: string | undefined;
}

export function stageAlerts(limits: MergeRules['limits'] = { openWindowMs: undefined, flakyBelowMs: 0 }): AlertStage {
  const memory = createMemoryKnown();
  const config = providerConfig('alertmanager', {});
  const rules: MergeRules = { limits, readLabels: (labels) => readAlertLabels(labels, config, 'team') };
  const readingRules = { ...rules, pollIntervalMs: MINUTE_MS, resolveWaitMs: 10 * MINUTE_MS };
  const sorted = () =>
    [...memory.incidents.values()].sort((a, b) => a.triggeredAtMs - b.triggeredAtMs || (a.id < b.id ? -1 : 1));
  const deliver = async (minute: number, body: unknown) => {
    const received = await receiveNotification({ body, nowMs: at(minute), stored: memory.known }, rules);
    memory.apply({ ...received, cursor: memory.cursor ?? '' }, at(minute));
    return received;
  };
  const readJson = async (minute: number, list: readonly unknown[]) => {
    const { alerts, rejected } = parseReading(list);
    const reading = { askedAtMs: at(minute), alerts, isWhole: rejected.length === 0 };
    const { incidents, cursor } = await applyReading(reading, memory.cursor || undefined, memory.known, readingRules);
    const page = { stateChanges: [], rejected, deletedIds: [], replacedSubjects: [] };
    memory.apply({ ...page, incidents, cursor }, at(minute));
  };
  return {
    memory,
    deliver,
    notify: async (minute, ...alerts) => void (await deliver(minute, messageJson(alerts.map(alertJson)))),
    readJson,
    read: (minute, ...alerts) =>
      readJson(
        minute,
        alerts.map((one) => ({ ...alertJson(one), status: { state: 'active' } })),
      ),
    alerts: () => sorted().map(show),
    incident: (index) => sorted()[index],
  };
}

function show({ triggeredAtMs, resolvedAtMs, endKnownFrom, exclusion, merged }: Incident): Shown {
  const minute = (ms: number) => (ms - NOW_MS) / MINUTE_MS;
  const known = merged ? 'merged' : (exclusion ?? endKnownFrom);
  return { from: minute(triggeredAtMs), to: resolvedAtMs === undefined ? undefined : minute(resolvedAtMs), known };
}
