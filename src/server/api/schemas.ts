import { z } from 'zod';
import { FAILURE_REASONS, GROUPINGS } from '../../config/types.ts';
import { DEPLOYMENT_OUTCOMES } from '../../model/deployment.ts';
import { REJECTION_REASONS } from '../../model/incident.ts';
import { deploymentBeforeFields } from '../../report/dora/deployments-before.ts';
import { API_EXCLUSIONS } from '../../report/exclusion.ts';
import { incidentFields, isoTime } from '../../report/incident-json.ts';
import { DORA_GROUPINGS } from '../../stats/dora/rows.ts';
import { LEVELS } from '../../stats/rows.ts';

const count = z.int().min(0);
const minutes = z.number().min(0);
const ratio = z.number().min(0).max(1);
const seconds = z.number().min(0);

/** How one provider is doing. */
const ProviderStatus = z.strictObject({
  name: z.string(),
  type: z.string(),
  state: z.enum(['starting', 'first sync', 'up', 'down']).describe('up or down: the result of the last poll'),
  error: z.string().optional().describe('Why the last poll failed; absent after one that succeeded'),
  synced: z.boolean().describe('The first sync is complete; before that its incidents are in no statistic'),
  overall: z.boolean().describe('It counts in every grouping; otherwise only in the grouping provider'),
  last_success_at: isoTime
    .optional()
    .describe('Its windows end here: the last successful poll covered everything before'),
  counting_since: isoTime.optional().describe('Incidents that ended earlier are in no cumulative series'),
  history_start: isoTime.optional().describe('Where its history begins'),
  incidents: z
    .strictObject({ open: count, resolved: count, excluded: count })
    .optional()
    .describe('Stored incidents; absent until the first sync is complete'),
  rejected: z
    .partialRecord(z.enum(REJECTION_REASONS), count)
    .describe('Rejected records by reason; only reasons that occurred'),
  unmapped_severities: z.array(z.string()).describe('Severities of the platform that the configuration does not map'),
});

/** How the exporter is doing. */
export const StatusResponse = z
  .strictObject({
    version: z.string(),
    uptime_seconds: seconds,
    started: z.boolean().describe('The first metrics page exists; until then there are no statistics'),
    providers: z.array(ProviderStatus),
    reload: z
      .strictObject({
        successful: z.boolean(),
        error: z.string().optional().describe('Why the last reload failed; the old configuration stays in force'),
      })
      .describe('The last reload of the configuration, or the start'),
    services_overflowed: count.describe('Services beyond metrics.max_services, counted as other'),
    store_bytes: count,
  })
  .describe('How the exporter and its providers are doing');
export type StatusResponse = z.infer<typeof StatusResponse>;

/** One group in one window; what is unknown is absent. */
const StatisticsRow = z.strictObject({
  by: z.enum(GROUPINGS),
  window: z.string(),
  window_seconds: seconds,
  provider: z.string().optional(),
  service: z.string().optional(),
  severity: z.string().optional(),
  team: z.string().optional(),
  opened: count.optional().describe('Incidents opened in the window'),
  resolved: count
    .optional()
    .describe(
      'Incidents resolved in the window: the sample of mttr_minutes, the quantiles, minimum, maximum and deviation',
    ),
  mttr_minutes: minutes.optional(),
  mtta_minutes: minutes.optional().describe('Of the resolved ones that were acknowledged'),
  mttd_minutes: minutes.optional().describe('Of the resolved ones whose start is known'),
  mtti_minutes: minutes.optional().describe('Of the resolved ones that were identified'),
  mttm_minutes: minutes.optional().describe('Of the resolved ones that were mitigated'),
  mtbf_minutes: minutes.optional(),
  recovery_p50_minutes: minutes.optional(),
  recovery_p75_minutes: minutes.optional(),
  recovery_p90_minutes: minutes.optional(),
  recovery_p95_minutes: minutes.optional(),
  recovery_p99_minutes: minutes.optional(),
  recovery_min_minutes: minutes.optional(),
  recovery_max_minutes: minutes.optional(),
  recovery_stddev_minutes: minutes.optional(),
  baseline_mttr_minutes: minutes.optional().describe('MTTR of the preceding window'),
  baseline_resolved: count.optional().describe('The sample of baseline_mttr_minutes'),
  within_target_ratio: ratio.optional().describe('Of the resolved ones whose severity has a target'),
  escalated_ratio: ratio.optional(),
  reopened_ratio: ratio.optional(),
  repeat_ratio: ratio.optional(),
  free_ratio: ratio
    .optional()
    .describe('Of by=all only incidents of availability.severities, where these are configured; likewise mtbf_minutes'),
  availability_ratio: ratio
    .optional()
    .describe('Share of the covered window without an open incident of availability.severities'),
  error_budget_minutes: z.number().optional().describe('Left of the error budget; negative when more is spent'),
  detection_within_target_ratio: ratio.optional(),
  acknowledgement_within_target_ratio: ratio.optional(),
  identification_within_target_ratio: ratio.optional(),
  mitigation_within_target_ratio: ratio.optional(),
  mttr_business_minutes: minutes.optional().describe('MTTR within business_hours'),
  level: z.enum(LEVELS).optional().describe('The level that mttr_minutes reaches'),
});
export type StatisticsRow = z.infer<typeof StatisticsRow>;

/** Windowed statistics. */
export const StatisticsResponse = z
  .strictObject({
    rows: z.array(StatisticsRow),
    providers: z
      .array(z.strictObject({ name: z.string(), window_to: isoTime }))
      .describe('Where the windows of the rows end, for each provider: it was read until then'),
  })
  .describe('The numbers of /metrics: a row for each group and window');
export type StatisticsResponse = z.infer<typeof StatisticsResponse>;

const level = z.enum(LEVELS).optional();

/** One group of deployments in one window; what is unknown is absent. */
const DoraRow = z.strictObject({
  by: z.enum(DORA_GROUPINGS),
  window: z.string(),
  window_seconds: seconds,
  provider: z.string().optional(),
  service: z.string().optional(),
  team: z.string().optional(),
  deployments: count.describe('Finished in the window, without cancelled ones'),
  changes: count.describe('First deployed in the window, with a lead time'),
  failures: count.describe('Of the deployments those that failed, were rolled back or were followed by an incident'),
  recoveries: count.describe('Failed deployments that recovered in the window'),
  deployment_frequency_per_day: z.number().min(0).optional(),
  lead_time_mean_minutes: minutes.optional(),
  lead_time_median_minutes: minutes.optional(),
  lead_time_p90_minutes: minutes.optional(),
  lead_time_coding_minutes: minutes.optional(),
  lead_time_review_minutes: minutes.optional(),
  lead_time_deployment_minutes: minutes.optional(),
  change_failure_ratio: ratio.optional(),
  recovery_time_mean_minutes: minutes.optional(),
  recovery_time_median_minutes: minutes.optional(),
  recovery_time_p90_minutes: minutes.optional(),
  rework_ratio: ratio.optional(),
  deployment_frequency_baseline_per_day: z.number().min(0).optional().describe('Of the preceding window'),
  lead_time_baseline_minutes: minutes.optional().describe('Median of the preceding window'),
  change_failure_baseline_ratio: ratio.optional().describe('Of the preceding window'),
  recovery_time_baseline_minutes: minutes.optional().describe('Median of the preceding window'),
  levels: z
    .strictObject({
      deployment_frequency: level,
      lead_time: level,
      change_failure: level,
      recovery_time: level,
      overall: level.describe('The worst of the four, once all are known'),
    })
    .describe('Only of what is known'),
});
export type DoraRowResponse = z.infer<typeof DoraRow>;

/** Windowed statistics of deployments. */
export const DoraResponse = z
  .strictObject({
    rows: z.array(DoraRow),
    providers: z
      .array(z.strictObject({ name: z.string(), window_to: isoTime }))
      .describe('Where the windows of the rows end, for each provider of deployments'),
  })
  .describe('The dora_ numbers of /metrics: a row for each group and window');
export type DoraResponse = z.infer<typeof DoraResponse>;

const Deployment = z.strictObject({
  provider: z.string(),
  id: z.string(),
  repository: z.string(),
  service: z.string(),
  team: z.string().optional(),
  environment: z.string().describe('The configured name'),
  platform_environment: z.string(),
  ref: z.string().optional(),
  sha: z.string().optional(),
  url: z.string().optional(),
  started_at: isoTime,
  finished_at: isoTime.optional(),
  outcome: z.enum([...DEPLOYMENT_OUTCOMES, 'running']),
  failed: z.boolean().describe('It is a failed change'),
  reasons: z.array(z.enum(FAILURE_REASONS)).describe('Why it is one'),
  rework: z.boolean().describe('It repairs an earlier one'),
  recovered_at: isoTime.optional(),
  recovery_minutes: minutes.optional(),
  changes: count.describe('Changes that reached the environment with it first'),
  incidents: z
    .array(z.strictObject({ provider: z.string(), id: z.string(), triggered_at: isoTime }))
    .describe('Incidents of the service after it, while it was live and soon enough to blame it'),
});
export type DeploymentResponse = z.infer<typeof Deployment>;

/** One page of deployments. */
export const DeploymentsResponse = z
  .strictObject({
    deployments: z.array(Deployment),
    next_cursor: z.string().optional().describe('The parameter cursor of the next page; absent on the last one'),
  })
  .describe('Deployments, most recently started first');
export type DeploymentsResponse = z.infer<typeof DeploymentsResponse>;

const Incident = z.strictObject({
  ...incidentFields,
  updated_at: isoTime,
  auto_resolved: z.boolean().optional().describe('Resolved by a time-out or an integration, not by a person'),
  recovery_minutes: minutes.optional().describe('From trigger to resolve, as recovery.reopened counts it'),
  acknowledgement_minutes: minutes.optional(),
  detection_minutes: minutes.optional(),
  identification_minutes: minutes.optional(),
  mitigation_minutes: minutes.optional(),
  within_target: z.boolean().optional().describe('Present with a recovery and a severity that has a target'),
  escalations: count.optional(),
  reopenings: count.optional(),
  intervals: z
    .array(z.strictObject({ opened_at: isoTime, closed_at: isoTime.optional() }))
    .describe('When it was open; without closed_at it still is'),
  deployment_before: z
    .strictObject(deploymentBeforeFields)
    .optional()
    .describe('The newest deployment of the service that had succeeded when it was triggered'),
  excluded: z
    .enum(API_EXCLUSIONS)
    .optional()
    .describe('Why no duration counts it; a merged one still counts as opened'),
});
export type IncidentResponse = z.infer<typeof Incident>;

/** One page of incidents. */
export const IncidentsResponse = z
  .strictObject({
    incidents: z.array(Incident),
    next_cursor: z.string().optional().describe('The parameter cursor of the next page; absent on the last one'),
  })
  .describe('Incidents, most recently triggered first');
export type IncidentsResponse = z.infer<typeof IncidentsResponse>;

/** The configuration in force. */
export const ConfigResponse = z
  .record(z.string(), z.unknown())
  .describe('The configuration in force under its keys in the file; secrets are left out');

const after = { after_seconds: seconds.describe('After the beginning of the poll') };

const PollLine = z.discriminatedUnion('event', [
  z.strictObject({
    ...after,
    event: z.literal('begin'),
    poll: z.enum(['first_sync', 'first_sync_continued', 'poll']),
    until: isoTime.describe('Nothing later is requested'),
    history_start: isoTime,
  }),
  z.strictObject({
    ...after,
    event: z.literal('request').describe('A try of a request has ended'),
    method: z.string(),
    host: z.string(),
    path: z.string().describe('Without the query'),
    endpoint: z.string().describe('The label endpoint of mttr_exporter_api_request_duration_seconds'),
    code: z.string().describe('HTTP status, or error without a response'),
    tries: count.describe('1 for the first try'),
    wait_seconds: seconds.describe('For the rate limit, and between tries'),
    duration_seconds: seconds,
    bytes: count.optional().describe('Size of the response, unpacked'),
  }),
  z.strictObject({
    ...after,
    event: z.literal('page').describe('A part of the records was read'),
    incidents: count,
    state_changes: count,
    deleted: count.describe('Ids that the platform no longer has'),
    rejected: z.partialRecord(z.enum(REJECTION_REASONS), count),
    last: z.boolean(),
  }),
  z.strictObject({
    ...after,
    event: z.literal('commit').describe('What was read has been stored'),
    new: count,
    changed: count,
    unchanged: count,
    deleted: count,
    rejected: count,
  }),
  z.strictObject({
    ...after,
    event: z.literal('clock').describe("The clocks differ: the poll begins again by the platform's time"),
    skew_seconds: z.number().describe('How far the clock of this machine is ahead'),
  }),
]);

/** What happened in the last poll of a provider. */
export const LastPollResponse = z
  .strictObject({
    provider: z.string(),
    state: z
      .enum(['pending', 'running', 'succeeded', 'failed'])
      .describe('pending: none has begun; running: none has ended'),
    started_at: isoTime.optional(),
    duration_seconds: seconds.optional(),
    error: z.string().optional(),
    lines: z.array(PollLine),
    omitted_lines: count.describe('Of a long poll the first and the last 250 lines are kept'),
  })
  .describe('The last poll, step by step');
export type LastPollResponse = z.infer<typeof LastPollResponse>;

const RefreshedProvider = z.strictObject({
  provider: z.string(),
  outcome: z
    .enum(['refreshed', 'failed', 'ended', 'skipped'])
    .describe('ended: others failed, or the exporter stops; skipped: it is not stale'),
  error: z.string().optional(),
  requests: count.optional().describe('Requests made to the platform'),
  new: count.optional(),
  changed: count.optional(),
  unchanged: count.optional(),
  deleted: count.optional(),
  rejected: count.optional().describe('Rejected records'),
  unverified: count
    .optional()
    .describe('Stored incidents that the lists of the platform lack, too many to be requested one by one; they stay'),
});

/** What a refresh changed. */
export const RefreshResponse = z
  .strictObject({
    outcome: z.enum(['complete', 'partial', 'failed']),
    dry_run: z.boolean().describe('Nothing was written'),
    providers: z.array(RefreshedProvider),
  })
  .describe('Numbers of incidents, for each provider');
export type RefreshResponse = z.infer<typeof RefreshResponse>;
