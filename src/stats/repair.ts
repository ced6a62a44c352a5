import type { Columns } from './columns.ts';
import type { Group } from './group.ts';
import type { SlotOrder } from './slot-order.ts';

export interface Repair {
  readonly groups: readonly Group[];
  /** All incidents by trigger, one order per provider. */
  readonly orders: readonly SlotOrder[];
  readonly columns: Columns;
  readonly groupsOf: (slot: number) => readonly Group[];
}

/**
 * Puts busy time together anew where a span was taken out of it. A span that was swallowed by others left no trace
 * of its own, so all incidents that began within the cleared stretch are added again; one pass serves all groups.
 */
export function repairBusyTime({ groups, orders, columns, groupsOf }: Repair): void {
  const broken = new Set(groups.filter(({ repairs }) => repairs.length > 0));
  if (broken.size === 0) return;
  const stretches = [...broken].flatMap(({ repairs }) => repairs);
  const fromMs = stretches.reduce((least, one) => Math.min(least, one.fromMs), Number.POSITIVE_INFINITY);
  const toMs = stretches.reduce((most, one) => Math.max(most, one.toMs), Number.NEGATIVE_INFINITY);
  const addAgain = (slot: number) => {
    for (const group of groupsOf(slot)) if (broken.has(group)) addSpans(group, columns.openTimes(slot).closed);
  };
  for (const order of orders) {
    const end = order.placeAfter(toMs);
    for (let at = order.placeAfter(fromMs - 1); at < end; at += 1) addAgain(order.at(at));
    // A reopened incident has spans long after its trigger; there are few of these.
  }
  for (const slot of columns.spans.keys()) if (columns.visible[slot] === 1) addAgain(slot);
  for (const group of broken) group.repairs = [];
}

function addSpans(group: Group, closed: readonly number[]): void {
  for (let at = 0; at + 1 < closed.length; at += 2) {
    const [fromMs = 0, toMs = 0] = closed.slice(at, at + 2);
    group.busy?.add(fromMs, toMs);
  }
}
