/** Who or what did something; people are sent by the fakes to prove that they are dropped. */
export type Actor = 'person' | 'integration' | 'timeout';

export interface SimulatedEvent {
  readonly kind: 'acknowledge' | 'unacknowledge' | 'escalate' | 'resolve' | 'reopen' | 'merge';
  readonly atMs: number;
  readonly by: Actor;
}

/** One incident of an invented organisation with its whole life, future included; a fake shows what has happened by its own now. */
export interface SimulatedIncident {
  readonly id: string;
  /** The platform's deduplication key, for platforms that have one. */
  readonly alias?: string | undefined;
  title: string;
  service: { readonly id: string; readonly name: string };
  team?: { readonly id: string; readonly name: string } | undefined;
  /** As the platform calls it (`P1`, `SEV-1`); absent when nobody set one. */
  priority?: string | undefined;
  urgency: 'high' | 'low';
  triggeredAtMs: number;
  /** In order of time. */
  events: readonly SimulatedEvent[];
  /** The platform begins to show the record (and each event) this much later than it happened. */
  shownAfterMs?: number | undefined;
  /** Answers 404 from here on. */
  deletedAtMs?: number | undefined;
  /** Answers 403 to a question for just this one, and is in no list. */
  forbidden?: boolean | undefined;
}

/** One alarm with its state changes. */
export interface SimulatedAlarm {
  readonly region: string;
  readonly name: string;
  readonly kind: 'MetricAlarm' | 'CompositeAlarm' | 'LogAlarm';
  tags: Readonly<Record<string, string>>;
  /** In order of time; before the first the state is INSUFFICIENT_DATA. */
  changes: readonly {
    readonly atMs: number;
    readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
    readonly shownAfterMs?: number;
  }[];
  deletedAtMs?: number | undefined;
}

/** What the fakes are fakes of. Tests and the demo change it while the fakes run. */
export interface World {
  incidents: SimulatedIncident[];
  alarms: SimulatedAlarm[];
}
