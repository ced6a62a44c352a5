import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery,
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { FRESH, NEUTRAL, NONE_IS_GOOD, stepsConfig, UNJUDGED, VERDICTS, WORST_COLOUR } from './colours.ts';
import { DASHBOARDS, type DashboardName, topLinks } from './links.ts';
import { stat } from './panels.ts';
import { deploymentsEnded, ofProviders, summed, URGENT_RECOVERY_ALERTS } from './promql.ts';
import { DATASOURCE } from './variables.ts';

/** Panels under one heading; their widths fill lines of 24 columns. */
export interface Section {
  /** Stays with the heading for good; no panel has it. */
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
  /** Opens on a click, and asks Prometheus only then. */
  readonly isCollapsed?: boolean;
}

interface DashboardSpec {
  readonly name: DashboardName;
  readonly description: string;
  readonly variables: Builder<VariableModel>[];
  readonly sections: readonly Section[];
}

/** A day: long enough for a line, short enough that what was scraped for minutes is seen. */
const RANGE = { from: 'now-24h', to: 'now' };
const STALENESS_ID = 900;

/** On top of every dashboard: how old its numbers are. */
function staleness(): Builder<Panel> {
  const polled = ofProviders('mttr_exporter_last_success_timestamp_seconds');
  const up = ofProviders('mttr_exporter_provider_up');
  return stat({
    id: STALENESS_ID,
    title: 'Freshness of the numbers',
    description:
      'The last successful poll of the provider that was polled longest ago: the numbers are as of then. While a provider is down its incidents stand still.',
    unit: 'none',
    decimals: 0,
    width: 24,
    height: 3,
    queries: [
      { expression: `1000 * min(${polled})`, legend: 'numbers as of' },
      { expression: `time() - min(${polled})`, legend: 'age' },
      { expression: `sum(${up})`, legend: 'providers up' },
      { expression: `count(${up} == 0) or on () 0 * count(${up})`, legend: 'providers down' },
    ],
    steps: NONE_IS_GOOD,
    overrides: {
      'numbers as of': [{ id: 'unit', value: 'dateTimeAsIso' }, ...UNJUDGED],
      age: [
        { id: 'unit', value: 's' },
        { id: 'thresholds', value: stepsConfig(FRESH) },
      ],
      'providers up': [...UNJUDGED],
    },
  });
}

interface AnnotationSpec {
  readonly name: string;
  readonly expression: string;
  readonly title: string;
  readonly text: string;
  readonly tags: string;
  readonly colour: string;
}

function annotation({ name, expression, title, text, tags, colour }: AnnotationSpec): Builder<AnnotationQuery> {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .target(new DataqueryBuilder().refId('Anno').datasource(DATASOURCE).expr(expression).range())
    .expr(expression)
    .step('60s')
    .titleFormat(title)
    .textFormat(text)
    .tagKeys(tags);
}

/** What happened, on every line: alerts about recovery while they fire, openings and ends of the worst severity. */
export function incidentAnnotations(): Builder<AnnotationQuery>[] {
  const ofWorst = (metric: string) =>
    summed({ metric, by: ['provider', 'service', 'severity'], over: '$__rate_interval', severity: 'worst' });
  return [
    annotation({
      name: 'Alerts',
      expression: URGENT_RECOVERY_ALERTS,
      title: '{{alertname}}',
      text: '{{incident_severity}} {{service}}',
      tags: 'severity,incident_severity,service',
      colour: VERDICTS.warning,
    }),
    annotation({
      name: 'Opened, worst severity',
      expression: `${ofWorst('incident_opened_total')} > 0`,
      title: '{{severity}} opened',
      text: '{{service}} ({{provider}})',
      tags: 'severity,service',
      colour: WORST_COLOUR,
    }),
    annotation({
      name: 'Resolved, worst severity',
      expression: `${ofWorst('incident_recovery_time_minutes_count')} > 0`,
      title: '{{severity}} resolved',
      text: '{{service}} ({{provider}})',
      tags: 'severity,service',
      colour: VERDICTS.good,
    }),
    annotation({
      name: 'Deployments',
      expression: deploymentsEnded,
      title: '{{outcome}} of a deployment',
      text: '{{service}} to {{environment}} ({{provider}})',
      tags: 'outcome,service,environment',
      colour: NEUTRAL,
    }),
  ];
}

/** Puts a dashboard together: freshness, sections, links on top, annotations where it has incidents. */
export function buildDashboard({ name, description, variables, sections }: DashboardSpec): Dashboard {
  const { title, uid } = DASHBOARDS[name];
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['mttr-exporter'])
    .timezone('browser')
    .time(RANGE)
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .annotations(name === 'health' ? [] : incidentAnnotations())
    .links(topLinks(name))
    .variables(variables)
    .withPanel(staleness());
  for (const { id, title: heading, panels, isCollapsed = false } of sections) {
    const row = new RowBuilder(heading).id(id);
    if (isCollapsed) {
      for (const panel of panels) row.withPanel(panel);
      builder.withRow(row.collapsed(true));
      continue;
    }
    builder.withRow(row);
    for (const panel of panels) builder.withPanel(panel);
  }
  return builder.build();
}
