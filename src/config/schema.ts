import { z } from 'zod';
import { DAY_MS, SECOND_MS } from '../model/time.ts';
import { doraSection, type RecordKeys, recordKeys } from './deployment-schema.ts';
import { bucket, duration, expression, rateLimit, timeOfDay, timeZone, webUrl, windowDuration } from './field-types.ts';
import { name, overridesSection, servicesSection, severitySection, teamSection } from './label-sections.ts';
import { GROUPINGS, type PlatformSettings } from './types.ts';

/** In the order of ISO weekdays. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** Timers of Node keep 2^31 - 1 milliseconds, a little over 24 days; longer ones would fire at once. */
const TIMER_MAX_MS = 24 * DAY_MS;
/** Each bucket is one more series per label set. */
const BUCKETS_MAX = 100;
/** Each service is thousands of series at full detail. */
const SERVICES_MAX = 100_000;

const positive = { minMs: 1 };
const strings = z.array(z.string()).default([]);

const filterSection = z
  .strictObject({
    severities: strings.describe('Only these severities; all when empty.'),
    services: strings.describe('Only these services, as renamed; all when empty.'),
    teams: strings.describe('Only these teams; all when empty.'),
    exclude_titles: z
      .array(expression)
      .default([])
      .describe('Regular expressions; incidents with a matching title are left out.'),
    shorter_than: duration().prefault('0s').describe('Recoveries shorter than this are left out.'),
  })
  .meta({ id: 'provider_filter' });

/** Keys that a provider of every type has. */
const providerKeys = {
  base_url: webUrl({ credentials: 'refused' })
    .optional()
    .describe("Where the platform's API is, instead of the region's address."),
  poll_interval: duration({ minMs: SECOND_MS, maxMs: TIMER_MAX_MS })
    .prefault('1m')
    .describe('Time between two polls; 1s or more.'),
  rate_limit: rateLimit
    .optional()
    .describe('Most requests per s, min or h, such as 900/min; the default is that of the type.'),
  timeout: duration({ ...positive, maxMs: TIMER_MAX_MS })
    .prefault('30s')
    .describe('Longest wait for one answer.'),
  proxy_url: webUrl({ credentials: 'allowed' })
    .prefault('')
    .describe('Proxy for this provider, else HTTPS_PROXY and NO_PROXY.'),
  tls: z
    .strictObject({
      ca_file: z
        .string()
        .min(1)
        .optional()
        .describe('PEM file of the certificate authorities that are trusted instead of the usual ones.'),
    })
    .meta({ id: 'provider_tls' })
    .prefault({}),
  overall: z
    .boolean()
    .optional()
    .describe(
      'false keeps its incidents out of every grouping but provider; false by default for alerts (alertmanager, prometheus) and with source: deployments.',
    ),
  severity: severitySection.prefault({}),
  services: servicesSection.prefault({}),
  team: teamSection.prefault({}),
  filter: filterSection.prefault({}),
};

/** The `provider` label. */
const providerName = name.optional().describe('Becomes the provider label; the default is the type.');

const severity = z
  .strictObject({
    name: name.describe('Becomes the severity label.'),
    title: z.string().optional().describe('For people.'),
    rank: z
      .int()
      .min(0)
      .optional()
      .describe('How bad it is, 0 being the worst; without it the number in the name, else the position.'),
    aliases: strings.describe('Further names, compared without case, spaces, _ and -.'),
    target: duration(positive).optional().describe('Recoveries should take no longer.'),
    detect: duration(positive).optional().describe('Detections should take no longer from the start of the impact.'),
    acknowledge: duration(positive).optional().describe('Acknowledgements should take no longer.'),
    identify: duration(positive).optional().describe('Identifications should take no longer.'),
    mitigate: duration(positive).optional().describe('Mitigations should take no longer.'),
    objective: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe('Share of recoveries that should meet the target; 0.9 where there is a target.'),
  })
  .meta({ id: 'severity' });

const metricsSection = z
  .strictObject({
    detail: z.enum(['standard', 'full']).default('standard').describe('full gives every statistic to every row.'),
    team: z.boolean().default(false).describe('Adds the label team beside service.'),
    max_services: z.int().min(1).max(SERVICES_MAX).default(500).describe('Later services become "other".'),
    minimum_sample: z.int().min(1).default(1).describe('Hides means and quantiles that rest on fewer.'),
    new_series_hold: duration()
      .prefault('3m')
      .describe('How long the first observations of a new series wait after a scrape that carried the zero.'),
    buckets: z
      .array(bucket)
      .max(BUCKETS_MAX)
      .prefault([5, 15, 30, 60, 120, 240, 480, 1440, 2880, 10080, 43200])
      .describe('Upper bounds in minutes, or durations; targets and level bounds always join them.'),
  })
  .meta({ id: 'metrics' });

const recoverySection = z
  .strictObject({
    reopened: z
      .enum(['last', 'first', 'sum'])
      .default('last')
      .describe('What counts of a reopened incident: to the last resolve, to the first, or the sum of its open times.'),
    clock: z
      .enum(['trigger', 'impact'])
      .default('trigger')
      .describe('When the recovery time begins: with the trigger, or with the impact where its start is known.'),
    until: z
      .enum(['resolved', 'mitigated'])
      .default('resolved')
      .describe('When the recovery time ends: with the resolve, or with the mitigation where it is known.'),
    settle: duration().prefault('0s').describe('Counts a recovery only after it stayed resolved for this long.'),
  })
  .meta({ id: 'recovery' });

const levelsSection = z
  .strictObject({
    elite: duration(positive).prefault('1h'),
    high: duration(positive).prefault('1d'),
    medium: duration(positive).prefault('7d'),
  })
  .meta({ id: 'levels', description: 'Upper bounds of the levels of the mean recovery time, ascending.' });

const webSection = z
  .strictObject({
    bearer_token: z.string().default('').describe('Asked for on every page but the health checks; empty: none.'),
    bearer_token_file: z.string().min(1).optional().describe('File that holds the bearer token.'),
    admin_token: z.string().default('').describe('Bearer token of the admin endpoints, which are off without one.'),
    admin_token_file: z.string().min(1).optional().describe('File that holds the admin token.'),
  })
  .meta({ id: 'web' });

const storeSection = z
  .strictObject({
    type: z.enum(['sqlite']).default('sqlite'),
    path: z.string().min(1).default('data/mttr-exporter.db').describe('The file of the store.'),
  })
  .meta({ id: 'store' });

/** Keys at the top that both forms of the configuration have. */
const settingsKeys = {
  services: overridesSection.prefault({}).describe('What is particular to services.'),
  owners: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of teams by service, for platforms that know none: a YAML mapping, or CSV with the columns service,team.',
    ),
  severities: z
    .array(severity)
    .default([])
    .describe('A listed severity replaces the default of its name; all are sorted by rank.'),
  default_severities: z.boolean().default(true).describe('false drops the severities P1 to P5 that are built in.'),
  availability: z
    .strictObject({
      severities: strings.describe(
        'Severities whose open incidents count as unavailable; without any there is no availability.',
      ),
      objective: z.number().gt(0).max(1).default(0.999).describe('Share of the time that should be available.'),
    })
    .meta({ id: 'availability' })
    .prefault({}),
  business_hours: z
    .strictObject({
      timezone: timeZone.default('UTC').describe('Time zone of the hours, such as Europe/Berlin.'),
      days: z.array(z.enum(WEEKDAYS)).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']).describe('Working days.'),
      from: timeOfDay.prefault('09:00').describe('Begin of the hours, on the clock of the time zone.'),
      to: timeOfDay.prefault('17:00').describe('End of the hours, after the begin; at most 24:00.'),
      holidays: z.string().default('').describe('File of days without business hours: one date (2026-12-25) per line.'),
    })
    .meta({ id: 'business_hours' })
    .optional()
    .describe('Hours of the week for recovery times in business hours; without it there are none.'),
  groupings: z
    .array(z.enum(GROUPINGS))
    .min(1)
    .default(['all', 'severity', 'service', 'service,severity'])
    .describe('Groupings of the windowed metrics.'),
  recovery: recoverySection.prefault({}),
  levels: levelsSection.prefault({}),
  dora: doraSection.prefault({}),
  metrics: metricsSection.prefault({}),
  timezone: timeZone
    .default('UTC')
    .describe('Time zone of dates in reports, such as Europe/Berlin; windows and metrics have none.'),
  retention: duration(positive)
    .prefault('400d')
    .describe('Closed incidents older than this are forgotten; at least twice the largest window.'),
  store: storeSection.prefault({}),
  web: webSection.prefault({}),
};

const settings = z.strictObject(settingsKeys);
/** The parsed keys of both forms. */
export type Settings = z.output<typeof settings>;
/** One parsed entry of `severities`. */
export type SeverityEntry = z.output<typeof severity>;

/** The windows where none are configured. */
export const DEFAULT_WINDOWS = ['7d', '30d', '90d'] as const;

/** The platform's own keys; a secret may also be read from a file. */
function platformKeys({ shape, secrets }: PlatformSettings): z.core.$ZodShape {
  const keys: Record<string, z.core.$ZodType> = { ...shape };
  for (const secret of secrets) {
    const schema = shape[secret];
    if (schema === undefined) continue;
    keys[secret] = z.optional(schema);
    keys[`${secret}_file`] = z.string().min(1).optional().describe(`File that holds ${secret}.`);
  }
  return keys;
}

const WEBHOOK_SECRET_EXPECTED = 'a string, or a list of strings while a secret is rotated';

/** The section `webhook` of platforms that send webhooks. */
function webhookKeys({ webhook }: PlatformSettings): z.core.$ZodShape {
  if (webhook === undefined) return {};
  const secret = z.string().min(1);
  const secretKeys = {
    secret: z
      .union([secret, z.array(secret).min(1)], { error: WEBHOOK_SECRET_EXPECTED })
      .optional()
      .describe('Secret of the deliveries; a list while one is rotated.'),
    secret_file: z
      .string()
      .min(1)
      .optional()
      .describe('File that holds the secret; one per line while one is rotated.'),
  };
  const section = z
    .strictObject({ ...(webhook.hasSecret ? secretKeys : {}), ...webhook.shape })
    .meta(webhook.hasSecret ? { oneOf: [{ required: ['secret'] }, { required: ['secret_file'] }] } : {});
  return {
    webhook: section.optional().describe('Serves POST /webhooks/NAME, where NAME is that of the provider.'),
  };
}

/** For editors: each required secret is either in the configuration or in a file, and an address where there is no default. */
function requiredKeys({ secrets, shape, isBaseUrlRequired }: PlatformSettings): Record<string, unknown> {
  const required = secrets.filter((secret) => isRequired(shape[secret]));
  const address = isBaseUrlRequired === true ? [{ required: ['base_url'] }] : [];
  const exactlyOne = required.flatMap((name) => {
    const keys = [name, `${name}_file`];
    return [{ anyOf: keys.map((key) => ({ required: [key] })) }, { not: { required: keys } }];
  });
  const allOf = [...exactlyOne, ...address];
  return allOf.length === 0 ? {} : { allOf };
}

/** False for a key that may be left out. */
export function isRequired(schema: z.core.$ZodType | undefined): boolean {
  return schema !== undefined && !z.safeParse(schema, undefined).success;
}

/** A provider's keys but `name` and `type`: the section of the short form. */
export function sectionSchema(platform: PlatformSettings) {
  return z
    .strictObject({ ...platformKeys(platform), ...recordKeys(platform), ...webhookKeys(platform), ...providerKeys })
    .meta(requiredKeys(platform));
}

/** A provider's keys: one entry of `providers`. */
function entrySchema(platform: PlatformSettings) {
  const type = z.literal(platform.type);
  return z
    .strictObject({
      ...platformKeys(platform),
      ...recordKeys(platform),
      ...webhookKeys(platform),
      ...providerKeys,
      name: providerName,
      type,
    })
    .meta(requiredKeys(platform));
}

/** The parsed keys of a provider. */
export type ProviderKeys = z.output<ReturnType<typeof sectionSchema>> & RecordKeys;

/** What is expected where no provider is configured. */
export const PROVIDERS_EXPECTED = 'a list of providers, or incident_source for the short form';

/** The long form: any number of providers. */
export function longForm(platforms: readonly PlatformSettings[]) {
  const [first, ...others] = platforms.map(entrySchema);
  if (first === undefined) throw new TypeError('expected at least one platform');
  const entry = z.discriminatedUnion('type', [first, ...others]);
  return z.strictObject({
    providers: z.array(entry, { error: PROVIDERS_EXPECTED }).min(1).describe('The sources of incidents.'),
    ...settingsKeys,
    history: duration({ minMs: 1 })
      .prefault('210d')
      .describe('How far back is fetched on first start; at least the largest window, better 30d more.'),
    windows: z
      .array(windowDuration)
      .min(1)
      .prefault([...DEFAULT_WINDOWS])
      .describe('Rolling windows; each is the window label as it is written.'),
  });
}

const timeRange = z
  .strictObject({
    start_date: z
      .string()
      .default('30d')
      .describe('The largest window: a span such as 30d, or a date such as 2026-01-31, counted from start-up.'),
    end_date: z
      .string()
      .min(1)
      .default('now')
      .describe('Only now for the daemon; anything that report takes as --to for report.'),
  })
  .meta({ id: 'time_range' });

/**
 * The short form: one provider, in a section named after its type; `section` is the schema of that section. Sections of
 * `others` may stand beside it, unused.
 */
export function shortForm(
  platform: PlatformSettings,
  section: z.core.$ZodType,
  others: readonly PlatformSettings[] = [],
) {
  const unused = others.map(({ type }) => [type, z.unknown().optional()]);
  const sections: z.core.$ZodShape = { ...Object.fromEntries(unused), [platform.type]: section };
  return z.strictObject({
    ...sections,
    incident_source: z.literal(platform.type).describe('The type of the only provider.'),
    time_range: timeRange.prefault({}),
    severity_filter: z.array(z.string()).default([]).describe('Only these severities; all when empty.'),
    ...settingsKeys,
  });
}
