import type { SimulatedEvent, SimulatedIncident } from '../world.ts';
import type { Manner } from './manners.ts';
import type { NonEmpty, Random } from './random.ts';
import { type ShopService, shopServices } from './shop.ts';

/** How the shop uses one of the platforms that know incidents. */
export interface ShopPlatform {
  readonly services: NonEmpty<ShopService>;
  readonly incidentsPerDay: number;
  /** Share of incidents that are folded into another one; 0 where the platform cannot. */
  readonly mergedShare: number;
  /** The id of an incident; `serial` tells two of the same millisecond apart. */
  idAt(atMs: number, serial: number): string;
  /** The platform's deduplication key; absent where it has none. */
  aliasOf?(service: ShopService, troubleNumber: number): string;
}

const inBase36 = (value: number, digits: number) => value.toString(36).toUpperCase().padStart(digits, '0');
const inHexadecimal = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** The teams that sell. */
export const SHOP_PAGERDUTY: ShopPlatform = {
  services: shopServices(
    ['checkout', 'payments', 'cart', 'storefront', 'search', 'accounts', 'orders'],
    (kind, number) => `P${kind === 'team' ? 'TEAM' : 'SVC'}${String(number).padStart(3, '0')}`,
  ),
  incidentsPerDay: 1500 / 210,
  mergedShare: 0.04,
  idAt: (atMs, serial) => `Q${inBase36(atMs, 9)}${inBase36(serial, 4)}`,
};

/** The teams behind the counter. */
export const SHOP_OPSGENIE: ShopPlatform = {
  services: shopServices(
    ['inventory', 'shipping', 'recommendations', 'notifications', 'media'],
    (kind, number) => `${kind === 'team' ? '4513b7ea' : 'b5b9a115'}-3b91-438f-b7e4-${inHexadecimal(number, 12)}`,
  ),
  incidentsPerDay: 700 / 210,
  mergedShare: 0,
  idAt: (atMs, serial) => `70413a06-38d6-4c85-92b8-${inHexadecimal(serial, 12)}-${atMs}`,
  aliasOf: (service, troubleNumber) => `${service.name}-${troubleNumber + 1}`,
};

/** What is known of an incident before its life is. */
export interface Beginning {
  readonly atMs: number;
  readonly manner: Manner;
}

/** Opens incidents on one platform, each with an id of its own. */
export type Opener = (beginning: Beginning, events: readonly SimulatedEvent[]) => SimulatedIncident;

/** An opener that picks service and trouble by chance. */
export function createOpener(platform: ShopPlatform, random: Random): Opener {
  let serial = 0;
  return ({ atMs, manner }, events) => {
    serial += 1;
    const service = random.weighted(platform.services);
    const trouble = random.weighted(service.troubles);
    const { id, name, team } = service;
    const number = Math.round(random.between(2, 98));
    return {
      id: platform.idAt(atMs, serial),
      alias: platform.aliasOf?.(service, service.troubles.indexOf(trouble)),
      title: `${name}: ${trouble.text.replace('#', String(number))}`,
      service: { id, name },
      team,
      priority: manner.priority,
      urgency: manner.urgency,
      triggeredAtMs: atMs,
      events,
    };
  };
}
