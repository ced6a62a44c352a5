import { z } from 'zod';
import type { ProviderConfig } from '../../config/types.ts';
import { applySources, type SourcedRecord } from '../sources.ts';
import { tagValue, toTagMap } from '../tags.ts';

/** What an alert and an incident have in common of what labels are made of. */
interface TaggedRecord {
  readonly tags: readonly string[];
  readonly priority: string | undefined;
  readonly teamId: string | undefined;
  /** Of incidents alone: the first impacted service. */
  readonly serviceId?: string;
}

/** A record with severity, service and team from where the configuration says; `services.tag` is for those without a service of their own. */
export type Labelled<Item> = Item & { readonly labels: SourcedRecord };

/** The schema of records with labels. */
export function withLabels<Item extends TaggedRecord>(
  schema: z.ZodType<Item>,
  config: ProviderConfig,
): z.ZodType<Labelled<Item>> {
  return z.unknown().transform((raw, context): Labelled<Item> => {
    const parsed = schema.safeParse(raw);
    if (parsed.success) {
      return { ...parsed.data, labels: applySources<SourcedRecord>(toOwn(parsed.data, config), raw, config) };
    }
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });
}

function toOwn({ tags, priority, teamId, serviceId }: TaggedRecord, config: ProviderConfig): SourcedRecord {
  const tag = tagValue(tags, config.severity.tag);
  const named = serviceId === undefined ? (tagValue(tags, config.services.tag) ?? '') : undefined;
  return {
    severity: tag === undefined ? { priority } : { tag },
    serviceId: serviceId ?? named,
    serviceName: named,
    teamId,
    tags: toTagMap(tags),
  };
}
