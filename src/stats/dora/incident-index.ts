import { OrderedList } from './ordered-list.ts';
import type { BlamingIncident } from './rows.ts';

/** Incidents by service in order of their triggers. */
export class IncidentIndex {
  readonly #byService = new Map<string, OrderedList<BlamingIncident>>();

  add(incident: BlamingIncident): void {
    const known = this.#byService.get(incident.service);
    const list = known ?? new OrderedList(byTrigger);
    if (known === undefined) this.#byService.set(incident.service, list);
    list.add(incident);
  }

  remove(incident: BlamingIncident): void {
    this.#byService.get(incident.service)?.remove(incident);
  }

  has(service: string): boolean {
    return this.#byService.has(service);
  }

  /** Of a service, those triggered from one time (included) to another, which is included only with `isEndIncluded`. */
  triggeredIn(service: string, { fromMs, toMs, isEndIncluded }: TriggerRange): BlamingIncident[] {
    const found: BlamingIncident[] = [];
    const list = this.#byService.get(service);
    if (list === undefined) return found;
    let at = list.firstIndex(({ triggeredAtMs }) => triggeredAtMs >= fromMs);
    for (let one = list.at(at); one !== undefined; one = list.at(at)) {
      if (one.triggeredAtMs > toMs || (one.triggeredAtMs === toMs && !isEndIncluded)) break;
      found.push(one);
      at += 1;
    }
    return found;
  }
}

export interface TriggerRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isEndIncluded: boolean;
}

function byTrigger(a: BlamingIncident, b: BlamingIncident): number {
  return a.triggeredAtMs - b.triggeredAtMs || a.row - b.row;
}
