import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { type DashboardLink, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

/** The dashboards with their titles and identifiers; users keep links with these, so they stay. */
export const DASHBOARDS = {
  overview: { uid: 'mttr-overview', title: 'Recovery overview' },
  service: { uid: 'mttr-service', title: 'Service detail' },
  targets: { uid: 'mttr-targets', title: 'Targets and error budget' },
  delivery: { uid: 'mttr-delivery', title: 'Delivery (DORA)' },
  health: { uid: 'mttr-health', title: 'Exporter health' },
} as const;

/** One of the dashboards. */
export type DashboardName = keyof typeof DASHBOARDS;

/** All of them, in the order in which links stand. */
export const DASHBOARD_NAMES = [
  'overview',
  'service',
  'targets',
  'delivery',
  'health',
] as const satisfies readonly DashboardName[];

/** What every link hands over: each dashboard has all of these variables, some of them hidden. */
const HANDED_OVER = ['datasource', 'window', 'provider', 'service', 'severity', 'team'];

/** Only panels and cells know the range by this name; links on top carry it by a switch of their own. */
const TIME_RANGE = `\${__url_time_range}`;

/** The value of another column of the row, fit for an address. */
function ofRow(column: string): string {
  return `\${__data.fields.${column}:percentencode}`;
}

function dashboardUrl(to: DashboardName, more: readonly string[] = [], replaced: readonly string[] = []): string {
  const variables = HANDED_OVER.filter((name) => !replaced.includes(name)).map((name) => `\${${name}:queryparam}`);
  return `/d/${DASHBOARDS[to].uid}?${[...variables, ...more].join('&')}`;
}

/** A link of a cell. */
export interface CellLink {
  readonly title: string;
  readonly url: string;
  readonly targetBlank: boolean;
}

/** Leads from the name of a service to its dashboard. */
export const SERVICE_LINK: CellLink = {
  title: 'Service detail',
  url: dashboardUrl('service', [TIME_RANGE, `var-service=\${__value.raw:percentencode}`], ['service']),
  targetBlank: false,
};

/** Leads from the name of an alert to its runbook. */
export const RUNBOOK_LINK: CellLink = {
  title: 'Runbook',
  url: `\${repository}/docs/runbooks/\${__value.raw:percentencode}.md`,
  targetBlank: true,
};

/** Leads from a row to its incidents at the exporter, each with its address at the platform. */
export function incidentsLink(status: 'open' | 'resolved', columns: readonly string[]): CellLink {
  const labels = columns.map((column) => `${column.toLowerCase()}=${ofRow(column)}`);
  return {
    title: `${status === 'open' ? 'Open' : 'Resolved'} incidents`,
    url: `\${exporter}/api/v1/incidents?${[...labels, `status=${status}`, 'limit=20'].join('&')}`,
    targetBlank: true,
  };
}

interface TopLink {
  readonly title: string;
  readonly url: string;
  readonly icon: string;
  readonly tooltip: string;
  readonly isOutside: boolean;
}

function topLink({ title, url, icon, tooltip, isOutside }: TopLink): Builder<DashboardLink> {
  const link: DashboardLink = {
    title,
    type: DashboardLinkType.Link,
    icon,
    tooltip,
    url,
    tags: [],
    asDropdown: false,
    targetBlank: isOutside,
    includeVars: false,
    keepTime: !isOutside,
  };
  return { build: () => link };
}

/** The links on top of a dashboard: to the others, to the exporter and to the runbooks. */
export function topLinks(from: DashboardName): Builder<DashboardLink>[] {
  const others = DASHBOARD_NAMES.filter((name) => name !== from).map((name) => {
    const { title } = DASHBOARDS[name];
    return topLink({
      title,
      url: dashboardUrl(name),
      icon: 'dashboard',
      tooltip: `Go to ${title}`,
      isOutside: false,
    });
  });
  const status = topLink({
    title: 'Status page',
    url: `\${exporter}/`,
    icon: 'external link',
    tooltip: 'Go to the status page of the exporter: what is open, with links to the incidents',
    isOutside: true,
  });
  const runbooks = topLink({
    title: 'Runbooks',
    url: `\${repository}/docs/runbooks`,
    icon: 'doc',
    tooltip: 'Go to the runbooks of the alerts',
    isOutside: true,
  });
  return [...others, status, runbooks];
}
