import { createLabelMapper } from '../../src/config/label-mapper.ts';
import type { ProviderConfig, ServiceSettings, SeverityConfig } from '../../src/config/types.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { Histogram, LabelSet } from '../../src/store/label-sets.ts';
import type { Batch, Store, StoredCounter, StoreSettings } from '../../src/store/store.ts';
import { providerConfig, severities } from '../settings.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** When the first sync of every test begins: `counting_since`. */
export const SINCE = Date.UTC(2026, 0, 10);

/** So many minutes after (or before) the first sync began. */
export function at(minutes: number): number {
  return SINCE + minutes * MINUTE_MS;
}

interface ReportedFields extends Omit<Partial<Incident>, 'severity' | 'intervals'> {
  readonly priority?: string | undefined;
  readonly intervals?: Incident['intervals'];
  readonly service?: string;
}

/** An incident as a platform reports it, open unless it says otherwise. */
export function incident(
  id: string,
  { priority = 'P1', service = 'checkout', ...reported }: ReportedFields = {},
): Incident {
  const triggeredAtMs = reported.triggeredAtMs ?? at(10);
  const { resolvedAtMs } = reported;
  return {
    id,
    title: `trouble ${id}`,
    serviceId: `S-${service}`,
    serviceName: service,
    severity: { priority, urgency: undefined, tag: undefined },
    status: resolvedAtMs === undefined ? 'triggered' : 'resolved',
    triggeredAtMs,
    intervals: [{ openedAtMs: triggeredAtMs, closedAtMs: resolvedAtMs }],
    merged: false,
    fingerprint: id,
    updatedAtMs: resolvedAtMs ?? triggeredAtMs,
    escalatedAtMs: [],
    reopenedAtMs: [],
    ...reported,
  };
}

/** An incident that took so many minutes, ten minutes after the first sync began unless given otherwise. */
export function recovered(id: string, minutes: number, reported: ReportedFields = {}): Incident {
  const triggeredAtMs = reported.triggeredAtMs ?? at(10);
  return incident(id, { ...reported, triggeredAtMs, resolvedAtMs: triggeredAtMs + minutes * MINUTE_MS });
}

interface SettingsChange extends Partial<Omit<StoreSettings, 'labelMappers' | 'capabilities'>> {
  readonly providers?: readonly Partial<ProviderConfig>[];
  readonly severities?: readonly SeverityConfig[];
  readonly services?: ServiceSettings;
}

/** Settings with small buckets; one provider called pagerduty unless given otherwise. */
export function settings({ providers = [{}], severities: own = severities, services, ...change }: SettingsChange = {}) {
  const configs = providers.map((one) => providerConfig(one));
  const all: StoreSettings = {
    labelMappers: new Map(configs.map((config) => [config.name, createLabelMapper(config, own, services)])),
    capabilities: new Map(configs.map(({ name }) => [name, { acknowledged: true, escalations: true, reopens: true }])),
    targetsMs: new Map(own.flatMap(({ name, targetMs }) => (targetMs === undefined ? [] : [[name, targetMs]]))),
    serviceTargetsMs: new Map([...(services?.overrides ?? [])].map(([name, { targetsMs }]) => [name, targetsMs])),
    bucketsMs: [15 * MINUTE_MS, HOUR_MS],
    detail: 'standard',
    team: false,
    maxServices: 500,
    settleMs: 0,
    reopened: 'last',
    retentionMs: 400 * DAY_MS,
    ...change,
  };
  return all;
}

/** A whole poll up to `nowMs`, with nothing but what is given. */
export function poll(nowMs: number, reported: Partial<Batch> = {}): Batch {
  return {
    ...page(nowMs, reported),
    complete: { polledUntilMs: nowMs, historyStartMs: SINCE - 210 * DAY_MS },
    ...reported,
  };
}

/** A page that is not the last of its poll. */
export function page(nowMs: number, reported: Partial<Batch> = {}): Batch {
  return {
    provider: 'pagerduty',
    nowMs,
    incidents: [],
    stateChanges: [],
    rejected: [],
    deletedIds: [],
    replacedSubjects: [],
    cursor: `until ${nowMs}`,
    startedAtMs: SINCE,
    ...reported,
  };
}

/** Configures and reads a store, as the program does at its start and at a reload. */
export async function start(store: Store, given: StoreSettings = settings(), nowMs = SINCE): Promise<Store> {
  store.configure(given, nowMs);
  store.load(() => undefined);
  return store;
}

/** Lets a provider get through its first sync, with what it found. */
export async function sync(store: Store, history: readonly Incident[] = [], provider = 'pagerduty'): Promise<void> {
  store.commit(poll(at(1), { provider, incidents: history }));
}

/** Totals by label set: `service severity` or `* severity`; what is zero is left out. */
export function totals(store: Store): Record<string, Record<string, number>> {
  return Object.fromEntries(store.labelSets().map((set) => [nameOf(set), numbersOf(set)]));
}

export function nameOf({ kind, provider, service, severity, team }: LabelSet): string {
  const words = [provider === 'pagerduty' ? '' : provider, kind === 'service' ? service : '*', severity, team];
  return words.filter((word) => word !== '').join(' ');
}

function numbersOf({ groups }: LabelSet): Record<string, number> {
  const { recovery, counts, timings, changes } = groups;
  const all = {
    ...histogram('recovery', recovery?.recovery),
    opened: counts?.opened ?? 0,
    withinTarget: recovery?.withinTarget ?? 0,
    ...histogram('acknowledgement', timings?.acknowledgement),
    ...histogram('detection', timings?.detection),
    ...histogram('identification', timings?.identification),
    ...histogram('mitigation', timings?.mitigation),
    escalations: changes?.escalations ?? 0,
    reopened: changes?.reopened ?? 0,
    unacknowledged: changes?.unacknowledged ?? 0,
    unacknowledgedAuto: changes?.unacknowledgedAuto ?? 0,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
}

function histogram(name: string, given: Histogram | undefined): Record<string, number> {
  if (given === undefined) return {};
  return {
    [name]: given.counts.reduce((sum, count) => sum + count, 0),
    [`${name}Minutes`]: given.sumMs / MINUTE_MS,
  };
}

/** One number over all label sets. */
export function total(store: Store, name: string): number {
  return Object.values(totals(store)).reduce((sum, numbers) => sum + (numbers[name] ?? 0), 0);
}

/** Counters of a name by label; what is zero is left out. */
export function counted(store: Store, name: StoredCounter['name'], provider = 'pagerduty') {
  const own = store.counters().filter((one) => one.name === name && one.provider === provider && one.value !== 0);
  return Object.fromEntries(own.map(({ label, value }) => [label, value]));
}
