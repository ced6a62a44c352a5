import type { Reader } from '../config/label-mapper.ts';
import type { Incident, RejectionReason } from '../model/incident.ts';

/** What may become of a record that could be read. */
export const FATES = ['new', 'changed', 'unchanged', 'older'] as const;
/** `older`: what the store has is newer, or the same as a poll told it. */
export type Fate = (typeof FATES)[number];

/** Names of severities beyond these are counted, but not told. */
const SEVERITIES_MAX = 50;

/** What became of the records of an import. */
export interface Tally {
  readonly fates: Readonly<Record<Fate, number>>;
  readonly rejected: ReadonlyMap<RejectionReason, number>;
  readonly services: number;
  /** Incidents by the platform's own word for a severity that the configuration does not know; empty without one. */
  readonly unmapped: ReadonlyMap<string, number>;
  /** Outside the provider's filter: kept, and shown nowhere. */
  readonly excluded: number;
  /** Ended before the retention begins: the exporter will delete them. */
  readonly forgotten: number;
  readonly open: number;
  readonly oldestTriggerMs: number | undefined;
  readonly newestStampMs: number | undefined;
}

/** A tally that is being made. */
export interface Tallying {
  read(incident: Incident, fate: Fate): void;
  reject(reason: RejectionReason): void;
  tally(): Tally;
}

export interface TallyInput {
  readonly reader: Reader;
  /** What ended before this is not kept for long. */
  readonly retentionStartMs: number;
}

/** Counts what became of records; holds names of services and severities, no records. */
export function createTallying({ reader, retentionStartMs }: TallyInput): Tallying {
  const fates = { new: 0, changed: 0, unchanged: 0, older: 0 };
  const rejected = new Map<RejectionReason, number>();
  const services = new Set<string>();
  const unmapped = new Map<string, number>();
  const sums = { excluded: 0, forgotten: 0, open: 0 };
  let oldestTriggerMs: number | undefined;
  let newestStampMs: number | undefined;
  return {
    read: (incident, fate) => {
      fates[fate] += 1;
      const { triggeredAtMs, resolvedAtMs } = incident;
      const reading = reader.facet(facetOf(incident, reader.provider.name));
      services.add(reading.service);
      if (reading.excluded || reader.excludesTitle(incident.title)) sums.excluded += 1;
      if (resolvedAtMs === undefined) sums.open += 1;
      else if (resolvedAtMs < retentionStartMs) sums.forgotten += 1;
      const missing = reading.severity.unmapped;
      if (missing !== undefined) countWord(unmapped, missing.value ?? '');
      oldestTriggerMs = Math.min(oldestTriggerMs ?? triggeredAtMs, triggeredAtMs);
      const stampMs = Math.max(triggeredAtMs, resolvedAtMs ?? triggeredAtMs);
      newestStampMs = Math.max(newestStampMs ?? stampMs, stampMs);
    },
    reject: (reason) => rejected.set(reason, (rejected.get(reason) ?? 0) + 1),
    tally: () => ({ fates, rejected, services: services.size, unmapped, ...sums, oldestTriggerMs, newestStampMs }),
  };
}

function facetOf({ serviceId, serviceName, team = '', severity }: Incident, provider: string) {
  return { row: 0, provider, serviceId, serviceName, team, severity };
}

function countWord(counts: Map<string, number>, word: string): void {
  if (counts.has(word) || counts.size < SEVERITIES_MAX) counts.set(word, (counts.get(word) ?? 0) + 1);
}
