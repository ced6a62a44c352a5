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

/** Address of a dashboard with the time range and those variables that both have. */
export function addressOf(to: PlaceName, from: PlaceName): string {
  const own: readonly string[] = PLACES[from].variables;
  const shared = PLACES[to].variables.filter((name) => own.includes(name));
  const handed = shared.map((name) => `\${${name}:queryparam}`);
  return `/d/${PLACES[to].uid}?${[`\${__url_time_range}`, ...handed].join('&')}`;
}

/** Address of the page of a service whose name stands in the cell. */
export function addressOfService(from: PlaceName): string {
  return `${addressOf('service', from)}&var-service=\${__value.raw:percentencode}`;
}

/** A link on a panel or on top of a dashboard. */
export function linkTo(to: PlaceName, from: PlaceName): Builder<DashboardLink> {
  const link: DashboardLink = {
    title: PLACES[to].title,
    type: DashboardLinkType.Link,
    icon: 'dashboard',
    tooltip: `Go to ${PLACES[to].title}`,
    url: addressOf(to, from),
    tags: [],
    asDropdown: false,
    targetBlank: false,
    includeVars: false,
    keepTime: false,
  };
  return { build: () => link };
}
