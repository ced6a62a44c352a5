import { z } from 'zod';
import { duration, windowSpan } from './quantities.ts';
import { providerKeys, providerName, settingsKeys } from './settings-schema.ts';
import type { PlatformSettings } from './types.ts';

/** The windows where none are configured. */
export const DEFAULT_WINDOWS = ['7d', '30d', '90d'] as const;

/** The platform's own keys; a secret may be left out for its `_file` form. */
function ownKeys({ shape, secrets }: PlatformSettings): z.core.$ZodShape {
  const keys: Record<string, z.core.$ZodType> = { ...shape };
  for (const secret of secrets) {
    const schema = shape[secret];
    if (schema === undefined) continue;
    keys[secret] = z.optional(schema);
    keys[`${secret}_file`] = z.string().min(1).optional().describe(`File that holds ${secret}.`);
  }
  return keys;
}

/** For editors: of each required secret exactly one form is there. */
function secretForms({ secrets, shape }: PlatformSettings): Record<string, unknown> {
  const required = secrets.filter((secret) => isRequired(shape[secret]));
  if (required.length === 0) return {};
  const oneOfBoth = required.flatMap((name) => {
    const forms = [name, `${name}_file`];
    return [{ anyOf: forms.map((form) => ({ required: [form] })) }, { not: { required: forms } }];
  });
  return { allOf: oneOfBoth };
}

/** False for a key that may be left out. */
export function isRequired(schema: z.core.$ZodType | undefined): boolean {
  return schema !== undefined && !z.safeParse(schema, undefined).success;
}

/** A provider's keys but `name` and `type`: the section of the short form. */
export function sectionSchema(platform: PlatformSettings) {
  return z.strictObject({ ...ownKeys(platform), ...providerKeys }).meta(secretForms(platform));
}

/** A provider's keys: one entry of `providers`. */
export function entrySchema(platform: PlatformSettings) {
  const type = z.literal(platform.type);
  return z
    .strictObject({ ...ownKeys(platform), ...providerKeys, name: providerName, type })
    .meta(secretForms(platform));
}

/** What a provider's keys parse to. */
export type Entry = z.output<ReturnType<typeof sectionSchema>>;

const NO_PROVIDERS = 'is not a list; expected a list of providers, or incident_source for the short form';

/** The long form: any number of providers. */
export function longForm(platforms: readonly PlatformSettings[]) {
  const [first, ...others] = platforms.map(entrySchema);
  if (first === undefined) throw new TypeError('expected at least one platform');
  const entry = z.discriminatedUnion('type', [first, ...others]);
  return z.strictObject({
    providers: z.array(entry, { error: NO_PROVIDERS }).min(1).describe('The sources of incidents.'),
    ...settingsKeys,
    history: duration({ minMs: 1 })
      .prefault('210d')
      .describe('How far back is fetched on first start; at least the largest window, better 30d more.'),
    windows: z
      .array(windowSpan)
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

/** The short form: one provider, in a section of its type; `section` is what that section must hold. */
export function shortForm(platform: PlatformSettings, section: z.core.$ZodType) {
  return z.strictObject({
    ...shortSection(platform, section),
    incident_source: z.literal(platform.type).describe('The type of the only provider.'),
    time_range: timeRange.prefault({}),
    severity_filter: z.array(z.string()).default([]).describe('Only these severities; all when empty.'),
    ...settingsKeys,
  });
}

function shortSection(platform: PlatformSettings, section: z.core.$ZodType): z.core.$ZodShape {
  return { [platform.type]: section };
}
