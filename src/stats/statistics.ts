import { FLAGS, type IncidentSummary, recoveryMs } from '../model/stored.ts';
import { type BusinessTime, createBusinessTime } from './business-hours.ts';
import { Columns, TRACKED } from './columns.ts';
import { type Coverage, dependsOnCoverage, evaluateCoverage, evaluateWindow } from './evaluate.ts';
import type { Group, Recovery } from './group.ts';
import { type ActiveProvider, type DimensionsGroups, GroupIndex, type ProviderIndex } from './group-index.ts';
import type { OpenRow, ProviderCounts, Row, StatisticsInput, StatisticsSettings } from './rows.ts';
import type { SortedIndex } from './sorted-index.ts';

/** Statistics over all incidents of all providers whose first sync is complete. */
export interface Statistics {
  /** Applies an incident, new or changed. */
  put(incident: IncidentSummary): void;
  /** Forgets incidents that left the store. */
  forget(rows: readonly number[]): void;
  /** Moves a provider's windows; a new provider joins with the next `rebuild`. */
  advance(provider: ActiveProvider): void;
  /** Computes all groups again from the incidents: after a first sync, or when labels changed. */
  rebuild(): void;
  /** Brings all rows up to date. */
  refresh(): void;
  rows(): readonly Row[];
  openRows(): readonly OpenRow[];
  counts(): ReadonlyMap<string, ProviderCounts>;
  /** Where the windows of each provider end, by its name. */
  windowEnds(): ReadonlyMap<string, number>;
}

export function createStatistics(input: StatisticsInput): Statistics {
  const columns = new Columns();
  const providers = new Map<string, ActiveProvider>();
  let windows = new Windows(input, columns, []);
  const forget = (row: number) => {
    const slot = columns.slotOf(row);
    if (slot < 0) return;
    windows.change(slot, -1);
    columns.vacate(slot);
  };
  const rebuild = () => {
    windows = new Windows(input, columns, [...providers.values()]);
    for (let slot = 0; slot < columns.length; slot += 1) if (columns.isOccupied(slot)) windows.change(slot, 1, true);
    windows.sortOrders();
    windows.refresh();
  };
  return {
    put: (incident) => {
      const known = columns.slotOf(incident.row);
      if (known >= 0) windows.change(known, -1);
      const slot = known >= 0 ? known : columns.append(incident.row);
      columns.write(slot, incident, input);
      windows.change(slot, 1);
    },
    forget: (rows) => {
      rows.forEach(forget);
      // Slots are positions, so closing the gaps moves every incident: worth it only now and then.
      if (columns.compact()) rebuild();
    },
    advance: (provider) => {
      const endMs = Math.max(provider.endMs, providers.get(provider.name)?.endMs ?? provider.endMs);
      providers.set(provider.name, { ...provider, endMs });
      windows.advance(provider.name, provider);
    },
    rebuild,
    refresh: () => windows.refresh(),
    rows: () => windows.groupIndex.groups(),
    openRows: () => windows.groupIndex.openStates(),
    counts: () => windows.groupIndex.counts(),
    windowEnds: () => new Map(windows.groupIndex.providers.map(({ provider }) => [provider.name, provider.endMs])),
  };
}

/** Windowed statistics, updated by adding and removing incidents, never by going over all of them. */
export class Windows {
  readonly groupIndex: GroupIndex;
  readonly #columns: Columns;
  readonly #settings: StatisticsSettings;
  readonly #businessTime: BusinessTime | undefined;
  readonly #windowMaxMs: number;
  /** How far back the largest window and its baseline go. */
  readonly #retentionMs: number;
  #hasMoved = true;

  constructor(input: StatisticsInput, columns: Columns, providers: readonly ActiveProvider[]) {
    this.#columns = columns;
    this.#settings = input.settings;
    const { businessHours } = input.settings;
    this.#businessTime = businessHours && createBusinessTime(businessHours);
    this.#windowMaxMs = Math.max(0, ...input.settings.windows.map(({ ms }) => ms));
    this.#retentionMs = 2 * this.#windowMaxMs;
    this.groupIndex = new GroupIndex(input, columns, providers);
  }

  /** Adds an incident, or removes it exactly as it was added. With `isAppended`, `sortOrders` must follow the last one. */
  change(slot: number, sign: 1 | -1, isAppended = false): void {
    const found = this.#groupsOf(slot);
    if (found === undefined) return;
    if (found.isExcluded || !this.#isVisible(slot)) {
      found.providerIndex.counts.excluded += sign;
      return;
    }
    for (const order of this.#ordersOf(found.providerIndex, slot)) {
      if (isAppended) order.append(slot);
      else if (sign === 1) order.add(slot);
      else order.remove(slot);
    }
    this.#countState(found, slot, sign);
    this.#track(found, slot, sign);
    this.#changeWindows(found.providerIndex, slot, sign);
  }

  sortOrders(): void {
    for (const { byTrigger, byResolve } of this.groupIndex.providers) {
      byTrigger.sort();
      byResolve.sort();
    }
  }

  /** Moves a provider's windows to a new end; an earlier one than before leaves them where they are. */
  advance(name: string, coverage: Coverage): void {
    const index = this.groupIndex.providers.find(({ provider }) => provider.name === name);
    if (index === undefined) return;
    const beforeMs = index.provider.endMs;
    const endMs = Math.max(beforeMs, coverage.endMs);
    index.provider = { ...index.provider, ...coverage, endMs };
    this.#hasMoved = true;
    const { byTrigger, byResolve } = index;
    for (const [window, { ms }] of this.#settings.windows.entries()) {
      const slide = (order: SortedIndex, lagMs: number, each: (slot: number) => void) => {
        const end = order.upperBound(endMs - lagMs);
        for (let at = order.upperBound(beforeMs - lagMs); at < end; at += 1) each(order.at(at));
      };
      slide(byTrigger, 0, (slot) => this.#open(slot, window, 1));
      slide(byTrigger, ms, (slot) => this.#open(slot, window, -1));
      slide(byResolve, 0, (slot) => this.#resolve(slot, window, 1));
      slide(byResolve, ms, (slot) => this.#resolve(slot, window, -1));
      slide(byResolve, ms, (slot) => this.#resolveBefore(slot, window, 1));
      slide(byResolve, 2 * ms, (slot) => this.#resolveBefore(slot, window, -1));
    }
  }

  /** Brings the values of all rows up to date. */
  refresh(): void {
    const settings = this.#settings;
    this.groupIndex.dropEmpty();
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    for (const group of this.groupIndex.groups()) {
      if (group.isDirty) evaluateWindow(group, settings);
      if ((group.isDirty || hasMoved) && dependsOnCoverage(group)) {
        evaluateCoverage(group, settings, this.groupIndex.coverages(group));
      }
      group.isDirty = false;
    }
  }

  #groupsOf(slot: number): DimensionsGroups | undefined {
    return this.groupIndex.find(this.#columns.values.dimensionsRows[slot] ?? 0);
  }

  #isVisible(slot: number): boolean {
    return this.#columns.values.visible[slot] === 1;
  }

  #hasRecovery(slot: number): boolean {
    return !Number.isNaN(this.#columns.values.recovery[slot]);
  }

  #ordersOf({ byTrigger, byResolve }: ProviderIndex, slot: number): readonly SortedIndex[] {
    return this.#hasRecovery(slot) ? [byTrigger, byResolve] : [byTrigger];
  }

  /** Adds to the groups when an incident was opened and in which times it was open, as far as windows can still need it. */
  #track({ groups, providerPosition, providerIndex, isOutage }: DimensionsGroups, slot: number, sign: 1 | -1): void {
    const columns = this.#columns;
    const triggeredAtMs = columns.values.triggered[slot] ?? 0;
    const resolvedAtMs = columns.values.resolved[slot] ?? Number.NaN;
    const spans = columns.spans.get(slot);
    // Ends never move backwards, so what was over before the largest window is never needed again.
    const sinceMs = providerIndex.provider.endMs - this.#windowMaxMs;
    if (sign === 1) {
      const closedAtMs = spans === undefined ? resolvedAtMs : lastCloseMs(spans);
      columns.values.tracked[slot] =
        (triggeredAtMs > sinceMs ? TRACKED.opening : 0) | (closedAtMs <= sinceMs ? 0 : TRACKED.openTimes);
    }
    const tracked = columns.values.tracked[slot] ?? 0;
    const times = spans ?? (Number.isNaN(resolvedAtMs) ? [triggeredAtMs] : [triggeredAtMs, resolvedAtMs]);
    for (const group of groups) {
      group.isDirty = true;
      group.incidents[providerPosition] = (group.incidents[providerPosition] ?? 0) + sign;
      const isWanted = isOutage || !group.isOfOutages;
      if (isWanted && (tracked & TRACKED.opening) !== 0) group.openedAt?.change(triggeredAtMs, sign);
      if ((tracked & TRACKED.openTimes) === 0) continue;
      if (isWanted) group.openTimes?.track(times, sign);
      if (isOutage && group.outages !== group.openTimes) group.outages?.track(times, sign);
    }
  }

  #countState({ providerIndex, openState }: DimensionsGroups, slot: number, sign: 1 | -1): void {
    const columns = this.#columns;
    const isMerged = ((columns.values.flags[slot] ?? 0) & FLAGS.merged) !== 0;
    const resolvedAtMs = columns.values.resolved[slot] ?? Number.NaN;
    const isOpen = !isMerged && Number.isNaN(resolvedAtMs);
    const state = isOpen ? 'open' : 'resolved';
    providerIndex.counts[isMerged ? 'excluded' : state] += sign;
    const triggeredAtMs = columns.values.triggered[slot] ?? 0;
    openState.count({ status: columns.values.statuses[slot] ?? 0, isOpen, triggeredAtMs, resolvedAtMs }, sign);
  }

  #changeWindows({ provider }: ProviderIndex, slot: number, sign: 1 | -1): void {
    const triggeredAtMs = this.#columns.values.triggered[slot] ?? 0;
    const resolvedAtMs = this.#columns.values.resolved[slot] ?? Number.NaN;
    const { endMs } = provider;
    const hasRecovery = this.#hasRecovery(slot);
    // What ended before every window and its baseline is in none.
    if (triggeredAtMs <= endMs - this.#retentionMs && resolvedAtMs <= endMs - this.#retentionMs) return;
    for (const [window, { ms }] of this.#settings.windows.entries()) {
      const isIn = (atMs: number, lagMs: number) => atMs > endMs - lagMs - ms && atMs <= endMs - lagMs;
      if (isIn(triggeredAtMs, 0)) this.#open(slot, window, sign);
      if (hasRecovery && isIn(resolvedAtMs, 0)) this.#resolve(slot, window, sign);
      if (hasRecovery && isIn(resolvedAtMs, ms)) this.#resolveBefore(slot, window, sign);
    }
  }

  #open(slot: number, window: number, sign: 1 | -1): void {
    const fingerprint = this.#columns.values.fingerprints[slot] ?? 0;
    for (const group of this.#touch(slot)) group.windows[window]?.open(fingerprint, sign);
  }

  #resolve(slot: number, window: number, sign: 1 | -1): void {
    const recovery = this.#recovery(slot);
    for (const group of this.#touch(slot)) group.windows[window]?.resolve(recovery, sign);
  }

  #resolveBefore(slot: number, window: number, sign: 1 | -1): void {
    const ms = this.#columns.values.recovery[slot] ?? 0;
    for (const group of this.#touch(slot)) group.windows[window]?.resolveBefore(ms, sign);
  }

  #touch(slot: number): readonly Group[] {
    const groups = this.#groupsOf(slot)?.groups ?? [];
    for (const group of groups) group.isDirty = true;
    return groups;
  }

  /** What a resolved incident adds to the means of its windows, in the order of MEANS. */
  #recovery(slot: number): Recovery {
    const columns = this.#columns;
    const { providerIndex, targetMs, stageTargetsMs = {} } = this.#groupsOf(slot) ?? {};
    const triggeredAtMs = columns.values.triggered[slot] ?? 0;
    const flags = columns.values.flags[slot] ?? 0;
    const ms = columns.values.recovery[slot] ?? 0;
    const acknowledgedMs = (columns.values.acknowledged[slot] ?? Number.NaN) - triggeredAtMs;
    const detectedMs = triggeredAtMs - (columns.started.get(slot) ?? Number.NaN);
    const identifiedMs = (columns.identified.get(slot) ?? Number.NaN) - triggeredAtMs;
    const mitigatedMs = (columns.mitigated.get(slot) ?? Number.NaN) - triggeredAtMs;
    return [
      ms,
      acknowledgedMs,
      detectedMs,
      identifiedMs,
      mitigatedMs,
      this.#businessMs(slot),
      isWithin(ms, targetMs),
      providerIndex?.provider.hasEscalations === true ? Number((flags & FLAGS.escalated) !== 0) : Number.NaN,
      providerIndex?.provider.hasReopens === true ? Number((flags & FLAGS.reopened) !== 0) : Number.NaN,
      isWithin(detectedMs, stageTargetsMs.detection),
      isWithin(acknowledgedMs, stageTargetsMs.acknowledgement),
      isWithin(identifiedMs, stageTargetsMs.identification),
      isWithin(mitigatedMs, stageTargetsMs.mitigation),
    ];
  }

  /** The part of the recovery time that is in business hours; NaN where none are configured. */
  #businessMs(slot: number): number {
    const businessTime = this.#businessTime;
    if (businessTime === undefined) return Number.NaN;
    const { triggered, resolved, flags } = this.#columns.values;
    const incident = {
      triggeredAtMs: triggered[slot] ?? 0,
      resolvedAtMs: resolved[slot] ?? 0,
      startedAtMs: this.#columns.started.get(slot),
      mitigatedAtMs: this.#columns.mitigated.get(slot),
      spans: this.#columns.spans.get(slot),
      flags: flags[slot] ?? 0,
    };
    return recoveryMs(incident, this.#settings, businessTime) ?? Number.NaN;
  }
}

/** 1 or 0; NaN where there is no time or no target. */
function isWithin(ms: number, targetMs: number | undefined): number {
  return targetMs === undefined || Number.isNaN(ms) ? Number.NaN : Number(ms <= targetMs);
}

/** When the last closed span ended; NaN while an incident is open. */
function lastCloseMs(spans: readonly number[]): number {
  return spans.length % 2 === 0 ? (spans.at(-1) ?? Number.NaN) : Number.NaN;
}
