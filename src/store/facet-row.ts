import type { SeveritySources } from '../model/incident.ts';
import { text } from './incident-row.ts';

/** One row of `facets` with its provider's name. */
export interface StoredFacet {
  readonly row: number;
  readonly provider: string;
  readonly providerRow: number;
  readonly serviceId: string;
  readonly team: string;
  readonly severity: SeveritySources;
}

/** Same facet, same key. */
export function facetKey({ providerRow, serviceId, team, severity }: Omit<StoredFacet, 'row'>): string {
  return JSON.stringify([providerRow, serviceId, team, severity.priority, severity.urgency, severity.tag]);
}

/** A row of `facets`, with `provider_name` beside its columns. */
export function readFacet(row: Record<string, unknown>): StoredFacet {
  return {
    row: Number(row['row']),
    provider: String(row['provider_name']),
    providerRow: Number(row['provider']),
    serviceId: String(row['service']),
    team: String(row['team']),
    severity: { priority: text(row, 'priority'), urgency: text(row, 'urgency'), tag: text(row, 'tag') },
  };
}
