import { MARKS } from '../model/stored.ts';
import { type Columns, TRACKED } from './columns.ts';
import { type Coverage, evaluateContents, evaluateTimes, hasTimes } from './evaluate.ts';
import type { Group } from './group.ts';
import type { Recovery } from './group-window.ts';
import { type ActiveProvider, type FacetPlace, Places, type ProviderPlace } from './places.ts';
import type { StatisticsInput, StatisticsSettings } from './rows.ts';
import type { SlotOrder } from './slot-order.ts';

/** Windowed statistics that are kept by adding and taking away incidents, never by going over all of them. */
export class Windows {
  readonly places: Places;
  readonly #columns: Columns;
  readonly #settings: StatisticsSettings;
  readonly #windowMaxMs: number;
  /** How far back the largest window and its baseline go. */
  readonly #retentionMs: number;
  #hasMoved = true;

  constructor(input: StatisticsInput, columns: Columns, providers: readonly ActiveProvider[]) {
    this.#columns = columns;
    this.#settings = input.settings;
    this.#windowMaxMs = Math.max(0, ...input.settings.windows.map(({ ms }) => ms));
    this.#retentionMs = 2 * this.#windowMaxMs;
    this.places = new Places(input, columns, providers);
  }

  /** Lets an incident in, or takes it out just as it was let in. With `isAppended`, `sortOrders` must follow the last one. */
  change(slot: number, sign: 1 | -1, isAppended = false): void {
    const facet = this.#facetOf(slot);
    if (facet === undefined) return;
    if (facet.isExcluded || !this.#isVisible(slot)) {
      facet.place.counts.excluded += sign;
      return;
    }
    for (const order of this.#ordersOf(facet.place, slot)) {
      if (isAppended) order.append(slot);
      else if (sign === 1) order.add(slot);
      else order.remove(slot);
    }
    this.#countState(facet, slot, sign);
    this.#track(facet, slot, sign);
    this.#changeWindows(facet.place, slot, sign);
  }

  sortOrders(): void {
    for (const { byTrigger, byResolve } of this.places.providers) {
      byTrigger.sort();
      byResolve.sort();
    }
  }

  /** Moves a provider's windows to a new end; an earlier one than before leaves them where they are. */
  advance(name: string, coverage: Coverage): void {
    const place = this.places.providers.find(({ provider }) => provider.name === name);
    if (place === undefined) return;
    const beforeMs = place.provider.endMs;
    const endMs = Math.max(beforeMs, coverage.endMs);
    place.provider = { ...place.provider, ...coverage, endMs };
    this.#hasMoved = true;
    const { byTrigger, byResolve } = place;
    for (const [window, { ms }] of this.#settings.windows.entries()) {
      const slide = (order: SlotOrder, lagMs: number, each: (slot: number) => void) => {
        const end = order.placeAfter(endMs - lagMs);
        for (let at = order.placeAfter(beforeMs - lagMs); at < end; at += 1) each(order.at(at));
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
    this.places.dropEmpty();
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    for (const group of this.places.groups()) {
      if (group.isDirty) evaluateContents(group, settings);
      if ((group.isDirty || hasMoved) && hasTimes(group)) {
        evaluateTimes(group, settings, this.places.coverages(group));
      }
      group.isDirty = false;
    }
  }

  #facetOf(slot: number): FacetPlace | undefined {
    return this.places.facet(this.#columns.values.facets[slot] ?? 0);
  }

  #isVisible(slot: number): boolean {
    return this.#columns.values.visible[slot] === 1;
  }

  #hasRecovery(slot: number): boolean {
    return !Number.isNaN(this.#columns.values.recovery[slot]);
  }

  #ordersOf({ byTrigger, byResolve }: ProviderPlace, slot: number): readonly SlotOrder[] {
    return this.#hasRecovery(slot) ? [byTrigger, byResolve] : [byTrigger];
  }

  /** Lets the groups know when an incident was opened and in which times it was open, as far as windows can still ask for it. */
  #track({ groups, providerIndex, place }: FacetPlace, slot: number, sign: 1 | -1): void {
    const columns = this.#columns;
    const triggeredAtMs = columns.values.triggered[slot] ?? 0;
    const resolvedAtMs = columns.values.resolved[slot] ?? Number.NaN;
    const spans = columns.spans.get(slot);
    // Ends never move backwards, so what was over before the largest window is never asked for again.
    const sinceMs = place.provider.endMs - this.#windowMaxMs;
    if (sign === 1) {
      const closedAtMs = spans === undefined ? resolvedAtMs : lastCloseMs(spans);
      columns.values.tracked[slot] =
        (triggeredAtMs > sinceMs ? TRACKED.opening : 0) | (closedAtMs <= sinceMs ? 0 : TRACKED.openTimes);
    }
    const tracked = columns.values.tracked[slot] ?? 0;
    for (const group of groups) {
      group.isDirty = true;
      group.incidents[providerIndex] = (group.incidents[providerIndex] ?? 0) + sign;
      if ((tracked & TRACKED.opening) !== 0) group.openedAt?.change(triggeredAtMs, sign);
      if ((tracked & TRACKED.openTimes) === 0) continue;
      if (spans !== undefined) trackSpans(group, spans, sign);
      else if (Number.isNaN(resolvedAtMs)) group.openSince.change(triggeredAtMs, sign);
      else group.busy?.change(triggeredAtMs, resolvedAtMs, sign);
    }
  }

  #countState({ place, base }: FacetPlace, slot: number, sign: 1 | -1): void {
    const columns = this.#columns;
    const isMerged = ((columns.values.marks[slot] ?? 0) & MARKS.merged) !== 0;
    const resolvedAtMs = columns.values.resolved[slot] ?? Number.NaN;
    const isOpen = !isMerged && Number.isNaN(resolvedAtMs);
    const state = isOpen ? 'open' : 'resolved';
    place.counts[isMerged ? 'excluded' : state] += sign;
    const triggeredAtMs = columns.values.triggered[slot] ?? 0;
    base.count({ status: columns.values.statuses[slot] ?? 0, isOpen, triggeredAtMs, resolvedAtMs }, sign);
  }

  #changeWindows({ provider }: ProviderPlace, slot: number, sign: 1 | -1): void {
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
    const groups = this.#facetOf(slot)?.groups ?? [];
    for (const group of groups) group.isDirty = true;
    return groups;
  }

  #recovery(slot: number): Recovery {
    const columns = this.#columns;
    const { place, targetMs } = this.#facetOf(slot) ?? {};
    const triggeredAtMs = columns.values.triggered[slot] ?? 0;
    const marks = columns.values.marks[slot] ?? 0;
    const ms = columns.values.recovery[slot] ?? 0;
    return [
      ms,
      (columns.values.acknowledged[slot] ?? Number.NaN) - triggeredAtMs,
      triggeredAtMs - (columns.started.get(slot) ?? Number.NaN),
      (columns.identified.get(slot) ?? Number.NaN) - triggeredAtMs,
      (columns.mitigated.get(slot) ?? Number.NaN) - triggeredAtMs,
      targetMs === undefined ? Number.NaN : Number(ms <= targetMs),
      place?.provider.tellsEscalations === true ? Number((marks & MARKS.escalated) !== 0) : Number.NaN,
      place?.provider.tellsReopens === true ? Number((marks & MARKS.reopened) !== 0) : Number.NaN,
    ];
  }
}

/** When the last closed span ended; NaN while an incident is open. */
function lastCloseMs(spans: readonly number[]): number {
  return spans.length % 2 === 0 ? (spans.at(-1) ?? Number.NaN) : Number.NaN;
}

function trackSpans(group: Group, spans: readonly number[], sign: 1 | -1): void {
  for (let at = 0; at + 1 < spans.length; at += 2) group.busy?.change(spans[at] ?? 0, spans[at + 1] ?? 0, sign);
  const openSinceMs = spans.length % 2 === 0 ? undefined : spans.at(-1);
  if (openSinceMs !== undefined) group.openSince.change(openSinceMs, sign);
}
