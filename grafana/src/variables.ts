import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  ConstantVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** What panels take their data from. */
export const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` } as const;

/** Everything, and what has no such label. */
const ALL = '.*';

interface ValueList {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  readonly description: string;
  /** What to take of each result, where the query does not name a label. */
  readonly regex?: string;
  readonly sort?: VariableSort;
}

const PROVIDER: ValueList = {
  name: 'provider',
  label: 'Provider',
  query: 'label_values(mttr_exporter_provider_overall, provider)',
  description:
    'For counters, heatmaps and open incidents. Windowed statistics per provider need the grouping provider. Providers with overall: false count only where they are chosen alone.',
};
const SERVICE: ValueList = {
  name: 'service',
  label: 'Service',
  query: 'label_values(incident_window_resolved{by="service",window=~".+"}, service)',
  description: 'For rows by service, counters, heatmaps and open incidents.',
};
const DEPLOYED_SERVICE: ValueList = {
  ...SERVICE,
  query: 'label_values(dora_window_deployments{by="service",window=~".+"}, service)',
  description: 'For rows by service, what fails now, and deployments that ended.',
};
const SEVERITY: ValueList = {
  name: 'severity',
  label: 'Severity',
  query: 'label_values(incident_window_resolved{by="severity",window=~".+"}, severity)',
  description: 'For rows by severity, counters, heatmaps and open incidents.',
};
const TEAM: ValueList = {
  name: 'team',
  label: 'Team',
  query: 'query_result(count by (team) (incident_open{team!=""} or incident_window_resolved{by="team",window=~".+"}))',
  regex: '/team="([^"]+)"/',
  description:
    'Empty unless metrics.team is true (counters, heatmaps and open incidents) or the grouping team is configured (windowed statistics).',
};
const WORST: ValueList = {
  name: 'worst',
  label: 'Worst severity',
  query: 'query_result(max by (severity) (incident_severity_rank) == 0)',
  regex: '/severity="([^"]+)"/',
  description: 'The severities whose openings and ends are annotations: those of rank 0, whatever they are called.',
};
const WINDOW: ValueList = {
  name: 'window',
  label: 'Window',
  query: 'label_values(incident_window_resolved{by="all",window=~".+"}, window)',
  sort: VariableSort.NumericalAsc,
  description: 'How far windowed statistics look back, whatever time range is shown.',
};

function queried({
  name,
  label,
  query,
  description,
  regex = '',
  sort = VariableSort.AlphabeticalAsc,
}: ValueList): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .regex(regex)
    .allowCustomValue(false)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(sort);
}

function multiple(list: ValueList): QueryVariableBuilder {
  return queried(list)
    .multi(true)
    .includeAll(true)
    .allValue(ALL)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

const datasource = () => new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
const window = () => queried(WINDOW).current({ selected: true, text: '30d', value: '30d' });

/** Addresses that nobody can know here: an import by hand asks for them, who provisions replaces them in the files. */
export const ADDRESSES = {
  exporter: {
    label: 'Exporter',
    value: 'http://localhost:16887',
    description: 'Where a browser finds the exporter, without a slash at the end',
  },
  repository: {
    label: 'Repository',
    value: 'https://example.invalid/mttr-exporter',
    description: 'Where a browser finds a copy of the repository with the runbooks, without a slash at the end',
  },
} as const;

const addresses = () =>
  Object.entries(ADDRESSES).map(([name, { label, value, description }]) =>
    new ConstantVariableBuilder(name).label(label).description(description).value(value),
  );

/** All of them: several severities may have rank 0. Without a value for all, none means no series. */
const worst = () =>
  queried(WORST)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .hide(VariableHide.HideVariable);

/** For everything about incidents. */
export const incidentVariables: () => Builder<VariableModel>[] = () => [
  datasource(),
  window(),
  ...[PROVIDER, SERVICE, SEVERITY, TEAM].map(multiple),
  worst(),
  ...addresses(),
];

/** For one service. */
export const serviceVariables: () => Builder<VariableModel>[] = () => [
  datasource(),
  queried(SERVICE),
  window(),
  ...[PROVIDER, SEVERITY, TEAM].map(multiple),
  worst(),
  ...addresses(),
];

/** For deployments. What no panel follows is hidden: it is there for the links to the other dashboards. */
export const deliveryVariables: () => Builder<VariableModel>[] = () => [
  datasource(),
  window(),
  ...[PROVIDER, DEPLOYED_SERVICE].map(multiple),
  ...[SEVERITY, TEAM].map((list) => multiple(list).hide(VariableHide.HideVariable)),
  worst(),
  ...addresses(),
];

/** For the exporter itself. What no panel follows is hidden: it is there for the links to the other dashboards. */
export const exporterVariables: () => Builder<VariableModel>[] = () => [
  datasource(),
  multiple(PROVIDER),
  window().hide(VariableHide.HideVariable),
  ...[SERVICE, SEVERITY, TEAM].map((list) => multiple(list).hide(VariableHide.HideVariable)),
  ...addresses(),
];
