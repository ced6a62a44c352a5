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

  /** Takes an incident, or takes it back: its status (index into STATUSES), and its end (NaN without one). */
  count(
    incident: { status: number; isOpen: boolean; triggeredAtMs: number; resolvedAtMs: number },
    sign: 1 | -1,
  ): void {
    const { status, isOpen, triggeredAtMs, resolvedAtMs } = incident;
    this.incidents += sign;
    this.version += 1;
    if (isOpen) {
      this.open[status] = (this.open[status] ?? 0) + sign;
      this.#openSince.change(triggeredAtMs, sign);
    }
    if (!Number.isNaN(resolvedAtMs)) this.#resolvedAt.change(resolvedAtMs, sign);
  }
}
