import { OTHER } from './facets.ts';
import type { Rooms } from './sqlite.ts';

/**
 * Gives services their places and label sets their series by today's names: what is in use no more leaves, what waits
 * takes a free place, what has no series yet is born at zero. True when incidents may be called otherwise now.
 */
export function settlePlaces(rooms: Rooms, nowMs: number): boolean {
  const { facets, sets, providers } = rooms;
  const { readers } = rooms.settings();
  const isWanted = (name: string) => readers.has(name) && providers.drafted(name).isSynced;
  const dismissed = facets.dismiss(isWanted);
  const hasAdmitted = facets.admit(isWanted);
  const hasPlace = (service: string) => service === OTHER || facets.hasPlace(service);
  sets.drop(({ kind, provider, service }) => kind === 'service' && isWanted(provider) && !hasPlace(service));
  for (const row of facets.inUse(isWanted)) {
    const labels = facets.labels(row);
    if (labels !== undefined && !labels.excluded) rooms.ledger.bear(labels, nowMs);
  }
  return dismissed > 0 || hasAdmitted;
}
