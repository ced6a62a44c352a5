import type { Status } from './incident.ts';

/** What a platform reports at all; metrics about the rest are absent for its providers. */
export interface Capabilities {
  /** The open statuses that it reports. */
  readonly statuses: readonly Exclude<Status, 'resolved'>[];
  readonly started: boolean;
  readonly identified: boolean;
  readonly acknowledged: boolean;
  readonly mitigated: boolean;
  readonly escalations: boolean;
  readonly reopens: boolean;
  /** How long the platform keeps its history, where that is limited. */
  readonly retentionMs?: number | undefined;
}
