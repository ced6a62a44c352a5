import type { NonEmpty } from './random.ts';

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
