import { z } from 'zod';
import { duration } from './field-types.ts';
import { FAILURE_REASONS, type PlatformSettings } from './types.ts';

/** Becomes the `environment` label, which is cut at this length. */
const environmentName = z.string().min(1).max(128);
const positive = { minMs: 1 };

/** Keys of providers whose records are state changes; `resolve.ts` knows their defaults. */
const stateChangeKeys = {
  open_window: duration(positive)
    .optional()
    .describe('A success later than this after the first failure is no recovery; 7d for deployments, else no limit.'),
  flaky_below: duration().optional().describe('Shorter recoveries are in no statistic; 5m for deployments, else 0s.'),
};

/** Keys of providers that yield deployments; `resolve.ts` knows their defaults. */
const deploymentKeys = {
  ...stateChangeKeys,
  environments: z
    .record(environmentName, z.array(z.string().min(1)).min(1))
    .optional()
    .describe(
      'Our environments, each with the names (without case, * for any characters) that the platform gives it; { production: [production, prod, live] } by default. Others are not read.',
    ),
  lead_time: z
    .enum(['commits', 'pull_requests', 'off'])
    .optional()
    .describe('Where the lead time of a change begins: commits by default; off saves the requests.'),
};
/** The parsed keys of `recordKeys`. */
export type RecordKeys = Partial<z.output<z.ZodObject<typeof deploymentKeys>>>;

/** Keys that a provider has because of what its records are. */
export function recordKeys({ deployments, hasStateChanges }: PlatformSettings): z.core.$ZodShape {
  if (deployments !== undefined) return deploymentKeys;
  return hasStateChanges === true ? stateChangeKeys : {};
}

/** Bounds of one of the four keys. */
const durationBounds = z
  .strictObject({ elite: duration(positive), high: duration(positive), medium: duration(positive) })
  .optional();
const ratio = z.number().min(0).max(1);

/** The section `dora`. */
export const doraSection = z
  .strictObject({
    environments: z
      .array(environmentName)
      .min(1)
      .default(['production'])
      .describe('Our environments whose deployments are counted by the dora_ metrics.'),
    incident_within: duration(positive)
      .prefault('24h')
      .describe('An incident this soon after a successful deployment of its service makes that a failed change.'),
    failure_from: z
      .array(z.enum(FAILURE_REASONS))
      .min(1)
      .default([...FAILURE_REASONS])
      .describe('What makes a deployment a failed change.'),
    rework_refs: z
      .array(z.string().min(1))
      .default(['hotfix/*', 'revert-*'])
      .describe('Branches and tags whose deployments are rework; * is for any characters.'),
    minimum_sample: z
      .int()
      .min(1)
      .default(5)
      .describe('Hides ratios, means and medians that rest on fewer deployments, changes or recoveries.'),
    levels: z
      .strictObject({
        preset: z
          .literal([2023, 2024])
          .optional()
          .describe('The thresholds of the report of that year; the keys beside it replace them one by one.'),
        deployment_frequency: durationBounds.describe('One deployment at least in this time: 1d, 7d, 30d by default.'),
        lead_time: durationBounds.describe('The median is shorter: 1d, 7d, 30d by default.'),
        change_failure: z
          .strictObject({ elite: ratio, high: ratio, medium: ratio })
          .optional()
          .describe('At most this share: 0.15, 0.3, 0.45 by default.'),
        recovery_time: durationBounds.describe('The median is shorter: 1h, 1d, 7d by default.'),
      })
      .prefault({}),
  })
  .meta({ id: 'dora', description: 'The statistics of deployments.' });
