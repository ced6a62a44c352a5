import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load as parse } from 'js-yaml';
import { z } from 'zod';
import { DASHBOARDS } from '../../grafana/src/dashboards.ts';
import { strangersIn } from './catalogue.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const FOLDER = `${root}deploy/prometheus/`;

/** Where the rules say that the pages are; users replace it. */
export const RUNBOOKS = 'https://example.invalid/mttr-exporter/docs/runbooks/';
/** Where the rules say that Grafana is; users replace it. */
export const GRAFANA = 'https://grafana.example.invalid/';

const Rule = z.strictObject({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  keep_firing_for: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
});
export type Rule = z.infer<typeof Rule>;

const RuleFile = z.strictObject({
  groups: z.strictObject({ name: z.string(), rules: Rule.array() }).array(),
});

/** The rules of a shipped file, in order. */
export function rulesIn(name: string): Rule[] {
  const { groups } = RuleFile.parse(parse(readFileSync(FOLDER + name, 'utf8')));
  return groups.flatMap(({ rules }) => rules);
}

const BY_LEVEL: Readonly<Record<string, readonly string[]>> = {
  mttr: [],
  all: [],
  severity: ['severity'],
  severity_rank_urgency: ['severity', 'incident_rank', 'urgency'],
  service: ['service'],
  provider: ['provider'],
  provider_service: ['provider', 'service'],
  provider_service_environment: ['provider', 'service', 'environment'],
  service_level: ['service', 'level'],
  provider_service_severity: ['provider', 'service', 'severity', 'team'],
};

/** The series that rules record, with their labels: those of the level, and those that the rule gives. */
export function recordedSeries(rules: readonly Rule[]): Map<string, readonly string[]> {
  return new Map(
    rules.flatMap(({ record, labels }) => {
      if (record === undefined) return [];
      const [level = ''] = record.split(':');
      const own = record.includes(':') ? BY_LEVEL[level] : ['service', 'severity'];
      return own === undefined ? [] : [[record, [...own, ...Object.keys(labels)]] as const];
    }),
  );
}

/** What is wrong with a rule, one sentence each, beginning with its name; empty when all is well. */
export function problemsOf(rule: Rule, recorded: ReadonlyMap<string, readonly string[]>): string[] {
  const name = rule.alert ?? rule.record ?? '';
  const problems = strangersIn(rule.expr, recorded);
  if (rule.alert !== undefined) problems.push(...problemsOfAlert(rule));
  return problems.map((problem) => `${name}: ${problem}`);
}

const WANTED_LABELS: Readonly<Record<string, RegExp>> = {
  severity: /^(critical|warning|info|\{\{ if .* \}\}critical\{\{ else \}\}warning\{\{ end \}\})$/,
  area: /^(recovery|delivery|exporter)$/,
};

function problemsOfAlert({ alert, labels, annotations }: Rule): string[] {
  const problems: string[] = [];
  for (const [label, form] of Object.entries(WANTED_LABELS)) {
    if (!form.test(labels[label] ?? '')) problems.push(`the label ${label} is ${labels[label] ?? 'missing'}`);
  }
  for (const annotation of ['summary', 'description', 'runbook_url', 'dashboard_url']) {
    if ((annotations[annotation] ?? '') === '') problems.push(`there is no ${annotation}`);
  }
  const link = annotations['runbook_url'] ?? '';
  if (link !== `${RUNBOOKS}${alert}.md`) problems.push(`the runbook is ${link}, expected ${RUNBOOKS}${alert}.md`);
  else if (!existsSync(`${root}docs/runbooks/${alert}.md`)) problems.push(`there is no page docs/runbooks/${alert}.md`);
  problems.push(...problemsOfDashboard(annotations['dashboard_url'] ?? ''));
  return problems;
}

/** The variables of each dashboard, by its identifier. */
const VARIABLES = new Map(
  Object.values(DASHBOARDS).map(({ uid = '', templating }) => [uid, (templating.list ?? []).map(({ name }) => name)]),
);

/** Fixed text, or a label that is made fit for an address. */
const IN_ADDRESS = /^(?:[\w-]+|\{\{ \$labels\.\w+ \| urlquery \}\})$/;

function problemsOfDashboard(link: string): string[] {
  const [, uid = '', query = ''] = link.startsWith(`${GRAFANA}d/`)
    ? (/\/d\/([\w-]+)(?:\?(.*))?$/.exec(link) ?? [])
    : [];
  const variables = VARIABLES.get(uid);
  if (variables === undefined)
    return [`the dashboard is ${link}, expected ${GRAFANA}d/ and one of ${[...VARIABLES.keys()].join(', ')}`];
  return query
    .split('&')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [, name = '', value = ''] = /^var-(\w+)=(.*)$/.exec(part) ?? [];
      if (!variables.includes(name)) return [`the dashboard ${uid} has no variable for ${part}`];
      return IN_ADDRESS.test(value)
        ? []
        : [`${value} may not fit into an address, expected a word or {{ $labels.… | urlquery }}`];
    });
}
