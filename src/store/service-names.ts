import type { Deployment } from '../model/deployment.ts';
import type { Incident, Service } from '../model/incident.ts';
import { type LedgerState, serviceKey } from './state.ts';

/** The services of a poll: the platform's whole list, or names that came with incidents. */
export interface ServiceNames {
  readonly catalogue?: readonly Service[] | undefined;
  readonly incidents: readonly Pick<Incident, 'serviceId' | 'serviceName'>[];
  readonly deployments?: readonly Pick<Deployment, 'repository' | 'serviceName'>[] | undefined;
}

/** Stores the newest names of services; true when one of them had another name before. */
export function updateServices(state: LedgerState, providerRow: number, names: ServiceNames): boolean {
  let isRenamed = false;
  const update = ({ id, name }: Service, isListed?: boolean) => {
    const key = serviceKey(providerRow, id);
    const known = state.services.get(key);
    const next = { id, name, providerRow, isListed: isListed ?? known?.isListed ?? false };
    if (known?.name === name && known.isListed === next.isListed) return;
    state.services.set(key, next);
    if (known !== undefined && known.name !== name) isRenamed = true;
  };
  if (names.catalogue !== undefined) {
    const listed = new Set(names.catalogue.map(({ id }) => id));
    for (const service of state.services.values()) {
      const isGone = service.providerRow === providerRow && service.isListed && !listed.has(service.id);
      if (isGone) update(service, false);
    }
    for (const service of names.catalogue) update(service, true);
  }
  for (const { serviceId, serviceName } of names.incidents) update({ id: serviceId, name: serviceName });
  for (const { repository, serviceName } of names.deployments ?? []) update({ id: repository, name: serviceName });
  if (isRenamed) state.relabel();
  return isRenamed;
}
