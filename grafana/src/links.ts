import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { type DashboardLink, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

interface Place {
  readonly uid: string;
  readonly title: string;
  /** Variables that a link hands over; a service is handed over only where one row names it. */
  readonly variables: readonly string[];
}

const SHARED = ['datasource', 'provider', 'severity', 'team', 'window'];

/** The dashboards with what they are called and found by; the identifiers stand in links of users, so they stay. */
export const PLACES = {
  overview: { uid: 'mttr-overview', title: 'Recovery overview', variables: SHARED },
  service: { uid: 'mttr-service', title: 'Service detail', variables: SHARED },
  targets: { uid: 'mttr-targets', title: 'Targets and error budget', variables: SHARED },
  health: { uid: 'mttr-health', title: 'Exporter health', variables: ['datasource', 'provider'] },
} as const satisfies Readonly<Record<string, Place>>;

/** One of the dashboards. */
export type PlaceName = keyof typeof PLACES;

/** All of them, in the order in which links stand. */
export const PLACE_NAMES = ['overview', 'service', 'targets', 'health'] as const satisfies readonly PlaceName[];

function handed(to: PlaceName, from: PlaceName): string[] {
  const own: readonly string[] = PLACES[from].variables;
  return PLACES[to].variables.filter((name) => own.includes(name)).map((name) => `\${${name}:queryparam}`);
}

/** Address of a dashboard with those variables that both have, and what else there is to say. */
function addressOf(to: PlaceName, from: PlaceName, more: readonly string[]): string {
  return `/d/${PLACES[to].uid}?${[...handed(to, from), ...more].join('&')}`;
}

/** Only panels and cells know the range by this name; links on top carry it by a switch of their own. */
const TIME_RANGE = `\${__url_time_range}`;

/** Address of the page of a service whose name stands in the cell. */
export function addressOfService(from: PlaceName): string {
  return addressOf('service', from, [TIME_RANGE, `var-service=\${__value.raw:percentencode}`]);
}

function link(to: PlaceName, url: string, keepTime: boolean): Builder<DashboardLink> {
  const built: DashboardLink = {
    title: PLACES[to].title,
    type: DashboardLinkType.Link,
    icon: 'dashboard',
    tooltip: `Go to ${PLACES[to].title}`,
    url,
    tags: [],
    asDropdown: false,
    targetBlank: false,
    includeVars: false,
    keepTime,
  };
  return { build: () => built };
}

/** A link on a panel. */
export function panelLink(to: PlaceName, from: PlaceName): Builder<DashboardLink> {
  return link(to, addressOf(to, from, [TIME_RANGE]), false);
}

/** A link on top of a dashboard. */
export function topLink(to: PlaceName, from: PlaceName): Builder<DashboardLink> {
  return link(to, addressOf(to, from, []), true);
}
