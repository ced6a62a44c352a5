import { MINUTE_MS } from '../../model/time.ts';
import type { SimulatedEvent, SimulatedIncident } from '../world.ts';
import type { NonEmpty, Random } from './random.ts';

/** A service of the invented shop. */
export interface ShopService {
  readonly id: string;
  readonly name: string;
  readonly team: { readonly id: string; readonly name: string };
  /** How often it is in trouble, against the others. */
  readonly weight: number;
  /** What goes wrong on it; `#` stands for a number that is another each time. */
  readonly troubles: NonEmpty<Trouble>;
}

interface Trouble {
  readonly text: string;
  readonly weight: number;
}

const USUAL_TROUBLES: NonEmpty<Trouble> = [
  { text: 'error ratio above # %', weight: 6 },
  { text: 'slowest requests take more than #00 ms', weight: 5 },
  { text: '# instances start again and again', weight: 3 },
  { text: 'no free connections to the database', weight: 2 },
  { text: 'disk is # % full', weight: 2 },
  { text: 'certificate ends in # days', weight: 1 },
];

const TEAM_NAMES = ['storefront', 'purchase', 'fulfilment', 'platform'] as const;

/** Name, team, how often it is in trouble, and the trouble that only it has. */
const SERVICES = [
  ['checkout', 'purchase', 5, 'payment step loses # orders a minute'],
  ['payments', 'purchase', 4, 'card network refuses # % of the payments'],
  ['cart', 'purchase', 2, 'carts are empty after signing in'],
  ['storefront', 'storefront', 4, 'home page is blank in # shops'],
  ['search', 'storefront', 4, 'index is # minutes old'],
  ['recommendations', 'storefront', 2, 'nothing is recommended'],
  ['orders', 'fulfilment', 3, 'queue holds # orders'],
  ['inventory', 'fulfilment', 3, 'stock differs from the warehouse by # pieces'],
  ['shipping', 'fulfilment', 2, 'labels are not printed for # minutes'],
  ['accounts', 'platform', 3, 'password mails wait for # minutes'],
  ['notifications', 'platform', 2, '# messages were sent twice'],
  ['media', 'platform', 1, 'pictures answer 404 from # locations'],
] as const;

export type ServiceName = (typeof SERVICES)[number][0];

/** These services as one platform knows them: `idOf` gives a service or a team its id there. */
export function shopServices(
  names: NonEmpty<ServiceName>,
  idOf: (kind: 'service' | 'team', number: number) => string,
): NonEmpty<ShopService> {
  const serviceOf = (name: ServiceName): ShopService => {
    const number = SERVICES.findIndex(([one]) => one === name);
    const [, teamName, weight, ownTrouble] = SERVICES[number] ?? SERVICES[0];
    const team = { id: idOf('team', TEAM_NAMES.indexOf(teamName) + 1), name: teamName };
    const troubles: NonEmpty<Trouble> = [{ text: ownTrouble, weight: 4 }, ...USUAL_TROUBLES];
    return { id: idOf('service', number + 1), name, team, weight, troubles };
  };
  const [first, ...others] = names;
  return [serviceOf(first), ...others.map(serviceOf)];
}

/** How the shop's people deal with troubles of one severity. */
export interface Manner {
  /** As the platform calls it; absent: nobody sets one, and the urgency is all there is. */
  readonly priority: string | undefined;
  readonly urgency: 'high' | 'low';
  /** Share of all incidents. */
  readonly weight: number;
  readonly recovery: { readonly medianMs: number; readonly spread: number };
  readonly acknowledgement: { readonly share: number; readonly medianMs: number; readonly spread: number };
  /** Without an acknowledgement by then somebody else is called; absent: nobody is. */
  readonly escalatesAfterMs: number | undefined;
}

/** From short and watched to long and forgotten; the worst severity is the rarest. */
export const MANNERS: NonEmpty<Manner> = [
  {
    priority: 'P1',
    urgency: 'high',
    weight: 5,
    recovery: { medianMs: 17 * MINUTE_MS, spread: 0.8 },
    acknowledgement: { share: 0.98, medianMs: 2.5 * MINUTE_MS, spread: 0.7 },
    escalatesAfterMs: 5 * MINUTE_MS,
  },
  {
    priority: 'P2',
    urgency: 'high',
    weight: 14,
    recovery: { medianMs: 65 * MINUTE_MS, spread: 0.95 },
    acknowledgement: { share: 0.95, medianMs: 6 * MINUTE_MS, spread: 0.8 },
    escalatesAfterMs: 15 * MINUTE_MS,
  },
  {
    priority: 'P3',
    urgency: 'high',
    weight: 32,
    recovery: { medianMs: 190 * MINUTE_MS, spread: 1.1 },
    acknowledgement: { share: 0.85, medianMs: 18 * MINUTE_MS, spread: 1 },
    escalatesAfterMs: 30 * MINUTE_MS,
  },
  {
    priority: 'P4',
    urgency: 'low',
    weight: 22,
    recovery: { medianMs: 540 * MINUTE_MS, spread: 1.1 },
    acknowledgement: { share: 0.65, medianMs: 70 * MINUTE_MS, spread: 1.1 },
    escalatesAfterMs: undefined,
  },
  {
    priority: 'P5',
    urgency: 'low',
    weight: 11,
    recovery: { medianMs: 1300 * MINUTE_MS, spread: 1.2 },
    acknowledgement: { share: 0.4, medianMs: 200 * MINUTE_MS, spread: 1.2 },
    escalatesAfterMs: undefined,
  },
  {
    priority: undefined,
    urgency: 'high',
    weight: 7,
    recovery: { medianMs: 60 * MINUTE_MS, spread: 1.2 },
    acknowledgement: { share: 0.75, medianMs: 12 * MINUTE_MS, spread: 1 },
    escalatesAfterMs: 30 * MINUTE_MS,
  },
  {
    priority: undefined,
    urgency: 'low',
    weight: 9,
    recovery: { medianMs: 300 * MINUTE_MS, spread: 1.3 },
    acknowledgement: { share: 0.4, medianMs: 90 * MINUTE_MS, spread: 1.1 },
    escalatesAfterMs: undefined,
  },
];

/** The manner of a severity by name; of one that is not in the list: the first. */
export function mannerOf(priority: string): Manner {
  return MANNERS.find((manner) => manner.priority === priority) ?? MANNERS[0];
}

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
