import { z } from 'zod';
import { GROUPINGS, STAGES } from '../../config/types.ts';
import { deploymentBeforeFields } from '../dora/deployments-before.ts';
import { EXCLUSIONS } from '../exclusion.ts';
import { LABELS } from '../filter.ts';
import { incidentFields, isoTime } from '../incident-json.ts';
import { DeploymentChain } from './chain.ts';

/** Why an incident that has the labels is not in the number. */
export const REASONS = [
  'not_overall',
  ...EXCLUSIONS,
  'merged',
  'still_open',
  'ended_before',
  'ended_after',
  'opened_before',
  'opened_after',
  'other_severity',
  'no_stamp',
  'no_target',
  'not_told',
] as const;
export type Reason = (typeof REASONS)[number];

const minutes = z.number();

/** One incident with its timestamps. */
export const ExplainedIncident = z.object({
  ...incidentFields,
  intervals: z.object({ opened_at: isoTime, closed_at: isoTime.optional() }).array(),
  auto_resolved: z.boolean().optional(),
  merged: z.literal(true).optional(),
  escalations: z.int().optional().describe('absent where the platform does not report it'),
  reopenings: z.int().optional().describe('absent where the platform does not report it'),
  recovery_minutes: minutes.optional().describe('as recovery counts it'),
  contribution: z.number().describe('what it adds: minutes, or 1 or 0 to counts and shares'),
  chain: DeploymentChain.optional().describe('only of failed deployments'),
  deployment_before: z
    .object(deploymentBeforeFields)
    .optional()
    .describe('the newest successful deployment of its service at the trigger; absent where none is known'),
});
export type ExplainedIncident = z.infer<typeof ExplainedIncident>;

const LeftOutIncident = z.object({
  provider: z.string(),
  id: z.string(),
  url: z.string().optional(),
  service: z.string(),
  severity: z.string(),
  triggered_at: isoTime,
  resolved_at: isoTime.optional(),
  outside_minutes: minutes.optional().describe('how far outside the window'),
  chain: DeploymentChain.optional().describe('only of failed deployments'),
});
export type LeftOutIncident = z.infer<typeof LeftOutIncident>;

const LeftOut = z.object({
  reason: z.enum(REASONS),
  count: z.int(),
  examples: LeftOutIncident.array().describe('a few: the nearest to the window, else the newest'),
});
export type LeftOut = z.infer<typeof LeftOut>;

const ranked = z.object({ rank: z.int(), minutes, provider: z.string(), id: z.string() });
const time = {
  covered_from: isoTime,
  covered_to: isoTime,
  covered_minutes: minutes,
  busy_minutes: minutes.describe('with at least one incident open; overlaps count once'),
  severities: z.string().array().optional().describe('availability.severities, where only these are looked at'),
};
const Repeated = z.object({
  fingerprint: z.string().describe('a digest'),
  count: z.int(),
  incidents: z.object({ provider: z.string(), id: z.string(), triggered_at: isoTime }).array(),
});

/** How the number follows from the incidents. */
export const Arithmetic = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('mean'), sum_minutes: minutes, count: z.int() }),
  z.object({
    kind: z.literal('quantile'),
    quantile: z.number(),
    count: z.int(),
    position: z.number().describe('(count - 1) × quantile, from 0'),
    below: ranked,
    above: ranked,
  }),
  z.object({ kind: z.literal('extreme'), count: z.int(), incident: ranked }),
  z.object({
    kind: z.literal('deviation'),
    count: z.int(),
    mean_minutes: minutes,
    squares: z.number().describe('sum of the squared distances from the mean, minutes²'),
  }),
  z.object({ kind: z.literal('count'), count: z.int() }),
  z.object({ kind: z.literal('share'), part: z.int(), of: z.int() }),
  z.object({
    kind: z.literal('repeat'),
    opened: z.int(),
    fingerprints: z.int().describe('distinct ones'),
    repeated: Repeated.array().describe('the most frequent of those that came more than once'),
    repeated_fingerprints: z.int(),
  }),
  z.object({ kind: z.literal('free'), ...time }),
  z.object({ kind: z.literal('between_failures'), ...time, opened: z.int() }),
  z.object({ kind: z.literal('availability'), ...time }),
  z.object({
    kind: z.literal('error_budget'),
    ...time,
    objective: z.number().describe('availability.objective'),
    budget_minutes: minutes.describe('covered_minutes × (1 - objective)'),
  }),
]);
export type Arithmetic = z.infer<typeof Arithmetic>;

const ExplainedProvider = z.object({
  name: z.string(),
  state: z.enum(['counted', 'not_overall', 'not_synced']),
  window_from: isoTime.optional(),
  window_to: isoTime.optional(),
  history_start: isoTime.optional(),
});
export type ExplainedProvider = z.infer<typeof ExplainedProvider>;

/** One windowed number with everything that it follows from. */
export const Explanation = z.object({
  statistic: z.string(),
  meaning: z.string(),
  metric: z.string(),
  quantile: z.number().optional(),
  stage: z.enum(STAGES).optional(),
  by: z.enum(GROUPINGS),
  labels: z.partialRecord(z.enum(LABELS), z.string()),
  window: z.string(),
  window_minutes: minutes,
  reopened: z.enum(['last', 'first', 'sum']).describe('recovery.reopened'),
  clock: z.literal('impact').optional().describe('recovery.clock, where it is not trigger'),
  until: z.literal('mitigated').optional().describe('recovery.until, where it is not resolved'),
  unit: z.enum(['minutes', 'incidents', 'share']),
  value: z.number().optional().describe('absent where there is no number'),
  absence: z.string().optional().describe('why there is none'),
  arithmetic: Arithmetic.optional(),
  agrees: z
    .literal(true)
    .optional()
    .describe('cross-check: the value matches the exported metric; absent without a value'),
  providers: ExplainedProvider.array(),
  counted: z.int(),
  incidents: ExplainedIncident.array().describe('the most telling first'),
  left_out: LeftOut.array(),
  notes: z.string().array(),
});
export type Explanation = z.infer<typeof Explanation>;
