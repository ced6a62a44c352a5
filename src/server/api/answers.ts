import { z } from 'zod';
import { GROUPINGS } from '../../config/types.ts';
import { REJECTION_REASONS } from '../../model/incident.ts';
import { instant, statedFields } from '../../report/stated-incident.ts';
import { LEVELS } from '../../stats/levels.ts';

const count = z.int().min(0);
const minutes = z.number().min(0);
const ratio = z.number().min(0).max(1);
const seconds = z.number().min(0);

/** How one provider is doing. */
const ProviderStatus = z.strictObject({
  name: z.string(),
  type: z.string(),
  state: z.enum(['starting', 'first sync', 'up', 'down']).describe('up or down by the last poll'),
  error: z.string().optional().describe('What the last poll failed of, while it lasts'),
  synced: z.boolean().describe('Its first sync is complete; before that it is in no statistic'),
  overall: z.boolean().describe('It counts in every grouping; else only in its own'),
  last_success_at: instant.optional().describe('Its windows end here: up to then the last successful poll asked'),
  counting_since: instant.optional().describe('What ended earlier is in no cumulative series'),
  history_start: instant.optional().describe('Where its history begins'),
  incidents: z
    .strictObject({ open: count, resolved: count, excluded: count })
    .optional()
    .describe('What the exporter holds of it; absent until it is synced'),
  rejected: z
    .partialRecord(z.enum(REJECTION_REASONS), count)
    .describe('Records that were not taken, by reason; only reasons that occurred'),
  unmapped_severities: z.array(z.string()).describe('Severities of the platform that the configuration does not know'),
});

/** How the exporter is doing. */
export const StatusAnswer = z
  .strictObject({
    version: z.string(),
    uptime_seconds: seconds,
    started: z.boolean().describe('The first page of metrics exists; until then there are no statistics'),
    providers: z.array(ProviderStatus),
    reload: z
      .strictObject({
        successful: z.boolean(),
        error: z.string().optional().describe('Why the last one was refused; the old configuration runs on'),
      })
      .describe('The last reload of the configuration, or the start'),
    services_overflowed: count.describe('Services beyond metrics.max_services, called other'),
    store_bytes: count,
  })
  .describe('How the exporter and its providers are doing');
export type StatusAnswer = z.infer<typeof StatusAnswer>;

/** What one group says of one window; what is not known is absent. */
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
      'Incidents resolved in the window: what mttr_minutes, the quantiles, minimum, maximum and deviation rest on',
    ),
  mttr_minutes: minutes.optional(),
  mtta_minutes: minutes.optional().describe('Of the resolved ones that were acknowledged'),
  mttd_minutes: minutes.optional().describe('Of the resolved ones whose beginning is known'),
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
  baseline_mttr_minutes: minutes.optional().describe('MTTR of the window just before'),
  baseline_resolved: count.optional().describe('What baseline_mttr_minutes rests on'),
  within_target_ratio: ratio.optional().describe('Of the resolved ones whose severity has a target'),
  escalated_ratio: ratio.optional(),
  reopened_ratio: ratio.optional(),
  repeat_ratio: ratio.optional(),
  free_ratio: ratio.optional(),
  level: z.enum(LEVELS).optional().describe('That mttr_minutes reaches'),
});
export type StatisticsRow = z.infer<typeof StatisticsRow>;

/** Windowed statistics. */
export const StatisticsAnswer = z
  .strictObject({ rows: z.array(StatisticsRow) })
  .describe('The numbers of /metrics: a row for each group and window');
export type StatisticsAnswer = z.infer<typeof StatisticsAnswer>;

const EXCLUSIONS = [
  'merged',
  'deleted',
  'flagged',
  'expired',
  'flaky',
  'filter',
  'exclude_titles',
  'shorter_than',
] as const;
/** Why an incident is in no duration. */
export type Exclusion = (typeof EXCLUSIONS)[number];

const Incident = z.strictObject({
  ...statedFields,
  updated_at: instant,
  auto_resolved: z.boolean().optional().describe('Ended by a time-out or by anything but a person'),
  recovery_minutes: minutes.optional().describe('Trigger to resolve, by recovery.reopened'),
  acknowledgement_minutes: minutes.optional(),
  detection_minutes: minutes.optional(),
  identification_minutes: minutes.optional(),
  mitigation_minutes: minutes.optional(),
  within_target: z.boolean().optional().describe('Only with a recovery and a severity that has a target'),
  escalations: count.optional(),
  reopenings: count.optional(),
  intervals: z
    .array(z.strictObject({ opened_at: instant, closed_at: instant.optional() }))
    .describe('The spans in which it was open; without closed_at it still is'),
  excluded: z.enum(EXCLUSIONS).optional().describe('Why it is in no duration; a merged one still counts as opened'),
});
export type IncidentAnswer = z.infer<typeof Incident>;

/** One page of incidents. */
export const IncidentsAnswer = z
  .strictObject({
    incidents: z.array(Incident),
    next_cursor: z.string().optional().describe('Asks for the next page; absent on the last one'),
  })
  .describe('Incidents, the one that was triggered last first');
export type IncidentsAnswer = z.infer<typeof IncidentsAnswer>;

/** The configuration in force. */
export const ConfigAnswer = z
  .record(z.string(), z.unknown())
  .describe('The configuration in force under its keys in the file; secrets are left out');

const RefreshedProvider = z.strictObject({
  provider: z.string(),
  outcome: z
    .enum(['refreshed', 'failed', 'ended', 'skipped'])
    .describe('ended: because others failed, or the exporter stops; skipped: it is not stale'),
  error: z.string().optional(),
  requests: count.optional().describe('Requests made to the platform'),
  new: count.optional(),
  changed: count.optional(),
  unchanged: count.optional(),
  deleted: count.optional(),
  rejected: count.optional().describe('Records that could not be taken'),
  unverified: count
    .optional()
    .describe('Stored incidents that the lists of the platform lack, too many to be asked for one by one; they stay'),
});

/** What reading providers again found. */
export const RefreshAnswer = z
  .strictObject({
    outcome: z.enum(['complete', 'partial', 'failed']),
    dry_run: z.boolean().describe('Nothing was written'),
    providers: z.array(RefreshedProvider),
  })
  .describe('Numbers of incidents, for each provider');
export type RefreshAnswer = z.infer<typeof RefreshAnswer>;
