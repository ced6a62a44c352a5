import { type Mapping, parseFieldPath, type RowCondition, toMapping } from './mapping.ts';

/** PagerDuty: incidents of the REST API, rows of its analytics, and the CSV of its reports. */
const pagerduty = toMapping('pagerduty', {
  id: ['id', 'incident_id'],
  url: 'html_url',
  title: ['title', 'description'],
  service_id: ['service.id', 'service_id'],
  service: ['service.summary', 'service_name'],
  team: ['teams.0.summary', 'team_name'],
  severity: ['priority.summary', 'priority.name', 'priority_name', 'priority'],
  urgency: 'urgency',
  status: 'status',
  triggered_at: ['created_at', 'created_on'],
  acknowledged_at: { from: ['seconds_to_first_ack'], sinceTrigger: 's' },
  resolved_at: [{ from: ['resolved_at', 'resolved_on'] }, { from: ['seconds_to_resolve'], sinceTrigger: 's' }],
  status_changed_at: 'last_status_change_at',
  // The rows of the analytics have an updated_at of their own, which is not the incident's.
  updated_at: 'last_status_change_at',
  auto_resolved: 'auto_resolved',
  merged: { from: ['resolve_reason.type'], values: { merge_resolve_reason: 'true', '*': 'false' } },
});

/** Opsgenie: alerts of the REST API (list or single), and tables of the same fields. */
const opsgenie = toMapping('opsgenie', {
  id: ['id', 'Alert ID'],
  title: 'message',
  service: { from: ['tags'], tag: 'service' },
  team: ['team', 'teams'],
  severity_tag: { from: ['tags'], tag: 'severity' },
  severity: 'priority',
  // An open alert may have been acknowledged once and no longer be: `acknowledged` is its state now.
  status: [
    { from: ['status'], values: { closed: 'resolved', open: '' } },
    { from: ['acknowledged'], values: { true: 'acknowledged', false: 'triggered' } },
    'status',
  ],
  triggered_at: ['createdAt', 'createdAtDate'],
  acknowledged_at: { from: ['report.ackTime', 'ackTime'], sinceTrigger: 'ms' },
  resolved_at: { from: ['report.closeTime', 'closeTime'], sinceTrigger: 'ms' },
  updated_at: ['updatedAt', 'updatedAtDate'],
  fingerprint: 'alias',
});

const JIRA_DATES = ['d/LLL/yy h:mm a', 'd/LLL/yy H:mm', 'd/LLL/yyyy h:mm a', 'd/LLL/yyyy H:mm'];

/** Jira: the CSV of a search, and the JSON of the search API. */
const jira = toMapping('jira', {
  id: ['key', 'Issue key'],
  title: ['fields.summary', 'Summary'],
  service: [
    'Custom field (Affected services)',
    'fields.components.0.name',
    'Component/s',
    'Components',
    'fields.project.key',
    'Project key',
  ],
  severity: ['Custom field (Severity)', 'fields.priority.name', 'Priority'],
  status: {
    from: ['fields.status.statusCategory.key', 'Status Category'],
    values: { done: 'resolved', '*': 'open' },
  },
  started_at: { from: ['Custom field (Actual start)'], formats: JIRA_DATES },
  triggered_at: { from: ['fields.created', 'Created'], formats: JIRA_DATES },
  mitigated_at: { from: ['Custom field (Actual end)'], formats: JIRA_DATES },
  resolved_at: { from: ['fields.resolutiondate', 'Resolved'], formats: JIRA_DATES },
  status_changed_at: { from: ['fields.statuscategorychangedate', 'Status Category Changed'], formats: JIRA_DATES },
  updated_at: { from: ['fields.updated', 'Updated'], formats: JIRA_DATES },
});

/** ServiceNow: the CSV or JSON of a list of incidents, with the names of columns or with their labels. */
const servicenow = toMapping('servicenow', {
  id: ['number', 'Number'],
  title: ['short_description', 'Short description'],
  service: ['business_service', 'Service', 'Business service', 'cmdb_ci', 'Configuration item'],
  team: 'assignment_group',
  severity: ['priority', 'Priority'],
  urgency: ['urgency', 'Urgency'],
  status: {
    from: ['state', 'State'],
    values: {
      1: 'triggered',
      new: 'triggered',
      6: 'resolved',
      resolved: 'resolved',
      7: 'resolved',
      closed: 'resolved',
      '*': 'acknowledged',
    },
  },
  triggered_at: ['opened_at', 'Opened', 'sys_created_on', 'Created'],
  resolved_at: ['resolved_at', 'Resolved', 'closed_at', 'Closed'],
  updated_at: ['sys_updated_on', 'Updated'],
});

/** A field of Rootly: as the API has it, as a table with the names of its fields has it, and by its label. */
function rootlyField(name: string): readonly [string, string, string] {
  const label = name.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => ` ${letter.toUpperCase()}`).trim();
  return [`attributes.${name}`, name, label];
}

/** The name of the first of a list of resources. */
function rootlyMember(name: string): readonly string[] {
  const [path, ...columns] = rootlyField(name);
  return [`${path}.0.data.attributes.name`, `${path}.0.attributes.name`, `${path}.0.name`, ...columns];
}

/** Rootly: incidents of the API, and tables of the same fields. */
const rootly = toMapping('rootly', {
  id: ['id', 'ID', 'Incident ID'],
  url: [...rootlyField('url'), 'URL'],
  title: rootlyField('title'),
  service: rootlyMember('services'),
  team: [...rootlyMember('groups'), 'teams', 'Teams'],
  severity: ['attributes.severity.data.attributes.name', 'severity', 'Severity'],
  status: {
    from: rootlyField('status'),
    values: {
      in_triage: 'triggered',
      'in triage': 'triggered',
      started: 'triggered',
      detected: 'triggered',
      closed: 'resolved',
    },
  },
  // As polls take it: without a detection nobody knows how long the impact went unseen.
  started_at: { from: rootlyField('started_at'), onlyWith: rootlyField('detected_at') },
  triggered_at: [...rootlyField('detected_at'), ...rootlyField('started_at'), ...rootlyField('in_triage_at')],
  acknowledged_at: rootlyField('acknowledged_at'),
  mitigated_at: rootlyField('mitigated_at'),
  resolved_at: rootlyField('resolved_at'),
  updated_at: rootlyField('updated_at'),
});

/** What polls exclude: maintenance, tests, what was cancelled, and duplicates. */
const ROOTLY_SKIP: readonly RowCondition[] = [
  ...optionalConditions(rootlyField('kind'), [/^(?:test|example|scheduled)/i]),
  ...optionalConditions(rootlyField('status'), [/^(?:scheduled|in[_ ]progress|completed|cancelled)$/i]),
  ...optionalConditions(rootlyField('duplicate_incident_id'), [/./]),
];

/** Resolutions of what was no incident, as polls leave them out by default. */
const JIRA_SKIP: readonly RowCondition[] = optionalConditions(
  ['fields.resolution.name', 'Resolution'],
  [/^(?:duplicate|won't do|won't fix|declined|cancell?ed)$/i],
);

/** The state of what was cancelled. */
const SERVICENOW_SKIP: readonly RowCondition[] = optionalConditions(['state', 'State'], [/^(?:8|cancell?ed)$/i]);

function optionalConditions(columns: readonly string[], values: readonly RegExp[]): readonly RowCondition[] {
  return columns.map((column) => ({ path: parseFieldPath(column), values, isOptional: true }));
}

const own = {
  id: 'id',
  url: 'url',
  title: 'title',
  service_id: 'serviceId',
  service: 'service',
  team: 'team',
  severity: 'severity',
  urgency: 'urgency',
  status: 'status',
  started_at: 'startedAt',
  triggered_at: 'triggeredAt',
  identified_at: 'identifiedAt',
  acknowledged_at: 'acknowledgedAt',
  mitigated_at: 'mitigatedAt',
  resolved_at: 'resolvedAt',
  updated_at: 'updatedAt',
  auto_resolved: 'autoResolved',
  merged: 'merged',
  fingerprint: 'fingerprint',
  intervals: 'intervals',
} as const;

/** The mappings that `--mapping` accepts by name, in the order of the documentation. */
export const builtinMappings: ReadonlyMap<string, Mapping> = new Map([
  ['pagerduty', pagerduty],
  ['opsgenie', opsgenie],
  ['jira', { ...jira, skip: JIRA_SKIP }],
  ['servicenow', { ...servicenow, skip: SERVICENOW_SKIP }],
  ['rootly', { ...rootly, skip: ROOTLY_SKIP }],
  [
    'outages',
    toMapping('outages', {
      id: 'id',
      service: 'service',
      severity: 'severity',
      triggered_at: 'triggeredAt',
      resolved_at: 'resolvedAt',
    }),
  ],
  ['mttr-exporter', toMapping('mttr-exporter', own)],
]);
