import { STATUSES } from '../model/stored.ts';
import type { OpenRow } from './rows.ts';
import { SortedNumbers } from './sorted-numbers.ts';

/** What `incident_open` and its neighbours are read from: one combination of base labels. */
export class Base implements OpenRow {
  readonly provider: string;
  readonly service: string;
  readonly severity: string;
  readonly team: string;
  readonly open: number[] = STATUSES.map(() => 0);
  readonly #openSince = new SortedNumbers();
  readonly #resolvedAt = new SortedNumbers();
  incidents = 0;
  version = 0;

  constructor(labels: Pick<OpenRow, 'provider' | 'service' | 'severity' | 'team'>) {
    this.provider = labels.provider;
    this.service = labels.service;
    this.severity = labels.severity;
    this.team = labels.team;
  }

  get oldestAtMs(): number | undefined {
    return this.#openSince.at(0);
  }

  get lastResolvedAtMs(): number | undefined {
    return this.#resolvedAt.at(this.#resolvedAt.size - 1);
  }

  count(incident: Placed, sign: 1 | -1): void {
    const { status, triggeredAtMs, resolvedAtMs } = incident;
    this.incidents += sign;
    this.version += 1;
    if (incident.isOpen) {
      this.open[status] = (this.open[status] ?? 0) + sign;
      this.#openSince.change(triggeredAtMs, sign);
    }
    if (!Number.isNaN(resolvedAtMs)) this.#resolvedAt.change(resolvedAtMs, sign);
  }
}

/** The little that open gauges need of an incident. */
export interface Placed {
  /** Index into STATUSES. */
  readonly status: number;
  readonly isOpen: boolean;
  readonly triggeredAtMs: number;
  /** NaN without one. */
  readonly resolvedAtMs: number;
}
