import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** What panels take their data from. */
export const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` } as const;

/** Everything, and what has no such label. */
const ALL = '.*';

interface Asked {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  readonly description: string;
  /** What to take of each answer, where the query does not name a label. */
  readonly regex?: string;
  readonly sort?: VariableSort;
}

const PROVIDER: Asked = {
  name: 'provider',
  label: 'Provider',
  query: 'label_values(mttr_exporter_provider_overall, provider)',
  description:
    'For counters, heatmaps and open incidents. Windowed statistics per provider need the grouping provider. Providers with overall: false count only where they are chosen alone.',
};
const SERVICE: Asked = {
  name: 'service',
  label: 'Service',
  query: 'label_values(incident_window_resolved{by="service",window=~".+"}, service)',
  description: 'For rows by service, counters, heatmaps and open incidents.',
};
const SEVERITY: Asked = {
  name: 'severity',
  label: 'Severity',
  query: 'label_values(incident_window_resolved{by="severity",window=~".+"}, severity)',
  description: 'For rows by severity, counters, heatmaps and open incidents.',
};
const TEAM: Asked = {
  name: 'team',
  label: 'Team',
  query: 'query_result(count by (team) (incident_open{team!=""} or incident_window_resolved{by="team",window=~".+"}))',
  regex: '/team="([^"]+)"/',
  description:
    'Empty unless metrics.team is true (counters, heatmaps and open incidents) or the grouping team is configured (windowed statistics).',
};
const WINDOW: Asked = {
  name: 'window',
  label: 'Window',
  query: 'label_values(incident_window_resolved{by="all",window=~".+"}, window)',
  sort: VariableSort.NumericalAsc,
  description: 'The span that windowed statistics look back over, whatever time range is shown.',
};

function asking({
  name,
  label,
  query,
  description,
  regex = '',
  sort = VariableSort.AlphabeticalAsc,
}: Asked): QueryVariableBuilder {
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

function many(asked: Asked): QueryVariableBuilder {
  return asking(asked)
    .multi(true)
    .includeAll(true)
    .allValue(ALL)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

const datasource = () => new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
const window = () => asking(WINDOW).current({ selected: true, text: '30d', value: '30d' });

/** For everything about incidents. */
export const incidentVariables: () => Builder<VariableModel>[] = () => [
  datasource(),
  window(),
  ...[PROVIDER, SERVICE, SEVERITY, TEAM].map(many),
];

/** For one service. */
export const serviceVariables: () => Builder<VariableModel>[] = () => [
  datasource(),
  asking(SERVICE),
  window(),
  ...[PROVIDER, SEVERITY, TEAM].map(many),
];

/** For the exporter itself. */
export const exporterVariables: () => Builder<VariableModel>[] = () => [datasource(), many(PROVIDER)];
