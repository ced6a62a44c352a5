import { z } from 'zod';
import { duration } from './field-types.ts';

/** Label values are cut at this length, so two longer names could become the same label. */
const NAME_LENGTH_MAX = 128;

/** A name that becomes a label. */
export const name = z.string().min(1).max(NAME_LENGTH_MAX);

const sources = z.array(z.string().min(1)).min(1);
const SOURCE_WORDS = 'tag:NAME, label:NAME or field:PATH, as far as the platform has them';

/** Where a provider's severities are and what they mean. */
export const severitySection = z
  .strictObject({
    from: sources
      .optional()
      .describe(
        `Where the severity may be, tried in this order: priority, urgency, ${SOURCE_WORDS}; priority, then urgency by default.`,
      ),
    tag: z.string().min(1).optional().describe('Name of the tag that holds the severity, for platforms with tags.'),
    map: z
      .record(z.string(), z.string())
      .default({})
      .describe("The platform's own words (without case) to configured severities."),
    default: z
      .string()
      .optional()
      .describe(
        'For incidents without a severity, or with one that is not known: P3, or the least severe without a P3.',
      ),
  })
  .meta({ id: 'provider_severity' });

/** Where a provider's services are and how they are renamed. */
export const servicesSection = z
  .strictObject({
    tag: z.string().min(1).optional().describe('Name of the tag that holds the service, for platforms with tags.'),
    from: sources
      .optional()
      .describe(`Where the service may be, tried in this order: service (the platform's own), ${SOURCE_WORDS}.`),
    rename: z
      .record(z.string(), z.string())
      .default({})
      .describe('Exact names, then /regular expressions/ in file order, to new names; the first match ends.'),
  })
  .meta({ id: 'provider_services' });

/** Where a provider's teams are. */
export const teamSection = z
  .strictObject({
    from: sources
      .optional()
      .describe(`Where the team may be, tried in this order: team (the platform's own), ${SOURCE_WORDS}.`),
  })
  .meta({ id: 'provider_team' });

/** What is particular to services. */
export const overridesSection = z
  .strictObject({
    overrides: z
      .record(
        name,
        z.strictObject({
          targets: z
            .record(z.string(), duration({ minMs: 1 }))
            .default({})
            .describe('Recovery targets by severity, instead of those of the severities.'),
          team: name.optional().describe("Instead of the platform's team."),
        }),
      )
      .default({})
      .describe('By the name of the service as it is renamed.'),
  })
  .meta({ id: 'services' });
